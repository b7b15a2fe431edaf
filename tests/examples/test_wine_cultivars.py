"""The wine example is what its README and charter say: data, baseline, kernel, bandwidth, pull requests."""

import hashlib
import importlib
import inspect
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pennylane as qml
import pytest
from sklearn.svm import SVC

from qgate.charter.read import read_charter
from qgate.domain.charter import Charter

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "wine-cultivars"
Check = Callable[[str | None], Path]
ROWS, BASELINE = 78, 76
# Validation wines that are right without shots, and operations of the feature map, by pull request.
RIGHT = {None: 75, "good-refactor": 75, "full-turn": 34}
GATES = {None: 30, "good-refactor": 25, "full-turn": 30}


@pytest.fixture
def checked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The example with a pull request applied, its code importable."""

    def check_out(pull: str | None) -> Path:
        copy = tmp_path / str(pull)
        shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["git", "init", "--quiet", copy], check=True)
        if pull:
            subprocess.run(["git", "-C", copy, "apply", "--whitespace=error-all", f"pulls/{pull}.patch"], check=True)
        for module in [m for m in sys.modules if m.split(".")[0] == "wines"]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.syspath_prepend(str(copy / "src"))
        return copy

    return check_out


def charter() -> Charter:
    path = ".qgate/wine-cultivars.yml"
    reading = read_charter((EXAMPLE / path).read_bytes(), path, today=date(2026, 1, 1))
    assert reading.problems == ()
    return reading.charter


def data(split: str) -> dict[str, np.ndarray]:
    with np.load(EXAMPLE / "data" / f"{split}.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def feature_map() -> Callable[..., Any]:
    return importlib.import_module("wines.kernel").feature_map


def states(x: np.ndarray, **options: Any) -> np.ndarray:
    """The state of each row, by a QNode."""

    @qml.qnode(qml.device("lightning.qubit", wires=x.shape[1]), diff_method=None)
    def state(sample: np.ndarray) -> object:
        feature_map()(sample, **options)
        return qml.state()

    return np.array([state(sample) for sample in x])


def kernels(**options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Of the training rows with each other, and of the validation rows with them."""
    train, validation = (states(data(split)["X"], **options) for split in ("train", "validation"))
    return np.abs(train @ train.conj().T) ** 2, np.abs(validation @ train.conj().T) ** 2


def right(train: np.ndarray, validation: np.ndarray) -> int:
    model = SVC(C=charter().candidate.regularisation, kernel="precomputed").fit(train, data("train")["y"])
    return int(np.sum(model.predict(validation) == data("validation")["y"]))


def test_the_charter_names_the_true_digests() -> None:
    declared = {d.path: d.sha256 for d in charter().data.values()}
    assert declared == {path: hashlib.sha256((EXAMPLE / path).read_bytes()).hexdigest() for path in declared}


def test_the_data_script_writes_the_same_bytes(checked_out: Check) -> None:
    root = checked_out(None)
    files = [root / "data" / f"{split}.npz" for split in ("train", "validation")]
    for file in files:
        file.unlink()
    runpy.run_path(str(root / "data" / "make_data.py"), run_name="__main__")
    assert [f.read_bytes() for f in files] == [(EXAMPLE / "data" / f.name).read_bytes() for f in files]


def test_the_requirements_are_the_pins_of_the_runtime() -> None:
    relock = runpy.run_path(str(ROOT / "examples" / "relock.py"))
    expected = relock["required"]((ROOT / "requirements" / "runtime.lock").read_text(), relock["DIRECT"])
    assert (EXAMPLE / "requirements.lock").read_text() == expected


def test_the_baseline_is_as_good_as_stated(checked_out: Check) -> None:
    checked_out(None)
    model = importlib.import_module("wines.classical").build().fit(data("train")["X"], data("train")["y"])
    assert np.sum(model.predict(data("validation")["X"]) == data("validation")["y"]) == BASELINE
    assert float(charter().rollback.target.metrics["accuracy"]) == pytest.approx(BASELINE / ROWS, abs=5e-5)


def test_the_model_that_a_rollback_returns_to_is_the_recorded_one(checked_out: Check) -> None:
    root, target = checked_out(None), charter().rollback.target
    kept = root / target.artifact
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == target.sha256
    then = joblib.load(kept).predict(data("validation")["X"])
    runpy.run_path(str(root / "training" / "keep.py"), run_name="__main__")
    assert (joblib.load(kept).predict(data("validation")["X"]) == then).all()
    assert f"| classical baseline | {BASELINE / ROWS:.3f} |" in (EXAMPLE / "README.md").read_text()


@pytest.mark.parametrize("pull", RIGHT)
def test_each_pull_request_is_as_good_as_stated(pull: str | None, checked_out: Check) -> None:
    checked_out(pull)
    assert right(*kernels()) == RIGHT[pull]
    assert len(qml.tape.make_qscript(feature_map())(data("train")["X"][0]).operations) == GATES[pull]
    label = f"with `pulls/{pull}.patch`" if pull else "candidate"
    assert f"| {label} | {RIGHT[pull] / ROWS:.3f} |" in (EXAMPLE / "README.md").read_text()


def test_the_last_ring_is_seen_by_states_and_not_by_kernels(checked_out: Check) -> None:
    checked_out(None)
    served, state = kernels(), states(data("validation")["X"][:1])
    checked_out("good-refactor")
    for ours, theirs in zip(kernels(), served, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12, rtol=0)
    assert abs(np.vdot(state, states(data("validation")["X"][:1]))) ** 2 < 0.9


def test_the_remediation_repairs_the_full_turn(checked_out: Check) -> None:
    checked_out("full-turn")
    remediations = [gate.remediation.set for gate in charter().gates if gate.remediation.set]
    assert remediations == [{"bandwidth": 0.7}] * 2
    assert right(*kernels(**remediations[0])) == RIGHT[None]


def test_cross_validation_chooses_the_bandwidth(checked_out: Check, capsys: pytest.CaptureFixture[str]) -> None:
    root = checked_out(None)
    runpy.run_path(str(root / "training" / "choose.py"), run_name="__main__")
    table = [tuple(map(float, line.split())) for line in capsys.readouterr().out.splitlines()]
    best = max(table, key=lambda row: row[1])[0]
    assert best == inspect.signature(feature_map()).parameters["bandwidth"].default
