"""`verdict.json`: the verdict as a file, and back again, with nothing lost on the way (schemas/verdict.schema.json)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from qgate.domain.attempt import Attempt, read_attempt
from qgate.domain.canonical import canonical_json
from qgate.domain.change import Uncovered
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.schemas import load_schema
from qgate.domain.source import Position
from qgate.domain.verdict import (
    CharterRef,
    Decision,
    GateOutcome,
    GateWord,
    PilotVerdict,
    Remedy,
    Runbook,
    Sizes,
    UnderOwn,
    Verdict,
    Waived,
)
from qgate.errors import UsageError

SCHEMA = "qgate/verdict/v1"


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """The JSON form of a verdict; `qgate.domain.canonical` turns it into bytes and refuses what is not finite."""
    charters = [p.charter for p in verdict.pilots]
    top: dict[str, Any] = {"charter": _charter(charters[0])} if len(charters) == 1 and charters[0] else {}
    top |= {"self_reported": verdict.self_reported} if verdict.self_reported else {}
    return top | {
        "schema": SCHEMA,
        "verdict": str(verdict.decision),
        "base": verdict.base,
        "head": verdict.head,
        "evidence_sha256": verdict.evidence_sha256,
        "notes": list(verdict.notes),
        "charter_changes": [_change(c) for c in verdict.charter_changes],
        "uncovered": [{"path": u.path, "library": u.library, "line": u.line} for u in verdict.uncovered],
        "pilots": [_pilot(p) for p in verdict.pilots],
    }


def _change(change: CharterChange) -> dict[str, Any]:
    return {
        "effect": str(change.effect),
        "key": change.key,
        "old": change.old,
        "new": change.new,
        "why": change.why,
        "position": _position(change.position),
        "charter": change.charter,
    }


def _pilot(pilot: PilotVerdict) -> dict[str, Any]:
    charter: dict[str, Any] = {"charter": _charter(pilot.charter)} if pilot.charter else {}
    attempt = {"attempt": _attempt(pilot.attempt, pilot.spent)} if pilot.attempt else {}
    own = {"under_own_charter": _under_own(pilot.under_own)} if pilot.under_own else {}
    return (
        charter
        | attempt
        | own
        | {
            "name": pilot.name,
            "verdict": str(pilot.decision),
            "reached_by": list(pilot.reached_by),
            "gates": [_gate(g) for g in pilot.gates],
            "rollback": runbook_to_json(pilot.runbook) if pilot.runbook else None,
            "facts": dict(pilot.facts),
            "evidence_sha256": pilot.evidence_sha256,
        }
    )


def _under_own(own: UnderOwn) -> dict[str, Any]:
    words = [{"name": g.name, "verdict": str(g.decision), "why": g.why} for g in own.gates]
    return {"verdict": own.decision and str(own.decision), "gates": words, "needs_measured": list(own.anew)}


def _attempt(attempt: Attempt, spent: tuple[tuple[float, float], ...]) -> dict[str, Any]:
    earlier = [{"number": e.number, "estimates": [asdict(found) for found in e.estimates]} for e in attempt.earlier]
    return {
        "number": attempt.number,
        "alpha_spent": [{"alpha": alpha, "spent": total} for alpha, total in spent],
        "earlier": earlier,
    }


def _gate(gate: GateOutcome) -> dict[str, Any]:
    return {
        "name": gate.name,
        "verdict": str(gate.decision),
        "why": gate.why,
        "owner": gate.owner,
        "value": gate.value,
        "ci": list(gate.interval) if gate.interval else None,
        "alpha": gate.alpha,
        "claim": gate.claim,
        "claim_words": gate.claim_words,
        "threshold": dict(gate.threshold),
        "n": {"rows": gate.sizes.rows, "seeds": gate.sizes.seeds, "shots": gate.sizes.shots} if gate.sizes else None,
        "deployment_ci": list(gate.deployment) if gate.deployment else None,
        "required_rows": gate.required_rows,
        "remediation": _remedy(gate.remedy) if gate.remedy else None,
        "position": _position(gate.position) if gate.position else None,
        "details": dict(gate.details),
        "blocks": gate.blocks,
        "waiver": asdict(gate.waiver) if gate.waiver else None,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    rehearsed = {"rehearsed": dict(remedy.rehearsed)} if remedy.rehearsed is not None else {}
    return rehearsed | {"summary": remedy.summary, "actions": list(remedy.actions)}


def _position(position: Position) -> dict[str, Any]:
    return {"path": position.path, "line": position.line, "column": position.column}


def _charter(charter: CharterRef) -> dict[str, Any]:
    return {"path": charter.path, "sha256": charter.sha256, "from": charter.origin}


def runbook_to_json(runbook: Runbook) -> dict[str, Any]:
    """The JSON form of a pilot's rollback block; what the charter does not say is left out."""
    told = {
        "why": runbook.why,
        "before": dict(runbook.before),
        "after": dict(runbook.after),
        "watch": runbook.watch,
        "verify": list(runbook.verify),
        "rehearsed": runbook.rehearsed,
    }
    return {key: value for key, value in told.items() if value} | {
        "traffic": runbook.traffic,
        "approver": runbook.approver,
        "rehearsal": runbook.rehearsal,
        "steps": list(runbook.steps),
    }


def verdict_from_json(data: Any) -> Verdict:
    """The verdict that a parsed `verdict.json` holds.

    Raises:
        UsageError: it is not in the shape of schemas/verdict.schema.json, a number is not finite, or the verdict that it
            states is not the one that its pilots add up to.
    """
    _check(data)
    verdict = Verdict(
        base=data["base"],
        head=data["head"],
        evidence_sha256=data["evidence_sha256"],
        notes=tuple(data["notes"]),
        self_reported=data.get("self_reported", ""),
        uncovered=tuple(Uncovered(path=u["path"], library=u["library"], line=u["line"]) for u in data["uncovered"]),
        pilots=tuple(_read_pilot(p) for p in data["pilots"]),
        charter_changes=tuple(_read_change(c) for c in data.get("charter_changes", ())),
    )
    if verdict.decision != data["verdict"]:
        _refuse("$.verdict", f"it says {data['verdict']}, but its pilots add up to {verdict.decision}")
    return verdict


def _check(data: Any) -> None:
    try:
        canonical_json(data)
    except (TypeError, ValueError) as error:
        raise UsageError(f"verdict.json is not usable: {error}") from error
    problem = best_match(Draft202012Validator(load_schema("verdict")).iter_errors(data))
    if problem is not None:
        _refuse(problem.json_path, problem.message)


def _refuse(where: str, what: str) -> None:
    raise UsageError(f"verdict.json is not usable: {where}: {what}; write it anew with `qgate judge`")


def _read_change(data: Mapping[str, Any]) -> CharterChange:
    return CharterChange(
        effect=Effect(data["effect"]),
        key=data["key"],
        old=data["old"],
        new=data["new"],
        why=data["why"],
        position=_read_position(data["position"]),
        charter=data["charter"],
    )


def _read_pilot(data: Mapping[str, Any]) -> PilotVerdict:
    return PilotVerdict(
        name=data["name"],
        decision=Decision(data["verdict"]),
        reached_by=tuple(data["reached_by"]),
        charter=_read_charter(data["charter"]) if "charter" in data else None,
        gates=tuple(_read_gate(g) for g in data["gates"]),
        runbook=_read_runbook(data["rollback"]) if data["rollback"] else None,
        facts=data["facts"],
        evidence_sha256=data.get("evidence_sha256"),
        attempt=read_attempt({"pilot": data["name"], **attempt}) if (attempt := data.get("attempt")) else None,
        spent=tuple((part["alpha"], part["spent"]) for part in attempt["alpha_spent"]) if attempt else (),
        under_own=_read_under_own(own) if (own := data.get("under_own_charter")) else None,
    )


def _read_under_own(data: Mapping[str, Any]) -> UnderOwn:
    words = tuple(GateWord(name=g["name"], decision=Decision(g["verdict"]), why=g["why"]) for g in data["gates"])
    decision = None if data["verdict"] is None else Decision(data["verdict"])
    return UnderOwn(decision=decision, gates=words, anew=tuple(data["needs_measured"]))


def _read_gate(data: Mapping[str, Any]) -> GateOutcome:
    return GateOutcome(
        name=data["name"],
        decision=Decision(data["verdict"]),
        why=data["why"],
        owner=data["owner"],
        value=data["value"],
        interval=_read_interval(data["ci"]),
        alpha=data["alpha"],
        claim=data["claim"],
        claim_words=data["claim_words"],
        threshold=data["threshold"],
        sizes=Sizes(rows=data["n"]["rows"], seeds=data["n"]["seeds"], shots=data["n"]["shots"]) if data["n"] else None,
        deployment=_read_interval(data["deployment_ci"]),
        required_rows=data["required_rows"],
        remedy=_read_remedy(data["remediation"]) if data["remediation"] else None,
        position=_read_position(data["position"]) if data["position"] else None,
        details=data["details"],
        blocks=data["blocks"],
        waiver=Waived(**waiver) if (waiver := data.get("waiver")) else None,
    )


def _read_interval(data: list[float] | None) -> tuple[float, float] | None:
    return (data[0], data[1]) if data else None


def _read_remedy(data: Mapping[str, Any]) -> Remedy:
    return Remedy(summary=data["summary"], actions=tuple(data["actions"]), rehearsed=data.get("rehearsed"))


def _read_position(data: Mapping[str, Any]) -> Position:
    return Position(path=data["path"], line=data["line"], column=data["column"])


def _read_charter(data: Mapping[str, Any]) -> CharterRef:
    return CharterRef(path=data["path"], sha256=data["sha256"], origin=data["from"])


def _read_runbook(data: Mapping[str, Any]) -> Runbook:
    return Runbook(
        traffic=data["traffic"],
        approver=data["approver"],
        rehearsal=data["rehearsal"],
        why=data.get("why", ""),
        steps=tuple(data["steps"]),
        before=data.get("before", {}),
        after=data.get("after", {}),
        watch=data.get("watch", ""),
        verify=tuple(data.get("verify", ())),
        rehearsed=data.get("rehearsed", ""),
    )
