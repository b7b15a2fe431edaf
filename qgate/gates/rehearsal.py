"""Whether a failed gate would pass with its remediation: the same judgement on the cells that the rehearsal measured."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from qgate.domain.charter import Charter, Gate, Shots, rehearsal_role
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome

REHEARSAL = "rehearsal:"
JudgeGate = Callable[[Gate, Charter, PilotEvidence], GateOutcome]


def rehearsed(outcome: GateOutcome, gate: Gate, charter: Charter, evidence: PilotEvidence, judge: JudgeGate) -> GateOutcome:
    """The outcome with what its remediation came to, where that was tried."""
    if outcome.decision is not Decision.FAIL or outcome.remedy is None or not gate.remediation.set:
        return outcome
    role = rehearsal_role(gate.remediation)
    cells = tuple(replace(c, key=replace(c.key, role=name)) for c in evidence.cells if (name := _role_of(role, c.key.role)))
    failures = tuple(replace(f, part="candidate") for f in evidence.failures if f.part == role)
    if not cells and not failures:
        return outcome
    tables = evidence.row_tables | {f"candidate/{name}": table for name, table in evidence.tables_of(role).items()}
    others = tuple(c for c in evidence.cells if c.key.role.startswith("baseline:"))
    again = judge(gate, _as_tried(charter, cells), replace(evidence, cells=others + cells, failures=failures, tables=tables))
    return replace(outcome, remedy=replace(outcome.remedy, rehearsed=_told(again)))


def _role_of(rehearsal: str, role: str) -> str | None:
    """What a cell of this rehearsal stands for: the candidate, or its answers under a calibration (`<rehearsal>/noisy:…`)."""
    if role == rehearsal:
        return "candidate"
    return role.removeprefix(f"{rehearsal}/") if role.startswith(f"{rehearsal}/") else None


def without_rehearsals(evidence: PilotEvidence) -> PilotEvidence:
    """The evidence on the change itself: a rehearsal that failed says nothing about it."""
    cells = tuple(c for c in evidence.cells if not c.key.role.startswith(REHEARSAL))
    failures = tuple(f for f in evidence.failures if not f.part.startswith(REHEARSAL))
    tables = {name: table for name, table in evidence.tables.items() if not name.startswith(REHEARSAL)}
    return replace(evidence, cells=cells, failures=failures, tables=tables)


def _as_tried(charter: Charter, cells: tuple[Any, ...]) -> Charter:
    """The charter's schedule as the rehearsal measured it."""
    levels = sorted({c.key.shots for c in cells if c.key.shots is not None})
    return replace(charter, shots=Shots(schedule=tuple(levels), seeds=charter.shots.seeds), sequential=False)


def _told(again: GateOutcome) -> dict[str, Any]:
    told: dict[str, Any] = {"verdict": str(again.decision), "why": again.why}
    if again.value is not None:
        told["value"] = again.value
    if again.interval is not None:
        told["ci"] = list(again.interval)
    return told
