"""Does the verdict hang on the charter's seeds? The same judgement on seed lists that nobody chose.

Where shots are cheap, measuring also draws the deciding cells with re-salted seed lists (`Shots.salted`), kept as cells of the
roles `salt:<n>`. A verdict that fewer of them than the charter's `shots.agreement` give is undecided: it was luck.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from qgate.charter.metrics import Metric
from qgate.domain.charter import SALTS, Charter, Gate, salt_role
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision
from qgate.gates import claims
from qgate.gates.claims import Ruling
from qgate.gates.pairing import pair

DECIDED = frozenset({Decision.PASS, Decision.FAIL})


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How many of the re-salted seed lists give the verdict of the charter's."""

    agreeing: int
    lists: int

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        return self.agreeing / self.lists

    @property
    def details(self) -> dict[str, int]:
        """What the verdict keeps of it."""
        return {"seed_lists": self.lists, "seed_lists_agreeing": self.agreeing}

    def reason(self, decided: Decision, required: float) -> str:
        """Why a verdict that too few lists support is undecided."""
        return (
            f"the verdict hangs on the seeds: {self.agreeing} of {self.lists} re-salted seed lists agree with {decided}, "
            f"and {required:.0%} must"
        )


def agreement(decided: Decision, gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> Agreement | None:
    """The re-salted lists that give the same decision, or None where none was drawn.

    Raises:
        MeasurementError: the re-salted cells are incomplete.
    """
    others = tuple(c for c in evidence.cells if c.key.role.startswith("baseline:"))
    decisions = []
    for salt in range(SALTS):
        role = salt_role(salt)
        cells = tuple(replace(c, key=replace(c.key, role="candidate")) for c in evidence.cells if c.key.role == role)
        if cells:
            salted = replace(charter, shots=charter.shots.salted(salt))
            pairing = pair(metric, salted, replace(evidence, cells=others + cells))
            decisions.append(claims.rule(gate, gate.threshold.maximum or Decimal(0), pairing, salted).decision)
    return Agreement(agreeing=decisions.count(decided), lists=len(decisions)) if decisions else None


def supported(ruling: Ruling, found: Agreement | None, required: float) -> Ruling:
    """The ruling, undecided where too few seed lists agree; the share is in its details."""
    if found is None or ruling.decision not in DECIDED:
        return ruling
    details = {**ruling.details, **found.details}
    if found.share >= required:
        return replace(ruling, details=details)
    return replace(ruling, decision=Decision.INCONCLUSIVE, reason=found.reason(ruling.decision, required), details=details)
