"""The jackknife: closed forms, error rates in simulation, and a grouping that is the same everywhere."""

import numpy as np
import pytest
from scipy import stats

from qgate.statistics.jackknife import (
    jackknife_bounds,
    jackknife_variance,
    leave_out,
    seed_and_row_variance,
    seeds_jackknife_bounds,
)

RUNS = {120: 2_000, 600: 1_000}
# At most 6.5 % a cell, of which two standard errors of 2,000 runs are 1.0 points, of 1,000 runs 1.4.
LIMIT = 0.065


def test_of_a_mean_it_is_students_interval():
    values = np.random.default_rng(0).normal(size=40)
    left_out = leave_out(lambda kept: float(values[kept].mean()), 40)
    bounds = jackknife_bounds(float(values.mean()), left_out, 0.05)
    expected = stats.t.interval(0.90, 39, loc=values.mean(), scale=stats.sem(values))
    assert (bounds.lower, bounds.upper) == pytest.approx(expected)


def auc(truth, scores):
    ranks = stats.rankdata(scores)
    positive, negative = truth.sum(), (1 - truth).sum()
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / positive / negative)


def test_of_an_auc_it_is_delongs_variance():
    rng = np.random.default_rng(1)
    truth = np.tile([0, 1], 100)
    scores = rng.normal(size=200) + truth
    positive, negative = scores[truth == 1], scores[truth == 0]
    above = positive[:, None] > negative[None, :]
    delong = above.mean(axis=1).var(ddof=1) / 100 + above.mean(axis=0).var(ddof=1) / 100
    left_out = leave_out(lambda kept: auc(truth[kept], scores[kept]), 200)
    assert jackknife_variance(left_out) == pytest.approx(delong, rel=0.02)


def test_labels_that_never_disagree_still_have_an_interval():
    bounds = jackknife_bounds(0.0, np.zeros(200), 0.05, step=1 / 200)
    assert bounds.upper == -bounds.lower == pytest.approx(stats.t.isf(0.05, 199) * np.sqrt(2) / 200)


def f1_gap(baseline, candidate, truth):
    return float(f1(baseline, truth) - f1(candidate, truth))


def f1(predicted, truth):
    return 2 * (predicted & truth).sum() / (predicted.sum() + truth.sum())


def f1_without_each(predicted, truth):
    hits, either = predicted & truth, predicted.astype(int) + truth
    return 2 * (hits.sum() - hits) / (either.sum() - either)


def draw(rng, rows):
    truth = rng.random(rows) < 0.4
    right = rng.random((2, rows))
    return truth ^ (right[0] > 0.9), truth ^ (right[1] > 0.87), truth


@pytest.mark.parametrize("rows", RUNS)
def test_the_bounds_of_an_f1_gap_keep_alpha(rows):
    rng = np.random.default_rng(rows)
    truth_gap = f1_gap(*draw(rng, 4_000_000))
    below = above = 0
    for _ in range(RUNS[rows]):
        baseline, candidate, truth = draw(rng, rows)
        left_out = f1_without_each(baseline, truth) - f1_without_each(candidate, truth)
        bounds = jackknife_bounds(f1_gap(baseline, candidate, truth), left_out, 0.05, step=1 / rows)
        below += bounds.upper < truth_gap
        above += bounds.lower > truth_gap
    assert max(below, above) / RUNS[rows] <= LIMIT


def test_large_sets_are_left_out_in_fifty_equal_groups_that_mix_sorted_rows():
    kept = []
    leave_out(lambda rows: float(kept.append(rows) or 0), 1000)
    groups = [np.setdiff1d(np.arange(1000), rows) for rows in kept]
    assert [len(g) for g in groups] == [20] * 50
    assert np.array_equal(np.sort(np.concatenate(groups)), np.arange(1000))
    # A file sorted by class: the second half's share of a group varies as in a draw without order.
    share = [(g >= 500).mean() for g in groups]
    assert 0.07 < np.std(share) < 0.16


def test_the_grouping_is_the_same_on_every_machine():
    kept = []
    leave_out(lambda rows: float(kept.append(rows) or 0), 501)
    assert np.setdiff1d(np.arange(501), kept[0]).tolist() == FIRST_GROUP_OF_501


FIRST_GROUP_OF_501 = [18, 52, 160, 193, 241, 305, 401, 410, 422, 463, 490]


def test_over_seeds_it_splits_the_variance():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(4, 100))
    shared = rng.normal(size=100)
    values = rows + 2 * shared
    left_out = np.array([leave_out(lambda kept, v=v: float(v[kept].mean()), 100) for v in values])
    gaps = values.mean(axis=1)
    parts = seed_and_row_variance(gaps, left_out)
    covariance = np.cov(values) / 100
    off_diagonal = (covariance.sum() - np.trace(covariance)) / 12
    assert parts.row == pytest.approx(off_diagonal)
    assert parts.seed == pytest.approx(gaps.var(ddof=1) / 4)
    assert parts.residual == pytest.approx((np.trace(covariance) / 4 - off_diagonal) / 4)
    bounds = seeds_jackknife_bounds(gaps, left_out, 0.05)
    total = parts.row + parts.seed
    quantile = (parts.seed * stats.t.isf(0.05, 3) + parts.row * stats.t.isf(0.05, 99)) / total
    assert bounds.upper - bounds.estimate == pytest.approx(quantile * np.sqrt(total))
