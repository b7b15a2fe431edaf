"""Declared files: hashed, and only inside the tree."""

import hashlib
from dataclasses import replace

import pytest

from qgate.domain.charter import Candidate, CandidateKind, Charter, DataFile, Rollback
from qgate.errors import MeasurementError
from qgate.measure.inputs import read_inputs


def charter(data_path: str) -> Charter:
    return Charter(
        path=".qgate/p.yml",
        sha256="0" * 64,
        pilot="p",
        owner="a@example.com",
        candidate=Candidate(kind=CandidateKind.CIRCUIT, entrypoint="m:f", weights="w.npz"),
        baselines=(),
        data={"validation": DataFile(path=data_path, sha256="1" * 64)},
        gates=(),
        rollback=Rollback(traffic="t", approver="a@example.com"),
        lockfile="requirements.lock",
    )


def test_every_declared_file_is_hashed_and_an_absent_one_has_no_digest(tmp_path):
    (tmp_path / "d.npz").write_bytes(b"data")
    (tmp_path / "w.npz").write_bytes(b"weights")
    found = [
        (o.file.role, o.file.path, o.file.declared_sha256, o.file.sha256, o.content)
        for o in read_inputs(charter("d.npz"), tmp_path)
    ]
    assert found == [
        ("data validation", "d.npz", "1" * 64, hashlib.sha256(b"data").hexdigest(), b"data"),
        ("weights", "w.npz", None, hashlib.sha256(b"weights").hexdigest(), b"weights"),
        ("lockfile", "requirements.lock", None, None, None),
    ]


def test_a_link_out_of_the_tree_is_not_followed(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "labels.npz").write_bytes(b"secret")
    (tmp_path / "tree/d.npz").symlink_to("../labels.npz")
    with pytest.raises(MeasurementError, match="a link that leaves the repository"):
        read_inputs(charter("d.npz"), tmp_path / "tree")


def test_calibrations_are_hashed_once_each(tmp_path):
    (tmp_path / "now.json").write_bytes(b"now")
    noise = {"calibration": "now.json", "reference": "then.json", "history": ["old.json", "then.json", "now.json"]}
    found = [o.file for o in read_inputs(replace(charter("d.npz"), sections={"noise": noise}), tmp_path)]
    assert [(f.role, f.path, f.sha256) for f in found[3:]] == [
        ("calibration", "now.json", hashlib.sha256(b"now").hexdigest()),
        ("reference", "then.json", None),
        ("history", "old.json", None),
    ]
