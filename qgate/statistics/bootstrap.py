"""Bias-corrected and accelerated bootstrap bounds, from resamples that follow from a key.

Efron (1987), "Better bootstrap confidence intervals", Journal of the American Statistical Association 82, 171-185.

Resamples are drawn by SplitMix64 (Steele, Lea and Flood 2014), so the same evidence has the same resamples on every machine and
with every version of numpy.
"""

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from qgate.statistics.bounds import Bounds

REPLICATES = 1999
_CHUNK = 4_000_000  # weights at a time: 32 MB
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)

Floats = npt.NDArray[np.float64]


def resamples(units: int, key: str) -> Iterator[Floats]:
    """How often each unit (a row, a cluster of rows) is drawn: chunks of shape (replicates, units), 1,999 replicates in all."""
    start = np.uint64(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little"))
    step = max(1, _CHUNK // units)
    for first in range(0, REPLICATES, step):
        count = min(step, REPLICATES - first)
        position = np.arange(first * units + 1, (first + count) * units + 1, dtype=np.uint64)
        drawn = (((_mixed(start + position * _GOLDEN) >> np.uint64(32)) * np.uint64(units)) >> np.uint64(32)).astype(np.int64)
        cells = drawn + np.repeat(np.arange(count) * units, units)
        yield np.bincount(cells, minlength=count * units).reshape(count, units).astype(np.float64)


def bca_bounds(estimate: float, replicates: npt.ArrayLike, left_out: npt.ArrayLike, alpha: float) -> Bounds:
    """One-sided bounds.

    Args:
        estimate: on all units.
        replicates: on each resample, shape (B,).
        left_out: without each unit, for the acceleration, shape (units,); empty where a jackknife means nothing (a median).
        alpha: the error of each bound.
    """
    values, without = np.sort(np.asarray(replicates, dtype=np.float64)), np.asarray(left_out, dtype=np.float64)
    # Replicates that equal the estimate, as scores of class labels often do, count half.
    below = (np.searchsorted(values, estimate, "left") + np.searchsorted(values, estimate, "right")) / 2 / values.size
    bias = float(ndtri(np.clip(below, 1 / values.size, 1 - 1 / values.size)))
    bend = _acceleration(without) if without.size else 0.0
    lower, upper = (float(np.quantile(values, _level(bias, bend, float(ndtri(a))))) for a in (alpha, 1 - alpha))
    return Bounds(estimate=estimate, lower=min(lower, estimate), upper=max(upper, estimate))


def _level(bias: float, bend: float, z: float) -> float:
    shifted = bias + z
    # Beyond the pole of the formula the level is 0 or 1.
    room = max(1 - bend * shifted, 1e-9)
    return float(ndtr(bias + shifted / room))


def _acceleration(left_out: Floats) -> float:
    deviations = left_out.mean() - left_out
    spread = float((deviations**2).sum())
    return float((deviations**3).sum()) / (6 * spread**1.5) if spread > 0 else 0.0


def _mixed(z: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
