"""A waiver lets a failed gate through, on its days, for its evidence, from the base; and nothing else does."""

from datetime import date

import numpy as np
import pytest

from qgate.domain.change import PilotReach, Reach
from qgate.domain.charter import OnInconclusive, Waiver
from qgate.domain.evidence import Evidence, Failure, answers_digest
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.verdict import Decision, Waived
from qgate.gates.judge import judge, judge_pilot

TRUTH = np.tile([0, 1], 50)
GATE = "val_accuracy_gap_vs_classical"
DAY = date(2026, 6, 1)
REASON = {"reason": "until the new layer is trained", "approver": "sre@example.com"}


def waiver(expires="2026-06-02", **extra):
    return Waiver(gate=GATE, expires=expires, **(REASON | extra))


@pytest.fixture
def bad(make):
    good = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})
    lock = make.lock(good, metrics={"accuracy": 1.0})
    return make.evidence(TRUTH, TRUTH, {(None, None): 1 - TRUTH}, lock=lock)


def pilot(make, evidence, *waivers, origin="base", today=DAY, gates=()):
    return judge_pilot(make.charter(*gates, waivers=waivers), evidence, reached_by=(), origin=origin, today=today)


def test_without_a_waiver_it_fails(make, bad):
    verdict = pilot(make, bad)
    assert (verdict.decision, verdict.gates[0].waiver) == (Decision.FAIL, None)


def test_a_waiver_lets_a_failed_gate_through_and_the_gate_stays_failed(make, bad):
    verdict = pilot(make, bad, waiver())
    gate = verdict.gates[0]
    assert (verdict.decision, gate.decision, gate.blocks) == (Decision.PASS, Decision.FAIL, False)
    assert gate.waiver == Waived(**REASON, expires="2026-06-02")
    assert verdict.evidence_sha256 == answers_digest(bad)


@pytest.mark.parametrize(
    ("given", "circumstances", "why"),
    [
        (waiver("2026-06-01"), {}, "it ended on 2026-06-01"),
        (waiver("2026-05-31"), {}, "it ended on 2026-05-31"),
        (waiver(), {"origin": "head"}, "it comes with the change that it is for"),
        (waiver(), {"today": None}, "the day of the run is not known"),
        (waiver(evidence_sha256="a" * 64), {}, f"it was granted for the evidence {'a' * 64}, and this is "),
    ],
)
def test_it_is_red_again_once_the_waiver_does_not_hold(make, bad, given, circumstances, why):
    verdict = pilot(make, bad, given, **circumstances)
    gate = verdict.gates[0]
    assert (verdict.decision, gate.blocks) == (Decision.FAIL, True)
    assert gate.waiver.void.startswith(why)


def test_a_waiver_for_this_evidence_holds_and_any_other_answer_voids_it(make, bad):
    bound = waiver(evidence_sha256=answers_digest(bad))
    assert pilot(make, bad, bound).decision is Decision.PASS
    cells = (bad.cells[0], make.replace(bad.cells[1], predictions=np.where(np.arange(100) == 7, TRUTH, 1 - TRUTH)))
    assert pilot(make, make.replace(bad, cells=cells), bound).decision is Decision.FAIL


def test_one_waiver_that_holds_is_enough(make, bad):
    verdict = pilot(make, bad, waiver("2026-01-01"), waiver(), waiver("2026-02-01"))
    assert (verdict.decision, verdict.gates[0].waiver.expires) == (Decision.PASS, "2026-06-02")


def test_what_could_not_be_measured_is_not_waived(make, bad):
    dead = make.replace(bad, cells=bad.cells[:1], failures=(Failure(part="candidate", message="MemoryError"),))
    verdict = pilot(make, dead, waiver())
    assert (verdict.decision, verdict.gates[0].decision, verdict.gates[0].blocks) == (Decision.ERROR, Decision.ERROR, True)


def test_an_undecided_gate_is_waived_too(make, bad):
    good = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH}, lock=bad.lock)
    gate = make.gate(claim="deployment/artifact")
    assert pilot(make, good, gates=(gate,)).decision is Decision.INCONCLUSIVE
    assert pilot(make, good, waiver(), gates=(gate,)).decision is Decision.PASS
    warned = make.replace(gate, on_inconclusive=OnInconclusive.WARN)
    assert pilot(make, good, waiver("2026-01-01"), gates=(warned,)).decision is Decision.INCONCLUSIVE


def test_a_waiver_of_one_gate_is_none_of_another_s(make, bad):
    other = make.replace(waiver(), gate="val_f1_gap_vs_classical")
    assert pilot(make, bad, other).decision is Decision.FAIL


def test_a_gate_that_passed_shows_its_waiver(make, bad):
    good = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH}, lock=bad.lock)
    gate = pilot(make, good, waiver()).gates[0]
    assert (gate.decision, gate.blocks, gate.waiver.holds) == (Decision.PASS, True, True)


def test_a_waiver_in_one_pilot_s_charter_is_none_of_another_pilot_s(make, bad):
    waiving = make.charter(waivers=(waiver(),))
    other = make.replace(make.charter(), pilot="other", path=".qgate/other.yml")
    charters = tuple(SourcedCharter(charter=charter, origin="base", text="") for charter in (waiving, other))
    reached = tuple(PilotReach(pilot=c.charter.pilot, charter=c.charter.path, chains=()) for c in charters)
    evidence = Evidence(base="b", head="a", pilots=(bad, make.replace(bad, pilot="other")))
    verdict = judge(evidence, Scope(base="b", head="a", reach=Reach(pilots=reached), charters=charters, today=DAY))
    assert [(p.decision, p.gates[0].decision) for p in verdict.pilots] == [
        (Decision.PASS, Decision.FAIL),
        (Decision.FAIL, Decision.FAIL),
    ]
    assert [p.gates[0].waiver is not None for p in verdict.pilots] == [True, False]
