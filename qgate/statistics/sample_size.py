"""How many rows or seeds a gate needs, what a number of rows can resolve, and with which power: normal approximations.

For a candidate whose true gap is `effect` below the threshold (or above it), with one-sided error alpha. Against the exact power
of the score test the planned 80 % come out as 77 to 80 %.
"""

import math

from scipy import stats
from scipy.special import ndtr, ndtri

POWER = 0.8
_UNREACHABLE = 10**9


def required_rows(
    *, row_variance: float, effect: float, alpha: float, power: float = POWER, seed_variance: float = 0.0
) -> int | None:
    """Rows that decide with the given power; None when no number of rows is enough (a billion counts as that).

    Args:
        row_variance: of one row's contribution; for accuracy the share of discordant rows minus the squared gap, per row.
        effect: the distance between the true gap and the threshold.
        alpha: the error of each bound.
        power: the probability of a decision.
        seed_variance: the variance of the mean that seeds bring and rows do not lessen.
    """
    room = (effect / _quantiles(alpha, power)) ** 2 - seed_variance
    if room <= 0 or row_variance > room * _UNREACHABLE:
        return None
    return max(1, math.ceil(row_variance / room))


def identical_rows(margin: float, alpha: float) -> int:
    """Rows on which a candidate that never disagrees with the baseline passes: ln(alpha) / ln(1 - margin).

    Raises:
        ValueError: the margin is not within (0, 1).
    """
    if not 0 < margin < 1:
        raise ValueError(f"no number of rows shows a gap below {margin}")
    return math.ceil(math.log(alpha) / math.log1p(-margin))


def resolution(*, rows: int, row_variance: float, alpha: float, power: float = POWER) -> float:
    """The smallest distance between true gap and threshold that this many rows decide with the given power."""
    return _quantiles(alpha, power) * math.sqrt(row_variance / rows)


def power_to_decide(*, rows: int, row_variance: float, effect: float, alpha: float) -> float:
    """The probability that this many rows decide, for a true gap at a distance `effect` from the threshold."""
    if row_variance == 0:
        return 1.0 if effect > 0 else 0.0
    return float(ndtr(effect / math.sqrt(row_variance / rows) - ndtri(1 - alpha)))


def required_seeds(*, gap_variance: float, effect: float, alpha: float, power: float = POWER) -> int | None:
    """Seeds that decide a claim about fixed rows, with Student's t; None when a million are too few."""
    if effect <= 0 or gap_variance * _quantiles(alpha, power) ** 2 > effect**2 * 1_000_000:
        return None
    seeds = max(2, math.ceil(gap_variance * (_quantiles(alpha, power) / effect) ** 2))
    while gap_variance * float(stats.t.isf(alpha, seeds - 1) + stats.t.ppf(power, seeds - 1)) ** 2 > seeds * effect**2:
        seeds += 1
    return seeds


def seeds_resolution(*, seeds: int, gap_variance: float, alpha: float, power: float = POWER) -> float:
    """The smallest distance between true gap and threshold that this many seeds decide with the given power; two at least."""
    quantiles = stats.t.isf(alpha, seeds - 1) + stats.t.ppf(power, seeds - 1)
    return float(quantiles) * math.sqrt(gap_variance / seeds)


def seeds_power(*, seeds: int, gap_variance: float, effect: float, alpha: float) -> float:
    """The probability that this many seeds (two at least) decide, for a true gap at a distance `effect` from the threshold."""
    if gap_variance == 0:
        return 1.0 if effect > 0 else 0.0
    return float(stats.t.cdf(effect / math.sqrt(gap_variance / seeds) - stats.t.isf(alpha, seeds - 1), seeds - 1))


def _quantiles(alpha: float, power: float) -> float:
    return float(ndtri(1 - alpha) + ndtri(power))
