from dataclasses import replace

import pytest

from qgate.domain.report import Conclusion, Status, StatusState
from qgate.domain.verdict import Decision, Verdict
from qgate.report.render import render
from qgate.report.wording import headline


@pytest.mark.parametrize(
    ("name", "conclusion", "state", "title"),
    [
        ("pass", Conclusion.SUCCESS, StatusState.SUCCESS, "pass: all 4 gates passed"),
        ("fail", Conclusion.FAILURE, StatusState.FAILURE, "fail: 1 of 4 gates failed"),
        ("error", Conclusion.FAILURE, StatusState.ERROR, "error: 2 of 3 gates could not be measured"),
        ("inconclusive", Conclusion.ACTION_REQUIRED, StatusState.FAILURE, "inconclusive: 1 of 4 gates could not be decided"),
        ("not_applicable", Conclusion.SUCCESS, StatusState.SUCCESS, "not applicable: nothing in this change reaches a pilot"),
        ("uncovered", Conclusion.FAILURE, StatusState.FAILURE, "fail: 2 files of quantum code without a charter"),
        ("sixty_gates", Conclusion.FAILURE, StatusState.FAILURE, "fail: 2 of 60 gates failed, 1 could not be decided"),
    ],
)
def test_the_verdict_in_the_forges_words(case, name, conclusion, state, title):
    verdict = case(name)
    report = render(verdict)
    assert (report.check.name, report.check.conclusion, report.check.title) == ("qgate", conclusion, title)
    assert report.statuses[0] == Status(context="qgate/verdict", state=state, description=title)
    assert [(s.context, s.state) for s in report.statuses[1:]] == [("qgate/pilot: " + p.name, state) for p in verdict.pilots]


def test_no_status_has_the_name_of_the_check_run(case):
    report = render(case("fail"))
    assert report.check.name not in {s.context for s in report.statuses}


def test_pilots_that_a_forge_would_confuse_have_contexts_of_their_own(case):
    pilot = case("fail").pilots[0]
    passed = case("pass").pilots[0]
    names = ("Triage", "triage", "triage (2)", "TRIAGE")
    pilots = tuple(replace(pilot if i == 0 else passed, name=name) for i, name in enumerate(names))
    contexts = [s.context for s in render(replace(case("fail"), pilots=pilots)).statuses]
    assert contexts == ["qgate/verdict", *(f"qgate/pilot: {n}" for n in ("Triage", "triage (2)", "triage (2) (2)", "TRIAGE (3)"))]
    assert len({c.casefold() for c in contexts}) == 5


def test_the_overview_is_the_summary_and_the_explanations_are_the_text(case):
    check = render(case("fail")).check
    assert "| Gate | Measured |" in check.summary
    assert "**Remediation:**" not in check.summary
    assert "**Remediation:**" in check.text
    assert "Rollback of `tumour-triage`" in check.text


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([Decision.PASS], "1 gate passed"),
        ([Decision.FAIL], "1 gate failed"),
        ([Decision.FAIL, Decision.FAIL], "all 2 gates failed"),
        ([Decision.PASS, Decision.FAIL, Decision.ERROR], "1 of 3 gates failed, 1 could not be measured"),
        ([Decision.PASS, Decision.NOT_APPLICABLE], "1 of 2 gates passed, 1 did not apply"),
        ([Decision.ERROR, Decision.INCONCLUSIVE], "1 of 2 gates could not be measured, 1 could not be decided"),
    ],
)
def test_gates_are_counted_in_words(gate, verdict_of, decisions, expected):
    assert headline(verdict_of(*map(gate, decisions))) == expected


def test_a_waived_gate_is_counted_as_such(gate, verdict_of):
    verdict = verdict_of(gate(), gate(), gate(Decision.FAIL, blocks=False))
    assert headline(verdict) == "2 of 3 gates passed, 1 failed (does not block)"


def test_nothing_at_all_reads_as_not_applicable():
    assert headline(Verdict(base="b", head="h")) == "nothing in this change reaches a pilot"
