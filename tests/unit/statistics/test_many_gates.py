"""Holm against its published steps, and both family errors in simulation."""

import numpy as np
import pytest
from scipy.special import ndtr

from qgate.statistics.many_gates import holm

RUNS = 20_000
# Three standard errors of 20,000 runs at 5 % are 0.46 points.
LIMIT = 0.0546


def test_the_smallest_p_pays_for_all_and_the_rest_for_what_is_left():
    assert holm([0.01, 0.04, 0.03, 0.005], [0.05] * 4) == (True, False, False, True)
    assert holm([0.02, 0.02], [0.05, 0.05]) == (True, True)
    assert holm([0.03, 0.03], [0.05, 0.05]) == (False, False)
    assert holm([0.05], [0.05]) == (True,)
    assert holm([], []) == ()


def test_a_stricter_gate_stays_stricter():
    assert holm([0.02, 0.02], [0.05, 0.01]) == (True, False)


@pytest.mark.parametrize("gates", [2, 8])
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_any_false_fail_keeps_alpha_and_without_holm_it_does_not(gates, correlation):
    rng = np.random.default_rng(gates)
    shared = rng.normal(size=(RUNS, 1)) * np.sqrt(correlation)
    z = shared + rng.normal(size=(RUNS, gates)) * np.sqrt(1 - correlation)
    p = ndtr(-z)
    assert np.mean([any(holm(row, [0.05] * gates)) for row in p]) <= LIMIT
    assert (p.min(axis=1) <= 0.05).mean() > 0.07


def test_it_still_finds_the_gates_that_fail():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2_000, 4)) + np.array([6.0, 6.0, 0.0, 0.0])
    found = np.array([holm(row, [0.05] * 4) for row in ndtr(-z)])
    assert found[:, :2].mean() > 0.999
    assert found[:, 2:].any(axis=1).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2_000)
