"""Growth laws: exact on exact data, declared only of a design that can tell, and shown to where they may be."""

import math

import numpy as np
import pytest

from qgate.statistics.growth import DECISIVE, Law, growth

SIZES = tuple(range(4, 13))
GRID = np.array(SIZES, dtype=np.float64)


def timed(truth, *, repeats=3, scatter=0.02, seed=1):
    """Seconds, shape (repeats, sizes), that scatter about the truth."""
    return truth * np.random.default_rng(seed).lognormal(0, scatter, (repeats, len(truth)))


FLOOR = timed(np.array([1.0]), seed=2)[:, 0]


def test_a_doubling_with_every_qubit_is_exponential_and_its_rate_is_bounded():
    found = growth(SIZES, timed(1 + 0.01 * 2**GRID), FLOOR)
    assert (found.law, found.why) == (Law.EXPONENTIAL, "")
    low, high = found.better.interval
    assert low < math.log(2) < high
    assert high - low < 0.1
    assert found.better.floor == pytest.approx(1, rel=0.05)
    assert found.better.at(np.array([10.0]))[0] == pytest.approx(1 + 0.01 * 2**10, rel=0.05)


def test_a_square_is_a_power_law_and_its_exponent_is_bounded():
    found = growth(SIZES, timed(0.01 * GRID**2), timed(np.array([1e-4]))[:, 0])
    assert found.law is Law.POWER
    assert found.better.interval[0] < 2 < found.better.interval[1]
    assert found.exponential.aicc - found.power.aicc > DECISIVE


def test_both_laws_are_there_whatever_is_declared_and_part_beyond_the_data():
    found = growth(SIZES, timed(1 + 0.01 * 2**GRID), FLOOR)
    beyond = np.array([18.0])
    assert found.exponential.at(beyond)[0] > 2 * found.power.at(beyond)[0]


@pytest.mark.parametrize(
    ("sizes", "repeats", "floor", "why"),
    [
        ((2, 3, 4, 5, 6, 7, 8), 1, None, "sizes up to 12 at least and 3 times the smallest, 8 sizes, 3 repeats of each, a floor"),
        (tuple(range(5, 14)), 3, FLOOR, "sizes up to 12 at least and 3 times the smallest"),
        ((4, 5, 6, 8, 10, 11, 12), 3, FLOOR, "8 sizes"),
        (SIZES, 2, FLOOR, "3 repeats of each"),
        (SIZES, 3, None, "a floor measured apart"),
    ],
)
def test_a_design_that_cannot_tell_declares_nothing(sizes, repeats, floor, why):
    found = growth(sizes, timed(2.0 ** np.array(sizes), repeats=repeats), floor)
    assert found.law is None
    assert found.why.startswith(f"the measurement needs {why}")


def test_a_time_that_does_not_grow_follows_no_law():
    found = growth(SIZES, timed(np.full(len(SIZES), 1.0)), FLOOR)
    assert found.law is None
    assert found.why.startswith("both laws fit about as well")


def test_a_cubic_above_a_floor_of_which_a_part_was_missed_is_not_called_exponential():
    found = growth(SIZES, timed(5 + (GRID / 4) ** 3, repeats=5), 0.7 * timed(np.array([5.0]), repeats=5, seed=2)[:, 0])
    assert found.law is not Law.EXPONENTIAL


def test_times_that_follow_neither_law_are_told():
    found = growth(SIZES, timed(0.01 * GRID**2 * (1 + 0.2 * np.sin(GRID)), scatter=0.001), timed(np.array([1e-4]))[:, 0])
    assert (found.law, found.why) == (None, "neither law fits: the times stray further from both than from their own means")


@pytest.mark.parametrize(("sizes", "shape"), [((1, 2, 3), (3, 3)), (SIZES, (3, 4)), (SIZES, (9,))])
def test_too_few_sizes_and_other_shapes_are_refused(sizes, shape):
    with pytest.raises(ValueError, match="at least four sizes"):
        growth(sizes, np.ones(shape), FLOOR)
