"""A gate that every QUBO pilot has: is what the circuit samples no worse than what the base's candidate was locked with?

It is `qubo_energy_gap` with a margin of its own, judged where the charter does not write that gate.
"""

from dataclasses import replace
from decimal import Decimal

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import CandidateKind, Charter, Gate, Remediation, Threshold
from qgate.domain.evidence import PilotEvidence
from qgate.domain.source import Position
from qgate.domain.verdict import GateOutcome
from qgate.gates.qubo import judge_qubo

NAME = "qubo_energy_gap"
# Of the way from a random state to the optimum. Five seeds of 2,000 samples know the timetable example's gap to 0.002.
MARGIN = Decimal("0.02")
_METRIC = parse_metric(NAME)
_REMEDIATION = Remediation(
    summary="undo what raised the energies, or have their rise reviewed",
    steps=("where they are meant to rise, run `qgate lock` and have the change of .qgate/lock.json reviewed",),
)


def judge_qubo_regression(charter: Charter, evidence: PilotEvidence) -> GateOutcome | None:
    """The candidate's energies against the locked ones, on the same seeds; None where it is no QUBO, or a gate asks for it."""
    if _METRIC is None or charter.candidate.kind is not CandidateKind.QUBO or any(g.name == NAME for g in charter.gates):
        return None
    gate = Gate(
        name=NAME,
        threshold=Threshold(maximum=MARGIN),
        owner=charter.owner,
        remediation=_REMEDIATION,
        position=Position(path=charter.path, line=1, column=1),
    )
    outcome = judge_qubo(gate, _METRIC, charter, evidence)
    return replace(outcome, position=None, why=f"{outcome.why} (by default: the charter writes no `{NAME}`)")
