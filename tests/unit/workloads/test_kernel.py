"""Orders and answers of the `kernel` workload: the worker's side for real, and what a worker might claim instead."""

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pennylane as qml
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC, SVR

from qgate.charter.metrics import Task
from qgate.domain.charter import SALTS, Candidate, CandidateKind, Shots, salt_role
from qgate.domain.evidence import CellKey, same_bits
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.quantum.kernel import sampled
from qgate.worker.answer_kernel import answer
from qgate.workloads import kernel
from qgate.workloads.dataset import Dataset

RNG = np.random.default_rng(5)
WIRES = 3
X = {name: RNG.uniform(-1.5, 1.5, (rows, WIRES)) for name, rows in (("train", 12), ("validation", 7), ("test", 5))}
CLASSES = {name: Dataset(features=x, labels=(x[:, 0] > 0).astype(np.int64)) for name, x in X.items()}
NUMBERS = {name: Dataset(features=x, labels=np.sin(x[:, 0]) + x[:, 1]) for name, x in X.items()}
SPLITS = ("validation", "test")
SHOTS = Shots(schedule=(50, 400), seeds=(3, 8))
EXACT = Shots()


def feature_map(x, scale=1.0):
    for _ in range(2):
        qml.AngleEmbedding(scale * x, wires=range(WIRES), rotation="Y")
        qml.IsingZZ(scale * x[0] * x[1], wires=[0, 2])
        qml.CNOT([1, 2])


def returning(x):
    feature_map(x)
    return qml.state()


def amplitudes(x):
    qml.AmplitudeEmbedding(x, wires=range(2), normalize=True, pad_with=0.5)
    qml.CNOT([0, 1])


MAPS = {
    "function": feature_map,
    "with a measurement": returning,
    "QNode": qml.QNode(returning, qml.device("lightning.qubit", wires=WIRES)),
    "amplitudes": amplitudes,
}


def candidate(**given):
    return Candidate(kind=CandidateKind.KERNEL, entrypoint="qgate_test_pilot:feature_map", **given)


@pytest.fixture
def answered(monkeypatch):
    """What the worker answers when the pilot's feature map is `function`."""

    def ask(function=feature_map, data=CLASSES, splits=SPLITS, **given):
        made = ModuleType("qgate_test_pilot")
        made.feature_map = function
        monkeypatch.setitem(sys.modules, made.__name__, made)
        order = kernel.order(candidate(**given), data, splits)
        value, arrays = answer(order)
        return Answer(value=value, arrays=arrays)

    return ask


def pennylane_kernel(function, left, right):
    """The matrix by qml.kernels, one circuit a pair."""

    @qml.qnode(qml.device("lightning.qubit", wires=WIRES))
    def overlap(x, y):
        function(x)
        qml.adjoint(function)(y)
        return qml.probs(wires=range(WIRES))

    return qml.kernels.kernel_matrix(left, right, lambda x, y: overlap(x, y)[0])


def predicted(found):
    return {(c.key.split, c.key.shots, c.key.seed): c.predictions for c in found}


def test_the_order_asks_with_features_alone_and_for_training_rows_too():
    order = kernel.order(candidate(options={"scale": 0.5}), CLASSES, ("validation",))
    assert order.value == {
        "entrypoint": "qgate_test_pilot:feature_map",
        "options": {"scale": 0.5},
        "weights": None,
        "splits": ["train", "validation"],
        "pairs": {"train": [[0, 11], [6, 0], [11, 6]], "validation": [[0, 11], [3, 0], [6, 6]]},
        "most_pairs": 100_000,
        "matrix_wires": 8,
    }
    assert {name: array.tolist() for name, array in order.arrays.items()} == {
        "train.X": X["train"].tolist(),
        "validation.X": X["validation"].tolist(),
    }


def test_a_split_for_training_is_asked_for_once():
    assert kernel.order(candidate(), CLASSES, ("train", "test")).value["splits"] == ["train", "test"]


def test_without_training_data_nothing_is_asked():
    with pytest.raises(MeasurementError, match=r"fitted on data\.train, which the charter does not declare"):
        kernel.order(candidate(), {"validation": CLASSES["validation"]}, ("validation",))


def test_more_pairs_than_memory_are_refused_before_they_are_described():
    many = Dataset(features=np.zeros((20_000, 1)), labels=np.zeros(20_000))
    with pytest.raises(MeasurementError, match=r"20,000 rows with 20,000 training rows would take 17\.9 GiB; at most 4\.0 GiB"):
        kernel.order(candidate(), {"train": many, "test": CLASSES["test"]}, ("test",))


@pytest.mark.parametrize("name", MAPS)
def test_kernels_are_those_of_pennylanes_pair_circuits(answered, name):
    function = amplitudes if name == "amplitudes" else feature_map
    found = kernel.kernels(answered(MAPS[name]), CLASSES, SPLITS)
    np.testing.assert_allclose(found.train, pennylane_kernel(function, X["train"], X["train"]), atol=1e-10, rtol=0)
    assert found.splits.keys() == set(SPLITS)
    for split, matrix in found.splits.items():
        np.testing.assert_allclose(matrix, pennylane_kernel(function, X[split], X["train"]), atol=1e-10, rtol=0)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("wrong", [1e-6, -0.3, np.nan, np.inf])
@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_description_that_its_own_qnode_contradicts_is_refused(answered, split, wrong, place):
    said = answered()
    own = said.arrays[f"{split}/own"].copy()
    own[place] += wrong
    forged = replace(said, arrays={**said.arrays, f"{split}/own": own})
    with pytest.raises(MeasurementError, match=f"the kernel of {split} differs from the candidate's own QNode"):
        kernel.kernels(forged, CLASSES, SPLITS)


@pytest.mark.parametrize("own", [None, np.zeros(2), np.zeros((3, 1)), np.zeros(3, dtype=np.float32)])
def test_a_worker_that_does_not_say_what_the_qnode_returns_is_refused(answered, own):
    said = answered()
    others = {name: array for name, array in said.arrays.items() if name != "test/own"}
    arrays = others | ({} if own is None else {"test/own": own})
    with pytest.raises(MeasurementError, match="did not say what its own QNode returns for pairs of test"):
        kernel.kernels(replace(said, arrays=arrays), CLASSES, SPLITS)


def without_last_row(said):
    return {**said.arrays, "test/c0.rows": said.arrays["test/c0.rows"][:-1]}, said.value


def a_row_twice(said):
    return {**said.arrays, "test/c0.rows": np.array([0, 1, 2, 3, 3])}, said.value


def infinite_angle(said):
    name = next(n for n in said.arrays if n.startswith("test/c0.o") and ".p" in n)
    return {**said.arrays, name: np.full(5, np.inf)}, said.value


def unknown_gate(said):
    (batch,) = said.value["described"]["test"]
    forged = {**batch, "operations": [["Teleport", [0], False, [], None]]}
    return said.arrays, {"described": {**said.value["described"], "test": [forged]}}


def measuring(said):
    (batch,) = said.value["described"]["test"]
    forged = {**batch, "measurements": [["probs", [0], [], None]]}
    return said.arrays, {"described": {**said.value["described"], "test": [forged]}}


def nothing(said):
    return said.arrays, {"described": {**said.value["described"], "test": None}}


def another_width(said):
    (batch,) = said.value["described"]["test"]
    return said.arrays, {"described": {**said.value["described"], "test": [{**batch, "wires": 4}]}}


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (without_last_row, "malformed: array"),
        (a_row_twice, "not once for each of the 5 rows"),
        (infinite_angle, "holds NaN or infinity"),
        (unknown_gate, "gate 'Teleport' is unknown"),
        (measuring, "a feature map returns a measurement"),
        (nothing, "malformed: 'NoneType' object is not iterable"),
        (another_width, "4 wires with 3 wires is not defined"),
    ],
)
def test_a_forged_description_is_refused(answered, forge, why):
    said = answered()
    arrays, value = forge(said)
    with pytest.raises(MeasurementError, match=why):
        kernel.kernels(replace(said, arrays=arrays, value=value), CLASSES, SPLITS)


def test_exact_predictions_are_the_support_vector_machines(answered):
    found = kernel.kernels(answered(), CLASSES, SPLITS)
    (validation, test) = kernel.cells(
        found, candidate=candidate(regularisation=10.0), shots=EXACT, data=CLASSES, task=Task.CLASSIFICATION
    )
    fitted = SVC(C=10.0, kernel="precomputed").fit(found.train, CLASSES["train"].labels)
    assert [c.key for c in (validation, test)] == [CellKey(role="candidate", split=s) for s in SPLITS]
    np.testing.assert_array_equal(validation.predictions, fitted.predict(found.splits["validation"]))
    np.testing.assert_array_equal(validation.scores, fitted.decision_function(found.splits["validation"]))
    assert validation.score_kind == "decision"
    assert validation.predictions.dtype == CLASSES["validation"].labels.dtype


def test_three_classes_are_scored_by_one_column_each(answered):
    labels = {name: np.array(["low", "mid", "top"])[np.digitize(x[:, 0], [-0.5, 0.5])] for name, x in X.items()}
    data = {name: Dataset(features=x, labels=labels[name]) for name, x in X.items()}
    found = kernel.kernels(answered(data=data), data, SPLITS)
    cell, _ = kernel.cells(found, candidate=candidate(), shots=EXACT, data=data, task=Task.CLASSIFICATION)
    assert cell.scores.shape == (7, 3)
    assert set(cell.predictions) <= {"low", "mid", "top"}


@pytest.mark.parametrize(
    ("model", "estimator"),
    [("ridge", KernelRidge(alpha=0.25, kernel="precomputed")), ("svm", SVR(C=4.0, kernel="precomputed"))],
)
def test_numbers_are_predicted_by_ridge_and_by_support_vectors(answered, model, estimator):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    asked = candidate(model=model, regularisation=4.0)
    cell, _ = kernel.cells(found, candidate=asked, shots=EXACT, data=NUMBERS, task=Task.REGRESSION)
    expected = estimator.fit(found.train, NUMBERS["train"].labels).predict(found.splits["validation"])
    np.testing.assert_array_equal(cell.predictions, expected)
    assert (cell.scores, cell.score_kind) == (None, None)


def test_ridge_is_the_mean_of_a_gaussian_process(answered):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    asked = candidate(model="ridge", regularisation=4.0)
    cell, _ = kernel.cells(found, candidate=asked, shots=EXACT, data=NUMBERS, task=Task.REGRESSION)
    weights = np.linalg.solve(found.train + np.eye(12) / 4.0, NUMBERS["train"].labels)
    np.testing.assert_allclose(cell.predictions, found.splits["validation"] @ weights, atol=1e-10, rtol=0)


def test_an_indefinite_kernel_is_solved_by_least_squares(answered):
    """Five shots make eigenvalues below zero, which a factorisation refuses and least squares does not."""
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    train = sampled(found.train, 5, np.random.default_rng([3, 5, 0]), symmetric=True)
    assert np.linalg.eigvalsh(train)[0] < -0.1
    asked = candidate(model="ridge", regularisation=1e6)
    shots = Shots(schedule=(5,), seeds=(3,))
    cells = predicted(kernel.cells(found, candidate=asked, shots=shots, data=NUMBERS, task=Task.REGRESSION))
    drawn = sampled(found.splits["test"], 5, np.random.default_rng([3, 5, *b"test"]), symmetric=False)
    weights = np.linalg.solve(train + np.eye(12) / 1e6, NUMBERS["train"].labels)
    np.testing.assert_allclose(cells["test", 5, 3], drawn @ weights, rtol=1e-6)


def test_a_model_that_does_not_converge_is_told_of_instead_of_waited_for(monkeypatch):
    monkeypatch.setattr(kernel, "_STEPS", 1000)
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 3))
    exact = np.exp(-((rows[:, None] - rows) ** 2).sum(axis=-1))
    drawn = rng.binomial(1, exact).astype(float)  # neither symmetric nor definite: LIBSVM goes round in circles
    model = kernel.MODELS["svm", Task.CLASSIFICATION](1.0)
    with pytest.raises(MeasurementError, match="does not converge in 1,000 steps"):
        kernel._fitted(model, drawn, rng.integers(0, 3, 100))


def test_a_model_that_does_not_do_the_task_is_refused(answered):
    found = kernel.kernels(answered(), CLASSES, SPLITS)
    with pytest.raises(MeasurementError, match="model `ridge` does not do classification"):
        kernel.cells(found, candidate=candidate(model="ridge"), shots=EXACT, data=CLASSES, task=Task.CLASSIFICATION)


def test_training_data_of_one_class_is_the_datas_fault(answered):
    data = {**CLASSES, "train": replace(CLASSES["train"], labels=np.ones(12, dtype=np.int64))}
    found = kernel.kernels(answered(), data, SPLITS)
    with pytest.raises(MeasurementError, match=r"cannot be fitted on data\.train: The number of classes"):
        kernel.cells(found, candidate=candidate(), shots=EXACT, data=data, task=Task.CLASSIFICATION)


def test_every_level_and_seed_is_drawn_and_fitted_anew(answered):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    cells = kernel.cells(found, candidate=candidate(model="ridge"), shots=SHOTS, data=NUMBERS, task=Task.REGRESSION)
    keys = [(None, None), (50, 3), (50, 8), (400, 3), (400, 8)]
    assert [(c.key.shots, c.key.seed, c.key.split) for c in cells] == [(*pair, split) for pair in keys for split in SPLITS]
    answers = [tuple(c.predictions) for c in cells if c.key.split == "test"]
    assert len(set(answers)) == len(keys)
    off = {key: np.abs(np.subtract(value, answers[0])).mean() for key, value in zip(keys, answers, strict=True)}
    assert off[400, 3] + off[400, 8] < off[50, 3] + off[50, 8]


def test_the_training_kernel_is_drawn_too(answered):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    cells = predicted(kernel.cells(found, candidate=candidate(model="ridge"), shots=SHOTS, data=NUMBERS, task=Task.REGRESSION))
    train = sampled(found.train, 50, np.random.default_rng([8, 50, 0]), symmetric=True)
    drawn = sampled(found.splits["test"], 50, np.random.default_rng([8, 50, *b"test"]), symmetric=False)
    weights = np.linalg.solve(train + np.eye(12), NUMBERS["train"].labels)
    np.testing.assert_allclose(cells["test", 50, 8], drawn @ weights, atol=1e-10, rtol=0)


@pytest.mark.parametrize(
    ("splits", "shots"),
    [
        (("test", "validation"), SHOTS),
        (("validation",), SHOTS),
        (SPLITS, Shots(schedule=(400,), seeds=(8,))),
        (SPLITS, Shots(schedule=(50, 400), seeds=(8, 3))),
    ],
)
def test_a_cell_is_the_same_bits_whatever_is_drawn_beside_or_before_it(answered, splits, shots):
    """Else a repetition, which draws one cell alone, would differ from the first measurement."""
    asked, task = candidate(), Task.CLASSIFICATION
    whole = kernel.cells(kernel.kernels(answered(), CLASSES, SPLITS), candidate=asked, shots=SHOTS, data=CLASSES, task=task)
    found = kernel.kernels(answered(splits=splits), CLASSES, splits)
    part = kernel.cells(found, candidate=asked, shots=shots, data=CLASSES, task=task)
    first = {c.key: c for c in whole}
    assert len(part) == len(splits) * (1 + len(shots.planned))
    for cell in part:
        assert same_bits(cell.predictions, first[cell.key].predictions)
        assert same_bits(cell.scores, first[cell.key].scores)


def test_facts_tell_what_the_training_kernel_is_like(answered):
    found = kernel.kernels(answered(), CLASSES, SPLITS)
    labels = CLASSES["train"].labels
    told = kernel.facts(found, candidate=candidate(regularisation=0.5), shots=EXACT, labels=labels, task=Task.CLASSIFICATION)
    assert told == {
        "engine": "lightning.qubit, states and one product",
        "described": dict.fromkeys(("train", *SPLITS), "one traced call for all rows"),
        "sampling": "binomial draws of exact kernel entries; the diagonal is 1",
        "model": "svm, regularisation 0.5",
        "smallest_eigenvalue": np.linalg.eigvalsh(found.train)[0],
        "concentration": pytest.approx(found.train[np.triu_indices(12, 1)].var()),
        "target_alignment": pytest.approx(
            qml.kernels.polarity(
                range(12),
                np.where(labels, 1, -1),
                lambda a, b: found.train[a, b],
                rescale_class_labels=False,
                normalize=True,
            )
        ),
    }


def test_facts_tell_when_the_fitted_kernel_is_indefinite(answered):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    shots = Shots(schedule=(1000, 5), seeds=(3, 8))
    told = kernel.facts(found, candidate=candidate(), shots=shots, labels=NUMBERS["train"].labels, task=Task.REGRESSION)
    train = sampled(found.train, 5, np.random.default_rng([3, 5, 0]), symmetric=True)
    assert told["smallest_eigenvalue_with_shots"] == np.linalg.eigvalsh(train)[0] < -0.1 < told["smallest_eigenvalue"]
    assert "target_alignment" not in told


def test_a_gaussian_process_predicts_numbers_and_classes(answered):
    """Numbers: the mean of labels plus the ridge's solution of what is left, in units of its deviation."""
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    labels = NUMBERS["train"].labels
    asked = candidate(model="gp", regularisation=4.0)
    cell, _ = kernel.cells(found, candidate=asked, shots=EXACT, data=NUMBERS, task=Task.REGRESSION)
    solved = np.linalg.solve(found.train + np.eye(12) / 4.0, labels - labels.mean())
    np.testing.assert_allclose(cell.predictions, labels.mean() + found.splits["validation"] @ solved, atol=1e-10, rtol=0)
    cells = kernel.cells(found, candidate=asked, shots=SHOTS, data=CLASSES, task=Task.CLASSIFICATION)
    assert len(cells) == len(SPLITS) * 5
    for one in cells:
        assert one.score_kind == "decision"
        np.testing.assert_array_equal(one.predictions, (one.scores > 0).astype(np.int64))


def test_re_salted_seed_lists_are_drawn_and_fitted_as_the_charters_would_be(answered):
    found = kernel.kernels(answered(), CLASSES, SPLITS)
    asked = {"candidate": candidate(), "data": CLASSES, "task": Task.CLASSIFICATION}
    salted = kernel.salted_cells(found, shots=SHOTS, **asked)
    assert len(salted) == SALTS * len(SHOTS.seeds) * len(SPLITS)
    as_charters = {c.key: c for c in kernel.cells(found, shots=SHOTS.salted(7), **asked) if c.key.shots}
    mine = {replace(c.key, role="candidate"): c for c in salted if c.key.role == salt_role(7)}
    assert list(mine) == list(as_charters)
    assert all(same_bits(mine[key].scores, cell.scores) for key, cell in as_charters.items())
    assert kernel.salted_cells(found, shots=EXACT, **asked) == ()


def test_large_kernels_are_tried_on_fewer_lists_or_none_and_say_so(answered, monkeypatch):
    found = kernel.kernels(answered(), CLASSES, SPLITS)
    asked = {"candidate": candidate(), "data": CLASSES, "task": Task.CLASSIFICATION}
    one_list = 2 * (12 * 12 // 2 + 7 * 12 + 5 * 12)
    for affordable, lists, words in (
        (7, 7, "the verdict is tried on 7 re-salted seed lists instead of 20, for the time that they take here"),
        (4, 0, "the verdict is tried on no re-salted seed lists: at this size even 5 would take too long"),
    ):
        monkeypatch.setattr(kernel, "_SALTED_ENTRIES", affordable * one_list)
        assert len(kernel.salted_cells(found, shots=SHOTS, **asked)) == lists * 2 * 2
        assert kernel.salted_facts(found, candidate(), SHOTS) == {"seed_lists": words}


def test_a_model_that_takes_longer_to_fit_is_tried_on_fewer_lists(answered, monkeypatch):
    found = kernel.kernels(answered(data=NUMBERS), NUMBERS, SPLITS)
    asked = {"shots": SHOTS, "data": NUMBERS, "task": Task.REGRESSION}
    monkeypatch.setattr(kernel, "_SALTED_ENTRIES", 5000)
    lists = {m: len(kernel.salted_cells(found, candidate=candidate(model=m), **asked)) // 4 for m in ("svm", "ridge", "gp")}
    assert lists == {"svm": 11, "ridge": 10, "gp": 6}
