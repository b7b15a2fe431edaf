"""Kernels from states: as PennyLane's own matrices of pair circuits, whatever the chunks, and their shots binomial."""

import numpy as np
import pennylane as qml
import pytest

from qgate.errors import MeasurementError
from qgate.quantum import kernel
from qgate.quantum.capture import describe_map
from qgate.quantum.description import Bounds, decode, encode

X = np.random.default_rng(3).uniform(-2, 2, (7, 3))
Y = np.random.default_rng(4).uniform(-2, 2, (5, 3))
LABELS = np.array([1, -1, 1, 1, -1, -1, 1])


def feature_map(x):
    qml.IQPEmbedding(x, wires=range(3), n_repeats=2)
    qml.AngleEmbedding(x, wires=range(3), rotation="Y")


def branching(x):
    """Structure differs by row, so rows come from several batches, in no order."""
    if x[0] > 0:
        qml.CNOT([2, 0])
    feature_map(x)


def ending_in_a_state(x):
    feature_map(x)
    return qml.state()


def described(circuit, x):
    structure, arrays = encode(describe_map(circuit, x, {}).batches)
    return decode(structure, arrays, rows=len(x), bounds=Bounds(), measured=False)


def pair(circuit):
    @qml.qnode(qml.device("lightning.qubit", wires=3))
    def overlap(x, y):
        circuit(x)
        qml.adjoint(circuit)(y)
        return qml.probs(wires=range(3))

    return lambda x, y: overlap(x, y)[0]


@pytest.mark.parametrize("per_chunk", [100, 3, 1])
@pytest.mark.parametrize("circuit", [feature_map, branching])
def test_matrices_equal_those_of_pair_circuits(circuit, per_chunk, monkeypatch):
    monkeypatch.setattr(kernel, "_STATE_BYTES", per_chunk * 16 * 8)
    square = kernel.gram(described(circuit, X))
    np.testing.assert_allclose(square, qml.kernels.square_kernel_matrix(X, pair(circuit)), atol=1e-10, rtol=0)
    np.testing.assert_array_equal(square, square.T)
    np.testing.assert_array_equal(np.diag(square), np.ones(len(X)))
    other = kernel.cross(described(circuit, X), described(circuit, Y))
    np.testing.assert_allclose(other, qml.kernels.kernel_matrix(X, Y, pair(circuit)), atol=1e-10, rtol=0)


def test_what_a_feature_map_measures_is_left_out():
    np.testing.assert_array_equal(kernel.gram(described(ending_in_a_state, X)), kernel.gram(described(feature_map, X)))


def test_slices_of_the_product_change_nothing(monkeypatch):
    whole = kernel.cross(described(feature_map, X), described(feature_map, Y))
    monkeypatch.setattr(kernel, "_SLICE", 2)
    np.testing.assert_allclose(kernel.cross(described(feature_map, X), described(feature_map, Y)), whole, atol=1e-15, rtol=0)


def test_states_of_different_sizes_have_no_overlap():
    def wider(x):
        for wire in range(2 if x[0] > 0 else 3):
            qml.RX(x[0], wires=wire)

    with pytest.raises(MeasurementError, match=r"uses \[2, 3\] wires"):
        kernel.gram(described(wider, X))
    with pytest.raises(MeasurementError, match="3 wires with 1 wires"):
        kernel.cross(described(feature_map, X), described(lambda x: qml.RX(x[0], wires=0), Y))


def test_shots_are_binomial_and_symmetric():
    """2,000 draws of 40 shots: every entry's mean lies within 5 standard errors, and its variance within a fifth."""
    exact = kernel.gram(described(feature_map, X))
    draws = np.array([kernel.sampled(exact, 40, np.random.default_rng(seed), symmetric=True) for seed in range(2000)])
    np.testing.assert_array_equal(draws, draws.transpose(0, 2, 1))
    np.testing.assert_array_equal(draws[:, range(7), range(7)], np.ones((2000, 7)))
    upper = np.triu_indices(7, 1)
    variance = (exact * (1 - exact) / 40)[upper]
    assert np.all(np.abs(draws.mean(axis=0) - exact)[upper] < 5 * np.sqrt(variance / 2000))
    np.testing.assert_allclose(draws.var(axis=0)[upper], variance, rtol=0.2)


def test_entries_of_a_cross_kernel_are_drawn_each():
    drawn = kernel.sampled(np.array([[1.0 + 1e-16, 0.0, 0.5]]), 10_000, np.random.default_rng(0), symmetric=False)
    np.testing.assert_array_equal(drawn[0, :2], [1.0, 0.0])
    assert abs(drawn[0, 2] - 0.5) < 0.03


def test_alignment_is_pennylanes():
    exact = kernel.gram(described(feature_map, X))
    theirs = qml.kernels.target_alignment(X, LABELS, pair(feature_map), rescale_class_labels=False)
    assert kernel.target_alignment(exact, LABELS) == pytest.approx(theirs, abs=1e-12)
    assert kernel.target_alignment(np.outer(LABELS, LABELS), LABELS) == pytest.approx(1.0)


def test_figures_of_a_matrix():
    matrix = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.9], [0.0, 0.9, 1.0]])
    assert kernel.smallest_eigenvalue(matrix) == pytest.approx(1 - 0.9 * 2**0.5)
    assert kernel.concentration(matrix) == pytest.approx(np.var([0.9, 0.0, 0.9]))
