"""What an undecided gate could buy, from the evidence alone: the split, the shots, the ways out."""

import re

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import Candidate, CandidateKind
from qgate.domain.verdict import Decision
from qgate.gates.parity import judge_parity
from qgate.statistics.variance import split_variance

SEEDS = (11, 23, 47, 61, 83)
ROWS = 400
TRUTH = np.tile([0, 1], ROWS // 2)
RNG = np.random.default_rng(3)
VALUES = np.clip(np.where(TRUTH == 1, 1, -1) * RNG.normal(0.35, 0.25, ROWS), -1, 1)
BASELINE = np.where(RNG.random(ROWS) < 0.9, TRUTH, 1 - TRUTH)
CIRCUIT = {"kind": CandidateKind.CIRCUIT}


def sampled(shots, seed):
    share = np.random.default_rng([shots, seed]).binomial(shots, (1 + VALUES) / 2) / shots
    return (share > 0.5).astype(int), share, "probability"


def judged(make, answers, *, schedule, name="accuracy", claim="deployment/artifact", maximum="0.02", **charter):
    gate = make.gate(name=f"val_{name}_gap_vs_classical", claim=claim, maximum=maximum)
    made = make.charter(gate, schedule=schedule, seeds=SEEDS, **charter)
    return judge_parity(gate, parse_metric(gate.name), made, make.evidence(TRUTH, BASELINE, answers))


def at(*levels, exact=False):
    answers = {(shots, seed): sampled(shots, seed) for shots in levels for seed in SEEDS}
    share = (1 + VALUES) / 2
    return answers | ({(None, None): ((share > 0.5).astype(int), share, "probability")} if exact else {})


def test_the_split_of_accuracy_is_that_of_its_differences(make):
    told = judged(make, at(64), schedule=(64,)).details["variance"]
    right = (BASELINE == TRUTH).astype(float)[:, None]
    table = right - np.column_stack([sampled(64, seed)[0] == TRUTH for seed in SEEDS])
    split = split_variance(table, 0.05)
    assert (told["row"], told["seed"], told["row_and_seed"]) == pytest.approx((split.row, split.seed, split.pair))
    assert told["seed_interval"] == pytest.approx(split.seed_interval)
    assert told["seeds_repeat"] == "training and shots"
    assert list(told["standard_error"]) == ["now", "twice the rows", "twice the seeds"]


def test_of_fixed_weights_the_noise_within_a_row_is_that_of_shots(make):
    told = judged(make, at(64), schedule=(64,), name="f1", **CIRCUIT).details["variance"]
    assert (told["seeds_repeat"], "row_and_seed" in told, told["shot"] > 0) == ("shots", False, True)
    errors = told["standard_error"]
    assert errors["twice the rows"] < 0.75 * errors["now"]
    assert 0.9 * errors["now"] < errors["four times the shots"] < errors["now"]


def test_shots_that_move_the_score_are_found_from_the_cell_without_them(make):
    """At 5 shots many majorities are wrong: the gap from shots is the mean level minus the exact score."""
    outcome = judged(make, at(5, exact=True), schedule=(5,), **CIRCUIT)
    told = outcome.details["shots"]
    exact = next(level["score"] for level in outcome.details["levels"] if level["shots"] is None)
    assert told["gap_from_shots"] == pytest.approx(exact - np.mean(outcome.details["candidate_scores"]))
    assert (told["learned_from"], told["shots_are"]) == ("the candidate without shots", "inadequate")


def test_enough_shots_are_called_so(make):
    told = judged(make, at(100_000, exact=True), schedule=(100_000,), maximum="0.05", **CIRCUIT).details["shots"]
    assert (told["shots_are"], told["limit"]) == ("adequate", 0.0125)


def test_without_such_a_cell_counts_are_thinned(make):
    candidate = Candidate(kind=CandidateKind.CIRCUIT, entrypoint="a:b", decision="sign")
    told = judged(make, at(64), schedule=(64,), candidate=candidate).details["shots"]
    assert (told["learned_from"], told["pre_asymptotic"]) == ("the first seed's counts, thinned", False)
    assert told["gap_from_shots"] > 0


def test_without_counts_the_levels_of_the_schedule_are_extrapolated(make):
    outcome = judged(make, at(16, 64), schedule=(16, 64), name="balanced_accuracy")
    told = outcome.details["shots"]
    levels = {n: np.mean([x["score"] for x in outcome.details["levels"] if x["shots"] == n]) for n in (16, 64)}
    assert told["learned_from"] == "the schedule's levels of 16 and 64 shots"
    assert told["gap_from_shots"] == pytest.approx((levels[64] - levels[16]) / 3, rel=0.02)


def test_one_level_says_nothing(make):
    assert "shots" not in judged(make, at(64), schedule=(64,)).details


def test_an_undecided_gate_says_what_would_decide_it_and_what_would_not(make):
    outcome = judged(make, at(64), schedule=(64,), maximum="0.005", **CIRCUIT)
    assert outcome.decision is Decision.INCONCLUSIVE
    assert outcome.why.endswith(f"about {outcome.required_rows:,} rows would decide it, and no number of seeds or shots")
    rows, margin, *others = outcome.details["ways_out"]
    assert rows == f"measure about {outcome.required_rows:,} rows instead of 400"
    assert margin.startswith("have a margin of 0.")
    assert margin.endswith("that is what 400 rows can decide")
    assert others == [
        "claim `population: locked_set`, which says something about these rows only",
        "gate the change against the candidate on the main branch, which differs from it on far fewer rows",
    ]


def test_a_decided_gate_needs_no_way_out(make):
    outcome = judged(make, at(64), schedule=(64,), maximum="0.5")
    assert (outcome.decision, "ways_out" in outcome.details) == (Decision.PASS, False)


def test_a_score_that_ends_without_a_row_has_no_split(make):
    truth = np.array([0] * 9 + [1])
    answer = (truth, truth * 1.0, "probability")
    gate = make.gate(name="val_roc_auc_gap_vs_classical")
    evidence = make.evidence(truth, answer, {(10, seed): answer for seed in SEEDS})
    outcome = judge_parity(gate, parse_metric(gate.name), make.charter(gate, schedule=(10,), seeds=SEEDS), evidence)
    assert (outcome.decision, "variance" in outcome.details) == (Decision.PASS, False)


def test_undecided_seeds_are_told_what_they_resolve(make):
    """With 5 shots the seeds differ: the ruler is theirs, and a wider margin is one of the ways out."""
    outcome = judged(make, at(5), schedule=(5,), claim="locked_set/artifact", maximum="0.14", **CIRCUIT)
    assert outcome.decision is Decision.INCONCLUSIVE
    seeds = outcome.details["required_seeds"]
    assert re.search(rf"; 5 seeds can resolve 0\.\d+; about {seeds} seeds would decide it$", outcome.why)
    more, margin, other = outcome.details["ways_out"]
    assert more == f"measure with about {seeds} seeds instead of 5"
    assert re.fullmatch(r"have a margin of 0\.\d+ reviewed, with a reason: that is what 5 seeds can decide", margin)
    assert other.startswith("gate the change against the candidate on the main branch")
