"""The assumed variance against its own simulation, and a measured one read back from an interval."""

import numpy as np
import pytest

from qgate.domain.verdict import Decision, GateOutcome, Sizes
from qgate.plan.spread import Spread, assumed, measured


def test_the_assumed_variances_are_those_of_rows_that_disagree():
    rng = np.random.default_rng(3)
    spread = assumed(rows=400, step=1 / 400, discordance=0.1)
    new = rng.choice([-1, 0, 1], size=(20_000, 400), p=[0.05, 0.9, 0.05]).mean(axis=1)
    assert spread.row / 400 == pytest.approx(new.var(), rel=0.04)
    flips = rng.integers(0, 2, size=(20_000, 40)).sum(axis=1) / 400  # 40 of the 400 rows are a coin
    assert spread.seed == pytest.approx(flips.var(), rel=0.04)
    assert spread.source == "assumed: 10 % of the rows disagree"


def test_a_continuous_score_has_no_variance_to_be_assumed():
    unknown = assumed(rows=400, step=0.0, discordance=0.1)
    assert unknown == Spread(row=None, seed=None, source="nothing is known of this score's variance before a first run")


def outcome(**changes):
    fields = {
        "name": "g",
        "decision": Decision.PASS,
        "why": "",
        "owner": "o",
        "alpha": 0.05,
        "claim": "locked_set/artifact",
        "sizes": Sizes(rows=200, seeds=3, shots=100),
        "deployment": (-0.0329, 0.0329),
        "details": {"gaps": [0.01, 0.02, 0.03]},
    }
    return GateOutcome(**(fields | changes))


def test_an_earlier_interval_gives_the_variance_of_a_row():
    found = measured(outcome(), rows=200)
    assert (found.row, found.seed, found.mean) == (pytest.approx(200 * 0.02**2, rel=1e-3), pytest.approx(0.0001), 0.0)


def test_for_a_recipe_the_seeds_part_is_not_lessened_by_rows():
    found = measured(outcome(claim="deployment/procedure"), rows=200)
    assert found.mean == pytest.approx(0.0001 / 3)
    assert found.row / 200 + found.mean == pytest.approx(0.02**2, rel=1e-3)


@pytest.mark.parametrize("changes", [{"sizes": None}, {"deployment": None}, {"sizes": Sizes(rows=100, seeds=3, shots=100)}])
def test_a_run_on_other_rows_or_without_an_interval_tells_nothing(changes):
    assert measured(outcome(**changes), rows=200) is None


def test_one_seed_has_no_spread():
    assert measured(outcome(details={"gaps": [0.01]}), rows=200).seed is None


def test_a_look_s_interval_is_read_at_the_look_s_level():
    found = measured(outcome(details={"gaps": [0.01], "sequential": {"level": 0.01}}), rows=200)
    wider = measured(outcome(details={"gaps": [0.01]}, alpha=0.01), rows=200)
    assert found == wider != measured(outcome(details={"gaps": [0.01]}), rows=200)
