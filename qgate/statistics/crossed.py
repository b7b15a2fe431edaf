"""Bounds on an accuracy gap for new rows and new seeds, where every row was answered by every seed.

Seeds are to rows what readers are to cases in a study of diagnostic readers, and the variance is that of its analysis: Obuchowski
and Rockette (1995), Communications in Statistics - Simulation and Computation 24; Hillis (2007), Statistics in Medicine 26. Each
of the two components brings its own quantile of t, weighted by its share of the variance (Cochran 1964); Satterthwaite's degrees
of freedom err by up to 7.4 % at three seeds, at a nominal 5 %. Two pseudo-rows, one won and one lost, as in `clustered`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from qgate.statistics.bounds import Bounds

MINIMUM_SEEDS = 3


@dataclass(frozen=True, kw_only=True)
class Components:
    """The variance of a mean gap, split: `row` is what all seeds share, `seed` what differs between them.

    `residual` is the part of `seed` that belongs to single rows (their shot noise), and that more rows would lessen as well.
    """

    row: float
    seed: float = 0.0
    residual: float = 0.0


def crossed_bounds(differences: npt.ArrayLike, alpha: float) -> Bounds:
    """One-sided bounds on the expected difference over seeds and rows.

    Args:
        differences: baseline correct minus candidate correct (-1, 0 or 1), shape (rows, K).
        alpha: the error of each bound.

    Raises:
        ValueError: there are fewer than three seeds.
    """
    measured = np.asarray(differences, dtype=np.float64)
    seeds = measured.shape[1]
    if seeds < MINIMUM_SEEDS:
        raise ValueError(f"{seeds} seeds are too few to say anything about new seeds: {MINIMUM_SEEDS} at least")
    augmented = np.vstack([measured, np.ones(seeds), -np.ones(seeds)])
    half = half_width(components(augmented), rows=len(augmented), seeds=seeds, alpha=alpha)
    centre = float(augmented.mean())
    return Bounds(estimate=float(measured.mean()), lower=centre - half, upper=centre + half)


def components(table: npt.NDArray[np.float64]) -> Components:
    """The variance components of a (rows, K) table's mean, from the mean squares of its two-way analysis."""
    rows, seeds = table.shape
    mean, by_row, by_seed = table.mean(), table.mean(axis=1), table.mean(axis=0)
    residual = table - by_row[:, None] - by_seed[None, :] + mean
    ms_row = seeds * ((by_row - mean) ** 2).sum() / (rows - 1)
    ms_seed = rows * ((by_seed - mean) ** 2).sum() / (seeds - 1)
    ms_residual = (residual**2).sum() / ((rows - 1) * (seeds - 1))
    cells = rows * seeds
    row = max(float(ms_row - ms_residual), 0.0) / cells
    return Components(row=row, seed=float(ms_seed / cells), residual=float(ms_residual / cells))


def half_width(parts: Components, *, rows: int, seeds: int, alpha: float) -> float:
    """Cochran's weighted quantile of t times the standard error."""
    total = parts.seed + parts.row
    if total <= 0:
        return 0.0
    t_seed, t_row = -stdtrit(seeds - 1, alpha), -stdtrit(rows - 1, alpha)
    return float((parts.seed * t_seed + parts.row * t_row) / total * np.sqrt(total))
