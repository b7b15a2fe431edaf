"""Bounds from replicates: their order statistics, and resampling that keeps neighbours together."""

import numpy as np
import pytest

from qgate.statistics.bounds import Bounds
from qgate.statistics.replicates import replicate_bounds, replicates_needed, resampled_rounds


@pytest.mark.parametrize(("alpha", "needed"), [(0.05, 99), (0.01, 499), (0.1, 49)])
def test_five_replicates_lie_beyond_each_bound(alpha, needed):
    assert replicates_needed(alpha) == needed
    values = np.random.default_rng(1).permutation(needed) + 1.0
    assert replicate_bounds(values, alpha) == Bounds(estimate=(needed + 1) / 2, lower=5.0, upper=needed - 4.0)


def test_rounds_are_resampled_in_blocks_that_wrap_around():
    rng = np.random.default_rng(2)
    drawn = np.array([resampled_rounds(64, rng) for _ in range(2_000)])
    assert drawn.shape == (2_000, 64)
    blocks = drawn.reshape(2_000, 16, 4)
    assert ((np.diff(blocks, axis=2) % 64) == 1).all()
    counts = np.bincount(drawn.ravel(), minlength=64)
    assert abs(counts / 2_000 - 1).max() < 0.2  # each round once on average; the standard error is 0.045


def test_blocks_widen_the_bounds_when_neighbours_are_alike():
    """A disturbance of 25 rounds is nearly one observation; drawn one by one its rounds would count as 25."""
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(size=40), 25)
    blocks = [values[resampled_rounds(1000, rng)].mean() for _ in range(500)]
    single = [values[rng.integers(1000, size=1000)].mean() for _ in range(500)]
    assert np.std(blocks) > 2 * np.std(single)
