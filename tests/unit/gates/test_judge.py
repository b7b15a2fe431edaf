"""The verdict as a whole: nothing missing passes, and the same evidence gives the same value."""

import numpy as np
import pytest

from qgate.domain.change import PilotReach, Reach, Uncovered
from qgate.domain.charter import OnInconclusive
from qgate.domain.evidence import Evidence, Failure
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.verdict import CharterRef, Decision, Runbook
from qgate.gates.judge import judge, judge_pilot

TRUTH = np.tile([0, 1], 50)
REACH = PilotReach(pilot="triage", charter=".qgate/c.yml", chains=("a.py → candidate",))


@pytest.fixture
def evidence(make):
    measured = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})
    return make.replace(measured, lock=make.lock(measured, metrics={"accuracy": 1.0}))


def pilot(charter, evidence):
    return judge_pilot(charter, evidence, reached_by=("a.py → candidate",), origin="base")


def test_a_pilot_that_keeps_its_contract(make, evidence):
    verdict = pilot(make.charter(), evidence)
    assert [(g.name, g.decision) for g in verdict.gates] == [
        ("val_accuracy_gap_vs_classical", Decision.PASS),
        ("reproducibility", Decision.PASS),
        ("evidence_drift", Decision.PASS),
    ]
    assert (verdict.name, verdict.decision, verdict.reached_by) == ("triage", Decision.PASS, ("a.py → candidate",))
    assert verdict.charter == CharterRef(path=".qgate/c.yml", sha256="c" * 64, origin="base")
    nothing = "the charter names no `rollback.target`, so there is no classical service to rehearse"
    assert verdict.runbook == Runbook(traffic="blue", approver="sre@example.com", steps=("undo",), why=nothing)
    assert verdict.facts == {"libraries": {"numpy": "2.4.6"}}


def test_the_same_evidence_gives_the_same_verdict_in_another_order_of_cells(make, evidence):
    turned = make.replace(evidence, cells=evidence.cells[::-1])
    assert pilot(make.charter(), evidence) == pilot(make.charter(), turned)


def test_no_gates_is_an_error(make, evidence):
    verdict = pilot(make.replace(make.charter(), gates=()), evidence)
    assert verdict.decision is Decision.ERROR
    assert verdict.gates[0].why == ".qgate/c.yml has no gates, so nothing was judged: write `pilot.success_metrics`"


def test_an_unknown_gate_is_an_error(make, evidence):
    verdict = pilot(make.charter(make.gate(name="beauty"), make.gate()), evidence)
    assert (verdict.decision, verdict.gates[0].why) == (Decision.ERROR, "`beauty` is no metric that qgate knows")


def test_a_dead_candidate_is_no_pass_anywhere(make, evidence):
    dead = make.replace(evidence, cells=evidence.cells[:1], failures=(Failure(part="candidate", message="MemoryError"),))
    verdict = pilot(make.charter(), dead)
    assert verdict.decision is Decision.ERROR
    assert ["MemoryError" in g.why for g in verdict.gates] == [True, True, False]


@pytest.mark.parametrize(
    ("mode", "blocks"), [(OnInconclusive.BLOCK, True), (OnInconclusive.REVIEW, True), (OnInconclusive.WARN, False)]
)
def test_an_undecided_gate_blocks_unless_the_charter_only_warns(make, evidence, mode, blocks):
    undecided = make.gate(claim="deployment/artifact", on_inconclusive=mode)
    verdict = pilot(make.charter(make.gate(), undecided), evidence)
    assert [(g.decision, g.blocks) for g in verdict.gates[:2]] == [(Decision.PASS, True), (Decision.INCONCLUSIVE, blocks)]
    assert verdict.decision is (Decision.INCONCLUSIVE if blocks else Decision.PASS)


def test_a_pilot_whose_every_gate_is_undecided_does_not_pass_on_warnings(make, evidence):
    undecided = make.gate(claim="deployment/artifact", on_inconclusive=OnInconclusive.WARN)
    assert pilot(make.charter(undecided), evidence).decision is Decision.INCONCLUSIVE


def test_a_warning_does_not_soften_a_failure(make, evidence):
    gate = make.gate(on_inconclusive=OnInconclusive.WARN)
    bad = make.evidence(TRUTH, TRUTH, {(None, None): 1 - TRUTH}, lock=evidence.lock)
    assert pilot(make.charter(gate), bad).decision is Decision.FAIL


def run(evidence, charters, reach=None, **more):
    whole = Evidence(base="b" * 40, head="h" * 40, pilots=evidence)
    sourced = tuple(SourcedCharter(charter=c, origin="head", text="") for c in charters)
    return judge(whole, Scope(base="b" * 40, head="h" * 40, reach=reach or Reach(pilots=(REACH,)), charters=sourced, **more))


def test_the_run_holds_what_the_reach_holds(make, evidence):
    stray = Uncovered(path="q.py", library="qiskit", line=3)
    reach = Reach(pilots=(REACH,), uncovered=(stray,), notes=("shallow",))
    verdict = run((evidence,), (make.charter(),), reach, notes=("the charter is new",))
    assert (verdict.base, verdict.head) == ("b" * 40, "h" * 40)
    assert (verdict.uncovered, verdict.notes) == ((stray,), ("the charter is new", "shallow"))
    assert [p.charter.origin for p in verdict.pilots] == ["head"]
    assert verdict.decision is Decision.FAIL


def test_nothing_reached_is_not_applicable():
    assert run((), (), Reach(pilots=())).decision is Decision.NOT_APPLICABLE


def test_a_reached_pilot_without_evidence_is_an_error(make, evidence):
    none, two = run((), (make.charter(),)), run((evidence, evidence), (make.charter(),))
    assert [v.decision for v in (none, two)] == [Decision.ERROR, Decision.ERROR]
    assert none.pilots[0].gates[0].why == "the evidence holds 0 measurements of this pilot: one is needed"
    assert two.pilots[0].gates[0].why == "the evidence holds 2 measurements of this pilot: one is needed"


def test_a_reached_pilot_without_a_charter_is_an_error(evidence):
    verdict = run((evidence,), ())
    assert (verdict.decision, verdict.pilots[0].gates[0].why) == (
        Decision.ERROR,
        "the charter `.qgate/c.yml` of this pilot could not be read",
    )
