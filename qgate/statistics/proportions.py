"""Exact bounds on a proportion: Clopper and Pearson (1934), Biometrika 26, 404-413."""

import math

from scipy import stats

from qgate.statistics.bounds import Bounds


def proportion_bounds(count: int, of: int, alpha: float) -> Bounds:
    """One-sided bounds on the probability of what happened `count` times in `of` independent trials."""
    lower = float(stats.beta.ppf(alpha, count, of - count + 1)) if count else 0.0
    upper = float(stats.beta.isf(alpha, count + 1, of - count)) if count < of else 1.0
    return Bounds(estimate=count / of, lower=lower, upper=upper)


def clean_trials(maximum: float, alpha: float) -> int:
    """Trials without a single event that show a probability of `maximum` at most: 29 for 10 %, 59 for 5 %.

    Raises:
        ValueError: the maximum is not within (0, 1).
    """
    if not 0 < maximum < 1:
        raise ValueError(f"no number of trials shows a probability of at most {maximum}")
    return math.ceil(math.log(alpha) / math.log1p(-maximum))
