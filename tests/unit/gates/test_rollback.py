"""The rehearsal of the way back: what holds, what is gone, tampered with, too old, too slow, or no longer as good."""

import hashlib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from qgate.charter.read import read_charter
from qgate.domain.charter import ARTIFACT, ROLLBACK, Gate, Remediation, Rollback, Target, Threshold
from qgate.domain.evidence import Failure, InputFile, PilotEvidence, ServiceTimes
from qgate.domain.source import Position
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot
from qgate.gates.partial import ONLY
from qgate.gates.rollback import NAME, is_locked, judge_rollback, recorded_rehearsal

TODAY = date(2026, 6, 1)
SHA, OTHER = "5e" * 32, "0d" * 32
EXAMPLES = ("calibrated-iris", "digit-sorter", "tumour-triage", "wine-cultivars")
LATENCY = Gate(
    name="latency_p95_ms",
    threshold=Threshold(maximum=Decimal(120)),
    owner="platform@example.com",
    remediation=Remediation(summary="add a worker"),
    position=Position(path="c.yml", line=1, column=1),
)


def example(name):
    """An example's charter, whose traffic returns to the file of a fitted model and is to be fast."""
    path = Path(f"examples/{name}/.qgate/{name}.yml")
    charter = read_charter(path.read_bytes(), path.name, today=TODAY).charter
    gates = (*(g for g in charter.gates if not g.name.startswith("latency")), LATENCY)
    traffic = {"arrivals": "poisson", "rate_rps": 2, "workers": 2, **charter.sections.get("traffic", {})}
    target = Target(artifact="models/classical.joblib", sha256=SHA, metrics=charter.rollback.target.metrics)
    rollback = replace(charter.rollback, target=target, max_age_days=30, rehearsed="2026-05-20")
    return replace(charter, gates=gates, sections={**charter.sections, "traffic": traffic}, rollback=rollback)


def served(seconds):
    """Batches of one and two, timed often enough for a p95, on a quiet machine."""
    times = np.full((160, 2), seconds)
    return ServiceTimes(sizes=(1, 2), seconds={"candidate": times, ROLLBACK: times}, calibration=np.full(100, 1e-3))


def rehearsed(make, name, charter, *, sha=SHA, seconds=0.002, wrong=0):
    """The artifact answers the example's own rows as well as its charter records, or `wrong` rows worse."""
    with np.load(f"examples/{name}/data/validation.npz") as data:
        truth = data["y"]
    answers = truth.copy()
    missed = round((1 - float(charter.rollback.target.metrics["accuracy"])) * len(truth)) + wrong
    answers[:missed] = [next(c for c in np.unique(truth) if c != t) for t in truth[:missed]]
    file = InputFile(role=ARTIFACT, path="models/classical.joblib", declared_sha256=SHA, sha256=sha)
    cells = (make.cell(ROLLBACK, answers),) if sha == SHA else ()
    return PilotEvidence(
        pilot=name, inputs=(file,), truth={"validation": truth}, cells=cells, service=served(seconds) if sha == SHA else None
    )


def told(name, outcome):
    fixes = "".join(f"\n  fix: {action}" for action in outcome.remedy.actions) if outcome.remedy else ""
    return f"[{name}] {outcome.decision}\n{outcome.why}{fixes}\n"


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_ending_of_a_rehearsal_has_its_own_words(make, golden, name):
    charter = example(name)
    old = replace(charter, rollback=replace(charter.rollback, rehearsed="2026-04-20"))
    cases = {
        "rehearses": judge_rollback(charter, rehearsed(make, name, charter), TODAY),
        "gone": judge_rollback(charter, rehearsed(make, name, charter, sha=None), TODAY),
        "tampered": judge_rollback(charter, rehearsed(make, name, charter, sha=OTHER), TODAY),
        "too old": judge_rollback(old, rehearsed(make, name, charter), TODAY),
        "slower than its gate": judge_rollback(charter, rehearsed(make, name, charter, seconds=0.4), TODAY),
        "no longer as good": judge_rollback(charter, rehearsed(make, name, charter, wrong=5), TODAY),
    }
    assert {case: outcome.decision for case, outcome in cases.items()} == {
        case: Decision.PASS if case == "rehearses" else Decision.FAIL for case in cases
    }
    assert {(outcome.name, outcome.owner) for outcome in cases.values()} == {(NAME, charter.rollback.approver)}
    golden(f"rollback/{name}.txt", "\n".join(told(case, outcome) for case, outcome in cases.items()))


@pytest.fixture
def charter(make):
    """Traffic returns to a baseline that recorded seven of eight."""
    target = Target(baseline="classical", metrics={"accuracy": Decimal("0.875")})
    return make.charter(rollback=Rollback(traffic="blue", approver="sre@example.com", target=target))


TRUTH = [0, 1, 0, 1, 0, 1, 0, 1]


@pytest.fixture
def evidence(make):
    return make.evidence(TRUTH, [0, 1, 0, 1, 0, 1, 0, 0], {(None, None): TRUTH})


def with_target(charter, **changes):
    return replace(charter, rollback=replace(charter.rollback, target=replace(charter.rollback.target, **changes)))


def test_a_baseline_has_been_rehearsed_by_being_measured(charter, evidence):
    outcome = judge_rollback(charter, evidence, None)
    assert (outcome.decision, outcome.why) == (
        Decision.PASS,
        "the baseline `classical` answered all 8 rows of `validation`; its accuracy is 0.875, as recorded",
    )
    assert outcome.details == {
        "target": {"baseline": "classical"},
        "metrics": {"accuracy": {"recorded": 0.875, "now": 0.875}},
    }


def test_what_the_base_commits_baseline_answered_counts_where_the_change_moved_it(make, charter, evidence):
    moved = replace(evidence, cells=(make.cell("baseline:classical", [1] * 8), make.cell(ROLLBACK, [0, 1, 0, 1, 0, 1, 0, 0])))
    assert judge_rollback(charter, moved, None).decision is Decision.PASS
    gone = replace(moved, cells=moved.cells[:1], failures=(Failure(part=ROLLBACK, message="ModuleNotFoundError: triage"),))
    outcome = judge_rollback(charter, gone, None)
    assert (outcome.decision, outcome.why) == (
        Decision.ERROR,
        "the baseline `classical` could not be rehearsed: ModuleNotFoundError: triage",
    )


@pytest.mark.parametrize(
    ("recorded", "tolerance", "decision"),
    [
        ("0.875", None, Decision.PASS),
        ("0.8750", None, Decision.PASS),
        ("0.87500", None, Decision.PASS),
        ("0.87505", None, Decision.FAIL),  # five digits are written, so that the fifth counts
        ("0.88", None, Decision.FAIL),  # two digits are written, and four count at least
        ("1", None, Decision.FAIL),
        ("0.88", "0.01", Decision.PASS),
        ("0.88", "0.004", Decision.FAIL),
        ("0.8", "0.01", Decision.FAIL),  # better than its record: another service than the recorded one
    ],
)
def test_a_record_is_met_to_its_digits_or_within_its_tolerance(charter, evidence, recorded, tolerance, decision):
    target = {"metrics": {"accuracy": Decimal(recorded)}, "tolerance": tolerance and Decimal(tolerance)}
    assert judge_rollback(with_target(charter, **target), evidence, None).decision is decision


def test_without_a_record_of_its_own_a_baseline_has_the_locks(make, charter, evidence):
    bare = with_target(charter, metrics={})
    assert judge_rollback(bare, evidence, None).decision is Decision.FAIL
    assert judge_rollback(bare, evidence, None).remedy.actions == ("record `rollback.target.metrics`",)
    locked = replace(evidence, lock=make.lock(evidence, metrics={"accuracy": 0.875}))
    assert judge_rollback(bare, locked, None).decision is Decision.PASS
    other = replace(evidence, lock=make.lock(evidence, metrics={"accuracy": 0.75}))
    assert judge_rollback(bare, other, None).decision is Decision.FAIL


def test_a_score_that_its_answers_cannot_have_is_an_error(charter, evidence):
    outcome = judge_rollback(with_target(charter, metrics={"roc_auc": Decimal("0.9")}), evidence, None)
    assert (outcome.decision, "roc_auc" in outcome.why) == (Decision.ERROR, True)


@pytest.mark.parametrize("problem", [{"cells": ()}, {"truth": {}}, {"failures": (Failure(part="data", message="gone"),)}])
def test_what_was_not_measured_is_an_error(charter, evidence, problem):
    assert judge_rollback(charter, replace(evidence, **problem), None).decision is Decision.ERROR


def test_an_artifact_that_nobody_hashed_is_an_error(charter, evidence):
    outcome = judge_rollback(with_target(charter, artifact="m.joblib", sha256=SHA), evidence, None)
    assert (outcome.decision, outcome.why) == (Decision.ERROR, "the artifact `m.joblib` was not hashed")


def test_a_latency_gate_without_times_of_the_service_is_an_error(make, charter, evidence):
    timed = replace(charter, gates=(*charter.gates, LATENCY), sections={"traffic": {"rate_rps": 2}})
    outcome = judge_rollback(timed, evidence, None)
    assert outcome.decision is Decision.ERROR
    assert outcome.why.startswith("whether the baseline `classical` meets `latency_p95_ms` is not known: service times were not")
    over_http = replace(timed, sections={"traffic": {"rate_rps": 2}, "service": {"command": "bin/serve"}})
    assert judge_rollback(over_http, evidence, None).remedy.actions == ("declare `pilot.service.baselines.classical`",)


def rollback_of(**values):
    return Rollback(traffic="blue", approver="sre@example.com", **values)


def test_a_charter_that_promises_nothing_has_no_such_gate(make, evidence):
    assert judge_rollback(make.charter(rollback=rollback_of(verify=("true",))), evidence, TODAY) is None


def test_an_age_limit_without_anything_to_rehearse_fails(make, evidence):
    outcome = judge_rollback(make.charter(rollback=rollback_of(max_age_days=30)), evidence, TODAY)
    assert outcome.decision is Decision.FAIL
    assert (
        outcome.why
        == "nothing of the way back can be rehearsed: the charter names no `rollback.target`, and records no rehearsal"
    )


@pytest.mark.parametrize(
    ("rehearsed", "decision"),
    [("2026-06-01", "pass"), ("2026-05-02", "pass"), ("2026-05-01", "fail"), ("2026-06-02", "fail")],
)
def test_a_recorded_rehearsal_counts_for_as_long_as_the_charter_says(make, evidence, rehearsed, decision):
    charter = make.charter(rollback=rollback_of(max_age_days=30, rehearsed=rehearsed))
    assert judge_rollback(charter, evidence, TODAY).decision == decision
    assert recorded_rehearsal(charter, TODAY).decision == decision
    assert judge_rollback(charter, evidence, None).decision is Decision.ERROR


def test_of_no_recorded_day_nothing_is_said(make):
    assert recorded_rehearsal(make.charter(), TODAY) is None


@pytest.mark.parametrize(
    ("verify", "said"),
    [
        (("true",), "; 1 command of `rollback.verify` reaches production and did not run here"),
        (("true", "true"), "; 2 commands of `rollback.verify` reach production and did not run here"),
        ((), ""),
    ],
)
def test_it_is_said_which_checks_did_not_run(charter, evidence, verify, said):
    why = judge_rollback(replace(charter, rollback=replace(charter.rollback, verify=verify)), evidence, None).why
    assert why.partition(", as recorded")[2].removesuffix(", and no day is recorded on which that was done") == said


def test_a_failed_rehearsal_blocks_and_stands_in_the_runbook(charter, evidence):
    verdict = judge_pilot(with_target(charter, metrics={"accuracy": Decimal(1)}), evidence, reached_by=(), origin="base")
    gate = verdict.gates[-1]
    assert (gate.name, gate.decision, gate.blocks) == (NAME, Decision.FAIL, True)
    assert (verdict.decision, verdict.runbook.rehearsal, verdict.runbook.why) == (Decision.FAIL, "fail", gate.why)


def test_its_failure_says_nothing_about_the_candidates_evidence(charter, evidence):
    broken = replace(evidence, failures=(Failure(part=ROLLBACK, message="OSError"),))
    decisions = {g.name: g.decision for g in judge_pilot(charter, broken, reached_by=(), origin="base").gates}
    assert (decisions["reproducibility"], decisions[NAME]) == (Decision.PASS, Decision.ERROR)


def test_evidence_of_other_families_alone_leaves_it_an_error(charter, evidence):
    some = replace(evidence, facts={**evidence.facts, ONLY: ["latency"]})
    gate = judge_pilot(charter, some, reached_by=(), origin="base").gates[-1]
    assert (gate.name, gate.decision) == (NAME, Decision.ERROR)


def test_a_baseline_is_the_locked_one_by_every_answer(make, charter, evidence):
    locked = replace(evidence, lock=make.lock(evidence, metrics={}))
    assert is_locked(charter, locked)
    assert not is_locked(charter, evidence)
    assert not is_locked(charter, replace(locked, cells=(make.cell("baseline:classical", TRUTH),)))
    assert not is_locked(with_target(charter, artifact="m", sha256=hashlib.sha256(b"m").hexdigest()), locked)
