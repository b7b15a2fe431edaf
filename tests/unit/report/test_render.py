import json
from dataclasses import replace

import pytest

from qgate.domain.report import Annotation, Conclusion, Level, Status, StatusState
from qgate.domain.source import Severity
from qgate.domain.verdict import Decision, Remedy
from qgate.report.budget import utf8_bytes, utf16_units
from qgate.report.render import render, render_error, render_invalid_charter

LONG = "The candidate loses accuracy on the locked rows, and nobody knows why | `yet`. @octocat <b>#1</b> " * 12
FILES = {"verdict.json", "comment.md", "report.html", "junit.xml", "qgate.sarif", "codequality.json", "summary.md"}


def sizes_hold(report):
    assert utf16_units(report.comment) <= 65_536
    assert utf8_bytes(report.check.summary) <= 65_535
    assert utf8_bytes(report.check.text) <= 65_535
    assert utf8_bytes(report.summary) <= 1024 * 1024
    assert all(len(s.description) <= 140 for s in report.statuses)
    assert len(report.check.title) <= 255
    assert all(len(a.title) <= 255 and utf8_bytes(a.message) <= 64 * 1024 for a in report.check.annotations)


@pytest.fixture(scope="session")
def long_gates(gate):
    def make(count):
        remedy = Remedy(summary=LONG, actions=(LONG, LONG))
        return [
            gate(Decision.FAIL, name=f"gate_{i}", why=LONG, owner=LONG, claim_words=LONG, remedy=remedy, value=0.1 * i)
            for i in range(count)
        ]

    return make


def test_the_files_of_a_run_are_all_there(case):
    report = render(case("fail"))
    assert set(report.files) == FILES
    assert (report.files["comment.md"], report.files["summary.md"]) == (report.comment, report.summary)
    assert report.comment.startswith(report.marker + "\n")
    assert report.marker not in report.summary


def test_the_same_verdict_gives_the_same_bytes(case):
    assert render(case("hostile"), run_url="https://example.com/1") == render(case("hostile"), run_url="https://example.com/1")


@pytest.mark.parametrize("name", ["fail", "hostile", "sixty_gates"])
def test_every_text_can_be_written_as_utf8(case, name):
    for text in render(case(name)).files.values():
        text.encode("utf-8")


def test_sixty_gates_of_long_texts_are_cut_and_the_cut_is_said(long_gates, verdict_of):
    report = render(verdict_of(*long_gates(60), decision=Decision.FAIL))
    sizes_hold(report)
    assert report.comment.splitlines()[1] == "## ❌ qgate: fail — all 60 gates failed"
    assert "✂️ **Left out here for its size:** " in report.comment
    assert "The full report: `report.html` in the run directory." in report.comment
    assert "Left out" not in report.summary
    assert all(f"`gate_{i}`: fail" in report.summary for i in range(60))
    assert len(report.check.annotations) == 0
    assert all(f"<code>gate_{i}</code>" in report.files["report.html"] for i in range(60))


def test_a_job_summary_above_its_mebibyte_is_cut_too(long_gates, verdict_of):
    report = render(verdict_of(*long_gates(400), decision=Decision.FAIL))
    sizes_hold(report)
    assert "✂️ **Left out here for its size:** " in report.summary


def test_two_thousand_problems_fit_and_are_all_annotated(problem):
    problems = [problem(line=i + 1, message=LONG, fix=LONG) for i in range(2000)]
    report = render_invalid_charter(problems, base="b", head="h")
    sizes_hold(report)
    assert "No gate was evaluated: the charter is invalid (2,000 errors)." in report.comment
    assert " of 2,000 problems of the charter. " in report.comment
    assert len(report.check.annotations) == 2000
    assert len(json.loads(report.files["codequality.json"])) == 2000


def test_a_thousand_pilots_fit(case):
    verdict = case("fail")
    pilots = tuple(replace(verdict.pilots[0], name=f"pilot-{i}") for i in range(1000))
    report = render(replace(verdict, pilots=pilots))
    sizes_hold(report)
    assert "more sections. " in report.comment
    assert len(report.statuses) == 1001


def test_an_invalid_charter_is_an_error_without_a_verdict(problem):
    report = render_invalid_charter([problem(), problem(severity=Severity.WARNING)], base="b" * 40, head="a" * 40)
    title = "No gate was evaluated: the charter is invalid (1 error, 1 warning)"
    assert (report.check.conclusion, report.check.title) == (Conclusion.FAILURE, title)
    assert report.statuses == (Status(context="qgate/verdict", state=StatusState.ERROR, description=title),)
    assert set(report.files) == FILES - {"verdict.json"}
    assert (
        "| ❌ `.qgate/triage.yml:4:3` | `sucess_metrics` is not a key of `pilot`<br>**Fix:** did you mean `success_metrics`? |"
        in report.comment
    )


def test_an_error_before_a_verdict_says_that_no_gate_was_evaluated():
    report = render_error("the lock file is gone\nrun `qgate lock`", base="b" * 40, head="a" * 40)
    assert report.check.conclusion is Conclusion.FAILURE
    assert report.check.title == "No gate was evaluated: qgate stopped with an error: the lock file is gone run `qgate lock`"
    assert [s.state for s in report.statuses] == [StatusState.ERROR]
    assert set(report.files) == FILES - {"verdict.json"}
    assert "**No gate was evaluated: qgate stopped with an error.**\n\n```text\nthe lock file is gone\n" in report.comment


def test_warnings_of_the_charter_stand_on_every_surface(case, problem):
    warning = problem(severity=Severity.WARNING, code="old-key", message="`lock` is old", fix="write `data`")
    report = render(case("pass"), problems=[warning])
    row = "| ⚠️ `.qgate/triage.yml:4:3` | `lock` is old<br>**Fix:** write `data` |"
    assert row in report.comment
    assert row in report.summary
    assert row in report.check.summary
    assert "old-key" in report.files["report.html"]
    assert report.check.conclusion is Conclusion.SUCCESS
    assert report.check.annotations == (
        Annotation(
            path=".qgate/triage.yml",
            line=4,
            column=3,
            title="Charter: old-key",
            message="`lock` is old\nFix: write `data`",
            level=Level.WARNING,
        ),
    )


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/)[y](z", "https://x/ y", 'https://x/"><b>', "https://x/é"])
def test_an_address_that_is_none_is_left_out(case, url):
    report = render(case("pass"), run_url=url)
    assert not any(url in text for text in (*report.files.values(), report.check.summary))
    assert "in the run directory" in report.comment


def test_a_number_that_is_not_finite_never_gets_out(gate, verdict_of):
    with pytest.raises(ValueError, match=r"^\$\.pilots\[0\]\.gates\[0\]\.value: nan is not a number"):
        render(verdict_of(gate(value=float("nan"))))


def test_a_self_reported_verdict_says_so_on_every_surface(gate, verdict_of):
    """A pass on another job's word must not read like one that was measured here."""
    run = "https://github.test/octo/pilots/actions/runs/55"
    verdict = verdict_of(gate(), self_reported=run, notes=("Self-reported: answers are the word of a job.",))
    report = render(verdict)
    assert report.check.title == "pass: 1 gate passed; self-reported"
    assert report.statuses[0].description == "pass: 1 gate passed; self-reported"
    assert "qgate: pass — 1 gate passed; self-reported" in report.comment
    assert "Self-reported: answers are the word of a job" in report.comment
    assert "Self-reported: answers are the word of a job" in report.check.summary
    assert "1 gate passed; self-reported" in report.files["report.html"]
    assert json.loads(report.files["verdict.json"])["self_reported"] == run


def test_a_verdict_that_was_measured_here_has_no_such_key(gate, verdict_of):
    assert "self_reported" not in json.loads(render(verdict_of(gate())).files["verdict.json"])
