import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal, norm

from qgate.statistics.sequential import boundaries, row_levels, seed_levels, seed_looks

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)


def obrien_fleming_spending(fraction, alpha):
    return 2 * norm.sf(ndtri(1 - alpha / 2) / math.sqrt(fraction))


def test_the_published_boundaries_of_five_looks():
    """As gsDesign and ldbounds print them, one-sided 0.025."""
    assert boundaries(FIVE, 0.025, obrien_fleming_spending) == pytest.approx((4.877, 3.357, 2.680, 2.290, 2.031), abs=0.0005)
    assert boundaries(FIVE, 0.025) == pytest.approx((2.438, 2.427, 2.410, 2.397, 2.386), abs=0.0005)


def test_one_look_is_the_fixed_test():
    assert boundaries((1.0,), 0.05) == pytest.approx((-ndtri(0.05),))
    assert row_levels((1.0,), 0.01) == pytest.approx((0.01,))


@pytest.mark.parametrize("alpha", [0.05, 0.0003])
def test_all_looks_together_spend_alpha(alpha):
    """The chance that a Brownian motion stays below is the normal integral over all looks."""
    fractions = (0.1, 0.45, 1.0)
    z = np.array(boundaries(fractions, alpha))
    covariance = [[math.sqrt(min(a, b) / max(a, b)) for b in fractions] for a in fractions]
    stays = multivariate_normal.cdf(z, np.zeros(3), covariance, maxpts=2_000_000, abseps=1e-8, releps=1e-8)
    assert 1 - stays == pytest.approx(alpha, rel=2e-3)


@pytest.mark.parametrize("fractions", [(), (0.0, 1.0), (0.5, 0.5), (0.6, 0.4), (0.5, 1.01)])
def test_fractions_that_do_not_rise_to_one_are_refused(fractions):
    with pytest.raises(ValueError, match="must rise"):
        boundaries(fractions, 0.05)


@pytest.mark.parametrize(
    ("seeds", "looks", "levels"),
    [
        (3, (3,), (0.05,)),
        (4, (3, 4), (0.025, 0.025)),
        (5, (3, 5), (0.025, 0.025)),
        (8, (3, 5, 8), (0.01, 0.015, 0.025)),
        (10, (3, 5, 10), (0.01, 0.015, 0.025)),
        (25, (3, 5, 10, 25), (0.005, 0.0075, 0.0125, 0.025)),
    ],
)
def test_looks_over_seeds_share_alpha(seeds, looks, levels):
    assert seed_looks(seeds) == looks
    assert seed_levels(seeds, 0.05) == pytest.approx(levels)
    assert sum(seed_levels(seeds, 0.05)) == pytest.approx(0.05)
