"""A rehearsal's cells are judged as the candidate's were, and never touch the verdict on the change itself."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.domain.charter import CandidateKind, Remediation, Threshold, rehearsal_role
from qgate.domain.evidence import Cell, CellKey, Failure
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot

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
