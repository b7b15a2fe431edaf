"""Evidence drift: what moved is named, whichever part it was, and the last bit of a score is no drift."""

from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import Candidate, CandidateKind
from qgate.domain.evidence import Failure, InputFile, PilotEvidence, cell_digest
from qgate.domain.verdict import Decision, GateOutcome, Remedy
from qgate.gates.drift import judge_drift
from qgate.quantum.qubo_values import from_python
from qgate.workloads import qubo

TRUTH = np.tile([0, 1], 5)
SCORES = np.where(TRUTH == 1, 0.8, 0.3)
BASELINE = (TRUTH, SCORES, "probability")


@pytest.fixture
def evidence(make):
    measured = make.evidence(TRUTH, BASELINE, {(None, None): TRUTH})
    return make.replace(measured, lock=make.lock(measured, metrics={"accuracy": 1.0, "roc_auc": 1.0}))


def parts(**moved):
    return {part: moved.get(part, []) for part in ("candidate", "baseline", "data", "library", "seeds")}


def test_nothing_moved(make, evidence):
    assert judge_drift(make.charter(), evidence) == GateOutcome(
        name="evidence_drift",
        decision=Decision.PASS,
        why="equivalent: data, baselines, seeds and schedule are those of the lock, and so are the libraries",
        owner="platform@example.com",
        details={"equality": "equivalent", "moved": [], "parts": parts()},
    )


def test_the_same_bits_are_identical_and_another_last_bit_is_equivalent(make, evidence):
    """The locked digest of predictions and scores tells the two apart; metrics within 1e-6 hold both."""
    (cell,) = [c for c in evidence.cells if c.key.role == "baseline:classical"]
    (name,) = evidence.lock["baselines"]
    locked = evidence.lock["baselines"][name]
    digests = {"validation": locked["predictions"]["validation"] | {"answers_sha256": cell_digest(cell)}}
    evidence = make.replace(evidence, lock=evidence.lock | {"baselines": {name: locked | {"predictions": digests}}})
    assert judge_drift(make.charter(), evidence).details["equality"] == "identical"
    nudged = make.replace(cell, scores=np.nextafter(cell.scores, 1))
    others = tuple(c for c in evidence.cells if c is not cell)
    outcome = judge_drift(make.charter(), make.replace(evidence, cells=(*others, nudged)))
    assert (outcome.decision, outcome.details["equality"]) == (Decision.PASS, "equivalent")
    flipped = make.replace(cell, predictions=1 - cell.predictions)
    outcome = judge_drift(make.charter(), make.replace(evidence, cells=(*others, flipped)))
    assert (outcome.decision, outcome.details["equality"]) == (Decision.FAIL, "stale")
    assert [part for part, what in outcome.details["parts"].items() if what] == ["baseline"]


def test_each_part_is_told_apart(make, evidence):
    inputs = (*evidence.inputs, InputFile(role="weights", path="w.npz", declared_sha256=None, sha256="b" * 64))
    lock = evidence.lock | {"weights": "a" * 64, "lockfile": "c" * 64, "seeds": [1], "data": {"validation": "d" * 64}}
    told = judge_drift(make.charter(), make.replace(evidence, lock=lock, inputs=inputs)).details["parts"]
    assert {part: len(what) for part, what in told.items()} == {
        "candidate": 1,
        "baseline": 0,
        "data": 1,
        "library": 1,
        "seeds": 1,
    }
    assert told["candidate"] == [f"the candidate's weights (locked {'a' * 64}, now {'b' * 64})"]


def test_other_weights_alone_are_what_a_change_is_about(make, evidence):
    inputs = (*evidence.inputs, InputFile(role="weights", path="w.npz", declared_sha256=None, sha256="b" * 64))
    outcome = judge_drift(make.charter(), make.replace(evidence, lock=evidence.lock | {"weights": "a" * 64}, inputs=inputs))
    assert outcome.decision is Decision.PASS
    assert outcome.why.endswith("and the answers stayed the same")


def test_no_lock_is_a_failure_with_its_fix(make, evidence):
    outcome = judge_drift(make.charter(), make.replace(evidence, lock=None))
    assert (outcome.decision, outcome.why) == (
        Decision.FAIL,
        "this pilot has no entry in .qgate/lock.json, so nothing says what the baseline was when it was reviewed",
    )
    assert outcome.remedy == Remedy(
        summary="bring evidence and lock together", actions=("run `qgate lock` and commit .qgate/lock.json",)
    )


def moved(charter, evidence):
    outcome = judge_drift(charter, evidence)
    assert outcome.decision is Decision.FAIL
    assert outcome.why == "moved since the lock: " + "; ".join(outcome.details["moved"])
    return outcome.details["moved"]


LIBRARIES = ["library `numpy` (locked 2.4.6, now 2.5.0)", "library `scipy` (locked nothing, now 1.17.1)"]


def test_another_library_alone_is_named_and_no_drift(make, evidence):
    outcome = judge_drift(make.charter(), make.replace(evidence, facts={"libraries": {"numpy": "2.5.0", "scipy": "1.17.1"}}))
    stayed = "data, baselines, seeds and schedule are those of the lock"
    assert (outcome.decision, outcome.why, outcome.details) == (
        Decision.PASS,
        f"equivalent: {stayed}; {'; '.join(LIBRARIES)}, and the answers stayed the same",
        {"equality": "equivalent", "moved": LIBRARIES, "parts": parts(library=LIBRARIES)},
    )


def test_another_library_is_named_beside_what_it_may_have_moved(make, evidence):
    facts = {"libraries": {"numpy": "2.5.0", "scipy": "1.17.1"}}
    evidence = make.replace(evidence, facts=facts, lock=evidence.lock | {"seeds": [1]})
    assert moved(make.charter(), evidence) == ["seeds (locked [1], now [])", *LIBRARIES]


def test_other_data_is_named(make, evidence):
    changed = make.replace(evidence.inputs[0], sha256="f" * 64)
    evidence = make.replace(evidence, inputs=(changed, evidence.inputs[1]))
    assert moved(make.charter(), evidence) == [f"data `validation` (locked {make.sha}, now {'f' * 64})"]


def test_seeds_schedule_and_candidate_are_named(make, evidence):
    lock = evidence.lock | {"seeds": [1], "schedule": [10], "candidate_entrypoint": "old:one"}
    assert moved(make.charter(), make.replace(evidence, lock=lock)) == [
        "seeds (locked [1], now [])",
        "schedule (locked [10], now [])",
        "candidate (locked `old:one`, now `a:b`)",
    ]


def with_baseline(make, evidence, predictions, scores):
    other = make.cell("baseline:classical", predictions, scores=scores, kind="probability")
    return make.replace(evidence, cells=(other, *evidence.cells[1:]))


def test_one_flipped_label_is_a_drift_of_predictions_and_metric(make, evidence):
    flipped = TRUTH.copy()
    flipped[0] = 1
    assert moved(make.charter(), with_baseline(make, evidence, flipped, SCORES)) == [
        "baseline `classical` on `validation`: accuracy (locked 1, now 0.9)",
        "baseline `classical` on `validation`: its predictions",
    ]


def test_flips_that_leave_the_metric_alone_are_still_a_drift(make, evidence):
    first, second = TRUTH.copy(), TRUTH.copy()
    first[0], second[2] = 1, 1
    measured = make.evidence(TRUTH, first, {(None, None): TRUTH})
    lock = make.lock(measured, metrics={"accuracy": 0.9})
    now = make.replace(make.evidence(TRUTH, second, {(None, None): TRUTH}), lock=lock)
    assert moved(make.charter(), now) == ["baseline `classical` on `validation`: its predictions"]


def test_the_last_bit_of_a_score_is_no_drift_and_a_changed_ranking_is(make, evidence):
    nudged = with_baseline(make, evidence, TRUTH, np.nextafter(SCORES, 1))
    assert judge_drift(make.charter(), nudged).decision is Decision.PASS
    reranked = SCORES.copy()
    reranked[0] = 0.9
    assert moved(make.charter(), with_baseline(make, evidence, TRUTH, reranked)) == [
        "baseline `classical` on `validation`: roc_auc (locked 1, now 0.8)"
    ]


def test_predicted_numbers_are_held_to_their_metrics(make):
    truth = np.linspace(1, 2, 8)
    charter = make.charter(make.gate(name="val_mse_gap_vs_classical"))
    measured = make.evidence(truth, truth + 0.1, {(None, None): truth})
    lock = make.lock(measured, metrics={"mse": 0.01})
    nudged = make.replace(make.evidence(truth, np.nextafter(truth + 0.1, 9), {(None, None): truth}), lock=lock)
    assert judge_drift(charter, nudged).decision is Decision.PASS
    worse = make.replace(make.evidence(truth, truth + 0.2, {(None, None): truth}), lock=lock)
    assert moved(charter, worse) == ["baseline `classical` on `validation`: mse (locked 0.01, now 0.04)"]
    unlocked = make.replace(worse, lock=make.lock(measured, metrics={}))
    assert moved(charter, unlocked) == [
        "baseline `classical` on `validation`: mse (not in the lock)",
        "baseline `classical` on `validation`: its predictions",
    ]


def test_a_gate_that_is_new_since_the_lock_needs_its_metric_locked(make, evidence):
    charter = make.charter(make.gate(name="val_f1_gap_vs_classical"))
    assert moved(charter, evidence) == ["baseline `classical` on `validation`: f1 (not in the lock)"]


def test_baselines_that_came_and_went_are_named(make, evidence):
    lock = evidence.lock | {"baselines": {"older": evidence.lock["baselines"]["classical"]}}
    assert moved(make.charter(), make.replace(evidence, lock=lock)) == [
        "baseline `older` (locked, and gone from the charter)",
        "baseline `classical` (not in the lock)",
    ]


def test_another_estimator_is_named(make, evidence):
    entry = evidence.lock["baselines"]["classical"] | {"estimator": "x:y"}
    lock = evidence.lock | {"baselines": {"classical": entry}}
    assert moved(make.charter(), make.replace(evidence, lock=lock)) == ["baseline `classical` (locked `x:y`, now `c:d`)"]


def test_splits_that_came_and_went_are_named(make, evidence):
    entry = evidence.lock["baselines"]["classical"] | {"predictions": {"test": {}}, "metrics": {}}
    lock = evidence.lock | {"baselines": {"classical": entry}}
    assert moved(make.charter(), make.replace(evidence, lock=lock)) == [
        "baseline `classical` on `test` (locked, and no longer measured)",
        "baseline `classical` on `validation` (not in the lock)",
    ]


def errors(charter, evidence):
    outcome = judge_drift(charter, evidence)
    assert outcome.decision is Decision.ERROR
    return outcome.why


def test_a_baseline_that_died_is_an_error_in_its_own_words(make, evidence):
    evidence = make.replace(
        evidence, cells=evidence.cells[1:], failures=(Failure(part="baseline classical", message="killed after 60 s"),)
    )
    assert errors(make.charter(), evidence) == (
        "baseline `classical` was measured 0 times on `validation`, once is needed; baseline classical: killed after 60 s"
        " [gate/not-computable]"
    )


@pytest.mark.parametrize("missing", ["data", "baselines", "libraries"])
def test_a_lock_without_one_of_its_parts_is_an_error(make, evidence, missing):
    lock = {key: value for key, value in evidence.lock.items() if key != missing}
    assert f"has no `{missing}` where one belongs" in errors(make.charter(), make.replace(evidence, lock=lock))


@pytest.mark.parametrize("metrics", [{"charm": 1.0}, {"accuracy": "high"}])
def test_a_metric_that_nobody_computes_is_an_error(make, evidence, metrics):
    lock = make.lock(evidence, metrics={"accuracy": 1.0} | metrics)
    assert "which no scorer computes" in errors(make.charter(), make.replace(evidence, lock=lock))


def test_another_qubo_is_a_drift_and_an_unmeasured_one_an_error(make):
    candidate = Candidate(kind=CandidateKind.QUBO, entrypoint="m.json")
    charter = replace(make.charter(schedule=(), seeds=()), candidate=candidate, data={}, baselines=())
    tables = qubo.tables(from_python({(0, 1): 2.0, (0, 0): -1.0}))
    held = {"data": {}, "baselines": {}, "libraries": {}, "seeds": [], "schedule": [], "candidate_entrypoint": "m.json"}
    lock = held | {"qubo": {"sha256": from_python({(0, 1): 2.0, (0, 0): -1.0}).digest(), "energies": []}}
    evidence = PilotEvidence(pilot="triage", tables=tables, lock=lock, facts={"libraries": {}})
    assert judge_drift(charter, evidence).decision is Decision.PASS
    moved = judge_drift(charter, replace(evidence, tables=qubo.tables(from_python({(0, 1): 2.5, (0, 0): -1.0}))))
    assert moved.decision is Decision.FAIL
    assert moved.why.startswith("moved since the lock: the QUBO's coefficients (locked ")
    unmeasured = judge_drift(charter, replace(evidence, tables={}))
    assert (unmeasured.decision, unmeasured.why) == (
        Decision.ERROR,
        "the QUBO was not measured, so nothing is known of its drift [gate/not-computable]",
    )
    assert judge_drift(charter, replace(evidence, lock=held)).decision is Decision.ERROR
