"""The exact unconditional test of a paired gap against a margin: no approximation, whatever the number of rows.

The sample space is ordered by Tango's z, and the p-value is the largest probability, over the share of discordant rows, of an
outcome at least as extreme: Hsueh, Liu and Chen (2001), "Unconditional exact tests for equivalence or noninferiority for paired
binary endpoints", Biometrics 57, 478-483. The share is searched within a confidence interval, whose error is added to the
p-value: Berger and Boos (1994), Journal of the American Statistical Association 89. Tango's z alone wrongly fails 6.7 % at 100
rows, 6 % of them discordant and a margin of 0.02.

z falls with every row that only the candidate gets right. So the extreme outcomes are, for each number of rows that only the
baseline gets right, those beyond one count, and a p-value is a sum over that number of binomial tails.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.statistics.tango import Floats, PairedCounts, score_statistic

_RESTRICTION = 0.0005  # error of the confidence interval for the share of discordant rows
_GRID = 100  # points of the search: 14 per standard error of the share, over which the p-value is smooth
_NEGLIGIBLE = 1e-13  # probability of the outcomes left out
_TIE = 1e-9  # equal z, in spite of rounding

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ExactP:
    """`passing` is evidence against a gap of the margin or more; `failing` against a gap of the margin or less."""

    passing: float
    failing: float


@lru_cache(maxsize=4096)
def exact_p(counts: PairedCounts, margin: float) -> ExactP:
    """Both p-values; 2 ms at 200 rows, 15 ms at 2,000.

    Raises:
        ValueError: the margin is not within (-1, 1).
    """
    if not -1 < margin < 1:
        raise ValueError(f"a margin of a difference of proportions lies between -1 and 1, not {margin}")
    p_worse, p_better = _nuisance(counts, margin)
    worse = np.arange(int(stats.binom.isf(_NEGLIGIBLE, counts.rows, p_worse.max())) + 1)
    observed = float(score_statistic(counts.worse, counts.better, counts.rows, margin))
    mass = stats.binom.pmf(worse, counts.rows, p_worse[:, None])
    share = (p_better / (1 - p_worse))[:, None]
    passing = stats.binom.sf(_first_below(observed + _TIE, worse, counts.rows, margin) - 1, counts.rows - worse, share)
    failing = stats.binom.cdf(_first_below(observed - _TIE, worse, counts.rows, margin) - 1, counts.rows - worse, share)
    return ExactP(passing=_largest(mass, passing), failing=_largest(mass, failing))


def _nuisance(counts: PairedCounts, margin: float) -> tuple[Floats, Floats]:
    """The pairs of probabilities (only the baseline right, only the candidate right) whose difference is the margin."""
    k, n, tail = counts.discordant, counts.rows, _RESTRICTION / 2
    low = float(stats.beta.ppf(tail, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.isf(tail, k + 1, n - k)) if k < n else 1.0
    low = max(low, abs(margin))
    share = np.linspace(low, max(high, low), _GRID)
    # Just below one, so that the conditional share of the other probability stays defined.
    return np.minimum((share + margin) / 2, 1 - 1e-12), np.maximum((share - margin) / 2, 0.0)


def _first_below(z: float, worse: Counts, rows: int, margin: float) -> Counts:
    """For each count of `worse`, the smallest count of `better` whose statistic is at most z (one past the last: none)."""
    low, high = np.zeros_like(worse), rows - worse + 1
    while np.any(low < high):
        middle = np.minimum((low + high) // 2, rows - worse)
        found = score_statistic(worse, middle, rows, margin) <= z
        open_ = low < high
        high = np.where(open_ & found, middle, high)
        low = np.where(open_ & ~found, middle + 1, low)
    return low


def _largest(mass: Floats, tail: Floats) -> float:
    return min(1.0, float((mass * tail).sum(axis=1).max()) + _NEGLIGIBLE + _RESTRICTION)
