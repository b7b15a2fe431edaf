"""Which snapshots of the base commit a change has to hold by."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from qgate.domain.charter import Candidate, CandidateKind, Charter, Gate, Remediation, Rollback, Threshold
from qgate.domain.source import Position
from qgate.measure.inputs import read_inputs
from qgate.measure.ruler import reviewed_snapshots

SNAPSHOT = (Path(__file__).parents[1] / "quantum/snapshots/ibm_lagos-2024-05-27.json").read_bytes()
SOON, LATER = date(2024, 6, 1), date(2024, 8, 1)
NOISE = {"calibration": "now.json", "reference": "then.json"}
CHARTER = Charter(
    path=".qgate/p.yml",
    sha256="0" * 64,
    pilot="p",
    owner="a@example.com",
    candidate=Candidate(kind=CandidateKind.CIRCUIT, entrypoint="m:f"),
    baselines=(),
    data={},
    gates=(),
    rollback=Rollback(traffic="t", approver="a@example.com"),
    sections={"noise": NOISE},
)
OLDEST = {"sections": {"noise": {**NOISE, "max_age_days": 14}}}
AGE = Gate(
    name="calibration_age_days",
    threshold=Threshold(maximum=Decimal(14)),
    owner="a@example.com",
    remediation=Remediation(summary="commit a newer snapshot"),
    position=Position(path=".qgate/p.yml", line=1, column=1),
)


@pytest.mark.parametrize(
    ("changes", "today", "expected"),
    [
        ({}, LATER, ["now.json", "then.json"]),
        (OLDEST, SOON, ["now.json", "then.json"]),
        (OLDEST, LATER, ["then.json"]),
        ({"gates": (AGE,)}, SOON, ["now.json", "then.json"]),
        ({"gates": (AGE,)}, LATER, ["then.json"]),
        ({"sections": {}}, SOON, []),
    ],
)
def test_the_judged_one_counts_until_it_is_too_old(changes, today, expected):
    found = reviewed_snapshots(replace(CHARTER, **changes), {"now.json": SNAPSHOT, "then.json": b"any"}.get, today)
    assert list(found) == expected


def test_what_the_base_commit_lacks_or_nobody_can_read_is_left_to_the_change():
    assert reviewed_snapshots(CHARTER, {"now.json": b"{"}.get, SOON) == {}


def read(tmp_path, reviewed, **files):
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    return [(o.file.role, o.file.path, o.content) for o in read_inputs(CHARTER, tmp_path, reviewed)]


def test_of_the_judged_snapshot_both_are_read_and_of_the_others_the_base_commit_s(tmp_path):
    assert read(tmp_path, {"now.json": b"base now", "then.json": b"base then"}, now=b"now", then=b"then") == [
        ("calibration", "now.json", b"now"),
        ("calibration", "now.json@base", b"base now"),
        ("reference", "then.json", b"base then"),
    ]


def test_what_is_the_same_is_read_once(tmp_path):
    assert read(tmp_path, {"now.json": b"now"}, now=b"now", then=b"then") == [
        ("calibration", "now.json", b"now"),
        ("reference", "then.json", b"then"),
    ]


def test_no_other_file_is_replaced(tmp_path):
    (tmp_path / "requirements.lock").write_bytes(b"head")
    found = read_inputs(replace(CHARTER, lockfile="requirements.lock"), tmp_path, {"requirements.lock": b"base"})
    assert found[0].content == b"head"
