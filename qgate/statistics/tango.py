"""Tango's score statistic and bounds for a difference of paired proportions: accuracy of two models on the same rows.

Tango (1998), "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
Statistics in Medicine 17, 891-908. At a margin it is the test with the restricted maximum likelihood estimate of Nam (1997).
It keeps its error rate where Wald's interval does not: few disagreements, all of them in one direction, none at all.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from qgate.statistics.bounds import Bounds

Floats = npt.NDArray[np.float64]
_ROUNDING = 1e-12
_BISECTIONS = 60  # halves the width 2 to below the spacing of doubles


@dataclass(frozen=True, kw_only=True)
class PairedCounts:
    """On how many of `rows` only the baseline was right (`worse`), and on how many only the candidate (`better`)."""

    worse: int
    better: int
    rows: int

    def __post_init__(self) -> None:
        if self.rows < 1 or min(self.worse, self.better) < 0 or self.worse + self.better > self.rows:
            raise ValueError(f"not the counts of a paired comparison: {self}")

    @property
    def discordant(self) -> int:
        """On how many rows exactly one of the two was right."""
        return self.worse + self.better


def score_statistic(worse: npt.ArrayLike, better: npt.ArrayLike, rows: int, gap: float) -> Floats:
    """Tango's z for the hypothesis that the gap is `gap`; small means that the candidate does better than that.

    The counts broadcast against each other. Falls with `better` and rises with `worse`.
    """
    b, c = np.asarray(worse, dtype=np.float64), np.asarray(better, dtype=np.float64)
    linear = (2 * rows - b + c) * gap - b - c
    root = np.sqrt(np.maximum(linear**2 + 8 * rows * c * gap * (1 - gap), 0))
    # The root of a quadratic in P(only the candidate is right), kept where both probabilities are admissible.
    p_better = np.maximum((root - linear) / (4 * rows), max(0.0, -gap))
    variance = rows * (2 * p_better + gap * (1 - gap))
    surplus = b - c - rows * gap
    with np.errstate(divide="ignore", invalid="ignore"):
        z: Any = surplus / np.sqrt(variance)
    # Without any variance an outcome is either certain (z of 0) or impossible.
    certain = np.where(np.abs(surplus) < _ROUNDING, 0.0, np.copysign(np.inf, surplus))
    return np.asarray(np.where(variance <= 0, certain, z), dtype=np.float64)


def tango_bounds(counts: PairedCounts, alpha: float) -> Bounds:
    """The gaps that the score test does not reject, one-sided at `alpha` each way; within [-1, 1]."""
    z = float(ndtri(1 - alpha))
    estimate = (counts.worse - counts.better) / counts.rows
    return Bounds(estimate=estimate, lower=_solve(counts, estimate, -1.0, z), upper=_solve(counts, estimate, 1.0, z))


def _solve(counts: PairedCounts, inside: float, outside: float, z: float) -> float:
    """Bisect for the last gap between the estimate and the end of the scale that |z| does not reject."""
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        kept = abs(float(score_statistic(counts.worse, counts.better, counts.rows, middle))) <= z
        inside, outside = (middle, outside) if kept else (inside, middle)
    return outside
