"""What the command prints in a workflow: the runner reads it all, and obeys any line that begins with `::`."""

import re

import pytest

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


def test_annotations_that_were_asked_for_are_commands(hostile, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    charter = hostile.path / ".qgate/sorter.yml"
    charter.write_text(charter.read_text().replace("max: 0.05", "mx: 0.05"))
    ended = hostile.qgate("validate", "--format", "github", str(charter))
    assert ended.out.startswith("::error file=")
    assert "stop-commands" not in ended.out + ended.err
