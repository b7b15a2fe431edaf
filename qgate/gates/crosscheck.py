"""A second opinion on a claim about new data: bootstrap bounds on the same rows, by a method that shares no formula.

It can only make a verdict more careful: where the bootstrap does not say the same, nothing is decided. The exact test of accuracy
is its own check, and a claim about the training recipe has none (`row_bootstrap`).
"""

from dataclasses import replace
from decimal import Decimal

from qgate.domain.charter import Gate, Population, Subject
from qgate.domain.verdict import Decision
from qgate.errors import MeasurementError
from qgate.gates.claims import Ruling
from qgate.gates.pairing import Pairing
from qgate.gates.row_bootstrap import METHOD, bootstrap_bounds
from qgate.statistics.bounds import decide

_MOST_UNITS = 20_000  # above, both intervals are normal to all digits shown, and the draws take seconds


def crosschecked(ruling: Ruling, gate: Gate, margin: Decimal, pairing: Pairing) -> Ruling:
    """The ruling with the bootstrap's bounds in its details, undecided where they say something else."""
    if not _applies(ruling, gate, pairing):
        return ruling
    try:
        bounds = bootstrap_bounds(pairing, gate.alpha)
    except MeasurementError as problem:
        return replace(ruling, details={**ruling.details, "crosscheck": {"method": METHOD, "none": str(problem)}})
    told = decide(bounds, float(margin))
    checked = {"method": METHOD, "interval": [bounds.lower, bounds.upper], "verdict": str(told)}
    ruling = replace(ruling, details={**ruling.details, "crosscheck": checked})
    if ruling.decision in {told, Decision.INCONCLUSIVE}:
        return ruling
    reason = f"the {ruling.method} alone would say {ruling.decision}, and the {METHOD} does not agree"
    return replace(ruling, decision=Decision.INCONCLUSIVE, reason=reason)


def _applies(ruling: Ruling, gate: Gate, pairing: Pairing) -> bool:
    exact = pairing.scorer.name == "accuracy" and len(pairing.candidates) == 1 and pairing.clusters is None
    known = ruling.bounds is not None and ruling.method != METHOD and pairing.units <= _MOST_UNITS
    recipe = gate.claim.subject is Subject.PROCEDURE
    return known and gate.claim.population is Population.DEPLOYMENT and not exact and not recipe
