"""Which commit's charter judges, and what is said of it."""

from datetime import date
from pathlib import Path

import pytest

from qgate.changes.charters import CharterSource, find_charters
from qgate.domain.change import Change

MINIMAL = (Path(__file__).parents[2] / "examples/charters/valid/minimal.yml").read_text()
PATH = ".qgate/triage.yml"
TODAY = date(2026, 6, 1)
LOOSER = MINIMAL.replace("max: 0.005", "max: 0.5")


def waived(day):
    waiver = f"{{gate: val_accuracy_gap_vs_classical, reason: the new layer, approver: '@octocat', expires: {day}}}"
    return f"{MINIMAL}\nwaivers:\n  - {waiver}\n"


@pytest.fixture
def found(project):
    """The charters that judge a change from the first text to the second (None: no charter)."""

    def find(before, after, *, own=False):
        commits = [project.commit({PATH: text}) if text else project.commit() for text in (before, after)]
        change = Change(base=commits[0], head=commits[1], files=())
        return find_charters(project.repository, change, CharterSource(own=own), today=TODAY)

    return find


def judged_by(found):
    return [(c.origin, c.text) for c in found.charters]


def test_the_base_judges_and_the_head_s_edits_are_told(found):
    result = found(MINIMAL, LOOSER)
    assert judged_by(result) == [("base", MINIMAL)]
    assert [(str(c.effect), c.old, c.new) for c in result.changes] == [("loosened", "0.005", "0.5")]


def test_a_waiver_of_the_base_that_has_ended_leaves_the_base_the_judge(found):
    result = found(waived("2026-01-01"), LOOSER)
    assert judged_by(result) == [("base", waived("2026-01-01"))]
    assert (result.problems, result.invalid) == ((), False)


def test_an_ended_waiver_in_the_head_is_a_problem(found):
    result = found(MINIMAL, waived("2026-01-01"))
    assert [p.code for p in result.problems] == ["waiver-expired"]


def test_a_new_charter_judges_as_the_head_s(found):
    result = found(None, MINIMAL)
    assert judged_by(result) == [("head", MINIMAL)]
    assert (len(result.notes), result.changes) == (1, ())


def test_on_the_default_branch_a_commit_s_own_charter_judges_and_is_not_called_new(found):
    result = found(MINIMAL, LOOSER, own=True)
    assert judged_by(result) == [("own", LOOSER)]
    assert (result.notes, result.changes, result.problems) == ((), (), ())


def test_an_ended_waiver_on_the_default_branch_is_a_problem(found):
    result = found(MINIMAL, waived("2026-06-01"), own=True)
    assert ([p.code for p in result.problems], result.invalid) == (["waiver-expired"], True)
