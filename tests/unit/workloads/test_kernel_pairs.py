"""Kernels of two samples: found out, described as states or circuits, and the same as one circuit a pair by PennyLane."""

import sys
from types import ModuleType

import numpy as np
import pennylane as qml
import pytest

from qgate.charter.metrics import Task
from qgate.domain.charter import Candidate, CandidateKind, Shots
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.quantum import preparation, replay
from qgate.quantum.bounds import Bounds
from qgate.worker.answer_kernel import answer
from qgate.workloads import kernel
from qgate.workloads.dataset import Dataset
from qgate.workloads.fallback import Fallback

WIRES = 3
RNG = np.random.default_rng(4)
X = {name: RNG.uniform(-1.5, 1.5, (rows, WIRES)) for name, rows in (("train", 8), ("validation", 5))}
DATA = {name: Dataset(features=x, labels=(x[:, 0] > 0).astype(np.int64)) for name, x in X.items()}
SPLITS = ("validation",)
DEVICE = qml.device("default.qubit", wires=WIRES)
PENNYLANE = Fallback(device="lightning.qubit", why="a test asks for it")
ONCE = "as states, N + M of them, from one traced call"


def feature_map(x, scale=1.0):
    qml.Hadamard(1)
    for _ in range(2):
        qml.AngleEmbedding(scale * x, wires=range(WIRES), rotation="Y")
        qml.IsingZZ(x[0] * x[1], wires=[0, 2])
        qml.CNOT([1, 2])


def applied(x, y):
    feature_map(x)
    qml.adjoint(feature_map)(y)
    return qml.probs(wires=range(WIRES))


def projected(x, y, *, layers=1):
    for _ in range(layers):
        feature_map(x)
    for _ in range(layers):
        qml.adjoint(feature_map)(y)
    return qml.expval(qml.Projector([0, 0, 0], wires=[2, 0, 1]))


node = qml.QNode(applied, DEVICE)
projecting = qml.QNode(projected, DEVICE)


def handed_on(x, y):
    return float(node(x, y)[0])


def flipped_outcome(x, y):
    """The overlap read as the outcome 5, through gates after the inverse map."""
    feature_map(x)
    qml.adjoint(feature_map)(y)
    qml.X(0)
    qml.X(2)
    return qml.expval(qml.Projector([1, 0, 1], wires=range(WIRES)))


def amplitudes(x, y):
    qml.AmplitudeEmbedding(x, wires=range(2), normalize=True, pad_with=0.5)
    qml.adjoint(qml.AmplitudeEmbedding)(y, wires=range(2), normalize=True, pad_with=0.5)
    return qml.probs(wires=range(2))


def swap_test(x, y):
    for sample, wire in ((x, 1), (y, 2)):
        qml.RY(sample[0] * sample[1], wires=wire)
    qml.Hadamard(0)
    qml.CSWAP([0, 1, 2])
    qml.Hadamard(0)
    return qml.expval(qml.Z(0))


def interleaved(x, y):
    for wire in range(WIRES):
        qml.RX(x[wire], wires=wire)
        qml.RX(-y[wire], wires=wire)
    return qml.probs(wires=range(WIRES))


def branching(x, y):
    feature_map(x)
    if x[0] > 0:
        qml.X(0)
        qml.X(0)
    qml.adjoint(feature_map)(y)
    return qml.probs(wires=range(WIRES))


def mid_circuit(x, y):
    feature_map(x)
    qml.adjoint(feature_map)(y)
    qml.measure(0)
    return qml.probs(wires=range(WIRES))


STATES = {"applied": applied, "QNode": node, "handed on": handed_on, "projected": projected, "projecting": projecting}
CIRCUITS = {"swap test": swap_test, "interleaved": interleaved, "branching": branching, "amplitudes": amplitudes}


@pytest.fixture
def answered(monkeypatch):
    """What the worker answers when the pilot's kernel is `function`."""

    def ask(function, instead=None, **given):
        made = ModuleType("qgate_test_pilot")
        made.kernel = function
        monkeypatch.setitem(sys.modules, made.__name__, made)
        value, arrays = answer(kernel.order(candidate(**given), DATA, SPLITS, instead))
        return Answer(value=value, arrays=arrays)

    return ask


def candidate(**given):
    return Candidate(kind=CandidateKind.KERNEL, entrypoint="qgate_test_pilot:kernel", **given)


def own(function, rows):
    """The matrix by one call a pair, of the function itself or of a QNode of it."""
    call = (
        function if function is handed_on or isinstance(function, qml.QNode) else qml.QNode(function, qml.device("default.qubit"))
    )
    return np.array([[np.ravel(call(x, y))[0] for y in X["train"]] for x in rows], dtype=np.float64)


@pytest.mark.parametrize("name", STATES)
def test_an_overlap_is_described_as_states_and_is_the_matrix_of_pairs(answered, name):
    said = answered(STATES[name])
    assert set(said.value["described"]) == {"train", "validation"}
    found = kernel.kernels(said, DATA, SPLITS)
    np.testing.assert_allclose(found.train, own(STATES[name], X["train"]), atol=1e-10, rtol=0)
    np.testing.assert_allclose(found.splits["validation"], own(STATES[name], X["validation"]), atol=1e-10, rtol=0)
    assert (found.signed, found.facts) == (
        False,
        {
            "engine": "lightning.qubit, states and one product",
            "described": {"train": ONCE, "validation": ONCE},
        },
    )


@pytest.mark.parametrize("name", CIRCUITS)
def test_what_is_no_overlap_is_described_pair_by_pair(answered, name):
    found = kernel.kernels(answered(CIRCUITS[name]), DATA, SPLITS)
    np.testing.assert_allclose(found.train, own(CIRCUITS[name], X["train"]), atol=1e-10, rtol=0)
    np.testing.assert_allclose(found.splits["validation"], own(CIRCUITS[name], X["validation"]), atol=1e-10, rtol=0)
    np.testing.assert_array_equal(found.train, found.train.T)
    np.testing.assert_array_equal(np.diag(found.train), np.ones(8))
    assert found.signed is (name == "swap test")
    assert found.facts["engine"] == "lightning.qubit, one circuit for each pair of rows"
    assert found.facts["described"]["validation"].startswith("a circuit for each pair (")


def test_another_outcome_is_an_overlap_with_another_state(answered):
    said = answered(flipped_outcome)
    assert set(said.value["described"]) == {"train", "validation", "<train>"}
    found = kernel.kernels(said, DATA, SPLITS)
    np.testing.assert_allclose(found.splits["validation"], own(flipped_outcome, X["validation"]), atol=1e-10, rtol=0)
    assert found.facts["engine"] == "lightning.qubit, states and one product"


def test_what_is_one_kernel_is_the_feature_maps(answered):
    of_map, of_pairs = (kernel.kernels(answered(function), DATA, SPLITS) for function in (feature_map, applied))
    np.testing.assert_array_equal(of_pairs.train, of_map.train)
    np.testing.assert_array_equal(of_pairs.splits["validation"], of_map.splits["validation"])


@pytest.mark.parametrize(
    "function", [applied, handed_on, swap_test, branching, mid_circuit, feature_map], ids=lambda f: f.__name__
)
def test_pennylane_evaluates_the_same_matrices(answered, function):
    found = kernel.kernels(answered(function, PENNYLANE), DATA, SPLITS, PENNYLANE)
    expected = applied if function is feature_map else function
    np.testing.assert_allclose(found.train, own(expected, X["train"]), atol=1e-10, rtol=0)
    np.testing.assert_allclose(found.splits["validation"], own(expected, X["validation"]), atol=1e-10, rtol=0)
    assert found.facts == {"engine": "pennylane", "fallback": {"device": "lightning.qubit", "why": "a test asks for it"}}


@pytest.mark.parametrize("function", [applied, feature_map], ids=lambda f: f.__name__)
def test_the_fallback_needs_no_bindings(answered, monkeypatch, function):
    def gone(_wires):
        raise EngineError("no bindings")

    said = answered(function, PENNYLANE)
    for module in (replay, preparation):
        monkeypatch.setattr(module, "StateVectorC128", gone)
    found = kernel.kernels(said, DATA, SPLITS, PENNYLANE)
    np.testing.assert_allclose(found.train, own(applied, X["train"]), atol=1e-10, rtol=0)


def test_mid_circuit_measurements_are_refused_into_the_fallback(answered):
    with pytest.raises(EngineError, match="mid-circuit measurements cannot be described"):
        kernel.kernels(answered(mid_circuit), DATA, SPLITS)


def test_every_level_and_seed_is_drawn_from_either_law(answered):
    shots = Shots(schedule=(400,), seeds=(3, 8))
    for function, lowest in ((applied, 0.0), (swap_test, -1.0)):
        found = kernel.kernels(answered(function), DATA, SPLITS)
        drawn = kernel._sampled(found, 400, 3)
        assert lowest <= drawn.splits["validation"].min()
        off = drawn.splits["validation"] - found.splits["validation"]
        assert 0 < np.abs(off).max() < 0.25
        np.testing.assert_array_equal(drawn.train, drawn.train.T)
        np.testing.assert_array_equal(np.diag(drawn.train), np.ones(8))
        cells = kernel.cells(found, candidate=candidate(), shots=shots, data=DATA, task=Task.CLASSIFICATION)
        assert [(c.key.shots, c.key.seed) for c in cells] == [(None, None), (400, 3), (400, 8)]


def test_the_variance_of_a_signed_kernel_is_that_of_its_shots(answered):
    found = kernel.kernels(answered(swap_test), DATA, SPLITS)
    exact = found.splits["validation"]
    rng = np.random.default_rng(0)
    draws = np.array([found.drawn(exact, 100, rng, symmetric=False) for _ in range(2000)])
    np.testing.assert_allclose(draws.mean(axis=0), exact, atol=0.01)
    np.testing.assert_allclose(draws.var(axis=0), (1 - exact**2) / 100, rtol=0.25, atol=1e-5)


def ignoring_order(x, y):
    qml.RX(x[0] + 2 * y[0], wires=0)
    return qml.probs(wires=0)


def not_one(x, y):
    feature_map(x)
    qml.adjoint(feature_map)(0.5 * y)
    return qml.probs(wires=range(WIRES))


def one_sided(x, y):
    qml.RX(x[0] - np.sin(x[1]) * (y[0] - x[0]) - y[0], wires=0)
    return qml.probs(wires=0)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (ignoring_order, r"kernel\(x, y\) of a sample with itself is not 1"),
        (not_one, r"kernel\(x, y\) (of two samples depends on their order|of a sample with itself is not 1)"),
        (one_sided, "the kernel of train differs from the candidate's own QNode"),
    ],
)
def test_what_is_no_normalised_symmetric_kernel_is_an_error(answered, function, why):
    with pytest.raises(MeasurementError, match=why):
        kernel.kernels(answered(function), DATA, SPLITS)


def computes(x, y):
    return 1 - node(x, y)[1]


def adds(x, y):
    return node(x, y)[0] + node(x, y)[1]


def sums(x, y):
    probabilities = node(x, y)
    return probabilities[0] + probabilities[1]


def largest(x, y):
    return np.max(node(x, y))


def two_nodes(x, y):
    return node(x, y)[0] * node(y, x)[0]


def nothing(x, y):
    feature_map(x)
    feature_map(y)


@pytest.mark.parametrize("function", [computes, adds, sums, largest, two_nodes], ids=lambda f: f.__name__)
def test_a_number_that_is_computed_has_no_law_of_shots(answered, function):
    with pytest.raises(MeasurementError, match="as the one number of a QNode's answer that it hands on as it is"):
        answered(function)


def test_what_returns_nothing_is_told_what_a_kernel_returns(answered):
    with pytest.raises(MeasurementError, match=r"requires x, y, and was therefore called .*: a kernel of two samples returns"):
        answered(nothing)


def test_options_and_weights_are_no_samples(answered):
    def with_layers(x, layers):
        for _ in range(layers):
            feature_map(x)

    assert kernel.kernels(answered(with_layers, options={"layers": 2}), DATA, SPLITS).train.shape == (8, 8)
    assert kernel.kernels(answered(projected, options={"layers": 2}), DATA, SPLITS).train.shape == (8, 8)
    with pytest.raises(
        MeasurementError, match=r"requires x, layers, and was therefore called as a kernel of two samples: TypeError"
    ):
        answered(with_layers)


def test_three_samples_are_one_too_many(answered):
    def three(x, y, z):
        return applied(x, y + z)

    with pytest.raises(
        MeasurementError, match=r"requires x, y, z: a feature map requires one sample, a kernel of two samples two"
    ):
        answered(three)


def test_more_pairs_than_are_simulated_are_refused(answered):
    said = answered(swap_test)
    with pytest.raises(MeasurementError, match=r"76 pairs of rows; at most 10 are simulated .*pilot\.simulation\.pairs"):
        kernel.kernels(said, DATA, SPLITS, bounds=Bounds(pairs=10))
    value, _ = answer(kernel.order(candidate(), DATA, SPLITS, bounds=Bounds(pairs=10)))
    assert "76 pairs of rows; at most 10" in value["refused"]


@pytest.mark.parametrize("outcome", [8, -1, 0.0, True, "0", None])
def test_a_forged_outcome_is_refused(answered, outcome):
    said = answered(interleaved)
    forged = Answer(value={**said.value, "outcome": outcome}, arrays=said.arrays)
    with pytest.raises(MeasurementError, match="outcome"):
        kernel.kernels(forged, DATA, SPLITS)
