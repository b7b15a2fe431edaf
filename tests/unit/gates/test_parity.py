"""A parity gate under each claim: what it decides, in which words, and what it says when it cannot."""

from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import SCORERS, Task, parse_metric
from qgate.domain.charter import CandidateKind, Threshold
from qgate.domain.evidence import Failure
from qgate.domain.source import Position
from qgate.domain.verdict import Decision, GateOutcome, Remedy, Sizes
from qgate.gates.parity import judge_parity

CLAIMS = ("locked_set/artifact", "locked_set/procedure", "deployment/artifact", "deployment/procedure")
SEEDS = (11, 23, 47, 61, 83)
TRUTH = np.tile([0, 1], 100)
FEW = np.tile([0, 1], 40)


def wrong_on(*rows):
    """The truth, but for these rows."""
    answer = TRUTH.copy()
    answer[list(rows)] = 1 - answer[list(rows)]
    return answer


def judge(gate, charter, evidence):
    return judge_parity(gate, parse_metric(gate.name), charter, evidence)


def once(make, baseline, candidate, *, truth=TRUTH, **gate):
    chosen = make.gate(**gate)
    return judge(chosen, make.charter(chosen), make.evidence(truth, baseline, {(None, None): candidate}))


def seeded(make, baseline, candidates, *, truth=TRUTH, **gate):
    seeds = SEEDS[: len(candidates)]
    chosen = make.gate(**gate)
    answers = {(1000, seed): answer for seed, answer in zip(seeds, candidates, strict=True)}
    return judge(chosen, make.charter(chosen, schedule=(1000,), seeds=seeds), make.evidence(truth, baseline, answers))


def test_a_deterministic_candidate_on_the_locked_rows_is_compared_exactly(make):
    outcome = once(make, wrong_on(0, 1), wrong_on(2, 3, 4, 5, 6))
    assert outcome == GateOutcome(
        name="val_accuracy_gap_vs_classical",
        decision=Decision.FAIL,
        why="candidate 0.975 vs classical 0.99: worse by 0.015, more than the 0.005 allowed",
        owner="platform@example.com",
        value=0.015,
        interval=(0.015, 0.015),
        alpha=0.05,
        claim="locked_set/artifact",
        claim_words="For exactly these 200 rows, and this candidate; nothing is claimed about new data.",
        threshold={"max": 0.005},
        sizes=Sizes(rows=200),
        deployment=outcome.deployment,
        required_rows=outcome.required_rows,
        remedy=Remedy(summary="drop the entangler", actions=("set layers = 1", "run ops/x.sh", "rerun parity")),
        position=Position(path=".qgate/c.yml", line=9, column=7),
        details={
            "method": "exact comparison",
            "scorer": "accuracy",
            "baseline_score": 0.99,
            "candidate_scores": [0.975],
            "gaps": [0.015],
            "levels": [{"shots": None, "seed": None, "score": 0.975}],
            "discordant": [{"worse": 5, "better": 2}],
            "confusion": {"classes": ["0", "1"], "difference": [[-2.0, 2.0], [1.0, -1.0]]},
            "deployment_method": "Tango's score interval and the exact unconditional test",
            "resolution": outcome.details["resolution"],
        },
    )
    # The bounds by another program; 7 of 200 rows disagree, and (2.486 / 0.01)² (0.035 - 0.015²) rows are needed.
    assert outcome.deployment == pytest.approx((-0.0081145, 0.0418229), abs=1e-7)
    assert outcome.required_rows == 2150


def test_a_gap_of_exactly_the_threshold_passes_though_its_double_is_larger(make):
    assert 0.905 - 0.9 > 0.005
    outcome = once(make, wrong_on(*range(19)), wrong_on(*range(20)))
    assert (outcome.decision, outcome.value) == (Decision.PASS, 0.005)
    assert outcome.why == "candidate 0.9 vs classical 0.905: worse by 0.005, within the 0.005 allowed"


def test_the_same_holds_for_scores_that_are_no_counts(make):
    truth = np.zeros(4)
    gate = make.gate(name="val_mae_gap_vs_classical", maximum="0.1")
    evidence = make.evidence(truth, np.full(4, 0.2), {(None, None): np.full(4, 0.3)})
    assert 0.3 - 0.2 < 0.1 < 0.8 - 0.7
    assert judge(gate, make.charter(gate), evidence).decision is Decision.PASS
    evidence = make.evidence(truth, np.full(4, 0.7), {(None, None): np.full(4, 0.8)})
    assert judge(gate, make.charter(gate), evidence).decision is Decision.PASS


def test_a_bound_that_is_better_is_at_least_what_is_gained(make):
    """The largest gap that fits is -0.007: the candidate is better by at least that, not by at most that."""
    candidates = [wrong_on(0), wrong_on(), wrong_on(0), wrong_on(0), wrong_on(0)]
    outcome = seeded(make, wrong_on(0, 1, 2), candidates, maximum="0.02")
    assert outcome.decision is Decision.PASS
    assert outcome.why == (
        "candidate 0.996 (mean of 5 seeds) vs classical 0.985: better by 0.011 (with 95 % confidence at least 0.007 better), "
        "within the 0.02 allowed"
    )


def test_shot_seeds_widen_the_claim_to_the_noise(make):
    candidates = [wrong_on(0, 1, 2), wrong_on(0, 1), wrong_on(0, 1, 2), wrong_on(0, 1), wrong_on(0, 1)]
    outcome = seeded(make, wrong_on(0, 1), candidates, maximum="0.02")
    assert outcome.decision is Decision.PASS
    assert outcome.why == (
        "candidate 0.988 (mean of 5 seeds) vs classical 0.99: worse by 0.002 (with 95 % confidence at most 0.006 worse), "
        "within the 0.02 allowed"
    )
    assert outcome.claim_words == (
        "For exactly these 200 rows, and this candidate, on average over the noise of 1,000 shots (5 seeds); "
        "nothing is claimed about new data."
    )
    assert outcome.sizes == Sizes(rows=200, seeds=5, shots=1000)
    assert outcome.details["gaps"] == [0.005, 0, 0.005, 0, 0]
    # t(4) = 2.132 times the root of (0.4 · 3 + 2 pseudo rows²) / 4 / 5, in rows of 1/200
    half = 2.1318 * np.sqrt((1.2 + 2) / 4 / 5) / 200
    assert outcome.interval == pytest.approx((0.002 - half, 0.002 + half), rel=1e-4)


def test_one_shot_seed_decides_nothing_on_the_locked_rows(make):
    outcome = seeded(make, wrong_on(0), [wrong_on(0)])
    assert (outcome.decision, outcome.interval) == (Decision.INCONCLUSIVE, None)
    assert outcome.why == (
        "candidate 0.995 vs classical 0.995: no difference; undecided: "
        "one seed does not show how far shot noise moves the score: declare at least three seeds"
    )


@pytest.mark.parametrize("population", ["locked_set", "deployment"])
def test_one_training_seed_decides_nothing_about_the_recipe(make, population):
    outcome = seeded(make, wrong_on(0), [wrong_on(0)], claim=f"{population}/procedure", maximum="0.5")
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "one training run does not show how far training moves the score" in outcome.why


@pytest.mark.parametrize("fixed", [{"kind": CandidateKind.CIRCUIT}, {"weights": "w.npz"}])
def test_fixed_weights_say_nothing_about_the_recipe(make, fixed):
    gate = make.gate(claim="locked_set/procedure", maximum="0.5")
    evidence = make.evidence(TRUTH, TRUTH, {(1000, s): TRUTH for s in SEEDS})
    outcome = judge(gate, make.charter(gate, schedule=(1000,), seeds=SEEDS, **fixed), evidence)
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "the candidate's weights are fixed" in outcome.why


def test_new_data_takes_more_rows_than_there_are_and_says_how_many(make):
    outcome = once(make, wrong_on(*range(10)), wrong_on(*range(10, 20)), claim="deployment/artifact")
    assert (outcome.decision, outcome.interval) == (Decision.INCONCLUSIVE, outcome.deployment)
    assert outcome.why == (
        "candidate 0.95 vs classical 0.95: no difference, but anything from 0.0387 better to 0.0387 worse fits, "
        "and 0.005 is allowed; 200 rows can resolve 0.0556; about 24,731 rows would decide it"
    )
    assert outcome.required_rows == 24_731


def test_where_the_exact_test_disagrees_nothing_is_decided(make):
    # At 200 rows and no disagreement Tango's bound is 0.01335, and the exact test needs (1 - m)^200 ≤ 0.0495: m ≥ 0.0149.
    outcome = once(make, TRUTH, TRUTH, claim="deployment/artifact", maximum="0.014")
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "the score interval alone would say pass, and the exact test does not agree (p = 0.060)" in outcome.why
    assert outcome.required_rows == 213
    assert once(make, TRUTH, TRUTH, claim="deployment/artifact", maximum="0.0151").decision is Decision.PASS


METHODS = {
    ("accuracy", "locked_set/artifact"): "t over seeds",
    ("accuracy", "locked_set/procedure"): "t over seeds",
    ("accuracy", "deployment/artifact"): "t over rows, each with all its seeds",
    ("accuracy", "deployment/procedure"): "crossed seeds and rows",
    ("f1", "locked_set/artifact"): "t over seeds",
    ("f1", "deployment/artifact"): "paired jackknife over seeds and rows",
    ("f1", "deployment/procedure"): "paired jackknife over seeds and rows",
}


@pytest.mark.parametrize(("scorer", "claim"), METHODS)
def test_each_claim_has_its_method(make, scorer, claim):
    candidates = [wrong_on(0, 1, 2 + k) for k in range(5)]
    outcome = seeded(make, wrong_on(0, 1, 9), candidates, name=f"val_{scorer}_gap_vs_classical", claim=claim, maximum="0.1")
    assert (outcome.decision, outcome.details["method"]) == (Decision.PASS, METHODS[scorer, claim])
    assert outcome.deployment is not None


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("scorer", ["accuracy", "f1", "roc_auc", "log_loss"])
def test_a_planted_regression_fails_under_every_claim(make, scorer, claim):
    rng = np.random.default_rng(5)
    bad = [make_scores(rng, 0.55) for _ in SEEDS]
    good = make_scores(rng, 0.95)
    outcome = seeded(make, good, bad, truth=FEW, name=f"val_{scorer}_gap_vs_classical", claim=claim)
    assert (outcome.decision, outcome.value > 0.1) == (Decision.FAIL, True)


def make_scores(rng, skill):
    """Answers that are right with this probability, and say so."""
    right = rng.random(len(FEW)) < skill
    probability = np.where(right == FEW, 0.8, 0.2)
    return (probability > 0.5).astype(int), probability, "probability"


@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/procedure"])
@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.task is Task.CLASSIFICATION])
def test_a_classifier_never_fails_against_itself(make, name, claim):
    answer = make_scores(np.random.default_rng(3), 0.8)
    outcome = seeded(make, answer, [answer] * 5, truth=FEW, name=f"val_{name}_gap_vs_classical", claim=claim)
    assert outcome.decision in {Decision.PASS, Decision.INCONCLUSIVE}
    assert outcome.value == 0


@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.task is Task.CLASSIFICATION])
def test_a_planted_regression_fails_by_every_score_of_classes(make, name):
    rng = np.random.default_rng(11)
    bad, good = [make_scores(rng, 0.55) for _ in SEEDS], make_scores(rng, 0.95)
    outcome = seeded(make, good, bad, truth=FEW, name=f"val_{name}_gap_vs_classical", claim="locked_set/artifact")
    assert (outcome.decision, outcome.value > 0.1) == (Decision.FAIL, True)


@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.task is Task.REGRESSION])
def test_a_planted_regression_fails_by_every_score_of_numbers(make, name):
    rng = np.random.default_rng(12)
    truth = rng.normal(5, 1, 200)
    good, bad = (truth + rng.normal(0, spread, 200) for spread in (0.1, 1.0))
    outcomes = {}
    for claim in ("locked_set/artifact", "deployment/artifact"):
        gate = make.gate(name=f"val_{name}_gap_vs_classical", claim=claim, maximum="0.01")
        outcomes[claim] = judge(gate, make.charter(gate), make.evidence(truth, good, {(None, None): bad})).decision
    new_data = Decision.INCONCLUSIVE if name == "max_error" else Decision.FAIL  # no sample holds the worst row
    assert outcomes == {"locked_set/artifact": Decision.FAIL, "deployment/artifact": new_data}


@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/artifact"])
@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.task is Task.REGRESSION])
def test_a_regression_never_fails_against_itself(make, name, claim):
    truth = np.random.default_rng(6).normal(5, 1, 60)
    answer = truth + np.random.default_rng(7).normal(0, 0.2, 60)
    gate = make.gate(name=f"val_{name}_gap_vs_classical", claim=claim, maximum="0.001")
    outcome = judge(gate, make.charter(gate), make.evidence(truth, answer, {(None, None): answer}))
    assert outcome.decision in {Decision.PASS, Decision.INCONCLUSIVE}
    assert outcome.value == 0


@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/artifact"])
@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.task is Task.REGRESSION])
def test_a_swap_of_candidate_and_baseline_mirrors_the_outcome_of_a_regression(make, name, claim):
    rng = np.random.default_rng(8)
    truth = rng.normal(5, 1, 60)
    first, second = truth + rng.normal(0, 0.1, 60), truth + rng.normal(0, 0.3, 60)
    gate = make.gate(name=f"val_{name}_gap_vs_classical", claim=claim, maximum="0.001")
    forth, back = (
        judge(gate, make.charter(gate), make.evidence(truth, a, {(None, None): b})) for a, b in ((first, second), (second, first))
    )
    assert forth.value == -back.value > 0
    if forth.interval is not None:
        assert forth.interval == pytest.approx(tuple(-x for x in reversed(back.interval)))
        assert (forth.decision, back.decision) == (Decision.FAIL, Decision.PASS)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("scorer", [n for n, s in SCORERS.items() if s.task is Task.CLASSIFICATION])
def test_a_swap_mirrors_the_deployment_interval_of_one_candidate(make, scorer, claim):
    rng = np.random.default_rng(4)
    first, second = make_scores(rng, 0.9), make_scores(rng, 0.7)
    forth, back = (
        once(make, a, b, truth=FEW, name=f"val_{scorer}_gap_vs_classical", claim=claim)
        for a, b in ((first, second), (second, first))
    )
    assert forth.value == -back.value > 0
    if claim.endswith("artifact"):
        assert forth.deployment == pytest.approx(tuple(-x for x in reversed(back.deployment)))


def test_a_maximum_claims_nothing_about_new_data(make):
    truth = np.arange(10.0)
    gate = make.gate(name="val_max_error_gap_vs_classical")
    outcome = judge(gate, make.charter(gate), make.evidence(truth, truth, {(None, None): truth}))
    assert (outcome.decision, outcome.deployment) == (Decision.PASS, None)
    assert outcome.details["deployment_reason"] == "max_error hangs on single rows, which says nothing about new ones"


def test_every_level_of_the_schedule_is_told_and_the_last_decides(make):
    gate = make.gate(maximum="0.02")
    answers = {(None, None): TRUTH, (10, 1): wrong_on(*range(50)), (10, 2): wrong_on(*range(60))}
    answers |= {(100, 1): wrong_on(0), (100, 2): wrong_on(0)}
    outcome = judge(gate, make.charter(gate, schedule=(10, 100), seeds=(1, 2)), make.evidence(TRUTH, TRUTH, answers))
    assert outcome.details["levels"] == [
        {"shots": None, "seed": None, "score": 1.0},
        {"shots": 10, "seed": 1, "score": 0.75},
        {"shots": 10, "seed": 2, "score": 0.7},
        {"shots": 100, "seed": 1, "score": 0.995},
        {"shots": 100, "seed": 2, "score": 0.995},
    ]
    assert (outcome.value, outcome.sizes) == (0.005, Sizes(rows=200, seeds=2, shots=100))


def test_a_circuit_without_a_schedule_is_simulated_once_whatever_its_seeds(make):
    gate = make.gate()
    charter = make.charter(gate, kind=CandidateKind.CIRCUIT, seeds=SEEDS)
    outcome = judge(gate, charter, make.evidence(TRUTH, TRUTH, {(None, None): TRUTH}))
    assert (outcome.decision, outcome.sizes) == (Decision.PASS, Sizes(rows=200))


def refused(make, evidence, gate=None, **charter):
    chosen = gate or make.gate()
    outcome = judge(chosen, make.charter(chosen, **charter), evidence)
    assert (outcome.decision, outcome.value, outcome.interval) == (Decision.ERROR, None, None)
    return outcome.why


def test_a_dead_candidate_is_an_error_in_its_own_words(make):
    failure = Failure(part="candidate", message="killed after 60 s")
    evidence = make.replace(make.evidence(TRUTH, TRUTH, {}), failures=(failure,))
    assert refused(make, evidence) == "candidate: killed after 60 s [gate/not-computable]"


def test_a_failure_of_another_baseline_is_not_this_gates(make):
    evidence = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})
    other = make.replace(evidence, failures=(Failure(part="baseline other", message="no"),))
    mine = make.replace(evidence, failures=(Failure(part="baseline classical", message="no"),))
    assert judge(make.gate(), make.charter(), other).decision is Decision.PASS
    assert refused(make, mine) == "baseline classical: no [gate/not-computable]"


def test_what_was_declared_and_not_measured_is_named(make):
    answers = {(1000, seed): TRUTH for seed in SEEDS[:4]}
    why = refused(make, make.evidence(TRUTH, TRUTH, answers), schedule=(1000,), seeds=SEEDS)
    assert why == "the candidate was not measured on `validation` at shots 1000, seed 83 [gate/not-computable]"


def test_missing_labels_and_baselines_are_errors(make):
    evidence = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})
    no_truth = make.replace(evidence, truth={})
    no_baseline = make.replace(evidence, cells=evidence.cells[1:])
    twice = make.replace(evidence, cells=(*evidence.cells, evidence.cells[1]))
    assert refused(make, no_truth) == "the labels of the split `validation` are missing from the evidence [gate/not-computable]"
    assert refused(make, no_baseline) == (
        "`baseline:classical` was measured 0 times on `validation`: once is needed [gate/not-computable]"
    )
    assert "was measured twice" in refused(make, twice)


def test_nan_is_an_error_and_never_a_pass(make):
    gate = make.gate(name="val_mse_gap_vs_classical")
    truth = np.array([1.0, 2.0])
    why = refused(make, make.evidence(truth, truth, {(None, None): [1.0, np.nan]}), gate)
    assert why == (
        "candidate/validation/shots=None/seed=None: 1 of 2 predictions are NaN or infinite; mse has no value"
        " [gate/not-computable]"
    )


def test_a_threshold_that_decides_nothing_is_an_error(make):
    evidence = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})
    assert "5 points are 0.05" in refused(make, evidence, make.gate(maximum="5"))
    floor = make.gate(threshold=Threshold(minimum=Decimal("0.1")))
    assert refused(make, evidence, floor) == "a gap is bounded from above, and this gate has no `max`"


def test_a_score_that_loses_its_last_row_has_no_deployment_interval_and_says_so(make):
    truth = np.array([0] * 9 + [1])
    answer = (truth, truth * 1.0, "probability")
    gate = make.gate(name="val_roc_auc_gap_vs_classical")
    evidence = make.evidence(truth, answer, {(None, None): answer})
    outcome = judge(gate, make.charter(gate), evidence)
    assert (outcome.decision, outcome.deployment) == (Decision.PASS, None)
    assert "roc_auc" in outcome.details["deployment_reason"]
    assert "roc_auc" in refused(make, evidence, make.gate(name="val_roc_auc_gap_vs_classical", claim="deployment/artifact"))
