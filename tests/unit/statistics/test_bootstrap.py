"""BCa bounds against scipy's on the same resamples, and resamples that are the same everywhere."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from qgate.statistics.bootstrap import REPLICATES, bca_bounds, resamples
from qgate.statistics.bounds import Bounds


def weights(units, key="key"):
    return np.concatenate(list(resamples(units, key)))


def test_each_resample_has_as_many_units_as_there_are():
    drawn = weights(7)
    assert (drawn.shape, set(drawn.sum(axis=1))) == ((REPLICATES, 7), {7.0})
    # A unit's count is binomial(7, 1/7): mean 1, variance 6/7; over 13,993 counts the mean is exact, and the variance within 2 %.
    assert drawn.var() == pytest.approx(6 / 7, rel=0.03)


def test_chunks_do_not_change_what_is_drawn(monkeypatch):
    whole = weights(11)
    monkeypatch.setattr("qgate.statistics.bootstrap._CHUNK", 100)
    assert np.array_equal(weights(11), whole)
    assert not np.array_equal(weights(11, "other"), whole)


def test_the_first_resample_of_a_key_is_the_same_on_every_machine():
    assert weights(12)[0].astype(int).tolist() == FIRST_OF_12


FIRST_OF_12 = [1, 0, 0, 0, 2, 0, 4, 0, 1, 2, 1, 1]


def test_of_a_symmetric_distribution_without_bias_it_is_the_percentile():
    values = np.linspace(-1, 1, 2001)
    bounds = bca_bounds(0.0, values, np.array([-1.0, 0.0, 1.0]), 0.05)
    assert (bounds.lower, bounds.upper) == pytest.approx((-0.9, 0.9))


def test_bias_and_acceleration_enter_as_published():
    rng = np.random.default_rng(0)
    data = rng.exponential(size=30)
    replicates = weights(30) @ data / 30
    left_out = (data.sum() - data) / 29
    estimate = data.mean()
    z0 = ndtri((replicates < estimate).mean())
    deviation = left_out.mean() - left_out
    a = (deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5)
    levels = [ndtr(z0 + (z0 + z) / (1 - a * (z0 + z))) for z in (ndtri(0.05), ndtri(0.95))]
    bounds = bca_bounds(estimate, replicates, left_out, 0.05)
    assert (bounds.lower, bounds.upper) == pytest.approx(tuple(np.quantile(replicates, levels)), rel=1e-6)
    assert bounds.upper - estimate > estimate - bounds.lower


def test_replicates_without_spread_have_no_width():
    assert bca_bounds(0.25, np.full(1999, 0.25), np.full(10, 0.25), 0.05) == Bounds(estimate=0.25, lower=0.25, upper=0.25)
