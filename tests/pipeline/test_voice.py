"""What the command prints in a workflow: the runner reads it all, and obeys any line that begins with `::`."""

import re

import pytest

from qgate.cli import cli

FILE = "::error::planted\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}red.py"


@pytest.fixture
def hostile(pilot):
    pilot.change({FILE: "import pennylane\n"})
    return pilot


def test_a_file_s_name_is_no_command_and_no_colour(hostile, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = hostile.qgate("detect", "--base", "main", "--head", "pull")
    assert "::error::planted\N{REPLACEMENT CHARACTER}red.py:1: uncovered quantum code" in ended.out
    assert re.fullmatch(r"::stop-commands::(\w{32})\n.*\n::\1::\n", ended.err, flags=re.DOTALL)


def test_outside_of_a_workflow_nothing_is_said_to_a_runner(hostile, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    ended = hostile.qgate("detect", "--base", "main", "--head", "pull")
    assert "stop-commands" not in ended.out + ended.err
    assert "\x1b" not in ended.out


def test_in_a_workflow_too_the_last_line_says_that_nothing_was_evaluated(pilot, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = pilot.qgate("run", "--base", "nowhere")
    assert (ended.code, ended.last_line) == (2, "qgate: no gate was evaluated")
    assert re.fullmatch(r"::stop-commands::(\w{32})\n.*nowhere.*\n::\1::\nqgate: no gate was evaluated\n", ended.err, re.DOTALL)


def test_annotations_that_were_asked_for_are_commands(hostile, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    charter = hostile.path / ".qgate/sorter.yml"
    charter.write_text(charter.read_text().replace("max: 0.05", "mx: 0.05"))
    ended = hostile.qgate("validate", "--format", "github", str(charter))
    assert ended.out.startswith("::error file=")
    assert "stop-commands" not in ended.out + ended.err


@pytest.mark.parametrize("arguments", [("-q", "validate"), ("validate", "-q"), ("-v", "validate"), ("validate", "--verbose")])
def test_how_much_is_said_is_asked_before_the_subcommand_or_after_it(pilot, arguments):
    ended = pilot.qgate(*arguments)
    assert (ended.code, ended.out) == (0, "1 charter valid\n")


def test_a_quiet_stage_prints_its_result_only(pilot):
    assert "qgate: " in pilot.qgate("lock", "--base", "HEAD").err
    for arguments in (("-q", "lock"), ("lock", "-q")):
        ended = pilot.qgate(*arguments, "--base", "HEAD")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith("wrote ")


@pytest.mark.parametrize("arguments", [("-v", "-q", "detect"), ("-v", "detect", "-q"), ("detect", "-vq")])
def test_loud_and_quiet_contradict_each_other(pilot, arguments):
    ended = pilot.qgate(*arguments)
    assert ended.code == 2
    assert "-v and -q contradict each other" in ended.err


def test_every_subcommand_takes_both():
    options = {name: {o for p in command.params for o in p.opts} for name, command in cli.commands.items()}
    assert [name for name, taken in options.items() if not {"-v", "-q"} <= taken] == []
