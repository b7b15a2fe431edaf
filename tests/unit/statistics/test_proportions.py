"""Clopper and Pearson by the definition: at a bound the tail has probability alpha."""

import pytest
from scipy.stats import binom

from qgate.statistics.proportions import clean_trials, proportion_bounds


@pytest.mark.parametrize(("count", "of"), [(1, 10), (5, 29), (9, 10)])
def test_a_bound_is_where_the_tail_is_alpha(count, of):
    bounds = proportion_bounds(count, of, 0.05)
    assert binom.sf(count - 1, of, bounds.lower) == pytest.approx(0.05)
    assert binom.cdf(count, of, bounds.upper) == pytest.approx(0.05)
    assert bounds.estimate == count / of


def test_none_and_all_are_on_the_scale():
    none, every = proportion_bounds(0, 5, 0.05), proportion_bounds(5, 5, 0.05)
    assert (none.lower, none.upper) == pytest.approx((0.0, 1 - 0.05**0.2))
    assert (every.lower, every.upper) == pytest.approx((0.05**0.2, 1.0))


@pytest.mark.parametrize(("maximum", "trials"), [(0.10, 29), (0.05, 59), (0.20, 14)])
def test_clean_trials(maximum, trials):
    assert clean_trials(maximum, 0.05) == trials
    assert proportion_bounds(0, trials, 0.05).upper <= maximum < proportion_bounds(0, trials - 1, 0.05).upper


@pytest.mark.parametrize("maximum", [0.0, 1.0])
def test_no_number_of_trials_shows_nothing_or_all(maximum):
    with pytest.raises(ValueError, match="no number of trials"):
        clean_trials(maximum, 0.05)
