"""Seeds that collapse: which do, how many must not, and what is no evidence."""

from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import Threshold
from qgate.domain.verdict import Decision
from qgate.gates.seed_collapse import judge_seed_collapse

TRUTH = np.tile([0, 1], 100)


def wrong(count):
    return np.where(np.arange(200) < count, 1 - TRUTH, TRUTH)


def judged(make, mistakes, maximum="0.10", **gate):
    """One seed for each number of wrong rows."""
    chosen = make.gate(name="seed_collapse_rate", maximum=maximum, **gate)
    charter = make.charter(make.gate(), chosen, schedule=(100,), seeds=tuple(range(len(mistakes))))
    found = make.evidence(TRUTH, TRUTH, {(100, seed): wrong(n) for seed, n in enumerate(mistakes)})
    return judge_seed_collapse(chosen, parse_metric("seed_collapse_rate"), charter, found)


@pytest.mark.parametrize(("seeds", "decision"), [(28, Decision.INCONCLUSIVE), (29, Decision.PASS)])
def test_it_takes_29_clean_seeds_to_exclude_one_in_ten(make, seeds, decision):
    assert judged(make, [4 + k % 3 for k in range(seeds)]).decision is decision


def test_a_seed_far_below_the_others_is_named(make):
    outcome = judged(make, [4, 5, 6, 30, 5, 4, 6, 5, 4, 28])
    assert (outcome.decision, outcome.value, outcome.details["collapsed"]) == (Decision.INCONCLUSIVE, 0.2, [3, 9])
    assert outcome.why == (
        "2 of 10 seeds collapsed (3, 9): anything from 0.037 to 0.507 of all seeds fits, and 0.10 is allowed; "
        "29 seeds without a collapse would pass"
    )


def test_many_collapses_fail(make):
    outcome = judged(make, [4, 5, 6, 5, 4, 6, 5, 4, 6, 5, 60, 61, 62, 63, 64])
    assert outcome.decision is Decision.FAIL
    assert outcome.why.startswith("5 of 15 seeds collapsed (10, 11, 12, 13, 14): with 95 % confidence at least 0.142")


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_the_same_candidate_at_every_seed_never_fails(make, seeds):
    """A/A: what scatters as shot noise does; 400 lists of seeds at a rate that one flagged seed, or two, would exceed."""
    rng = np.random.default_rng(seeds)
    failed = sum(judged(make, rng.binomial(200, 0.1, seeds), "0.01").decision is Decision.FAIL for _ in range(400))
    assert failed <= 20  # 5 %


def test_beyond_three_deviations_keeps_from_passing_and_beyond_six_fails(make):
    clean = [10, 14, 11, 13, 12, 12, 11, 13, 12, 12] * 6
    at = {far: judged(make, [*clean[: 60 - 9], *[12 + far] * 9], "0.06") for far in (3, 6, 60)}
    assert {far: o.decision for far, o in at.items()} == {
        3: Decision.PASS,
        6: Decision.INCONCLUSIVE,
        60: Decision.FAIL,
    }
    assert (at[6].interval[0], at[6].interval[1] == at[60].interval[1]) == (0.0, True)


def test_fewer_than_ten_seeds_fail_nothing(make):
    outcome = judged(make, [4, 5, 6, 60, 5, 4, 6, 5, 62], "0.01")
    assert (outcome.decision, outcome.interval[0], outcome.details["collapsed"]) == (Decision.INCONCLUSIVE, 0.0, [3, 8])


def test_better_seeds_and_single_rows_are_no_collapse(make):
    assert judged(make, [5, 5, 5, 5, 0, 6]).details["collapsed"] == []
    assert judged(make, [5, 5, 5, 5, 5, 7]).details["collapsed"] == [5]


def test_two_seeds_have_no_spread(make):
    outcome = judged(make, [4, 90])
    assert (outcome.decision, outcome.interval) == (Decision.INCONCLUSIVE, None)
    assert outcome.why == "2 seeds have no spread that one could fall out of"


@pytest.mark.parametrize("maximum", ["0", "1", "10"])
def test_a_rate_that_is_none_is_an_error(make, maximum):
    assert judged(make, [1, 2, 3], maximum).decision is Decision.ERROR


def test_a_floor_and_a_charter_without_parity_gates_are_errors(make):
    floor = judged(make, [1, 2, 3], threshold=Threshold(minimum=Decimal("0.1")))
    assert (floor.decision, "write a `max` between 0 and 1" in floor.why) == (Decision.ERROR, True)
    gate = make.gate(name="seed_collapse_rate", maximum="0.1")
    alone = judge_seed_collapse(gate, parse_metric(gate.name), make.charter(gate), make.evidence(TRUTH, TRUTH, {}))
    assert (alone.decision, alone.why) == (
        Decision.ERROR,
        "seeds are compared by the scores of parity gates, and the charter has none",
    )


def test_a_seed_that_was_not_measured_is_an_error(make):
    gate = make.gate(name="seed_collapse_rate", maximum="0.1")
    charter = make.charter(make.gate(), gate, schedule=(100,), seeds=(1, 2, 3))
    outcome = judge_seed_collapse(
        gate, parse_metric(gate.name), charter, make.evidence(TRUTH, TRUTH, {(100, 1): TRUTH, (100, 2): TRUTH})
    )
    assert (outcome.decision, outcome.why) == (
        Decision.ERROR,
        "the candidate was not measured on `validation` at shots 100, seed 3 [gate/not-computable]",
    )
