"""Components that are unbiased, an interval that covers, and a D-study by hand."""

import numpy as np
import pytest

from qgate.statistics.crossed import components
from qgate.statistics.variance import Design, Split, d_study, shares, split_variance

TRUE = {"row": 0.05, "seed": 0.012**2, "pair": 0.02, "shot": 0.015}


def draw(rng, rows=300, seeds=5, replicates=2):
    table = rng.normal(0, TRUE["row"] ** 0.5, (rows, 1, 1)) + rng.normal(0, TRUE["seed"] ** 0.5, (1, seeds, 1))
    table = table + rng.normal(0, TRUE["pair"] ** 0.5, (rows, seeds, 1))
    return table + rng.normal(0, TRUE["shot"] ** 0.5, (rows, seeds, replicates))


def test_the_components_are_unbiased_and_the_seeds_interval_covers():
    rng = np.random.default_rng(4)
    found = [split_variance(draw(rng), 0.05) for _ in range(400)]
    assert np.mean([s.row for s in found]) == pytest.approx(TRUE["row"], rel=0.02)
    # Cut off at zero, the mean of the seeds' component is a little high.
    assert np.mean([s.seed for s in found]) == pytest.approx(TRUE["seed"], rel=0.15)
    assert np.mean([s.pair for s in found]) == pytest.approx(TRUE["pair"], rel=0.02)
    assert np.mean([s.shot for s in found]) == pytest.approx(TRUE["shot"], rel=0.02)
    below = np.mean([s.seed_interval[1] < TRUE["seed"] for s in found])
    above = np.mean([s.seed_interval[0] > TRUE["seed"] for s in found])
    assert max(below, above) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_without_replicates_it_is_the_two_way_table():
    table = draw(np.random.default_rng(1))[:, :, 0]
    split, parts = split_variance(table, 0.05), components(table)
    assert split.shot is None
    assert split.row / 300 == pytest.approx(parts.row)
    assert split.seed / 5 == pytest.approx(parts.seed - parts.residual)
    assert split.pair / 1500 == pytest.approx(parts.residual)


def test_a_d_study_by_hand():
    split = Split(design=Design(rows=300, seeds=5, replicates=2), seed_interval=(0, 1), **TRUE)
    found = {name: round(error, 4) for name, error in d_study(split).items()}
    assert found == {
        "now": 0.0146,
        "twice the rows": 0.0110,
        "twice the seeds": 0.0138,
        "twice the shots": 0.0145,
        "four times the shots": 0.0145,
    }


def test_the_shares_by_hand():
    split = Split(design=Design(rows=10, seeds=2), row=0.6, seed=0.04, pair=0.0, shot=0.4, seed_interval=(0, 1))
    assert {name: round(share, 9) for name, share in shares(split).items()} == {"rows": 0.6, "seeds": 0.2, "shots": 0.2}
    unknown = Split(design=Design(rows=10, seeds=2), row=0.6, seed=0.04, pair=0.4, shot=None, seed_interval=(0, 1))
    assert list(shares(unknown)) == ["rows", "seeds", "rows and seeds"]
    none = Split(design=Design(rows=10, seeds=2), row=0.0, seed=0.0, pair=0.0, shot=None, seed_interval=(0, 0))
    assert shares(none) == {}


def test_shots_that_were_not_repeated_are_not_promised():
    assert list(d_study(split_variance(draw(np.random.default_rng(2))[:, :, 0], 0.05))) == [
        "now",
        "twice the rows",
        "twice the seeds",
    ]


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1, 4)])
def test_one_of_anything_has_no_spread(shape):
    with pytest.raises(ValueError, match="two of each at least"):
        split_variance(np.zeros(shape), 0.05)
