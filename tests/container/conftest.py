"""A container engine, the action's image built from this checkout, and a workspace that belongs to somebody else."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qgate.demo import examples, make_repository

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
TAG = "qgate:test"
TOKEN = "ghs_test"
# Whoever owns a hosted runner's workspace is not root; 1001 is who it is on GitHub's.
RUNNER = 1001
_SOURCES = ("Dockerfile", ".dockerignore", "action.yml", "pyproject.toml", "README.md", "LICENSE")
_FOLDERS = ("entrypoint", "examples", "qgate", "requirements", "schemas")
_JUNK = ("__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", "run")


@pytest.fixture(scope="session")
def engine() -> None:
    """A running Docker engine: without one these tests fail in CI, and are skipped with the reason anywhere else."""
    try:
        done = subprocess.run(["docker", "info"], check=False, capture_output=True, text=True)
        reason = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError:
        reason = "there is no `docker` command"
    if reason and os.environ.get("QGATE_CI"):
        pytest.fail(f"QGATE_CI is set, and there is no container engine: {reason}")
    if reason:
        pytest.skip(f"no container engine: {reason}")


@pytest.fixture(scope="session")
def action(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action's files as a release has them, its image built as `qgate:test`."""
    source = tmp_path_factory.mktemp("action")
    for name in _SOURCES:
        shutil.copy(ROOT / name, source)
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns(*_JUNK))
    build = ["docker", "build", "--quiet", "--tag", TAG, str(source)]
    done = subprocess.run(build, check=False, capture_output=True, text=True, env={**os.environ, "DOCKER_BUILDKIT": "0"})
    assert done.returncode == 0, done.stdout + done.stderr
    return source


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A checked-out pull request of the tumour-triage example."""

    path: Path
    base: str
    head: str

    @property
    def event(self) -> dict[str, Any]:
        """The payload of GitHub's event for it."""
        payload: dict[str, Any] = json.loads((TESTS / "events/pull_request.same_repository.json").read_text())
        payload["pull_request"]["base"]["sha"] = self.base
        payload["pull_request"]["head"]["sha"] = self.head
        return payload

    def files_of_others(self) -> list[str]:
        """What in the workspace does not belong to the workspace's owner."""
        owner = self.path.stat().st_uid
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.lstat().st_uid != owner)

    def hand_to_its_owner(self) -> None:
        """Give all files to the runner's user, where we may."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "--recursive", f"{RUNNER}:{RUNNER}", str(self.path)], check=True)


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[str], Workspace]:
    """Makes the workspace of a pull request by the name of its patch."""

    def make(pull: str) -> Workspace:
        path = tmp_path / "workspace"
        make_repository(examples() / "tumour-triage", pull, path)
        base, head = (_git(path, "rev-parse", branch) for branch in ("main", "pull"))
        made = Workspace(path=path, base=base, head=head)
        made.hand_to_its_owner()
        return made

    return make


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """The local GitHub, a process of its own."""

    url: str
    state_file: Path

    def arrived(self) -> dict[str, Any]:
        """All that it holds."""
        state: dict[str, Any] = json.loads(self.state_file.read_text(encoding="utf-8"))
        return state


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Callable[[Workspace], GitHub]]:
    """Starts the local GitHub with the workspace's pull request open."""
    servers = []

    def start(workspace: Workspace) -> GitHub:
        seed, state = tmp_path / "seed.json", tmp_path / "arrived.json"
        pull_request = {"number": 7, "head": workspace.head}
        seed.write_text(json.dumps({"commits": [workspace.head], "pull_requests": [pull_request], "token": TOKEN}))
        script = [sys.executable, str(TESTS / "forge/github_server.py"), "--seed", str(seed), "--state", str(state)]
        server = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("listening on "), line
        return GitHub(url=line.split()[-1], state_file=state)

    yield start
    for server in servers:
        server.terminate()
        server.wait(timeout=10)
        server.stdout.close()


def _git(path: Path, *arguments: str) -> str:
    command = ["git", "-C", str(path), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
