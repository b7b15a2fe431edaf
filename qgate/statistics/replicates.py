"""Bounds from replicates of a whole experiment, each on resampled measurements: what a closed formula does not reach.

The percentile bootstrap (Efron & Tibshirani 1993, chapter 13), with blocks of neighbouring rounds, since a machine's disturbances
last longer than one timing (circular block bootstrap: Politis & Romano 1992).
"""

import math

import numpy as np
import numpy.typing as npt

from qgate.statistics.bounds import Bounds

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
_BEYOND = 5  # replicates outside each bound, so that the bound is no single replicate's whim


def replicates_needed(alpha: float) -> int:
    """How many replicates leave five beyond each bound: 99 for 5 %."""
    return math.ceil(_BEYOND / alpha) - 1


def replicate_bounds(values: Floats, alpha: float) -> Bounds:
    """The median of the replicates, shape (replicates,), between the order statistics that leave alpha beyond each."""
    ordered = np.sort(values)
    beyond = max(1, math.floor(alpha * (len(ordered) + 1)))
    return Bounds(estimate=float(np.median(ordered)), lower=float(ordered[beyond - 1]), upper=float(ordered[-beyond]))


def resampled_rounds(rounds: int, rng: np.random.Generator) -> Indices:
    """As many round numbers as there are, drawn in circular blocks of their count's cube root."""
    length = max(1, round(rounds ** (1 / 3)))
    starts = rng.integers(rounds, size=math.ceil(rounds / length))
    drawn: Indices = ((starts[:, None] + np.arange(length)) % rounds).reshape(-1)[:rounds]
    return drawn
