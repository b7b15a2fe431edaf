"""Rows answered by several seeds: error rates of the clustered and the crossed bounds in simulation, and closed cases.

Correctness follows a probit model: a row's difficulty, a seed's skill, and their noise. 2,000 runs a cell, seeded: the standard
error at 5 % is 0.49 points, so a cell may reach 6.0 % (the measured 5.5 %, plus one).
"""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from qgate.statistics.clustered import clustered_bounds
from qgate.statistics.crossed import Components, components, crossed_bounds, half_width

RUNS = 2_000
LIMIT = 0.06


def differences(rng, rows, seeds, seed_sd):
    """Baseline correct minus candidate correct, about 9 % of the rows discordant; the true gap of the model comes apart."""
    difficulty = rng.normal(0, 1, (rows, 1))
    baseline = difficulty + 0.35 * rng.normal(0, 1, (rows, 1)) < 1.36
    skill = 1.30 + seed_sd * rng.normal(0, 1, (1, seeds))
    return baseline.astype(float) - (difficulty + 0.35 * rng.normal(0, 1, (rows, seeds)) < skill)


def true_gap(seed_sd):
    noise = 1 + 0.35**2
    return float(ndtr(1.36 / np.sqrt(noise)) - ndtr(1.30 / np.sqrt(noise + seed_sd**2)))


def errors(bounds, rows, seeds, seed_sd):
    rng = np.random.default_rng([rows, seeds, int(1000 * seed_sd)])
    found = [bounds(differences(rng, rows, seeds, seed_sd), 0.05) for _ in range(RUNS)]
    gap = true_gap(seed_sd)
    return np.mean([b.upper < gap for b in found]), np.mean([b.lower > gap for b in found])


@pytest.mark.parametrize(("rows", "seeds"), [(200, 5), (500, 3)])
def test_clustered_rows_keep_alpha_under_shot_noise(rows, seeds):
    assert max(errors(clustered_bounds, rows, seeds, 0.0)) <= LIMIT


@pytest.mark.parametrize(("rows", "seeds", "seed_sd"), [(200, 3, 0.03), (200, 5, 0.09), (500, 3, 0.09)])
def test_crossed_seeds_and_rows_keep_alpha_when_training_varies(rows, seeds, seed_sd):
    assert max(errors(crossed_bounds, rows, seeds, seed_sd)) <= LIMIT


def test_rows_alone_do_not_keep_it_when_training_varies():
    """The control: what the seeds' own component is there for."""
    assert max(errors(clustered_bounds, 500, 3, 0.09)) > 0.10


def test_one_seed_a_row_is_bonett_and_price():
    table = np.array([[1.0]] * 3 + [[-1.0]] * 2 + [[0.0]] * 45)
    bounds = clustered_bounds(table, 0.05)
    p_worse, p_better = 4 / 52, 3 / 52
    half = stats.t.isf(0.05, 51) * np.sqrt((p_worse + p_better - (p_worse - p_better) ** 2) / 51)
    assert bounds.estimate == pytest.approx(1 / 50)
    assert (bounds.lower, bounds.upper) == pytest.approx((1 / 52 - half, 1 / 52 + half))


@pytest.mark.parametrize("bounds", [clustered_bounds, crossed_bounds])
def test_models_that_never_disagree_still_have_an_interval(bounds):
    found = bounds(np.zeros((200, 5)), 0.05)
    assert (found.estimate, found.lower) == (0, -found.upper)
    assert 2 / 200 < found.upper < 3 / 200


@pytest.mark.parametrize("bounds", [clustered_bounds, crossed_bounds])
def test_a_swap_mirrors_the_interval(bounds):
    table = differences(np.random.default_rng(2), 100, 4, 0.1)
    forth, back = bounds(table, 0.05), bounds(-table, 0.05)
    assert (forth.lower, forth.upper) == pytest.approx((-back.upper, -back.lower))


def test_two_seeds_say_nothing_about_new_seeds():
    with pytest.raises(ValueError, match="2 seeds are too few"):
        crossed_bounds(np.zeros((10, 2)), 0.05)


def test_the_components_are_those_of_the_two_way_table():
    table = np.array([[1.0, 2.0, 6.0], [3.0, 5.0, 4.0]])
    # Mean squares by hand: rows 1.5, seeds 4.5, residual 4.5, over 6 cells.
    assert components(table) == Components(row=0.0, seed=pytest.approx(4.5 / 6), residual=pytest.approx(3.5 / 6))


def test_the_quantile_is_weighted_by_the_variance():
    both = half_width(Components(row=1.0, seed=3.0), rows=200, seeds=3, alpha=0.05)
    assert both == pytest.approx((3 * stats.t.isf(0.05, 2) + stats.t.isf(0.05, 199)) / 4 * 2)
    assert half_width(Components(row=0.0), rows=200, seeds=3, alpha=0.05) == 0
