"""What an edit of the lock or of a snapshot is told as."""

import json
from dataclasses import replace

import pytest

from qgate.changes.charters import Side
from qgate.changes.ruler import Sides, ruler_changes
from qgate.domain.change import Change, ChangedFile, FileStatus
from qgate.domain.charter_change import Effect
from qgate.domain.scope import SourcedCharter

LOCK, NOW, THEN = ".qgate/lock.json", "calibration/device.json", "calibration/then.json"
L, N = Effect.LOOSENED, Effect.NEUTRAL


def a_lock(**changes):
    entry = {
        "data": {"validation": "0" * 64},
        "baselines": {"classical": {"metrics": {"validation": {"accuracy": 0.9}}}, "other": {"metrics": {}}},
        "libraries": {"numpy": "2.0"},
        "seeds": [1, 2],
        "candidate_entrypoint": "a:b",
    }
    return json.dumps({"schema": "qgate/lock/v1", "pilots": {"triage": {**entry, **changes}, "other": {"seeds": [1]}}})


@pytest.fixture
def told(project, make_charter):
    """The changes between two sets of files, as (effect, key, was there, is there)."""

    def tell(before, after, *, origin="base", **charter):
        project.commit({"README.md": "x"})
        base = project.commit(before)
        removed = tuple(path for path in before if path not in after)
        head = project.commit(after, remove=removed)
        paths = sorted(p for p in {*before, *after} if before.get(p) != after.get(p))
        files = tuple(ChangedFile(path=p, status=FileStatus.MODIFIED) for p in paths)
        change = Change(base=base, head=head, files=files)
        sides = Sides(base=Side(project.repository, base, ""), head=Side(project.repository, head, ""), change=change)
        sourced = SourcedCharter(charter=make_charter(**charter), origin=origin, text="")
        found = ruler_changes(sides, (sourced,))
        assert {c.charter for c in found} <= {".qgate/triage.yml"}
        assert ruler_changes(replace(sides, change=replace(change, files=(), complete=False)), (sourced,)) == found
        return [(c.effect, c.key, c.old is not None, c.new is not None) for c in found]

    return tell


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"seeds": [1, 3]}, [(L, "lock[triage].seeds", True, True)]),
        ({"data": {"validation": "1" * 64}}, [(L, "lock[triage].data", True, True)]),
        ({"libraries": {"numpy": "2.1"}}, [(N, "lock[triage].libraries", True, True)]),
        ({"candidate_entrypoint": "a:c"}, [(N, "lock[triage].candidate_entrypoint", True, True)]),
        ({"qubo": {"sha256": "1"}}, [(L, "lock[triage].qubo", False, True)]),
        (
            {"baselines": {"classical": {"metrics": {"validation": {"accuracy": 0.8}}}}},
            [(L, "lock[triage].baselines.classical", True, True), (L, "lock[triage].baselines.other", True, False)],
        ),
    ],
)
def test_an_edit_of_the_lock_is_told_by_its_parts(told, changes, expected):
    assert sorted(told({LOCK: a_lock()}, {LOCK: a_lock(**changes)})) == sorted(expected)


def test_the_first_lock_is_what_this_change_recorded(told):
    found = told({}, {LOCK: a_lock()})
    assert {(effect, old, new) for effect, _, old, new in found} == {(L, False, True)}
    assert len(found) == 6


def test_a_lock_that_is_gone_or_unreadable_loosens(told):
    assert {(effect, new) for effect, _, _, new in told({LOCK: a_lock()}, {})} == {(L, False)}
    assert (L, "lock[triage].file", False, True) in told({LOCK: a_lock()}, {LOCK: "[" * 100_000})


def test_another_pilot_s_entry_is_not_this_one_s(told):
    other = json.loads(a_lock())
    other["pilots"]["other"] = {"seeds": [2]}
    assert told({LOCK: a_lock()}, {LOCK: json.dumps(other)}) == []


def test_each_snapshot_that_is_another_loosens(told):
    before = {NOW: "1", THEN: "1", "calibration/old.json": "1"}
    after = {NOW: "2", "calibration/old.json": "1"}
    assert told(before, after) == [
        (L, f"pilot.noise.calibration ({NOW})", True, True),
        (L, f"pilot.noise.reference ({THEN})", True, False),
    ]


def test_a_path_written_another_way_is_the_same_file(told):
    sections = {"noise": {"calibration": f"./{NOW}"}}
    assert told({NOW: "1"}, {NOW: "2"}, sections=sections) == [(L, f"pilot.noise.calibration (./{NOW})", True, True)]


def test_what_a_new_charter_brings_along_is_approved_with_it_and_what_was_there_is_not(told):
    assert told({}, {LOCK: a_lock(), NOW: "1"}, origin="head") == []
    assert told({NOW: "1"}, {LOCK: a_lock(), NOW: "2"}, origin="head") == [(L, f"pilot.noise.calibration ({NOW})", True, True)]


def test_on_the_default_branch_nothing_is_told(told):
    assert told({NOW: "1"}, {NOW: "2"}, origin="own") == []
