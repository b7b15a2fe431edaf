"""The engine against the circuits' own QNodes: exact values to 1e-10, and the law of sampled ones."""

import functools
import tracemalloc
from typing import Any

import numpy as np
import pennylane as qml
import pytest
from scipy import stats

from qgate.errors import MeasurementError
from qgate.quantum.capture import describe
from qgate.quantum.description import Bounds, decode, encode
from qgate.quantum.engine import frequencies, simulate
from qgate.quantum.own import own_values
from qgate.quantum.replay import marginal

ROWS = 6
WEIGHTS = np.random.default_rng(7).uniform(-3, 3, (2, 3, 3))
HERMITIAN = np.array([[1.0, 2 - 1j, 0, 0], [2 + 1j, -1, 0, 0.5], [0, 0, 0.3, 1j], [0, 0.5, -1j, 2]])


def features(columns: int = 3) -> np.ndarray:
    return np.random.default_rng(3).uniform(-2, 2, (ROWS, columns))


def ansatz(x, weights):
    qml.AngleEmbedding(x, wires=range(3))
    qml.StronglyEntanglingLayers(weights, wires=range(3))


def templates(x, weights):
    ansatz(x, weights)
    return qml.expval(qml.Z(0))


def reuploading(x, weights):
    for layer in weights:
        for wire in range(3):
            qml.RX(x[wire], wires=wire)
            qml.Rot(*layer[wire], wires=wire)
        qml.CNOT([0, 1])
        qml.CZ([1, 2])
    return [qml.expval(qml.Z(w)) for w in range(3)]


def controlled_and_adjoint(x, weights):
    qml.Hadamard(0)
    qml.ctrl(qml.RX, control=0)(x[0], wires=1)
    qml.adjoint(qml.Rot)(*weights[0, 0], wires=2)
    qml.adjoint(qml.S)(1)
    qml.adjoint(qml.CRot)(*weights[0, 1], wires=[0, 2])
    qml.ctrl(qml.RY(x[1], wires=2), control=[0, 1], control_values=[0, 1])
    qml.ctrl(qml.adjoint(qml.T)(2), control=0)
    qml.PauliRot(x[2], "XYZ", wires=[0, 1, 2])
    qml.MultiRZ(x[0], wires=[0, 1, 2])
    qml.PhaseShift(0.3, wires=1)
    return qml.expval(qml.Y(1) @ qml.X(2))


def every_native_gate(x, weights):
    for wire in range(4):
        qml.RY(x[0] + wire, wires=wire)
    for gate in (qml.PauliX, qml.PauliY, qml.PauliZ, qml.Hadamard, qml.S, qml.T, qml.SX):
        gate(0)
        qml.adjoint(gate)(1)
    for gate in (qml.RX, qml.RY, qml.RZ, qml.PhaseShift):
        gate(x[1], wires=2)
        qml.adjoint(gate)(x[2], wires=3)
    for gate in (qml.CNOT, qml.CY, qml.CZ, qml.SWAP):
        gate([0, 3])
    qml.CSWAP([0, 1, 2])
    qml.Toffoli([3, 1, 0])
    for gate in (qml.CRX, qml.CRY, qml.CRZ, qml.ControlledPhaseShift, qml.PSWAP, qml.IsingXX, qml.IsingXY, qml.IsingYY):
        gate(x[1], wires=[1, 2])
        qml.adjoint(gate)(x[0], wires=[3, 0])
    for gate in (qml.IsingZZ, qml.SingleExcitation, qml.SingleExcitationPlus, qml.SingleExcitationMinus):
        gate(x[1], wires=[0, 2])
    for gate in (qml.DoubleExcitation, qml.DoubleExcitationPlus, qml.DoubleExcitationMinus):
        gate(x[2], wires=[0, 1, 2, 3])
    qml.CRot(*weights[0, 0], wires=[2, 0])
    return qml.probs(wires=[2, 0, 3])


def state_preparation(x, weights):
    qml.AmplitudeEmbedding(np.r_[x, 1.0], wires=[0, 1], normalize=True)
    qml.BasisState(np.array([1]), wires=[2])
    qml.RX(weights[0, 0, 0], wires=0)
    return qml.expval(qml.Z(0) @ qml.Z(2)), qml.probs()


def observables(x, weights):
    qml.IQPEmbedding(x, wires=range(3))
    qml.RY(weights[0, 0, 0], wires=1)
    mixed = 0.5 * qml.X(0) @ qml.Y(1) - 1.5 * qml.Z(2) + 2.0 * qml.I(0) + 0.25 * qml.Z(0)
    return (
        qml.expval(mixed),
        qml.var(qml.X(0) @ qml.Z(1)),
        qml.var(qml.Z(0) + 0.5 * qml.X(0)),
        qml.expval(qml.Hermitian(HERMITIAN, wires=[2, 0])),
        qml.var(qml.Hermitian(HERMITIAN, wires=[0, 1])),
        qml.expval(qml.Projector([1, 0], wires=[0, 1])),
        qml.probs(wires=[1, 2]),
    )


def unitary_by_row(x, weights):
    qml.QubitUnitary(qml.matrix(qml.RX(x[0], wires=0)), wires=0)
    qml.QubitUnitary(qml.matrix(qml.Toffoli([0, 1, 2])), wires=[0, 1, 2])
    qml.Hadamard(1)
    return qml.expval(qml.X(1)), qml.expval(qml.Z(0))


def branches_on_data(x, weights):
    if x[0] > 0:
        qml.X(0)
    for wire in np.argsort(x):
        qml.RY(float(x[wire]), wires=int(wire))
    qml.CNOT([0, 1] if x[1] > 0 else [1, 2])
    return qml.expval(qml.Z(1))


def named_wires(x, weights):
    qml.RX(x[0], wires="data")
    qml.CNOT(["data", "answer"])
    return qml.expval(qml.Z("answer"))


CIRCUITS = [
    templates,
    reuploading,
    controlled_and_adjoint,
    every_native_gate,
    state_preparation,
    observables,
    unitary_by_row,
    branches_on_data,
    named_wires,
]


def through_the_wire(circuit: Any, x: np.ndarray):
    structure, arrays = encode(describe(circuit, x, {"weights": WEIGHTS}).batches)
    return decode(structure, arrays, rows=len(x), bounds=Bounds())


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda c: c.__name__)
def test_exact_values_equal_the_circuits_own_qnode(circuit):
    x = features()
    own = np.array([own_values(circuit, row, {"weights": WEIGHTS}) for row in x])
    ours = simulate(through_the_wire(circuit, x)).exact()
    np.testing.assert_allclose(ours, own, atol=1e-10, rtol=0)


def wide(x, weights, wires):
    for wire in range(wires):
        qml.RY(x[wire % 3] + wire, wires=wire)
    for wire in range(wires - 1):
        qml.CNOT([wire, wire + 1])
    qml.RX(weights[0, 0, 0], wires=wires // 2)


def all_wires(x, weights, wires):
    wide(x, weights, wires)
    return qml.probs(wires=range(wires))


def shuffled_and_summed(x, weights, wires):
    """Probabilities of some wires in another order, in the basis of a sum over all; and the variance of a product."""
    wide(x, weights, wires)
    total = qml.sum(*(0.5**w * qml.Z(w) for w in range(wires)))
    return qml.probs(wires=[*range(wires - 1, 1, -1), 0]), qml.expval(total), qml.var(qml.prod(*(qml.Z(w) for w in range(wires))))


@pytest.mark.parametrize("wires", [14, 16])
@pytest.mark.parametrize("circuit", [all_wires, shuffled_and_summed], ids=lambda c: c.__name__)
def test_many_measured_wires_equal_default_qubit_without_a_table_of_them_all(circuit, wires):
    x = features()[:2]
    node = qml.QNode(circuit, qml.device("default.qubit", wires=wires))
    own = np.array([np.concatenate([np.atleast_1d(v) for v in _as_tuple(node(row, WEIGHTS, wires))]) for row in x])
    batches = through_the_wire(functools.partial(circuit, wires=wires), x)
    tracemalloc.start()
    simulated = simulate(batches)
    exact, drawn = simulated.exact(), simulated.sampled(500, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(exact, own, atol=1e-10, rtol=0)
    strings = drawn[:, : 2 ** (wires if circuit is all_wires else wires - 1)]
    np.testing.assert_array_equal(strings.sum(axis=1).round(12), [1, 1])
    np.testing.assert_array_equal((strings * 500).round(9) % 1, 0)
    assert peak < 64 * 8 * 2**wires  # a table of 4^wires would be 2 GiB at 14


def _as_tuple(values):
    return values if isinstance(values, tuple) else (values,)


def test_rows_with_different_structure_are_batched_apart_and_come_back_in_order():
    batches = through_the_wire(branches_on_data, features())
    assert len(batches) > 1
    assert sorted(int(r) for b in batches for r in b.rows) == list(range(ROWS))


def test_a_qnode_is_taken_for_its_circuit_function():
    node = qml.QNode(templates, qml.device("default.qubit", wires=3))
    x = features()
    np.testing.assert_array_equal(simulate(through_the_wire(node, x)).exact(), simulate(through_the_wire(templates, x)).exact())


def test_same_seed_same_bits_and_other_seed_other_bits():
    simulated = simulate(through_the_wire(observables, features()))
    first = simulated.sampled(100, 11)
    simulated.sampled(1000, 12)
    assert simulated.sampled(100, 11).tobytes() == first.tobytes()
    assert simulated.sampled(100, 12).tobytes() != first.tobytes()


def test_commuting_observables_are_drawn_together():
    def bell(x, weights):
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        return qml.expval(qml.Z(0)), qml.expval(qml.Z(1)), qml.expval(qml.Z(0) @ qml.Z(1))

    values = simulate(through_the_wire(bell, features())).sampled(37, 5)
    np.testing.assert_array_equal(values[:, 0], values[:, 1])
    np.testing.assert_array_equal(values[:, 2], np.ones(ROWS))
    assert not np.all(values[:, 0] == 0)


def test_sampled_means_follow_the_exact_ones():
    """400 seeds of 50 shots: each mean lies within 5 standard errors of the exact value (36 values: 1 in 50,000 by chance)."""
    simulated = simulate(through_the_wire(reuploading, features()))
    exact = simulated.exact()
    draws = np.array([simulated.sampled(50, seed) for seed in range(400)])
    standard_error = np.sqrt((1 - exact**2) / 50 / 400)
    assert np.all(np.abs(draws.mean(axis=0) - exact) < 5 * standard_error)


def test_engine_draws_have_the_law_of_lightning_shots():
    """Chi-squared of 20,000 engine shots and of 20,000 lightning shots against the exact law, seeded; both p > 0.001."""
    x = features()[:1]

    def four(x, weights):
        ansatz(x, weights)
        return qml.probs(wires=[0, 1])

    exact = simulate(through_the_wire(four, x)).exact()[0]
    shots = 20_000
    ours = simulate(through_the_wire(four, x)).sampled(shots, 1)[0] * shots

    def sampled(x, weights):
        ansatz(x, weights)
        return qml.counts(wires=[0, 1], all_outcomes=True)

    node = qml.set_shots(qml.QNode(sampled, qml.device("lightning.qubit", wires=3, seed=1)), shots)
    counts = node(x[0], WEIGHTS)
    theirs = np.array([counts[k] for k in ("00", "01", "10", "11")])
    assert stats.chisquare(ours, exact * shots).pvalue > 0.001
    assert stats.chisquare(theirs, exact * shots).pvalue > 0.001
    assert stats.chi2_contingency(np.array([ours, theirs])).pvalue > 0.001


def test_engine_estimates_are_distributed_as_those_of_lightning_shots():
    """Kolmogorov-Smirnov on 800 counts of 100 shots each, of two outcomes and of a product's parity, seeded; both p > 0.001."""
    x, shots, estimates = features()[:1], 100, 800

    def measured(x, weights):
        ansatz(x, weights)
        return qml.expval(qml.Z(0)), qml.expval(qml.Z(1) @ qml.Z(2))

    def sampled(x, weights):
        ansatz(x, weights)
        return qml.sample(wires=range(3))

    node = qml.set_shots(qml.QNode(sampled, qml.device("lightning.qubit", wires=3, seed=5)), shots * estimates)
    bits = np.asarray(node(x[0], WEIGHTS)).reshape(estimates, shots, 3)
    theirs = [bits[:, :, 0].sum(axis=1), ((bits[:, :, 1] + bits[:, :, 2]) % 2).sum(axis=1)]
    simulated = simulate(through_the_wire(measured, x))
    values = np.array([simulated.sampled(shots, seed)[0] for seed in range(estimates)])
    ours = np.round((1 - values.T) * shots / 2).astype(int)  # counts, since a float's last bit would tell any two apart
    for mine, other in zip(ours, theirs, strict=True):
        assert stats.ks_2samp(mine, other).pvalue > 0.001


def test_every_estimator_has_its_mean_and_its_variance():
    """1,000 seeds of 60 shots: sums over bases, products, matrices, projectors, probabilities, variances of one and many terms.

    All ten means lie within 5 of their standard errors, and so do the spreads of the seven that are means themselves (17 values:
    1 in 100,000 by chance). The estimated variance of an observable is that of the frequencies: its mean is smaller by 1 / shots.
    """
    shots, seeds = 60, 1000
    simulated = simulate(through_the_wire(observables, features()[:1]))
    draws = np.array([simulated.sampled(shots, seed)[0] for seed in range(seeds)])
    exact = simulated.exact()[0]
    ((_, readout, distributions),) = simulated.batches
    kinds = [kind for kind, parts in zip(readout.kinds, readout.parts, strict=True) for _ in range(parts[0].strings or 1)]
    assert kinds == ["expval", "var", "var", "expval", "var", "expval", *["probs"] * 4]
    expected = np.array([value * (1 - 1 / shots) if kind == "var" else value for kind, value in zip(kinds, exact, strict=True)])
    off = (draws.mean(axis=0) - expected) / (draws.std(axis=0, ddof=1) / np.sqrt(seeds))
    assert np.abs(off).max() < 5

    def spread(worth, basis):
        law = distributions[basis][0]
        return float(law @ worth**2 - (law @ worth) ** 2) / shots

    variances = []
    for kind, parts in zip(readout.kinds, readout.parts, strict=True):
        if kind == "probs":
            variances += [spread((parts[0].worth == s).astype(float), parts[0].basis) for s in range(parts[0].strings)]
        else:
            variances.append(sum(spread(p.worth, p.basis) for p in parts) if kind == "expval" else np.nan)
    found = draws.var(axis=0, ddof=1)
    fourth = ((draws - draws.mean(axis=0)) ** 4).mean(axis=0)
    error = np.sqrt((fourth - found**2) / seeds)
    known = ~np.isnan(variances)
    assert known.sum() == 7
    assert np.all(np.abs(found - variances)[known] < 5 * error[known])


def test_frequencies_of_two_outcomes_are_binomial_with_the_right_side():
    drawn = frequencies(np.array([[1.0, 0.0], [0.25, 0.75]]), 10_000, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[0], [1.0, 0.0])
    assert abs(drawn[1, 0] - 0.25) < 0.02


def test_marginal_keeps_the_order_asked_for():
    probabilities = np.arange(8.0) / 28
    expected = np.array([[0 + 2, 4 + 6, 1 + 3, 5 + 7]]) / 28
    np.testing.assert_allclose(marginal(probabilities, [2, 0], 3), expected)


def no_measurement(x, weights):
    qml.RX(x[0], wires=0)


def mid_circuit(x, weights):
    qml.RX(x[0], wires=0)
    outcome = qml.measure(0)
    qml.cond(outcome, qml.X)(1)
    return qml.expval(qml.Z(1))


def returns_samples(x, weights):
    qml.RX(x[0], wires=0)
    return qml.sample(wires=0)


@pytest.mark.parametrize(
    ("circuit", "words"),
    [(no_measurement, "returns no measurement"), (mid_circuit, "mid-circuit"), (returns_samples, "only expval, var and probs")],
)
def test_what_cannot_be_described_exactly_is_refused_with_the_reason(circuit, words):
    with pytest.raises(MeasurementError, match=words):
        describe(circuit, features(), {"weights": WEIGHTS})
