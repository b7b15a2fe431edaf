"""Bounds on an accuracy gap for new rows, where each row was answered K times by one artifact under independent shot noise.

A row's answers stand together, so the row is the unit: Student's t over the mean difference of each row. Two pseudo-rows, one won
and one lost, keep the interval from having no width where the models never disagree: Bonett and Price (2012), "Adjusted Wald
confidence interval for a difference of binomial proportions based on paired data", Journal of Educational and Behavioral
Statistics.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.statistics.bounds import Bounds


def clustered_bounds(differences: npt.ArrayLike, alpha: float) -> Bounds:
    """One-sided bounds on the expected difference.

    Args:
        differences: baseline correct minus candidate correct (-1, 0 or 1), shape (rows, K).
        alpha: the error of each bound.
    """
    means = np.asarray(differences, dtype=np.float64).mean(axis=1)
    augmented = np.append(means, (1.0, -1.0))
    half = float(stats.t.isf(alpha, augmented.size - 1) * augmented.std(ddof=1) / np.sqrt(augmented.size))
    centre = float(augmented.mean())
    return Bounds(estimate=float(means.mean()), lower=centre - half, upper=centre + half)
