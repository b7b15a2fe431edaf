"""The pilot's repository, made once and copied for each test."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "forge"))

from qgate_pilot import CIRCUIT, CLASSICAL, SCALING, Sandbox, charter_text, pilot_files


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pilot's repository with its lock, made once: measuring the baseline takes seconds."""
    path = tmp_path_factory.mktemp("pilot")
    sandbox = Sandbox(path)
    pilot_files(path)
    code = {"pilot/hybrid.py": CIRCUIT, "pilot/scaling.py": SCALING, "pilot/classical.py": CLASSICAL, "pilot/__init__.py": ""}
    sandbox.write(
        {**code, "requirements.lock": "pennylane==0.45.1\n", ".qgate/sorter.yml": charter_text(path), "README.md": "A pilot\n"}
    )
    sandbox.commit("Pilot")
    ended = sandbox.qgate("lock", "--base", "HEAD")
    assert ended.code == 0, ended.err
    sandbox.commit("Lock")
    sandbox.git("switch", "--quiet", "--create", "pull")
    return path


@pytest.fixture
def pilot(template: Path, tmp_path: Path) -> Sandbox:
    """A fresh copy of the repository, on the branch `pull`, equal to `main`."""
    destination = tmp_path / "repository"
    subprocess.run(["cp", "-a", str(template), str(destination)], check=True)
    copy = Sandbox.__new__(Sandbox)
    copy.path = destination
    return copy
