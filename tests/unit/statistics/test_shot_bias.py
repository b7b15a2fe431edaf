"""Thinning by counting, and what Richardson removes of a known bias."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from qgate.statistics.shot_bias import bias_between, bias_from_exact, shot_bias, thinned


@pytest.mark.parametrize(("right", "shots", "kept"), [(3, 5, 3), (4, 8, 4), (2, 7, 2), (7, 8, 8), (4, 8, 8)])
def test_thinning_is_the_mean_over_all_parts(right, shots, kept):
    shot = np.arange(shots) < right
    votes = [sum(shot[list(part)]) * 2 - kept for part in combinations(range(shots), kept)]
    expected = np.mean([1.0 if v > 0 else 0.5 if v == 0 else 0.0 for v in votes])
    assert thinned([right], shots, kept) == pytest.approx([expected])


def rows_of(kind, rng, rows):
    """Expectation values of the right answer: spread widely, or most of them near the boundary."""
    return np.clip(rng.normal(0.22, 0.25, rows) if kind == "smooth" else rng.normal(0.08, 0.12, rows), -1, 1)


def score_at(values, shots):
    p = (1 + values) / 2
    return binom.sf(shots / 2, shots, p) + (binom.pmf(shots // 2, shots, p) / 2 if shots % 2 == 0 else 0)


@pytest.mark.parametrize("shots", [128, 256])
def test_most_of_a_smooth_bias_is_found_from_one_run(shots):
    rng = np.random.default_rng(shots)
    population = rows_of("smooth", rng, 400_000)
    true = score_at(population, shots).mean() - (population > 0).mean()
    found = []
    for _ in range(200):
        values = rows_of("smooth", rng, 500)
        found.append(shot_bias(rng.binomial(shots, (1 + values) / 2), shots, 0.05).bias.estimate)
    assert true < -0.005
    assert abs(np.mean(found) - true) <= 0.25 * abs(true) + 3 * np.std(found) / np.sqrt(200)


@pytest.mark.parametrize(("kind", "low", "high"), [("smooth", 0.0, 0.16), ("boundary", 0.78, 1.0)])
def test_too_few_shots_are_flagged(kind, low, high):
    """2,000 rows, 64 shots, 150 runs: two standard errors are 5 points at 10 %, and 5 at 90 %."""
    rng = np.random.default_rng(8)
    runs = [shot_bias(rng.binomial(64, (1 + rows_of(kind, rng, 2_000)) / 2), 64, 0.05).pre_asymptotic for _ in range(150)]
    assert low <= np.mean(runs) <= high


def test_two_levels_extrapolate_to_the_limit():
    # g(S) = 0.9 - 2/S: at 400 shots the bias is -0.005.
    levels = np.tile([0.9 - 2 / 100, 0.9 - 2 / 400], (10, 1))
    assert bias_between(levels, (100, 400), 0.05).estimate == pytest.approx(-0.005)


def test_the_score_without_shots_needs_no_extrapolation():
    bounds = bias_from_exact([0.9, 0.5, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], 0.05)
    assert bounds.estimate == pytest.approx(-0.15)
    assert bounds.lower < -0.15 < bounds.upper


def test_three_shots_cannot_be_halved_twice():
    with pytest.raises(ValueError, match="3 shots cannot be halved twice"):
        shot_bias([1], 3, 0.05)
