"""What the runner is told: summary, outputs, annotations, and a log whose lines are no commands."""

import io

import pytest

from entrypoint.surfaces import (
    SummaryFirst,
    annotation_commands,
    error_command,
    has_check_run,
    measured_outputs,
    measured_summary,
    no_verdict_summary,
    print_result,
    refusals,
    save_outputs,
    verdict_outputs,
)
from entrypoint.workflow import CommandFiles
from qgate.domain.change import Uncovered
from qgate.domain.report import Annotation, Level, Outcome, Publication
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.errors import ExitCode
from qgate.pipeline import Gated
from qgate.report.render import render, render_error

HOSTILE = "::error::x\n<script>`@octo`</script>"


def gate(name, decision, **more):
    return GateOutcome(name=name, decision=decision, why="because", owner="a@example.com", **more)


def gated(*gates, **more):
    decision = gates[0].decision if gates else Decision.PASS
    pilots = (PilotVerdict(name="sorter", decision=decision, gates=gates),) if gates else ()
    verdict = Verdict(base="b" * 40, head="a" * 40, pilots=pilots, **more)
    return Gated(exit_code=verdict.exit_code, report=render(verdict), verdict=verdict)


def broken_off(message="no data"):
    report = render_error(message, base="main", head="HEAD")
    return Gated(exit_code=ExitCode.USAGE, report=report, error=message)


def note(number, level):
    return Annotation(path="a.yml", line=number, title="t", message=f"m{number}", level=level)


class Recorder:
    """A forge that keeps what had been written to the summary when it was asked."""

    def __init__(self, summary, *publications):
        self.summary = summary
        self.publications = publications
        self.seen = None

    def publish(self, _report):
        self.seen = self.summary.read_text()
        return self.publications


def test_the_summary_is_there_before_the_forge_is_asked_and_refusals_follow(tmp_path):
    summary = tmp_path / "summary.md"
    report = gated(gate("g", Decision.PASS)).report
    refused = Publication(surface="check", outcome=Outcome.REFUSED, detail="add *checks: write*")
    forge = Recorder(summary, refused, Publication(surface="comment", outcome=Outcome.CREATED))
    assert SummaryFirst(forge, summary).publish(report) == (
        Publication(surface="summary", outcome=Outcome.CREATED),
        *forge.publications,
    )
    assert forge.seen == report.summary
    assert summary.read_text() == f"{report.summary}\n### Not published\n\n- `check`: add \\*checks: write\\*\n"


def test_nothing_refused_nothing_said():
    assert refusals([Publication(surface="comment", outcome=Outcome.UNCHANGED)]) == ""


def test_the_outputs_of_a_failure():
    ended = gated(
        gate("slow", Decision.FAIL),
        gate("fine", Decision.PASS),
        gate("lost", Decision.ERROR),
        gate("open", Decision.INCONCLUSIVE),
        evidence_sha256="e" * 64,
    )
    assert verdict_outputs(ended, "x/report.html") == {
        "verdict": "fail",
        "applicable": "true",
        "failed-gates": '[{"pilot": "sorter", "gate": "slow", "verdict": "fail"}, '
        '{"pilot": "sorter", "gate": "lost", "verdict": "error"}]',
        "report-path": "x/report.html",
        "evidence-sha256": "e" * 64,
    }


def test_the_outputs_where_nothing_is_reached():
    assert verdict_outputs(gated(), "report.html") == {
        "verdict": "not_applicable",
        "applicable": "false",
        "failed-gates": "[]",
        "report-path": "report.html",
        "evidence-sha256": "",
    }


def test_uncovered_code_applies():
    ended = gated(uncovered=(Uncovered(path="a.py", library="cirq", line=1),))
    assert (verdict_outputs(ended, "")["verdict"], verdict_outputs(ended, "")["applicable"]) == ("fail", "true")


def test_the_outputs_of_a_run_that_broke_off_are_an_error_and_may_apply():
    assert verdict_outputs(broken_off(), "report.html") == {
        "verdict": "error",
        "applicable": "true",
        "failed-gates": "[]",
        "report-path": "report.html",
        "evidence-sha256": "",
    }


def test_the_outputs_of_a_measurement_name_no_verdict():
    assert measured_outputs(applicable=True) == {"applicable": "true"}


def test_outputs_outside_a_runner_go_nowhere(tmp_path):
    save_outputs(CommandFiles(), {"verdict": "pass"})
    assert list(tmp_path.iterdir()) == []


def test_ten_annotations_of_a_level_and_a_word_about_the_rest():
    notes = [note(n, Level.FAILURE) for n in range(1, 13)] + [note(n, Level.WARNING) for n in range(1, 12)]
    *lines, last = annotation_commands(notes).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["::error file=a.yml"] * 10 + ["::warning file=a.yml"] * 10
    words = "Shown here are the first 10 of 12 errors and of 11 warnings; all are in report.html."
    assert last == f"::notice title=qgate::{words}"
    assert lines[9].endswith("::m10")


def test_what_fits_is_shown_without_a_word():
    assert annotation_commands([note(1, Level.WARNING)]) == "::warning file=a.yml,line=1,title=t::m1\n"


def test_text_of_others_starts_no_command_and_no_markup():
    assert error_command(HOSTILE) == "::error title=qgate::::error::x%0A<script>`@octo`</script>\n"
    assert no_verdict_summary(HOSTILE) == (f"## qgate: error\n\n**No gate was evaluated.**\n\n```\n{HOSTILE}\n```\n")


def test_the_summary_of_a_measurement():
    assert measured_summary(applicable=True, out=".qgate/run") == (
        "## qgate: measured\n\nThe evidence is in `.qgate/run`. **Nothing was judged yet**: a step with `mode: publish` does.\n"
    )
    assert measured_summary(applicable=False, out=".qgate/run") == (
        "## qgate: measured\n\nThe change reaches no pilot: there was nothing to measure. "
        "**Nothing was judged yet**: a step with `mode: publish` does.\n"
    )


def test_the_log_tells_verdict_error_and_publications():
    log = io.StringIO()
    print_result(gated(gate("g", Decision.PASS)), log)
    assert log.getvalue().startswith("qgate: pass")
    log = io.StringIO()
    print_result(broken_off("[bold]no[/bold] data"), log)
    assert log.getvalue() == "[bold]no[/bold] data\n"


@pytest.mark.parametrize(
    ("outcome", "there"),
    [
        (Outcome.CREATED, True),
        (Outcome.UPDATED, True),
        (Outcome.UNCHANGED, True),
        (Outcome.REFUSED, False),
        (Outcome.SKIPPED, False),
    ],
)
def test_the_remarks_stand_on_the_commit_where_the_check_run_could_be_published(outcome, there):
    comment = Publication(surface="comment", outcome=Outcome.CREATED)
    assert has_check_run((Publication(surface="check", outcome=outcome), comment)) is there
    assert has_check_run((comment,)) is False
