"""Exact bounds on a share, from independent draws: Clopper and Pearson (1934), "The use of confidence or fiducial limits
illustrated in the case of the binomial", Biometrika 26:404.
"""  # noqa: D205 -- the title of the paper does not fit into one line

import math

from scipy import stats

from qgate.statistics.bounds import Bounds

_POWER = 0.8


def share_bounds(hits: int, draws: int, alpha: float) -> Bounds:
    """One-sided bounds on the share that `hits` of `draws` estimate, each wrong with probability alpha at most.

    Raises:
        ValueError: no draws, or more hits than draws.
    """
    if not 0 <= hits <= draws or not draws:
        raise ValueError(f"{hits} hits of {draws} draws")
    lower = float(stats.beta.ppf(alpha, hits, draws - hits + 1)) if hits else 0.0
    upper = float(stats.beta.isf(alpha, hits + 1, draws - hits)) if hits < draws else 1.0
    return Bounds(estimate=hits / draws, lower=lower, upper=upper)


def draws_needed(share: float, threshold: float, alpha: float) -> int | None:
    """About how many draws tell `share` from `threshold` with 80 % power, by the normal approximation; None: no number does."""
    if share == threshold:
        return None
    error, power = float(stats.norm.isf(alpha)), float(stats.norm.ppf(_POWER))
    z = error * math.sqrt(threshold * (1 - threshold)) + power * math.sqrt(share * (1 - share))
    return max(1, math.ceil((z / (share - threshold)) ** 2))
