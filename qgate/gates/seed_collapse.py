"""How often does a seed collapse? No method on a few seeds protects against the rare one that fails altogether.

If one seed in ten loses six points, five seeds show none of it 59 % of the time. So the share of seeds that collapse is a gate of
its own, by an exact binomial bound: it takes 29 seeds without a collapse to exclude a rate of 10 %. A seed collapses when its
score on any parity gate is worse than the median seed's by more than three robust standard deviations (1.4826 times the median
absolute deviation), and by more than a row.

The spread is estimated from the same few seeds, so seeds that merely scatter cross that line too often to be called a failure:
simulated as normal, five of them fail a gate of 5 % in 2 % of all runs under one parity gate, and in 15 % under four. So a pass
counts every seed beyond three deviations, and a failure only those beyond six, of ten seeds at least. Then at most 3.5 % fail
wrongly, under up to four parity gates and with a maximum from 0.5 % on.
"""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from qgate.charter.metrics import Family, Metric, parse_metric
from qgate.domain.charter import Charter, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.pairing import Pairing, pair
from qgate.statistics.bounds import Bounds, decide
from qgate.statistics.proportions import clean_trials, proportion_bounds

_FEWEST = 3
_FEWEST_TO_FAIL = 10
_ROBUST = 1.4826  # of the median absolute deviation: a standard deviation, for a normal distribution
_FAR, _BEYOND_DOUBT = 3 * _ROBUST, 6 * _ROBUST


def judge_seed_collapse(gate: Gate, _metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide by the seeds of all parity gates together: each seed collapsed on one of them, or on none."""
    maximum = gate.threshold.maximum
    if maximum is None or not 0 < maximum < 1:
        return outcomes.error(gate, "a rate of collapse is bounded from above: write a `max` between 0 and 1, such as 0.10")
    metrics = [m for m in map(parse_metric, (g.name for g in charter.gates)) if m is not None and m.family is Family.PARITY]
    if not metrics:
        return outcomes.error(gate, "seeds are compared by the scores of parity gates, and the charter has none")
    try:
        pairings = [pair(metric, charter, evidence) for metric in metrics]
        collapsed = _any(pairings, _FAR)
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    seeds = pairings[0].seeds
    if len(seeds) < _FEWEST:
        return _outcome(gate, pairings[0], collapsed, None, f"{len(seeds)} seeds have no spread that one could fall out of")
    bounds = _bounds(len(collapsed), len(_any(pairings, _BEYOND_DOUBT)), len(seeds), gate.alpha)
    return _outcome(gate, pairings[0], collapsed, bounds, _why(gate, maximum, collapsed, len(seeds), bounds))


def _bounds(collapsed: int, beyond_doubt: int, seeds: int, alpha: float) -> Bounds:
    """From above by the seeds that may have collapsed, from below by those that have beyond doubt."""
    most = proportion_bounds(collapsed, seeds, alpha)
    least = proportion_bounds(beyond_doubt, seeds, alpha).lower if seeds >= _FEWEST_TO_FAIL else 0.0
    return Bounds(estimate=most.estimate, lower=least, upper=most.upper)


def _any(pairings: Sequence[Pairing], deviations: float) -> list[int]:
    """The seeds that collapsed on any parity gate."""
    return sorted({seed for pairing in pairings for seed in _collapsed(pairing, deviations)})


def _collapsed(pairing: Pairing, deviations: float) -> list[int]:
    if len(pairing.seeds) < _FEWEST:
        return []
    below = np.array(pairing.gaps) - np.median(pairing.gaps)
    limit = max(deviations * float(np.median(np.abs(below))), pairing.step)
    return [seed for seed, gap in zip(pairing.seeds, below, strict=True) if gap > limit + 1e-12]


def _why(gate: Gate, maximum: Decimal, collapsed: list[int], seeds: int, bounds: Bounds) -> str:
    which = f" ({', '.join(map(str, collapsed))})" if collapsed else ""
    told = f"{len(collapsed)} of {seeds} seeds collapsed{which}"
    confidence = f"with {100 * (1 - gate.alpha):g} % confidence"
    if (decision := decide(bounds, float(maximum))) is Decision.PASS:
        return f"{told}: {confidence} at most {bounds.upper:.3f} of all seeds do, within the {maximum} allowed"
    if decision is Decision.FAIL:
        return f"{told}: {confidence} at least {bounds.lower:.3f} of all seeds do, more than the {maximum} allowed"
    needed = clean_trials(float(maximum), gate.alpha)
    return (
        f"{told}: anything from {bounds.lower:.3f} to {bounds.upper:.3f} of all seeds fits, and {maximum} is allowed; "
        f"{needed} seeds without a collapse would pass"
    )


def _outcome(gate: Gate, pairing: Pairing, collapsed: list[int], bounds: Bounds | None, why: str) -> GateOutcome:
    decided = Decision.INCONCLUSIVE if bounds is None else decide(bounds, float(gate.threshold.maximum or 0))
    return GateOutcome(
        name=gate.name,
        decision=decided,
        why=why,
        owner=gate.owner,
        value=None if bounds is None else bounds.estimate,
        interval=None if bounds is None else (bounds.lower, bounds.upper),
        alpha=gate.alpha,
        claim_words="For new seeds like the charter's, on exactly the locked rows.",
        threshold=gate.threshold.as_json(),
        sizes=pairing.sizes,
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details={"method": "exact binomial bound", "collapsed": collapsed},
    )
