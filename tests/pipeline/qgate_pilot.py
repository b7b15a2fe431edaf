"""A small hybrid repository, changed at will, and the real `qgate` command."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

CHARTER = """\
version: 1
pilot:
  name: sorter
  owner: platform@example.com
  candidate:
    circuit: pilot.hybrid:circuit
    weights: weights.npz
    decision: sign
  baselines:
    classical: {estimator: "pilot.classical:build"}
  data:
    train: {path: data/train.npz, sha256: TRAIN}
    validation: {path: data/validation.npz, sha256: VALIDATION}
  environment: {lockfile: requirements.lock}
  shots: {schedule: [100, 1000], seeds: [1, 2, 3]}
  success_metrics:
    - name: val_accuracy_gap_vs_classical
      max: 0.05
      remediation: {summary: "re-train and re-run the parity suite", rerun: parity}
rollback:
  traffic: blue_green_to_classical_v3
  approver: sre@example.com
  steps: ["kubectl argo rollouts undo sorter"]
"""
CIRCUIT = '''"""The candidate: one rotation by the first feature."""

import pennylane as qml

from pilot.scaling import angle


def circuit(x, weights):
    qml.RY(angle(x[0]) + weights[0], wires=0)
    qml.CNOT([0, 1])
    return qml.expval(qml.Z(1))
'''
SCALING = '''"""How a feature becomes an angle."""


def angle(feature):
    return -1.5 * feature
'''
CLASSICAL = '''"""The classical service."""

from sklearn.linear_model import LogisticRegression


def build():
    return LogisticRegression()
'''


def rows(count: int, seed: int) -> dict[str, np.ndarray]:
    """Two classes that the first feature tells apart: y = 1 where it is positive, none within 0.2 of zero."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.2, 1.0, (count, 2)) * rng.choice([-1.0, 1.0], (count, 2))
    return {"X": x, "y": (x[:, 0] > 0).astype(np.int64)}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        return (self.err.strip() or self.out.strip()).splitlines()[-1]


class Sandbox:
    """A git repository whose branch `main` holds the pilot; `change` edits files on top of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", "A"), ("EMAIL", "a@example.com"))}
        env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | who
        done = subprocess.run(["git", "-C", str(self.path), *arguments], check=True, capture_output=True, text=True, env=env)
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | None]) -> None:
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                file.unlink()
            else:
                file.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def change(self, files: Mapping[str, str | None]) -> None:
        self.write(files)
        self.commit("Change")

    def qgate(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Ended:
        command = [str(Path(sys.executable).with_name("qgate")), *arguments]
        env = {**os.environ, **(environment or {})}
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.path, env=env)
        return Ended(done.returncode, done.stdout, done.stderr)

    def verdict(self) -> dict[str, Any]:
        return json.loads((self.path / ".qgate/run/verdict.json").read_text(encoding="utf-8"))

    def gates(self) -> dict[str, str]:
        (pilot,) = self.verdict()["pilots"]
        return {g["name"]: g["verdict"] for g in pilot["gates"]}

    def why(self, gate: str) -> str:
        return next(g["why"] for p in self.verdict()["pilots"] for g in p["gates"] if g["name"] == gate)


def pilot_files(path: Path) -> None:
    for name, count in (("train", 60), ("validation", 100)):
        file = path / f"data/{name}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **rows(count, len(name)))
    np.savez(path / "weights.npz", weights=np.array([np.pi / 2]))


def charter_text(path: Path, text: str = CHARTER) -> str:
    for split in ("train", "validation"):
        digest = hashlib.sha256((path / f"data/{split}.npz").read_bytes()).hexdigest()
        text = text.replace(split.upper(), digest)
    return text
