"""t over seeds: Student's where it is his, and rows that flip so rarely that no seed shows it."""

import numpy as np
import pytest
from scipy import stats

from qgate.statistics.seeds import gap_variance, seed_bounds

RUNS = 5_000
# The worst that the module states, and three standard errors of 5,000 runs.
LIMIT = 0.0512 + 0.0092


def test_without_steps_it_is_students_interval():
    gaps = [0.01, 0.03, 0.02, 0.05]
    bounds = seed_bounds(gaps, 0.05)
    expected = stats.t.interval(0.90, 3, loc=np.mean(gaps), scale=stats.sem(gaps))
    assert (bounds.lower, bounds.upper) == pytest.approx(expected)


def test_seeds_that_agree_still_leave_room_for_a_row():
    bounds = seed_bounds([0.01] * 5, 0.05, step=1 / 200)
    half = stats.t.isf(0.05, 4) * np.sqrt(2 / 4 / 5) / 200
    assert (bounds.estimate, bounds.lower, bounds.upper) == pytest.approx((0.01, 0.01 - half, 0.01 + half))
    assert gap_variance([0.01] * 5, step=1 / 200) == pytest.approx(2 / 4 / 200**2)


def test_one_seed_has_no_spread():
    with pytest.raises(ValueError, match="the spread of 1 seed cannot be estimated"):
        seed_bounds([0.01], 0.05)


def errors(gaps, true_gap, step):
    bounds = [seed_bounds(g, 0.05, step=step) for g in gaps]
    return np.mean([b.upper < true_gap - 1e-12 for b in bounds]), np.mean([b.lower > true_gap + 1e-12 for b in bounds])


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize(("flipping", "probability"), [(1, 0.1), (1, 0.45), (3, 0.2), (10, 0.07), (40, 0.05)])
def test_rows_that_flip_with_a_seed_are_covered(seeds, flipping, probability):
    """Each of some rows is wrong with this probability, apart for each seed; 200 rows, exact binomial draws."""
    rng = np.random.default_rng(seeds * 100 + flipping)
    gaps = rng.binomial(flipping, probability, (RUNS, seeds)) / 200
    too_low, too_high = errors(gaps, flipping * probability / 200, 1 / 200)
    assert max(too_low, too_high) <= LIMIT


def test_without_the_pseudo_rows_rare_flips_are_missed():
    """The control: a row that flips one time in ten is never seen by five seeds in 59 % of the runs."""
    rng = np.random.default_rng(1)
    gaps = rng.binomial(1, 0.1, (2_000, 5)) / 200
    too_low, _ = errors(gaps, 0.1 / 200, 0.0)
    assert too_low > 0.5
