"""A rehearsal's cells are judged as the candidate's were, and never touch the verdict on the change itself."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import Family
from qgate.domain.charter import CandidateKind, Remediation, Threshold, rehearsal_role
from qgate.domain.evidence import Cell, CellKey, Failure, ServiceTimes
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot
from qgate.gates.rehearsal import rerun_families

TRUTH = np.arange(100) % 2
WRONG = np.where(np.arange(100) < 30, 1 - TRUTH, TRUTH)
ROLE = rehearsal_role(Remediation(summary="s", set={"layers": 1}))


@pytest.fixture
def failing(make):
    """A candidate that is wrong on 30 of 100 rows; its gate would set `layers: 1`."""
    charter = make.charter()
    gate = replace(charter.gates[0], remediation=Remediation(summary="one layer", set={"layers": 1}))
    return replace(charter, gates=(gate,)), make.evidence(TRUTH, TRUTH, {(None, None): WRONG})


def rehearsed_by(evidence, *predictions):
    cells = tuple(Cell(key=CellKey(role=ROLE, split="validation"), predictions=p) for p in predictions)
    return replace(evidence, cells=evidence.cells + cells)


def outcome(charter, evidence):
    return judge_pilot(charter, evidence, reached_by=(), origin="base").gates[0]


def test_a_remediation_that_helps_is_told_and_the_gate_still_fails(failing):
    charter, evidence = failing
    gate = outcome(charter, rehearsed_by(evidence, TRUTH))
    assert gate.decision is Decision.FAIL
    assert (gate.remedy.rehearsed["verdict"], gate.remedy.rehearsed["value"]) == ("pass", 0.0)


def test_one_that_does_not_help_is_told(failing):
    charter, evidence = failing
    assert outcome(charter, rehearsed_by(evidence, WRONG)).remedy.rehearsed["verdict"] == "fail"


def test_one_that_failed_is_an_error_of_the_rehearsal_alone(failing):
    charter, evidence = failing
    broken = replace(evidence, failures=(Failure(part=ROLE, message="TypeError: no layers"),))
    verdict = judge_pilot(charter, broken, reached_by=(), origin="base")
    undisturbed = judge_pilot(charter, evidence, reached_by=(), origin="base")
    assert verdict.gates[0].remedy.rehearsed["verdict"] == "error"
    assert "TypeError: no layers" in verdict.gates[0].remedy.rehearsed["why"]
    assert [g.decision for g in verdict.gates] == [g.decision for g in undisturbed.gates]


def test_without_a_rehearsal_nothing_is_told(failing):
    assert outcome(*failing).remedy.rehearsed is None


def test_equal_settings_share_a_role_whatever_their_order():
    one = Remediation(summary="a", set={"x": 1, "y": "z"})
    other = Remediation(summary="b", set={"y": "z", "x": 1})
    assert rehearsal_role(one) == rehearsal_role(other) != ROLE


def test_a_rehearsal_under_a_calibration_is_judged_by_its_own_noisy_answers(make):
    """The change keeps 0.4 of its contrast; with the remediation it would keep 0.8."""
    gate = make.gate(name="calibration_contrast", threshold=Threshold(minimum=Decimal("0.6")))
    gate = replace(gate, remediation=Remediation(summary="one layer", set={"layers": 1}))
    charter = make.charter(gate, kind=CandidateKind.CIRCUIT, sections={"noise": {"calibration": "now.json"}})
    ideal = np.linspace(0.1, 0.9, 100)

    def cell(role, scores):
        return make.cell(role, (scores > 0.5).astype(int), scores=scores, kind="probability")

    noisy = "noisy:now.json"
    cells = (
        cell("candidate", ideal),
        cell(noisy, 0.4 * ideal + 0.3),
        cell(ROLE, ideal),
        cell(f"{ROLE}/{noisy}", 0.8 * ideal + 0.1),
    )
    snapshot = {"key": "calibration", "at": "2026-05-22T00:00:00+00:00", "method": "exact", "standard_error": 0.0}
    facts = {"day": "2026-06-01", "split": "validation", "device": "here", "layout": [0], "layout_from": "noise.layout"}
    evidence = make.evidence(
        TRUTH, TRUTH, {}, cells=cells, repetitions=(), facts={"calibration": facts | {"snapshots": {"now.json": snapshot}}}
    )
    found = outcome(charter, evidence)
    assert (found.decision, found.value) == (Decision.FAIL, 0.4)
    assert (found.remedy.rehearsed["verdict"], found.remedy.rehearsed["value"]) == ("pass", 0.8)


def test_a_script_that_failed_is_told_in_its_own_words_whatever_the_gate(make):
    gate = replace(make.gate(), remediation=Remediation(summary="cap the batches", run="ops/x.sh"))
    failure = Failure(part=f"{rehearsal_role(gate.remediation)}/run", message="ops/x.sh ended with exit code 3: gone")
    evidence = make.evidence(TRUTH, TRUTH, {(None, None): WRONG}, failures=(failure,))
    assert outcome(make.charter(gate), evidence).remedy.rehearsed == {
        "summary": "cap the batches",
        "run": "ops/x.sh",
        "changed": [],
        "verdict": "error",
        "why": "ops/x.sh ended with exit code 3: gone",
    }


def test_gates_of_the_family_that_is_run_again_are_judged_beside_it(make):
    """The remedy cures enough for the accuracy, and not for the recall; what it costs is told where `rerun` asks for it."""
    remedy = Remediation(summary="one layer", set={"layers": 1})
    loose = replace(make.gate(), remediation=remedy, threshold=Threshold(maximum=Decimal("0.1")))
    recall = replace(make.gate(name="val_recall_gap_vs_classical"), remediation=Remediation(summary="s", steps=("undo",)))
    cost = replace(make.gate(name="cost_usd_per_1k_requests"), remediation=Remediation(summary="s", steps=("undo",)))
    budget = {"budget": {"usd_per_task": 1, "circuits_per_request": 1}}
    cured = np.where((TRUTH == 1) & (np.arange(100) < 4), 0, TRUTH)
    evidence = rehearsed_by(make.evidence(TRUTH, TRUTH, {(None, None): WRONG}), cured)

    def beside(rerun):
        gate = replace(loose, remediation=replace(remedy, rerun=rerun))
        told = outcome(make.charter(gate, recall, cost, sections=budget), evidence).remedy.rehearsed
        assert told["verdict"] == "pass"
        return [(g["name"], g["verdict"], g["value"]) for g in told["gates"]]

    assert beside(None) == [("val_recall_gap_vs_classical", "fail", 0.04)]
    assert beside("all") == [("val_recall_gap_vs_classical", "fail", 0.04), ("cost_usd_per_1k_requests", "fail", 1000.0)]


def test_a_latency_is_rehearsed_by_the_times_of_the_rehearsal(make):
    remedy = Remediation(summary="one layer", set={"layers": 1})
    gate = make.gate(name="latency_p50_ms", threshold=Threshold(maximum=Decimal(50)), remediation=remedy)
    charter = make.charter(gate, sections={"traffic": {"rate_rps": 1}})

    def times(seconds):
        drawn = seconds * np.random.default_rng(1).lognormal(0, 0.05, (200, 1))
        return ServiceTimes(sizes=(1,), seconds={"candidate": drawn}, calibration=np.full(200, 0.001))

    slow = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH}, service=times(0.09))
    assert outcome(charter, slow).remedy.rehearsed is None
    told = outcome(charter, replace(slow, rehearsed_services={ROLE: times(0.02)})).remedy.rehearsed
    assert (told["verdict"], 18 < told["value"] < 25) == ("pass", True)
    broken = replace(slow, failures=(Failure(part=f"{ROLE}/service", message="it hangs"),))
    assert (
        outcome(charter, broken).remedy.rehearsed["verdict"],
        "it hangs" in outcome(charter, broken).remedy.rehearsed["why"],
    ) == (
        "error",
        True,
    )


def test_a_cost_of_the_schedule_is_not_cheaper_for_having_rehearsed_one_level(make):
    """Circuits halve: 200 x (100 + 1000) shots become 100 x 1100, of which the rehearsal measured the 1000 alone."""
    remedy = Remediation(summary="one layer", set={"layers": 1})
    gate = make.gate(name="evaluation_cost_usd", threshold=Threshold(maximum=Decimal(105000)), remediation=remedy)
    budget = {"budget": {"usd_per_shot": 1}}
    charter = make.charter(gate, kind=CandidateKind.CIRCUIT, schedule=(100, 1000), seeds=(1,), sections=budget)

    def counted(total):
        return {"candidate": {"executions": {"validation": {"total": total, "most_per_row": 1}}}}

    facts = counted(200) | {"rehearsals": {ROLE: counted(100)}}
    evidence = rehearsed_by(make.evidence(TRUTH, TRUTH, {(1000, 1): TRUTH}, facts=facts), TRUTH)
    found = outcome(charter, evidence)
    assert (found.decision, found.value) == (Decision.FAIL, 220000.0)
    assert (found.remedy.rehearsed["verdict"], found.remedy.rehearsed["value"]) == ("fail", 110000.0)


@pytest.mark.parametrize(
    ("rerun", "families"),
    [(None, {Family.PARITY}), ("latency", {Family.PARITY, Family.LATENCY}), ("all", set(Family))],
)
def test_what_is_run_again(make, rerun, families):
    gate = replace(make.gate(), remediation=Remediation(summary="s", set={"layers": 1}, rerun=rerun))
    assert rerun_families(gate) == families
