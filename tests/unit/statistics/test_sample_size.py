"""Sizes against the published arithmetic, and planned power against the exact one."""

import numpy as np
import pytest
from scipy.stats import multinomial, t

from qgate.statistics.sample_size import (
    identical_rows,
    power_to_decide,
    required_rows,
    required_seeds,
    resolution,
    seeds_power,
    seeds_resolution,
)
from qgate.statistics.tango import score_statistic


@pytest.mark.parametrize(
    ("share", "margin", "eighty", "ninety"),
    [(0.02, 0.005, 4947, 6852), (0.05, 0.005, 12366, 17128), (0.10, 0.005, 24731, 34256), (0.20, 0.005, 49461, 68511)],
)
def test_rows_that_show_an_equal_candidate(share, margin, eighty, ninety):
    assert required_rows(row_variance=share, effect=margin, alpha=0.05) == eighty
    assert required_rows(row_variance=share, effect=margin, alpha=0.05, power=0.9) == ninety


@pytest.mark.parametrize(("share", "margin"), [(0.10, 0.05), (0.05, 0.02), (0.10, 0.04)])
def test_the_planned_rows_give_the_planned_power(share, margin):
    """By enumeration of the score test, within the 76 to 83 % that a normal approximation may be off."""
    rows = required_rows(row_variance=share, effect=margin, alpha=0.05)
    outcomes = np.array([(b, c) for b in range(rows + 1) for c in range(rows + 1 - b)])
    mass = multinomial.pmf(np.column_stack([outcomes, rows - outcomes.sum(axis=1)]), rows, [share / 2, share / 2, 1 - share])
    power = mass[score_statistic(*outcomes.T, rows, margin) <= -1.6448536].sum()
    assert 0.76 <= power <= 0.83
    assert power_to_decide(rows=rows, row_variance=share, effect=margin, alpha=0.05) == pytest.approx(0.8, abs=0.002)


@pytest.mark.parametrize(("gap", "rows"), [(0.02, 2737), (0.05, 298)])
def test_failing_is_cheaper(gap, rows):
    assert required_rows(row_variance=0.10 - gap**2, effect=gap - 0.005, alpha=0.05) == rows


@pytest.mark.parametrize(("margin", "rows"), [(0.005, 598), (0.01, 299), (0.02, 149), (0.05, 59)])
def test_rows_without_a_single_disagreement(margin, rows):
    assert identical_rows(margin, 0.05) == rows


@pytest.mark.parametrize("margin", [0.0, 1.0, -0.1])
def test_no_row_shows_a_gap_below_nothing(margin):
    with pytest.raises(ValueError, match="no number of rows"):
        identical_rows(margin, 0.05)


@pytest.mark.parametrize(("rows", "margin"), [(200, 0.056), (500, 0.035), (1000, 0.025), (2000, 0.018), (5000, 0.011)])
def test_what_a_number_of_rows_resolves(rows, margin):
    assert round(resolution(rows=rows, row_variance=0.10, alpha=0.05), 3) == margin


def test_more_rows_never_make_up_for_seeds():
    # (0.02 / 2.4865)² = 0.0000647 is the variance that decides, and seeds take 0.00005 of it: 0.10 / 0.0000147 rows remain.
    assert required_rows(row_variance=0.10, effect=0.02, alpha=0.05, seed_variance=0.00005) == 6804
    assert required_rows(row_variance=0.10, effect=0.02, alpha=0.05, seed_variance=0.00007) is None
    assert required_rows(row_variance=0.10, effect=0.0, alpha=0.05) is None


def test_rows_without_variance_decide_at_once():
    assert required_rows(row_variance=0.0, effect=0.01, alpha=0.05) == 1
    assert power_to_decide(rows=10, row_variance=0.0, effect=0.01, alpha=0.05) == 1.0
    assert power_to_decide(rows=10, row_variance=0.0, effect=0.0, alpha=0.05) == 0.0


@pytest.mark.parametrize(("margin", "normal"), [(0.005, 25), (0.01, 7), (0.02, 2)])
def test_seeds_are_those_of_the_normal_quantile_and_about_two_more(margin, normal):
    seeds = required_seeds(gap_variance=0.01**2, effect=margin, alpha=0.05)
    assert normal < seeds <= normal + 2


def test_a_gap_on_the_threshold_is_never_decided():
    assert required_seeds(gap_variance=0.01, effect=0.0, alpha=0.05) is None
    assert required_seeds(gap_variance=0.01, effect=1e-6, alpha=0.05) is None


@pytest.mark.parametrize("seeds", [3, 5, 20])
def test_what_seeds_resolve_is_what_they_decide_in_four_of_five_cases(seeds):
    effect = seeds_resolution(seeds=seeds, gap_variance=0.0001, alpha=0.05)
    assert seeds_power(seeds=seeds, gap_variance=0.0001, effect=effect, alpha=0.05) == pytest.approx(0.8)
    assert required_seeds(gap_variance=0.0001, effect=effect * 1.0001, alpha=0.05) <= seeds
    gaps = np.random.default_rng(5).normal(-effect, 0.01, (20_000, seeds))
    upper = gaps.mean(axis=1) + float(t.isf(0.05, seeds - 1)) * gaps.std(axis=1, ddof=1) / np.sqrt(seeds)
    assert (upper <= 0).mean() == pytest.approx(0.8, abs=0.03)  # the approximation's own error is up to 0.03 at three seeds


def test_seeds_without_noise_decide_every_distance():
    assert seeds_power(seeds=2, gap_variance=0.0, effect=0.001, alpha=0.05) == 1.0
    assert seeds_power(seeds=2, gap_variance=0.0, effect=0.0, alpha=0.05) == 0.0
