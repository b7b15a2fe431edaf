"""Which exit code a step ends with, and what is left behind when it never came to a gate."""

import io
import os
from pathlib import Path

import pytest

from entrypoint.inputs import FAIL_ON
from entrypoint.step import exit_code, step
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.errors import ExitCode
from qgate.pipeline import Gated
from qgate.report.render import render, render_error

EVENTS = Path(__file__).parents[2] / "events"
ALL = frozenset(FAIL_ON)


def gated(*decisions, blocks=True):
    """A verdict of one pilot with gates of these decisions, the first of which is the pilot's."""
    gates = tuple(GateOutcome(name=f"g{n}", decision=d, why="w", owner="o", blocks=blocks) for n, d in enumerate(decisions))
    verdict = Verdict(base="b", head="a", pilots=(PilotVerdict(name="p", decision=decisions[0], gates=gates),))
    return Gated(exit_code=verdict.exit_code, report=render(verdict), verdict=verdict)


@pytest.mark.parametrize(
    ("ended", "fail_on", "code"),
    [
        (gated(Decision.PASS), ALL, 0),
        (gated(Decision.FAIL), ALL, 10),
        (gated(Decision.INCONCLUSIVE), ALL, 11),
        (gated(Decision.ERROR), ALL, 12),
        (gated(Decision.FAIL), {Decision.ERROR}, 0),
        (gated(Decision.INCONCLUSIVE), {Decision.FAIL, Decision.ERROR}, 0),
        (gated(Decision.ERROR), {Decision.FAIL}, 0),
        # A gate that blocks counts, although a worse one gave the verdict its word.
        (gated(Decision.FAIL, Decision.ERROR), {Decision.ERROR}, 10),
        # A waived or warning gate does not.
        (gated(Decision.PASS, Decision.FAIL, blocks=False), ALL, 0),
    ],
)
def test_the_exit_code_of_a_verdict(ended, fail_on, code):
    assert exit_code(ended, frozenset(fail_on)) == code


@pytest.mark.parametrize("code", [ExitCode.INTERNAL, ExitCode.USAGE, ExitCode.INVALID_CHARTER, ExitCode.MEASUREMENT_ERROR])
def test_without_a_verdict_no_input_makes_it_zero(code):
    ended = Gated(exit_code=code, report=render_error("e", base="b", head="a"), error="e")
    assert exit_code(ended, frozenset({Decision.FAIL})) == code


def test_an_ending_without_verdict_and_without_code_is_a_bug_and_no_pass():
    ended = Gated(exit_code=ExitCode.OK, report=render_error("e", base="b", head="a"))
    assert exit_code(ended, ALL) == ExitCode.INTERNAL


@pytest.fixture
def runner(tmp_path):
    """A runner's environment for a workspace without a repository."""
    (tmp_path / "workspace").mkdir()
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(EVENTS / "pull_request.same_repository.json"),
        "GITHUB_WORKSPACE": str(tmp_path / "workspace"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "INPUT_TOKEN": "ghs_secret",
        "INPUT_MODE": "run",  # `auto` would ask GitHub
        "PATH": os.environ["PATH"],
    }


def outputs(tmp_path):
    lines = (tmp_path / "output").read_text().splitlines()
    return {lines[n].partition("<<")[0]: lines[n + 1] for n in range(0, len(lines), 3)}


NOTHING = {"verdict": "error", "applicable": "true", "failed-gates": "[]", "report-path": "", "evidence-sha256": ""}


def test_pull_request_target_is_refused_with_the_reason(runner, tmp_path):
    log = io.StringIO()
    code = step(
        runner | {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_EVENT_PATH": str(EVENTS / "pull_request_target.json")}, log
    )
    lines = log.getvalue().splitlines()
    assert code == 2
    assert lines[0] == "::add-mask::ghs_secret"
    assert lines[1].startswith("::error title=qgate::event pull_request_target is refused: it runs with a write token")
    assert lines[2:] == ["qgate: no gate was evaluated"]
    assert (tmp_path / "summary").read_text().startswith("## qgate: error\n\n**No gate was evaluated.**\n\n```\nevent pull_requ")
    assert outputs(tmp_path) == NOTHING


def test_an_event_that_cannot_be_gated_names_those_that_can(runner):
    log = io.StringIO()
    assert step(runner | {"GITHUB_EVENT_NAME": "issues", "GITHUB_EVENT_PATH": str(EVENTS / "schedule.json")}, log) == 2
    assert "pull_request, merge_group, push, schedule, workflow_dispatch, workflow_run" in log.getvalue()


def test_a_wrong_input(runner, tmp_path):
    log = io.StringIO()
    assert step(runner | {"INPUT_COMMENT": "maybe"}, log) == 2
    assert log.getvalue() == (
        "::error title=qgate::the input `comment` is 'maybe' [usage/option]%0A  fix: write one of true, false\n"
        "qgate: no gate was evaluated\n"
    )
    assert outputs(tmp_path) == NOTHING


def test_outside_a_workflow_nothing_is_written_and_the_token_stays_hidden():
    log = io.StringIO()
    assert step({"INPUT_TOKEN": "ghs_secret"}, log) == 2
    assert "ghs_secret" not in log.getvalue()
    assert log.getvalue().endswith("run the command `qgate run`\nqgate: no gate was evaluated\n")


def test_an_empty_token_is_said(runner):
    log = io.StringIO()
    assert step(runner | {"INPUT_TOKEN": ""}, log) == 2
    assert "::error title=qgate::the token is empty" in log.getvalue()


def test_a_bug_is_an_internal_error_with_its_traceback_behind_a_fence(runner, tmp_path, monkeypatch):
    def explode(*_):
        raise KeyError("::error::planted")

    monkeypatch.setattr("entrypoint.step.owner_of", explode)
    log = io.StringIO()
    assert step(runner, log) == 1
    mask, _fence, _nothing, _end, fence, *traceback, end, error, last = log.getvalue().splitlines()
    assert (mask, end) == ("::add-mask::ghs_secret", f"::{fence.removeprefix('::stop-commands::')}::")
    assert traceback[0] == "Traceback (most recent call last):"
    assert error.startswith("::error title=qgate::internal error: KeyError: '::error::planted'%0A  fix: report it")
    assert last == "qgate: no gate was evaluated"
    assert outputs(tmp_path) == NOTHING


def test_a_workspace_without_a_repository_is_published_like_any_error(runner, tmp_path, monkeypatch):
    monkeypatch.setattr("entrypoint.step.GitHub", lambda **_: Silent())
    log = io.StringIO()
    assert step(runner, log) == 2
    assert "the commit to gate is not in the workspace" in log.getvalue()
    assert log.getvalue().endswith("qgate: no gate was evaluated\n")
    assert outputs(tmp_path) == NOTHING | {"report-path": ".qgate/run/report.html"}
    assert "actions/checkout" in (tmp_path / "summary").read_text()
    assert (tmp_path / "workspace/.qgate/run/report.html").is_file()


class Silent:
    """A forge with no surfaces."""

    def publish(self, _report):
        return ()
