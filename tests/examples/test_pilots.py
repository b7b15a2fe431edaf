"""The examples are what their READMEs and charters say: data, weights, locks, numbers, and pull requests that pass and fail."""

import hashlib
import importlib
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import pytest

from qgate.charter.read import read_charter
from qgate.domain.charter import Charter

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TODAY = date(2026, 1, 1)
SHOTS, SEED = 1000, 11


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Rows of the validation set that are right: by the baseline, and without shots by the candidate of each variant."""

    package: str
    rows: int
    baseline: int
    candidate: dict[str | None, int]


EXPECTED = {
    "tumour-triage": Expected(
        package="triage", rows=200, baseline=193, candidate={None: 194, "good-refactor": 194, "drop-entangler": 140}
    ),
    "digit-sorter": Expected(
        package="sorter", rows=180, baseline=177, candidate={None: 176, "good-refactor": 176, "unscaled-pixels": 123}
    ),
}
VARIANTS = [(name, pull) for name, expected in EXPECTED.items() for pull in expected.candidate]
FAILING = {"tumour-triage": "drop-entangler", "digit-sorter": "unscaled-pixels"}


def charter_of(name: str) -> Charter:
    path = f".qgate/{name}.yml"
    reading = read_charter((EXAMPLES / name / path).read_bytes(), path, today=TODAY)
    assert reading.problems == ()
    assert reading.charter is not None
    return reading.charter


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


@pytest.fixture
def checked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str | None], Path]:
    """An example as a repository of its own, with a pull request applied, its code importable."""

    def check_out(name: str, pull: str | None) -> Path:
        copy = tmp_path / f"{name}-{pull}"
        shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
        subprocess.run(["git", "init", "--quiet", copy], check=True)
        if pull:
            subprocess.run(["git", "-C", copy, "apply", "--whitespace=error-all", f"pulls/{pull}.patch"], check=True)
        for module in [m for m in sys.modules if m.split(".")[0] == EXPECTED[name].package]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.syspath_prepend(copy)
        monkeypatch.syspath_prepend(copy / "src")
        return copy

    return check_out


def entry(entrypoint: str) -> Any:
    module, _, attribute = entrypoint.partition(":")
    return getattr(importlib.import_module(module), attribute)


def expectations(root: Path, charter: Charter, *, shots: int | None = None, **options: Any) -> np.ndarray:
    """⟨Z⟩ of each validation row, by a QNode on lightning.qubit."""
    weights = arrays(root / str(charter.candidate.weights))
    features = arrays(root / charter.data["validation"].path)["X"]
    device = qml.device("lightning.qubit", wires=features.shape[1], seed=SEED)
    node = qml.set_shots(qml.QNode(entry(charter.candidate.entrypoint), device, diff_method=None), shots=shots)
    return np.array([node(row, weights, **{**charter.candidate.options, **options}) for row in features])


def predictions(root: Path, charter: Charter, *, shots: int | None = None, **options: Any) -> np.ndarray:
    """The candidate's labels on the validation rows."""
    if charter.candidate.kind == "circuit":
        return (expectations(root, charter, shots=shots, **options) > 0).astype(np.int64)
    build = entry(charter.candidate.entrypoint)
    model = build(shots=shots, seed=SEED, device="lightning.qubit", **{**charter.candidate.options, **options})
    return fitted(model, root, charter).predict(arrays(root / charter.data["validation"].path)["X"])


def fitted(model: Any, root: Path, charter: Charter) -> Any:
    train = arrays(root / charter.data["train"].path)
    return model.fit(train["X"], train["y"])


def right(found: np.ndarray, root: Path, charter: Charter) -> int:
    return int(np.sum(found == arrays(root / charter.data["validation"].path)["y"]))


@pytest.mark.parametrize("name", EXPECTED)
def test_charter_names_the_true_digests(name: str) -> None:
    charter = charter_of(name)
    declared = {data.path: data.sha256 for data in charter.data.values()}
    found = {path: hashlib.sha256((EXAMPLES / name / path).read_bytes()).hexdigest() for path in declared}
    assert declared == found


@pytest.mark.parametrize("name", EXPECTED)
def test_data_script_writes_the_same_bytes(name: str, checked_out: Callable[[str, str | None], Path]) -> None:
    root = checked_out(name, None)
    files = [data.path for data in charter_of(name).data.values()]
    for path in files:
        (root / path).unlink()
    runpy.run_path(str(root / "data" / "make_data.py"), run_name="__main__")
    assert [(root / path).read_bytes() for path in files] == [(EXAMPLES / name / path).read_bytes() for path in files]


@pytest.mark.parametrize("name", EXPECTED)
def test_lock_holds_the_pins_of_the_runtime(name: str) -> None:
    relock = runpy.run_path(str(EXAMPLES / "relock.py"))
    expected = relock["required"]((ROOT / "requirements" / "runtime.lock").read_text(), relock["DIRECT"])
    assert (EXAMPLES / name / "requirements.lock").read_text() == expected


def test_training_script_makes_the_committed_weights(tmp_path: Path) -> None:
    root = EXAMPLES / "tumour-triage"
    command = [sys.executable, "-B", "-W", "error", "training/train.py", "--out", tmp_path]
    subprocess.run(command, cwd=root, env={"PYTHONPATH": "src"}, check=True)
    made, committed = arrays(tmp_path / "circuit.npz"), arrays(root / "weights" / "circuit.npz")
    assert {key: array.shape for key, array in committed.items()} == {"scales": (4, 6), "angles": (4, 6, 3)}
    # Sixty steps of Adam carry the last bits of another processor's sines a long way: to a thousandth of a radian, say.
    assert all(np.allclose(made[key], committed[key], rtol=0, atol=1e-3) for key in committed)
    reached, recorded = (json.loads((where / "training.json").read_text()) for where in (tmp_path, root / "weights"))
    assert reached == pytest.approx(recorded, abs=1e-3)


@pytest.mark.parametrize("name", EXPECTED)
def test_baseline_is_as_good_as_stated(name: str, checked_out: Callable[[str, str | None], Path]) -> None:
    root, charter, expected = checked_out(name, None), charter_of(name), EXPECTED[name]
    model = fitted(entry(charter.baselines[0].estimator)(), root, charter)
    found = right(model.predict(arrays(root / charter.data["validation"].path)["X"]), root, charter)
    assert found == expected.baseline
    assert float(charter.rollback.target.metrics["accuracy"]) == pytest.approx(found / expected.rows, abs=5e-5)
    assert f"| classical baseline | {found / expected.rows:.3f} |" in (root / "README.md").read_text()


@pytest.mark.parametrize(("name", "pull"), VARIANTS)
def test_candidate_is_as_good_as_stated(name: str, pull: str | None, checked_out: Callable[[str, str | None], Path]) -> None:
    root, expected = checked_out(name, pull), EXPECTED[name].candidate[pull]
    assert right(predictions(root, charter_of(name)), root, charter_of(name)) == expected
    label = f"with `pulls/{pull}.patch`" if pull else "candidate"
    assert f"| {label} | {expected / EXPECTED[name].rows:.3f} |" in (root / "README.md").read_text()


@pytest.mark.parametrize(("name", "pull"), VARIANTS)
def test_margin_tells_the_pull_requests_apart_at_the_deciding_shots(
    name: str, pull: str | None, checked_out: Callable[[str, str | None], Path]
) -> None:
    root, charter = checked_out(name, pull), charter_of(name)
    assert (charter.shots.schedule[-1], charter.shots.seeds[0]) == (SHOTS, SEED)
    margin = float(charter.gates[0].threshold.maximum or 0)
    gap = (EXPECTED[name].baseline - right(predictions(root, charter, shots=SHOTS), root, charter)) / EXPECTED[name].rows
    if pull == FAILING[name]:
        assert gap > 10 * margin
    else:
        assert gap < margin / 2


@pytest.mark.parametrize(("name", "pull"), FAILING.items())
def test_remediation_repairs_the_failing_pull_request(
    name: str, pull: str, checked_out: Callable[[str, str | None], Path]
) -> None:
    root, charter = checked_out(name, pull), charter_of(name)
    repaired = predictions(root, charter, **charter.gates[0].remediation.set)
    assert right(repaired, root, charter) == EXPECTED[name].candidate[None]


def test_merged_rotations_are_the_same_circuit_with_fewer_gates(checked_out: Callable[[str, str | None], Path]) -> None:
    charter = charter_of("tumour-triage")
    values, gates = [], []
    for pull in (None, "good-refactor"):
        root = checked_out("tumour-triage", pull)
        values.append(expectations(root, charter))
        tape = qml.tape.make_qscript(entry(charter.candidate.entrypoint))(
            arrays(root / "data" / "validation.npz")["X"][0], arrays(root / "weights" / "circuit.npz")
        )
        gates.append(len(tape.operations))
    assert gates == [120, 72]
    assert np.allclose(values[0], values[1], rtol=0, atol=1e-12)


def test_filter_without_last_rz_measures_the_same_with_fewer_gates(checked_out: Callable[[str, str | None], Path]) -> None:
    probabilities, gates = [], []
    for pull in (None, "good-refactor"):
        checked_out("digit-sorter", pull)
        quanvolution = importlib.import_module("sorter.quanvolution")
        arguments = (np.array([0.1, 0.7, 1.9, 2.8]), quanvolution.random_filter(2))
        gates.append(len(qml.tape.make_qscript(quanvolution.patch_circuit)(*arguments).operations))
        probabilities.append(qml.QNode(quanvolution.patch_circuit, qml.device("lightning.qubit", wires=4))(*arguments))
    assert gates == [20, 16]
    assert np.allclose(probabilities[0], probabilities[1], rtol=0, atol=1e-12)


def test_filter_measures_what_its_parities_say(checked_out: Callable[[str, str | None], Path]) -> None:
    checked_out("digit-sorter", None)
    quanvolution = importlib.import_module("sorter.quanvolution")
    image = np.arange(64.0) % 17
    assert quanvolution.patches(image)[[0, 5]].tolist() == [[0, 1, 8, 9], [1, 2, 9, 10]]
    node = qml.QNode(quanvolution.patch_circuit, qml.device("lightning.qubit", wires=4))
    rotations = quanvolution.random_filter(2)
    features = quanvolution.quanvolve(image[None], node, rotations, pixel_max=16.0, exact=True)

    @qml.qnode(qml.device("lightning.qubit", wires=4))
    def directly(angles: np.ndarray) -> Any:
        read = quanvolution.patch_circuit(angles, rotations)
        return [
            read,
            qml.expval(qml.Z(0)),
            qml.expval(qml.Z(3)),
            qml.expval(qml.Z(0) @ qml.Z(1)),
            qml.expval(qml.Z(2) @ qml.Z(3)),
        ]

    _, *expected = directly(np.pi * np.array([1, 2, 9, 10]) / 16)
    fifth = features.reshape(16, 10)[5]
    assert np.allclose(fifth[[0, 3, 4, 9]], expected, rtol=0, atol=1e-12)


def test_shots_are_drawn_again_from_the_same_seed(checked_out: Callable[[str, str | None], Path]) -> None:
    root, charter = checked_out("digit-sorter", None), charter_of("digit-sorter")
    first, second = (predictions(root, charter, shots=10) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, predictions(root, charter))


def test_examples_stay_small() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", "examples"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert 0 < sum((ROOT / path).stat().st_size for path in listed.split("\0") if path) <= 1_000_000
