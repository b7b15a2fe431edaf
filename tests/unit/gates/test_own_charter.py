"""The judgement by the change's own version of a charter: what it says, and when the evidence is not enough for it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from qgate.domain.change import PilotReach, Reach
from qgate.domain.charter import Baseline, Candidate, CandidateKind, DataFile, Shots, Slice, Threshold, Waiver
from qgate.domain.evidence import Evidence
from qgate.domain.scope import Proposed, Scope, SourcedCharter
from qgate.domain.verdict import Decision, GateWord
from qgate.gates.judge import judge
from qgate.report.own_charter import own_charter_of

GAP = "val_accuracy_gap_vs_classical"
TRUTH = [0] * 50 + [1] * 50
WRONG = [1] * 10 + TRUTH[10:]  # a gap of 0.1


@pytest.fixture
def judged(make):
    """The pilot's verdict where the change proposes a charter with these changes (None: it leaves it alone)."""

    def run(changes, *, base=None):
        charter = make.charter(make.gate(GAP, maximum="0.05"), **(base or {}))
        evidence = make.evidence(TRUTH, TRUTH, {(None, None): WRONG})
        evidence = replace(evidence, lock=make.lock(evidence, metrics={"accuracy": 1.0, "balanced_accuracy": 1.0}))
        proposed = None if changes is None else Proposed(charter=replace(charter, **changes), text="")
        sourced = SourcedCharter(charter=charter, origin="base", text="", proposed=proposed)
        reach = Reach(pilots=(PilotReach(pilot="triage", charter=charter.path, chains=()),))
        scope = Scope(base="b", head="h", reach=reach, charters=(sourced,))
        (pilot,) = judge(Evidence(base="b", head="h", pilots=(evidence,)), scope).pilots
        return pilot

    return run


def test_a_change_that_leaves_its_charter_alone_is_judged_once(judged):
    pilot = judged(None)
    assert (pilot.decision, pilot.under_own, own_charter_of(pilot)) == (Decision.FAIL, None, "")


def test_a_raised_threshold_would_pass_and_decides_nothing(judged, make):
    pilot = judged({"gates": (make.gate(GAP, maximum="0.5"),)})
    assert (pilot.decision, pilot.under_own.decision, pilot.under_own.anew) == (Decision.FAIL, Decision.PASS, ())
    assert [(g.name, g.decision) for g in pilot.under_own.gates] == [
        (GAP, Decision.PASS),
        ("reproducibility", Decision.PASS),
        ("evidence_drift", Decision.PASS),
    ]
    assert isinstance(pilot.under_own.gates[0], GateWord)
    assert own_charter_of(pilot) == f"pass, where `{GAP}` goes from fail to pass. The base commit's charter decides."


def test_an_edit_that_moves_no_gate_says_so(judged):
    pilot = judged({"owner": "me@example.com"})
    assert own_charter_of(pilot) == "fail, gate by gate the same. The base commit's charter decides."


def test_gates_that_come_and_go_are_named(judged, make):
    other = make.gate("val_balanced_accuracy_gap_vs_classical", maximum="0.5")
    pilot = judged({"gates": (other,)})
    told = own_charter_of(pilot)
    assert pilot.under_own.decision is Decision.PASS
    assert "`val_balanced_accuracy_gap_vs_classical` is new: pass" in told
    assert f"`{GAP}` (fail) is gone" in told


def test_a_waiver_of_the_change_itself_holds_nowhere(judged):
    waiver = Waiver(gate=GAP, reason="r", approver="sre@example.com", expires="2999-01-01")
    assert judged({"waivers": (waiver,)}).under_own.decision is Decision.FAIL


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"pilot": "other"}, "the pilot under another name"),
        ({"candidate": Candidate(kind=CandidateKind.ESTIMATOR, entrypoint="a:c")}, "another candidate"),
        ({"baselines": (Baseline(name="classical", estimator="c:e"),)}, "other baselines"),
        ({"data": {"validation": DataFile(path="data/v.npz", sha256="1" * 64)}}, "other data"),
        ({"shots": Shots(seeds=(1,))}, "other shots or seeds"),
        ({"shots": Shots(sealed=3)}, "other shots or seeds"),
        ({"lockfile": "pins.lock"}, "another lockfile"),
        ({"sections": {"noise": {"calibration": "c.json"}}}, "another `noise`"),
        ({"sections": {"traffic": {"rate_rps": 1.0}}}, "another `traffic`"),
        ({"sequential": True}, "how much of the candidate its gates would have asked for, part by part"),
    ],
)
def test_what_would_have_to_be_measured_is_said(judged, changes, anew):
    pilot = judged(changes)
    assert (pilot.decision, pilot.under_own.decision, pilot.under_own.anew) == (Decision.FAIL, None, (anew,))
    assert own_charter_of(pilot) == (f"not known, since it would need measured anew: {anew}. The base commit's charter decides.")


@pytest.mark.parametrize("name", ["latency_p95_ms", "test_accuracy_gap_vs_classical", "val_accuracy_gap_vs_other"])
def test_a_new_gate_on_something_else_would_have_to_be_measured(judged, make, name):
    gates = (make.gate(GAP, maximum="0.05"), make.gate(name, maximum="1"))
    assert judged({"gates": gates}).under_own.anew == (f"`{name}`",)


def test_residency_and_prices_need_no_measurement(judged, make):
    data = {"validation": DataFile(path="data/v.npz", sha256=make.sha, residency="eu")}
    assert judged({"sections": {"budget": {"usd_per_shot": 1.0}}}).under_own.anew == ()
    assert judged({"data": data}).under_own.anew == ()
    assert judged({"data": {"validation": replace(data["validation"], slices=(Slice(name="s", mask="m"),))}}).under_own.anew


def test_sealed_seeds_are_those_that_were_drawn(judged):
    """They follow from the charter's bytes, so that any edit would draw others: the evidence's are used."""
    sealed = {"shots": Shots(seeds=(5, 6, 7), sealed=3)}
    pilot = judged({"shots": Shots(seeds=(0, 1, 2), sealed=3), "owner": "me@example.com"}, base=sealed)
    assert pilot.under_own.anew == ()


def test_tightened_past_the_evidence_it_would_fail(judged, make):
    base = {"gates": (make.gate(GAP, threshold=Threshold(maximum=Decimal("0.5"))),)}
    pilot = judged({"gates": (make.gate(GAP, maximum="0.05"),)}, base=base)
    assert (pilot.decision, pilot.under_own.decision) == (Decision.PASS, Decision.FAIL)
