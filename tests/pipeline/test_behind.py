"""A change that began before the base branch tightened its charter, through the real command."""

import re

import pytest
from qgate_pilot import SCALING

SLIGHTLY_WORSE = SCALING.replace("-1.5 * feature", "feature * -1.5")
REFUSED = "the base branch has stricter charters than the commit where this change began: .qgate/sorter.yml"
FIX = "fix: merge the base branch into this one, or rebase it, and run again"


def edited(pilot, old: str, new: str | None) -> None:
    """The charter edited on `main`, after `pull` began; None deletes it there."""
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    assert old in text
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/sorter.yml": None if new is None else text.replace(old, new)})
    pilot.git("switch", "--quiet", "pull")


def test_a_change_is_not_judged_by_the_looser_charter_that_it_began_with(pilot):
    pilot.change({"pilot/scaling.py": SLIGHTLY_WORSE})
    edited(pilot, "max: 0.05", "max: 0.049")
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert (ended.code, ended.last_line) == (2, "qgate: no gate was evaluated"), ended
    said = f"{REFUSED} (pilot.success_metrics[val_accuracy_gap_vs_classical].max) "
    assert re.search(rf"{re.escape(said)}\[[a-z/-]+\]\n  {re.escape(FIX)}", ended.err)
    assert REFUSED.split(":", maxsplit=1)[0] in (pilot.path / ".qgate/run/comment.md").read_text()
    assert pilot.qgate("detect", "--base", "main", "--head", "pull").code == 0
    pilot.git("merge", "--quiet", "--no-edit", "main")
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 0
    assert "max: 0.049" in (pilot.path / ".qgate/run/scope.json").read_text()


def test_a_change_cannot_begin_before_the_pilot_had_a_charter(pilot):
    """Weights alone reach nothing that anybody could see without the charter."""
    pilot.git("switch", "--quiet", "--orphan", "first")
    pilot.change({"README.md": "Before\n"})
    pilot.git("checkout", "--quiet", "pull", "--", "pilot", "data", "weights.npz", "requirements.lock")
    began = pilot.commit("Code")
    pilot.git("checkout", "--quiet", "pull", "--", ".qgate")
    pilot.commit("Charter")
    pilot.git("switch", "--quiet", "--create", "old", began)
    (pilot.path / "weights.npz").write_bytes((pilot.path / "data/train.npz").read_bytes())
    pilot.commit("Weights")
    ended = pilot.qgate("run", "--base", "first", "--head", "old")
    assert (ended.code, f"{REFUSED} (the charter itself)" in ended.err) == (2, True), ended


@pytest.mark.parametrize(
    ("old", "new"), [("max: 0.05", "max: 0.06"), ("owner: platform@example.com", "owner: other@example.com"), ("version", None)]
)
def test_a_charter_that_did_not_become_stricter_stops_nobody(pilot, old, new):
    pilot.change({"README.md": "Words\n"})
    edited(pilot, old, new)
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 0


def test_a_change_that_reaches_no_pilot_is_not_stopped(pilot):
    pilot.change({"README.md": "Words\n"})
    edited(pilot, "max: 0.05", "max: 0.049")
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 0
