"""Evidence of some families of gates alone (`qgate measure --only`): what they need measured, and what is said of all others.

A gate that was left out is an error, never a pass; and so are the gates that every pilot has, which need everything.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from qgate.charter.metrics import Family
from qgate.domain.charter import Gate
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.gates import drift, outcomes, reproducibility, rollback

ONLY = "only"
# The parts that each family is judged by, by the first word of their names (`Job.part`).
NEEDS: Mapping[Family, frozenset[str]] = MappingProxyType(
    {
        Family.PARITY: frozenset({"candidate", "repetition", "baseline"}),
        Family.LATENCY: frozenset({"service"}),
        Family.CAPACITY: frozenset({"service", "growth"}),
        Family.COST: frozenset({"candidate"}),
        Family.CALIBRATION: frozenset({"candidate"}),
        Family.QUBO: frozenset({"candidate"}),
        Family.SEEDS: frozenset({"candidate", "baseline"}),
    }
)
_NEED_EVERYTHING = frozenset({reproducibility.NAME, drift.NAME, rollback.NAME})


def is_needed(part: str, only: Collection[Family]) -> bool:
    """Whether gates of these families (none: all gates) need a part measured."""
    return not only or any(part.partition(" ")[0] in NEEDS[family] for family in only)


def left_out(gate: Gate, family: Family, evidence: PilotEvidence) -> GateOutcome | None:
    """The error of a gate whose family was left out; None where it was measured."""
    only = evidence.facts.get(ONLY)
    return None if only is None or family in only else outcomes.error(gate, _why(only))


def with_what_was_left_out(outcome: GateOutcome, evidence: PilotEvidence) -> GateOutcome:
    """A gate that every pilot has: an error where it rests on what was left out."""
    only = evidence.facts.get(ONLY)
    if only is None or outcome.name not in _NEED_EVERYTHING:
        return outcome
    return replace(outcome, decision=Decision.ERROR, why=_why(only))


def _why(only: Collection[str]) -> str:
    return f"not measured: `qgate measure --only` asked for {', '.join(only)}; measure without it for a whole verdict"
