"""Whether a failed gate would pass with its remediation: the same judgement on what the rehearsal measured.

`rerun` names the family of gates that is judged anew beside the gate itself, so that a cure that breaks something else is told.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import EVERY_FAMILY, Charter, Gate, Shots, rehearsal_role
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome

REHEARSAL = "rehearsal:"
# Below a rehearsal's role: what its script failed with. Among a pilot's facts: what each rehearsal was measured with.
SCRIPT, FACTS = "run", "rehearsals"
_TIMED = frozenset({Family.LATENCY, Family.CAPACITY})
JudgeGate = Callable[[Gate, Charter, PilotEvidence], GateOutcome]


def rerun_families(gate: Gate) -> frozenset[Family]:
    """What a gate's rehearsal measures and judges: the gate's own family, and what its remediation says to run again."""
    metric, rerun = parse_metric(gate.name), gate.remediation.rerun
    own = frozenset({metric.family}) if metric else frozenset()
    if rerun == EVERY_FAMILY:
        return frozenset(Family)
    return own | ({Family(rerun)} if rerun else frozenset())


def rehearsed(outcome: GateOutcome, gate: Gate, charter: Charter, evidence: PilotEvidence, judge: JudgeGate) -> GateOutcome:
    """The outcome with what its remediation came to, where that was tried."""
    if outcome.decision is not Decision.FAIL or outcome.remedy is None or not gate.remediation.can_be_rehearsed:
        return outcome
    role = rehearsal_role(gate.remediation)
    script = [f.message for f in evidence.failures if f.part == f"{role}/{SCRIPT}"]
    if script:
        told = _what(gate, evidence) | {"verdict": str(Decision.ERROR), "why": script[0]}
        return replace(outcome, remedy=replace(outcome.remedy, rehearsed=told))
    tried = _tried(role, evidence)
    if not _was_measured(gate, tried):
        return outcome
    told = _what(gate, evidence) | _told(judge(gate, _as_tried(gate, gate, charter), tried))
    others = _others(gate, charter, tried, judge)
    return replace(outcome, remedy=replace(outcome.remedy, rehearsed=told | ({"gates": others} if others else {})))


def _what(gate: Gate, evidence: PilotEvidence) -> dict[str, Any]:
    """What was tried: the summary; where a script ran, its path and the files that it changed."""
    remediation = gate.remediation
    if remediation.run is None:
        return {"summary": remediation.summary}
    tried = evidence.facts.get(FACTS, {}).get(rehearsal_role(remediation), {})
    return {"summary": remediation.summary, "run": remediation.run, "changed": list(tried.get("changed", ()))}


def _others(gate: Gate, charter: Charter, tried: PilotEvidence, judge: JudgeGate) -> list[dict[str, Any]]:
    """The other gates of the families that the remediation re-runs, as far as those were measured."""
    families = rerun_families(gate)
    beside = [g for g in charter.gates if g is not gate and (m := parse_metric(g.name)) and m.family in families]
    return [{"name": g.name} | _told(judge(g, _as_tried(g, gate, charter), tried)) for g in beside if _was_measured(g, tried)]


def _was_measured(gate: Gate, tried: PilotEvidence) -> bool:
    """Whether the rehearsal asked for what the gate is about, even if in vain."""
    metric = parse_metric(gate.name)
    if metric is not None and metric.family in _TIMED:
        return tried.service is not None or any(f.part in {"service", "data"} for f in tried.failures)
    return any(not c.key.role.startswith("baseline:") for c in tried.cells) or any(
        f.part in {"candidate", "data"} for f in tried.failures
    )


def _tried(role: str, evidence: PilotEvidence) -> PilotEvidence:
    """The evidence as it would be with the remediation: baselines and rows stay, the candidate is the rehearsed one."""
    cells = tuple(replace(c, key=replace(c.key, role=name)) for c in evidence.cells if (name := _role_of(role, c.key.role)))
    failures = tuple(replace(f, part=name) for f in evidence.failures if (name := _role_of(role, f.part)))
    tables = evidence.row_tables | {f"candidate/{name}": table for name, table in evidence.tables_of(role).items()}
    others = tuple(c for c in evidence.cells if c.key.role.startswith("baseline:"))
    change = without_rehearsals(evidence)
    facts = {**change.facts, **evidence.facts.get(FACTS, {}).get(role, {})}
    service = evidence.rehearsed_services.get(role)
    return replace(change, cells=others + cells, failures=failures, tables=tables, facts=facts, service=service)


def _role_of(rehearsal: str, role: str) -> str | None:
    """What a part of this rehearsal stands for: the candidate, or what is below its role (`noisy:…`, `service`)."""
    if role == rehearsal:
        return "candidate"
    return role.removeprefix(f"{rehearsal}/") if role.startswith(f"{rehearsal}/") else None


def without_rehearsals(evidence: PilotEvidence) -> PilotEvidence:
    """The evidence on the change itself: a rehearsal that failed says nothing about it."""
    cells = tuple(c for c in evidence.cells if not c.key.role.startswith(REHEARSAL))
    failures = tuple(f for f in evidence.failures if not f.part.startswith(REHEARSAL))
    tables = {name: table for name, table in evidence.tables.items() if not name.startswith(REHEARSAL)}
    facts = {name: fact for name, fact in evidence.facts.items() if name != FACTS}
    return replace(evidence, cells=cells, failures=failures, tables=tables, facts=facts, rehearsed_services={})


def _as_tried(gate: Gate, remedied: Gate, charter: Charter) -> Charter:
    """The charter at the shots that the rehearsal measured; a cost is that of the whole schedule up to them."""
    shots, schedule = remedied.remediation.set.get("shots"), charter.shots.schedule
    deciding = (int(shots),) if shots is not None else schedule[-1:]
    metric = parse_metric(gate.name)
    lower = (
        tuple(level for level in schedule if level < deciding[0]) if deciding and metric and metric.family is Family.COST else ()
    )
    return replace(charter, shots=Shots(schedule=(*lower, *deciding), seeds=charter.shots.seeds), sequential=False)


def _told(again: GateOutcome) -> dict[str, Any]:
    told: dict[str, Any] = {"verdict": str(again.decision), "why": again.why}
    if again.value is not None:
        told["value"] = again.value
    if again.interval is not None:
        told["ci"] = list(again.interval)
    return told
