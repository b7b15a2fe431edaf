"""Bounds on the gap of any smooth score for new rows: the paired jackknife, which leaves each row out of both models alike.

It needs no random numbers, so a verdict has the same bytes twice, and for AUC it is DeLong's interval (DeLong, DeLong and
Clarke-Pearson 1988, Biometrics 44). It is inconsistent for scores that hang on single rows (a median, a maximum). Over seeds, the
covariances of the seeds' leave-out gaps give the variance of Obuchowski and Rockette (see `crossed`).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.statistics.bounds import Bounds
from qgate.statistics.crossed import Components, half_width

ROW_BY_ROW = 500  # rows up to which each is left out alone
_GROUPS = 50  # above: 50 groups cost a tenth, and err 5.4 to 6.0 % at a nominal 5 %
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def leave_out(score: Callable[[Rows], float], rows: int) -> Floats:
    """Any score of what remains when each group of rows is left out: shape (groups,).

    `qgate.gates.resampling` leaves each row of a parity gate's scores out without calling them; this is for all others.

    Args:
        score: of the rows whose indices it is given.
        rows: how many there are.
    """
    group = _groups(rows)
    return np.array([score(np.flatnonzero(group != g)) for g in range(int(group.max()) + 1)])


def jackknife_bounds(gap: float, left_out: npt.ArrayLike, alpha: float, *, step: float = 0.0) -> Bounds:
    """One-sided bounds on a gap, with one candidate or a mean over its seeds.

    Args:
        gap: on all rows.
        left_out: the gap without each row, or without each cluster of rows that stand or fall together, shape (groups,).
        alpha: the error of each bound.
        step: how far one row can move the score. Two rows, one won and one lost, are added to the variance of scores of class
            labels, so that models that never disagree still have an interval; 0 for scores that move continuously.
    """
    without = np.asarray(left_out, dtype=np.float64)
    half = float(stats.t.isf(alpha, without.size - 1) * np.sqrt(jackknife_variance(without, step=step)))
    return Bounds(estimate=gap, lower=gap - half, upper=gap + half)


def jackknife_variance(left_out: Floats, *, step: float = 0.0) -> float:
    """The variance of a score from its values without each group, and from two rows more."""
    groups = left_out.size
    return float((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum()) + 2 * step**2


def seeds_jackknife_bounds(gaps: npt.ArrayLike, left_out: npt.ArrayLike, alpha: float, *, step: float = 0.0) -> Bounds:
    """One-sided bounds on the expected gap over new rows and new seeds.

    Args:
        gaps: one per seed, shape (K,).
        left_out: shape (K, groups).
        alpha: the error of each bound.
        step: as in `jackknife_bounds`.
    """
    per_seed, without = np.asarray(gaps, dtype=np.float64), np.asarray(left_out, dtype=np.float64)
    mean = float(per_seed.mean())
    parts = seed_and_row_variance(per_seed, without, step=step)
    half = half_width(parts, rows=without.shape[1], seeds=per_seed.size, alpha=alpha)
    return Bounds(estimate=mean, lower=mean - half, upper=mean + half)


def seed_and_row_variance(gaps: Floats, left_out: Floats, *, step: float = 0.0) -> Components:
    """The spread of the seeds over K, and the covariance that two seeds share because they answer the same rows."""
    seeds, groups = left_out.shape
    centred = left_out - left_out.mean(axis=1, keepdims=True)
    covariance = (groups - 1) / groups * (centred @ centred.T)
    own = float(np.trace(covariance)) / seeds
    shared = max(float(covariance.sum() - np.trace(covariance)) / (seeds * (seeds - 1)), 0.0)
    seed = float(gaps.var(ddof=1)) / seeds
    return Components(row=shared + 2 * step**2, seed=seed, residual=max(own - shared, 0.0) / seeds)


def _groups(rows: int) -> Rows:
    """Which group each row is in: itself, or one of 50 of equal size in a fixed shuffle.

    Neither blocks nor every fiftieth row: files are often sorted by class, or repeat with a period.
    """
    if rows <= ROW_BY_ROW:
        return np.arange(rows)
    group = np.empty(rows, dtype=np.int64)
    group[np.argsort(_shuffle_keys(rows), kind="stable")] = np.arange(rows) % _GROUPS
    return group


def _shuffle_keys(rows: int) -> npt.NDArray[np.uint64]:
    """The first outputs of SplitMix64 (Steele, Lea and Flood 2014): the same on every machine and version of numpy."""
    z = np.arange(1, rows + 1, dtype=np.uint64) * _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
