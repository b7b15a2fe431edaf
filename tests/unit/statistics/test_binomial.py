"""Clopper-Pearson against its definition, and its errors by enumeration."""

import numpy as np
import pytest
from scipy import stats

from qgate.statistics.binomial import draws_needed, share_bounds


@pytest.mark.parametrize(("hits", "draws"), [(0, 5), (1, 5), (5, 5), (38, 5000), (2500, 5000)])
def test_each_bound_makes_the_observation_just_as_unlikely_as_alpha(hits, draws):
    bounds = share_bounds(hits, draws, 0.05)
    assert bounds.estimate == hits / draws
    if hits:
        assert stats.binom.sf(hits - 1, draws, bounds.lower) == pytest.approx(0.05, abs=1e-9)
    if hits < draws:
        assert stats.binom.cdf(hits, draws, bounds.upper) == pytest.approx(0.05, abs=1e-9)


def test_nothing_and_everything():
    assert (share_bounds(0, 10, 0.05).lower, share_bounds(10, 10, 0.05).upper) == (0.0, 1.0)
    assert share_bounds(0, 299, 0.05).upper == pytest.approx(0.00997, abs=1e-5)  # 299 clean draws show less than 1 %


def test_no_true_share_is_missed_more_often_than_alpha():
    draws = 60
    bounds = [share_bounds(hits, draws, 0.05) for hits in range(draws + 1)]
    for share in np.linspace(0.005, 0.995, 100):
        mass = stats.binom.pmf(np.arange(draws + 1), draws, share)
        assert mass[[b.lower > share for b in bounds]].sum() <= 0.05
        assert mass[[b.upper < share for b in bounds]].sum() <= 0.05


@pytest.mark.parametrize(("hits", "draws"), [(0, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(hits, draws):
    with pytest.raises(ValueError, match=f"{hits} hits of {draws} draws"):
        share_bounds(hits, draws, 0.05)


@pytest.mark.parametrize(("share", "threshold"), [(0.5, 0.45), (0.012, 0.01), (0.9, 0.95)])
def test_the_draws_needed_decide_about_four_times_of_five(share, threshold):
    draws = draws_needed(share, threshold, 0.05)
    hits = np.arange(draws + 1)
    bounds = [share_bounds(int(h), draws, 0.05) for h in hits]
    decided = [b.lower >= threshold if share > threshold else b.upper < threshold for b in bounds]
    assert stats.binom.pmf(hits, draws, share)[decided].sum() == pytest.approx(0.8, abs=0.06)


def test_no_number_of_draws_tells_a_share_from_itself():
    assert draws_needed(0.3, 0.3, 0.05) is None
