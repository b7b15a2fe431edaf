"""How far a score at S shots is from the score without shot noise, and whether S is large enough to tell.

A row's answer is the majority of S shots. The bias of the score falls as 1/S once S is large enough, so two shot counts give it
(Richardson's extrapolation: the limit is 2 g(S) - g(S/2)). From the counts of one stored run the answer at S/2 and S/4 shots
follows without a device: the majority of a part of the shots, drawn without replacement (hypergeometric thinning).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.statistics.bounds import Bounds

Floats = npt.NDArray[np.float64]
# Halving S should double what halving changes: a ratio above 1.6, tested one-sided at 5 %, is near enough.
_RATIO = 1.6


@dataclass(frozen=True, kw_only=True)
class ShotBias:
    """The bias of the score at S shots (negative: too low), and whether S is too small for 1/S to describe it."""

    bias: Bounds
    pre_asymptotic: bool


def thinned(right: npt.ArrayLike, shots: int, kept: int) -> Floats:
    """The probability that `kept` of a row's shots give the right answer by majority, ties half: shape of `right`.

    Args:
        right: how many of the row's shots were right.
        shots: how many there were.
        kept: how many remain.
    """
    # Many rows have the same count.
    counts, row = np.unique(np.asarray(right), return_inverse=True)
    found = stats.hypergeom.sf(kept // 2, shots, counts, kept)
    if kept % 2 == 0:
        found = found + stats.hypergeom.pmf(kept // 2, shots, counts, kept) / 2
    return np.asarray(found, dtype=np.float64)[row]


def shot_bias(right: npt.ArrayLike, shots: int, alpha: float) -> ShotBias:
    """From one run's counts, for accuracy.

    Args:
        right: how many of each row's shots were right, shape (rows,).
        shots: how many there were, four at least.
        alpha: the error of each bound, and of calling S too small.

    Raises:
        ValueError: fewer than four shots cannot be halved twice.
    """
    if shots < 4:  # noqa: PLR2004 -- two halvings
        raise ValueError(f"{shots} shots cannot be halved twice")
    full, half, quarter = (thinned(right, shots, kept) for kept in (shots, shots // 2, shots // 4))
    turn = (half - quarter) - _RATIO * (full - half)
    bends = float(turn.mean()) < float(stats.norm.ppf(alpha)) * _error(turn)
    return ShotBias(bias=_bounds(half - full, alpha), pre_asymptotic=bends)


def bias_between(levels: npt.ArrayLike, shots: tuple[int, int], alpha: float) -> Bounds:
    """From two measured levels of a schedule: the bias at the larger one.

    Args:
        levels: each row's score at the smaller and at the larger shot count, shape (rows, 2).
        shots: the two counts.
        alpha: the error of each bound.
    """
    values, (few, many) = np.asarray(levels, dtype=np.float64), shots
    return _bounds((values[:, 0] - values[:, 1]) * few / (many - few), alpha)


def bias_from_exact(at_shots: npt.ArrayLike, exact: npt.ArrayLike, alpha: float) -> Bounds:
    """From the score without shots: each row's mean score at S shots minus its score without, no extrapolation."""
    return _bounds(np.asarray(at_shots, dtype=np.float64) - np.asarray(exact, dtype=np.float64), alpha)


def _bounds(per_row: Floats, alpha: float) -> Bounds:
    mean, half = float(per_row.mean()), float(stats.norm.isf(alpha)) * _error(per_row)
    return Bounds(estimate=mean, lower=mean - half, upper=mean + half)


def _error(per_row: Floats) -> float:
    return float(per_row.std(ddof=1) / np.sqrt(per_row.size)) if per_row.size > 1 else 0.0
