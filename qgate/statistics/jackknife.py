"""Bounds on the gap of any smooth score for new rows: the paired jackknife, which leaves each row out of both models alike.

It needs no random numbers, so a verdict has the same bytes twice, and for AUC it is DeLong's interval (DeLong, DeLong and
Clarke-Pearson 1988, Biometrics 44). It is inconsistent for scores that hang on single rows (a median, a maximum). Over seeds, the
covariances of the seeds' leave-out gaps give the variance of Obuchowski and Rockette (see `crossed`).
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.statistics.bounds import Bounds
from qgate.statistics.crossed import Components, half_width

Floats = npt.NDArray[np.float64]


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
