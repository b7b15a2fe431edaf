"""Tango's interval against published values and its own definition."""

import numpy as np
import pytest
from scipy.special import ndtri

from qgate.statistics.tango import PairedCounts, score_statistic, tango_bounds

PUBLISHED = [
    # Airway hyper-responsiveness before and after stem cell transplantation (Bentur et al. 2009), 95 % two-sided, as in
    # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33, and the R package ratesci.
    ((1, 7, 21), 0.025, (-0.517, -0.026)),
    # R's PropCIs::scoreci.mp(25, 28, 618) at 90 %, whose gap is the third count's minus the second's.
    ((28, 25, 618), 0.05, (-0.0148, 0.0247)),
]


@pytest.mark.parametrize(("counts", "alpha", "expected"), PUBLISHED)
def test_published_intervals(counts, alpha, expected):
    worse, better, rows = counts
    bounds = tango_bounds(PairedCounts(worse=worse, better=better, rows=rows), alpha)
    digits = len(str(expected[0]).split(".")[1])
    assert (round(bounds.lower, digits), round(bounds.upper, digits)) == expected


@pytest.mark.parametrize(("worse", "better", "rows"), [(3, 10, 200), (20, 5, 200), (0, 4, 50), (30, 60, 2000)])
def test_a_bound_is_where_the_statistic_meets_its_quantile(worse, better, rows):
    bounds = tango_bounds(PairedCounts(worse=worse, better=better, rows=rows), 0.05)
    z = ndtri(0.95)
    assert score_statistic(worse, better, rows, bounds.lower) == pytest.approx(z)
    assert score_statistic(worse, better, rows, bounds.upper) == pytest.approx(-z)


@pytest.mark.parametrize(("worse", "better"), [(3, 10), (0, 0), (0, 6), (40, 0)])
def test_a_swap_mirrors_the_interval(worse, better):
    forth = tango_bounds(PairedCounts(worse=worse, better=better, rows=40), 0.05)
    back = tango_bounds(PairedCounts(worse=better, better=worse, rows=40), 0.05)
    assert (forth.lower, forth.upper) == pytest.approx((-back.upper, -back.lower))


def test_no_disagreement_has_a_closed_form():
    # z² = n d / (1 - d), so the bound is z² / (n + z²).
    bounds = tango_bounds(PairedCounts(worse=0, better=0, rows=200), 0.05)
    assert bounds.upper == pytest.approx(ndtri(0.95) ** 2 / (200 + ndtri(0.95) ** 2))


def test_the_ends_of_the_scale_stay_on_it():
    bounds = tango_bounds(PairedCounts(worse=10, better=0, rows=10), 0.05)
    assert (bounds.estimate, bounds.upper) == (1.0, 1.0)
    assert score_statistic(0, 0, 10, 0.0) == 0


@pytest.mark.parametrize("gap", [-0.05, 0.0, 0.005, 0.2])
def test_the_statistic_orders_the_sample_space(gap):
    """The exact test relies on it: z rises with rows lost and falls with rows won."""
    n = 40
    worse, better = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    z = np.where(worse + better <= n, score_statistic(worse, better, n, gap), np.nan)
    steps_down, steps_right = z[1:] - z[:-1], z[:, 1:] - z[:, :-1]
    assert np.nanmin(steps_down) > -1e-9
    assert np.nanmax(steps_right) < 1e-9


@pytest.mark.parametrize(("worse", "better", "rows"), [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_impossible_counts_are_refused(worse, better, rows):
    with pytest.raises(ValueError, match="not the counts of a paired comparison"):
        PairedCounts(worse=worse, better=better, rows=rows)
