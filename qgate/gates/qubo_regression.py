"""A gate that every QUBO pilot has: is what the circuit samples no worse than what the base's candidate was locked with?

It is `qubo_energy_gap` with a margin of its own, judged where the charter does not write that gate. Chance takes part in it as in
the charter's own gates: it spends alpha by attempts, and its failure counts among theirs.
"""

from dataclasses import replace
from decimal import Decimal

from qgate.domain.charter import CandidateKind, Charter, Gate, Remediation, Threshold
from qgate.domain.source import Position
from qgate.domain.verdict import GateOutcome

NAME = "qubo_energy_gap"
# Of the way from a random state to the optimum. Five seeds of 2,000 samples know the timetable example's gap to 0.002.
MARGIN = Decimal("0.02")
_REMEDIATION = Remediation(
    summary="undo what raised the energies, or have their rise reviewed",
    steps=("where they are meant to rise, run `qgate lock` and have the change of .qgate/lock.json reviewed",),
)


def default_gates(charter: Charter) -> tuple[Gate, ...]:
    """The candidate's energies against the locked ones, on the same seeds; none where it is no QUBO, or a gate asks for it."""
    if charter.candidate.kind is not CandidateKind.QUBO or any(g.name == NAME for g in charter.gates):
        return ()
    gate = Gate(
        name=NAME,
        threshold=Threshold(maximum=MARGIN),
        owner=charter.owner,
        remediation=_REMEDIATION,
        position=Position(path=charter.path, line=1, column=1),
    )
    return (gate,)


def told_by_default(outcome: GateOutcome) -> GateOutcome:
    """The gate's outcome, which says that no line of the charter asks for it."""
    return replace(outcome, position=None, why=f"{outcome.why} (by default: the charter writes no `{NAME}`)")
