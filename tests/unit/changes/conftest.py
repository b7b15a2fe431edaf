"""Real repositories in temporary directories."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qgate.changes.git import Repository
from qgate.domain.change import Change, ChangedFile, FileStatus
from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    DataFile,
    Gate,
    Remediation,
    Rollback,
    Target,
    Threshold,
)
from qgate.domain.source import Position

IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


class Project:
    """A git repository under test, driven by plain git: the other side of what `Repository` reads."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", **IDENTITY}
        options = ["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", "-c", "advice.addEmbeddedRepo=false"]
        command = ["git", *options, "-C", str(self.path), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for path, content in files.items():
            target = self.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, str | bytes] | None = None, *, remove: tuple[str, ...] = ()) -> str:
        self.write(files or {})
        for path in remove:
            (self.path / path).unlink()
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> Repository:
        return Repository(self.path)


@pytest.fixture
def project_at() -> type[Project]:
    """Tests are no package, so they get this class, and the functions below, as fixtures."""
    return Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    new = Project(tmp_path / "project")
    new.path.mkdir()
    new.git("init", "--quiet")
    return new


@pytest.fixture
def shallow() -> Callable[..., Project]:
    """Clone one commit of one branch of a project: what actions/checkout does without `fetch-depth`."""

    def clone(origin: Project, path: Path, *, branch: str = "main") -> Project:
        origin.git("clone", "--quiet", "--depth=1", f"--branch={branch}", f"file://{origin.path}", str(path))
        return Project(path)

    return clone


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that another user can enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="qgate-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def make_charter() -> Callable[..., Charter]:
    return _charter


@pytest.fixture
def make_change() -> Callable[..., Change]:
    return _change


def _charter(**changes: Any) -> Charter:
    """A complete charter of the pilot `triage`: candidate `triage.kernel:feature_map`, baseline `triage.classical:build`."""
    gate = Gate(
        name="validation_accuracy_gap_vs_classical",
        threshold=Threshold(maximum=Decimal("0.005")),
        owner="platform@example.com",
        remediation=Remediation(summary="cap the batch", run="ops/cap_batch.sh 16"),
        position=Position(path=".qgate/triage.yml", line=1, column=1),
    )
    values: dict[str, Any] = {
        "path": ".qgate/triage.yml",
        "sha256": "0" * 64,
        "pilot": "triage",
        "owner": "platform@example.com",
        "candidate": Candidate(
            kind=CandidateKind.CIRCUIT,
            entrypoint="triage.kernel:feature_map",
            weights="models/weights.npz",
            options={"layers": 3, "table": "models/table.csv"},
        ),
        "baselines": (Baseline(name="classical", estimator="triage.classical:build"),),
        "data": {"validation": DataFile(path="./data/val.npz", sha256="0" * 64)},
        "gates": (gate,),
        "rollback": Rollback(traffic="t", approver="a@example.com", target=Target(artifact="models/classical_v3.joblib")),
        "lockfile": "requirements.lock",
        "sections": {
            "noise": {
                "calibration": "calibration/device.json",
                "reference": "calibration/then.json",
                "history": ["calibration/old.json"],
            }
        },
    }
    return Charter(**{**values, **changes})


def _change(*added: str, deleted: tuple[str, ...] = (), complete: bool = True) -> Change:
    files = [ChangedFile(path=path, status=FileStatus.MODIFIED) for path in added]
    files += [ChangedFile(path=path, status=FileStatus.DELETED) for path in deleted]
    return Change(base="b" * 40, head="a" * 40, files=tuple(sorted(files)), complete=complete)
