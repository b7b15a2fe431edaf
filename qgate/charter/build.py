"""From a document without problems to the charter that everything else reads."""

import hashlib
from decimal import Decimal
from typing import Any

from qgate.charter.document import Document
from qgate.charter.metrics import SPLIT_ALIASES
from qgate.charter.routes import read_route, route_text
from qgate.charter.rules import pilot_name
from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Claim,
    Constraint,
    DataFile,
    Gate,
    OnInconclusive,
    Population,
    Remediation,
    Rollback,
    Sandbox,
    Shots,
    Slice,
    Subject,
    Target,
    Threshold,
    Waiver,
)
from qgate.domain.source import Position

_SECTIONS = ("simulation", "noise", "traffic", "service", "budget")


def build(document: Document, data: bytes) -> Charter:
    """The charter of a valid document and the bytes it was read from; gates inherit the pilot's owner."""
    root, pilot = document.root, document.root["pilot"]
    return Charter(
        path=document.path,
        sha256=hashlib.sha256(data).hexdigest(),
        pilot=pilot_name(document),
        owner=pilot["owner"],
        candidate=_candidate(pilot["candidate"]),
        baselines=tuple(_baseline(name, value) for name, value in pilot.get("baselines", {}).items()),
        data={SPLIT_ALIASES.get(name, name): _data_file(value) for name, value in pilot.get("data", {}).items()},
        gates=tuple(_gate(document, index, gate) for index, gate in enumerate(pilot["success_metrics"])),
        rollback=_rollback(root["rollback"]),
        shots=_shots(pilot.get("shots", {})),
        paths=tuple(pilot.get("paths", ())),
        lockfile=pilot.get("environment", {}).get("lockfile"),
        waivers=tuple(Waiver(**waiver) for waiver in root.get("waivers", ())),
        sections={name: _plain(pilot[name]) for name in _SECTIONS if name in pilot},
        sequential=pilot.get("sequential", False),
        identities=dict(root.get("identities", {})),
        sandbox=Sandbox(pilot["sandbox"]) if "sandbox" in pilot else None,
    )


def _plain(value: Any) -> Any:
    """The value with its Decimals as floats: plain JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _candidate(value: dict[str, Any]) -> Candidate:
    kind = next(kind for kind in CandidateKind if kind in value)
    options = _plain(value.get("options", {}))
    return Candidate(
        kind=kind,
        entrypoint=value[kind],
        options=options,
        weights=value.get("weights"),
        decision=value.get("decision"),
        model=value.get("model", Candidate.model),
        regularisation=float(value.get("regularisation", Candidate.regularisation)),
        ansatz=value.get("ansatz"),
        constraints=tuple(_constraint(index, c) for index, c in enumerate(value.get("constraints", ()), start=1)),
    )


def _constraint(index: int, value: dict[str, Any]) -> Constraint:
    """A group of which exactly one is 1 is a sum that equals 1."""
    group, equals = value.get("exactly_one"), _plain(value.get("equals"))
    return Constraint(
        name=value.get("name", f"constraint {index}"),
        coefficients=dict.fromkeys(group, 1.0) if group else {v: float(c) for v, c in value["sum"].items()},
        minimum=1.0 if group else _plain(value.get("min", equals)),
        maximum=1.0 if group else _plain(value.get("max", equals)),
    )


def _data_file(value: dict[str, Any]) -> DataFile:
    slices = tuple(_slice(name, chosen) for name, chosen in value.get("slices", {}).items())
    return DataFile(**{**value, "slices": slices})


def _slice(name: str, value: dict[str, Any]) -> Slice:
    plain = _plain(value)
    bounds = {"minimum": plain.get("min"), "maximum": plain.get("max"), "equals": plain.get("equals")}
    named = {key: plain.get(key) for key in ("mask", "column", "file", "sha256")}
    return Slice(name=name, **named, **bounds)


def _baseline(name: str, value: dict[str, Any]) -> Baseline:
    return Baseline(name=name, estimator=value["estimator"], options=_plain(value.get("options", {})))


def _shots(value: dict[str, Any]) -> Shots:
    sealed = value.get("sealed_seeds", 0)
    return Shots(
        schedule=tuple(value.get("schedule", ())),
        # As many as there will be: which ones, `qgate.evidence.sealing` says once the pull request and its content are known.
        seeds=tuple(value.get("seeds", range(sealed))),
        agreement=float(value.get("agreement", Shots.agreement)),
        sealed=sealed,
    )


def _gate(document: Document, index: int, value: dict[str, Any]) -> Gate:
    line, column = document.values[("pilot", "success_metrics", index)]
    claim = value.get("claim", {})
    return Gate(
        name=value["name"],
        threshold=_threshold(value),
        owner=value.get("owner", document.root["pilot"]["owner"]),
        remediation=_remediation(value["remediation"]),
        position=Position(path=document.path, line=line, column=column),
        alpha=float(value.get("alpha", Gate.alpha)),
        claim=Claim(
            population=Population(claim.get("population", Claim.population)),
            subject=Subject(claim.get("subject", Claim.subject)),
        ),
        on_inconclusive=OnInconclusive(value.get("on_inconclusive", Gate.on_inconclusive)),
        acknowledge_underpowered=value.get("acknowledge_underpowered", False),
    )


def _threshold(value: dict[str, Any]) -> Threshold:
    return Threshold(maximum=_decimal(value.get("max")), minimum=_decimal(value.get("min")))


def _decimal(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _remediation(value: str | dict[str, Any]) -> Remediation:
    if isinstance(value, str):
        return Remediation(summary=value)
    return Remediation(
        summary=value["summary"],
        set=_plain(value.get("set", {})),
        run=value.get("run"),
        rerun=value.get("rerun"),
        steps=tuple(value.get("steps", ())),
    )


def _rollback(value: dict[str, Any]) -> Rollback:
    return Rollback(
        traffic=route_text(value["traffic"]),
        approver=value["approver"],
        route=read_route(value["traffic"]),
        steps=tuple(value.get("steps", ())),
        verify=tuple(value.get("verify", ())),
        max_age_days=value.get("max_age_days"),
        target=_target(value["target"]) if "target" in value else None,
        rehearsed=value.get("rehearsed"),
    )


def _target(value: dict[str, Any]) -> Target:
    """Recorded metrics stay as written: their digits say how close a rehearsal has to come."""
    metrics = {name: Decimal(number) for name, number in value.get("metrics", {}).items()}
    tolerance = Decimal(value["tolerance"]) if "tolerance" in value else None
    return Target(**{**value, "metrics": metrics, "tolerance": tolerance})
