"""The timetable example is what its README and charter say: the problem, its angles, its pull requests."""

import importlib
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pennylane as qml
import pytest

from qgate.charter.read import read_charter
from qgate.evidence.lock import read_lock
from qgate.quantum.qaoa import Angles, Simulator
from qgate.quantum.qubo import Qubo
from qgate.quantum.qubo_values import from_python

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "event-timetable"
Check = Callable[[str | None], Path]


@pytest.fixture
def checked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The example with a pull request applied, its code importable."""

    def check_out(pull: str | None) -> Path:
        copy = tmp_path / str(pull)
        shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["git", "init", "--quiet", copy], check=True)
        if pull:
            subprocess.run(["git", "-C", copy, "apply", "--whitespace=error-all", f"pulls/{pull}.patch"], check=True)
        for module in [m for m in sys.modules if m.split(".")[0] == "timetable"]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.syspath_prepend(str(copy / "src"))
        return copy

    return check_out


def problem() -> Qubo:
    return from_python(importlib.import_module("timetable.model").qubo())


def angles(root: Path) -> dict[str, np.ndarray]:
    with np.load(root / "weights" / "angles.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def rules(qubo: Qubo) -> np.ndarray:
    bits = np.arange(2**qubo.size)[:, None] >> np.arange(qubo.size)[::-1] & 1
    return (bits.sum(axis=1) == 7) & (bits[:, 7] + bits[:, 8] == 1)


def test_the_charter_is_valid_and_reads_its_files() -> None:
    path = ".qgate/event-timetable.yml"
    reading = read_charter((EXAMPLE / path).read_bytes(), path, today=date(2026, 1, 1))
    assert reading.problems == ()
    assert {c.name: len(c.coefficients) for c in reading.charter.candidate.constraints} == {
        "seven events an evening": 14,
        "the hall once an evening": 2,
    }


def test_the_data_script_writes_the_same_bytes(checked_out: Check) -> None:
    root = checked_out(None)
    (root / "data" / "attendance.csv").unlink()
    runpy.run_path(str(root / "data" / "make_data.py"), run_name="__main__")
    assert (root / "data" / "attendance.csv").read_bytes() == (EXAMPLE / "data" / "attendance.csv").read_bytes()


def test_the_requirements_are_the_pins_of_the_runtime() -> None:
    relock = runpy.run_path(str(ROOT / "examples" / "relock.py"))
    expected = relock["required"]((ROOT / "requirements" / "runtime.lock").read_text(), relock["DIRECT"])
    assert (EXAMPLE / "requirements.lock").read_text() == expected


def test_energies_are_clashes_and_penalties(checked_out: Check) -> None:
    checked_out(None)
    model = importlib.import_module("timetable.model")
    qubo = problem()
    bits = np.arange(2**14)[:, None] >> np.arange(14)[::-1] & 1
    guests = np.array([[int(x) for x in row[1:]] for row in model._table()[1:]])
    shared = np.triu(guests.T @ guests, 1)
    same = bits[:, :, None] == bits[:, None, :]
    broken = (bits.sum(axis=1) - 7) ** 2 + (bits[:, 7] + bits[:, 8] - 1) ** 2
    assert np.array_equal(qubo.energies(), (same * shared).sum(axis=(1, 2)) + 4 * broken)
    optimal = qubo.energies() == qubo.minimum()
    assert (qubo.minimum(), qubo.random_energy, optimal.sum(), rules(qubo)[optimal].all()) == (87.0, 123.0, 4, True)
    assert rules(qubo).mean() == pytest.approx(0.113, abs=5e-4)


def test_the_ansatz_is_qaoa_on_that_qubo(checked_out: Check) -> None:
    probabilities = Simulator(ready := _problem(checked_out)).probabilities(Angles(**angles(EXAMPLE)))
    assert np.allclose(_measured(), probabilities, rtol=0, atol=1e-10)
    recorded = json.loads((EXAMPLE / "weights" / "training.json").read_text())
    assert float(probabilities @ ready.energies()) == pytest.approx(recorded["mean_energy"], abs=5e-5)
    assert float(probabilities[ready.energies() == 87].sum()) == pytest.approx(recorded["optimal_share"], abs=5e-7)


def _problem(checked_out: Check) -> Qubo:
    checked_out(None)
    return problem()


def _measured() -> np.ndarray:
    ansatz = importlib.import_module("timetable.circuit").ansatz

    @qml.qnode(qml.device("lightning.qubit", wires=14), diff_method=None)
    def circuit() -> object:
        ansatz(angles(EXAMPLE))
        return qml.probs(wires=range(14))

    return np.asarray(circuit())


def _gates() -> int:
    ansatz = importlib.import_module("timetable.circuit").ansatz
    return len(qml.tape.make_qscript(ansatz)(angles(EXAMPLE)).operations)


def test_the_good_pull_request_is_the_same_state_with_fewer_gates_and_the_other_is_not(checked_out: Check) -> None:
    found, gates, feasible = {}, {}, {}
    for pull in (None, "good-refactor", "strong-couplings"):
        checked_out(pull)
        found[pull], gates[pull] = _measured(), _gates()
        feasible[pull] = found[pull][rules(problem())].sum()
    assert gates == {None: 1218, "good-refactor": 490, "strong-couplings": 1218 - 4 * 3 * 34}
    assert np.allclose(found["good-refactor"], found[None], rtol=0, atol=1e-12)
    assert feasible[None] == pytest.approx(0.52, abs=5e-3)
    assert feasible["strong-couplings"] == pytest.approx(0.325, abs=5e-3)


def test_the_training_script_makes_the_committed_angles(tmp_path: Path) -> None:
    command = [sys.executable, "-B", "-W", "error", "training/train.py", "--out", tmp_path]
    subprocess.run(command, cwd=EXAMPLE, env={"PYTHONPATH": "src"}, check=True)
    reached, recorded = (json.loads((where / "training.json").read_text()) for where in (tmp_path, EXAMPLE / "weights"))
    assert reached == pytest.approx(recorded, abs=1e-2)  # BFGS carries another processor's last bits a long way


def test_the_lock_holds_this_qubo(checked_out: Check) -> None:
    ready = _problem(checked_out)
    entry = read_lock((EXAMPLE / ".qgate" / "lock.json").read_bytes())["event-timetable"]
    assert entry["qubo"]["sha256"] == ready.digest()
