"""Noisy values against `default.mixed` with every error written out by hand, to 1e-10; trajectories against exact values."""

import json
from typing import Any

import numpy as np
import pennylane as qml
import pytest

from qgate.errors import MeasurementError
from qgate.quantum import density, noisy, trajectories
from qgate.quantum.calibration import Snapshot, read_snapshot
from qgate.quantum.capture import describe
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.description import Bounds, decode, encode
from qgate.quantum.noise import Noise, misread, repeated
from qgate.quantum.readout import read

ROWS = 5
PULSES = [0.002, 0.004, 0.001, 0.003]
PAIRS = {(0, 1): 0.02, (1, 2): 0.03, (2, 3): 0.01, (0, 2): 0.05}
RZZ = {(2, 3): 0.004}
READOUT = [(0.02, 0.06), (0.01, 0.03), (0.05, 0.09), (0.04, 0.02)]
WEIGHTS = np.random.default_rng(5).uniform(-3, 3, (3, 3, 3))
UNITARY = qml.matrix(qml.RY(0.3, 0) @ qml.RX(0.8, 1) @ qml.IsingXY(0.7, [0, 1]), wire_order=[0, 1])
HERMITIAN = np.array([[1.0, 2 - 1j, 0, 0], [2 + 1j, -1, 0, 0.5], [0, 0, 0.3, 1j], [0, 0.5, -1j, 2]])


def native(**changes: Any) -> dict[str, Any]:
    qubits = [
        {"gate_error": r, "prob_meas1_prep0": up, "prob_meas0_prep1": down} for r, (up, down) in zip(PULSES, READOUT, strict=True)
    ]
    couplers = [{"qubits": list(p), "gate_error": r} | ({"rzz_error": RZZ[p]} if p in RZZ else {}) for p, r in PAIRS.items()]
    whole = {"schema": "qgate/calibration/v1", "device": "square", "date": "2024-05-27", "qubits": qubits, "couplers": couplers}
    return whole | changes


def snapshot(**changes: Any) -> Snapshot:
    return read_snapshot(json.dumps(native(**changes)).encode(), "square.json")


NOISE = Noise(snapshot=snapshot(), layout=(2, 1, 0))  # not the identity: wire 0 is qubit 2


def described(function: Any, x: np.ndarray, weights: Any = None) -> CircuitBatch:
    batches, arrays = encode(describe(function, x, {"w": weights}).batches)
    (batch,) = decode(json.loads(json.dumps(batches)), arrays, rows=len(x), bounds=Bounds())
    return batch


# How many pulses or CX each operation takes, by the reference's own count.
PULSED = {"RX": 2, "RY": 2, "Rot": 2, "Hadamard": 1, "PauliX": 1, "PauliY": 1, "SX": 1, "QubitUnitary": 2}
COUPLED = {
    "CNOT": 1,
    "CZ": 1,
    "CY": 1,
    "CRX": 2,
    "CRY": 2,
    "CRZ": 2,
    "CRot": 2,
    "SWAP": 3,
    "IsingXX": 2,
    "IsingXY": 2,
    "QubitUnitary": 3,
}
PHASES = {"RZ", "S", "T", "PauliZ", "PhaseShift"}


def errors(operation: qml.operation.Operator, layout: tuple[int, ...]) -> list[qml.operation.Operator]:
    """The channels after an operation, one for every single pulse or CX: nothing is composed by a formula here."""
    name, qubits = operation.name.removeprefix("Adjoint(").removesuffix(")"), [layout[w] for w in operation.wires]
    if len(qubits) == 1:
        count = 0 if name in PHASES else PULSED[name]
        return [qml.DepolarizingChannel(1.5 * PULSES[qubits[0]], w) for w in operation.wires for _ in range(count)]
    pair = (min(qubits), max(qubits))
    if name == "IsingZZ":
        rate, count = (RZZ[pair], 1) if pair in RZZ else (PAIRS[pair], 2)
    else:
        rate, count = PAIRS[pair], COUPLED[name]
    p = 1 - np.sqrt(1 - 1.25 * rate)
    return [qml.DepolarizingChannel(p, w) for w in operation.wires for _ in range(count)]


def flips(wires: list[int], layout: tuple[int, ...]) -> list[qml.operation.Operator]:
    """Misreading as a channel on the populations: a mixture of leaving a bit, raising it and lowering it."""
    channels = []
    for w in wires:
        up, down = READOUT[layout[w]]
        kraus = [
            np.diag([np.sqrt(1 - up), np.sqrt(1 - down)]),
            np.array([[0, 0], [np.sqrt(up), 0]]),
            np.array([[0, np.sqrt(down)], [0, 0]]),
        ]
        channels.append(qml.QubitChannel(kraus, wires=w))
    return channels


def reference(function: Any, row: np.ndarray, weights: Any, layout: tuple[int, ...]) -> np.ndarray:
    """`default.mixed`, one measurement at a time: its diagonalising gates are noisy gates, then bits are flipped."""
    tape = qml.tape.make_qscript(function)(row, weights)
    (tape,), _ = qml.transforms.decompose(
        tape, gate_set=set(PULSED) | set(COUPLED) | PHASES | {"IsingZZ", *(f"Adjoint({n})" for n in (*PULSED, *COUPLED, *PHASES))}
    )
    values = []
    for measurement in tape.measurements:
        rotations = [] if measurement.obs is None else _diagonalising(measurement.obs)
        wires = list(measurement.wires)
        operations = [c for o in [*tape.operations, *rotations] for c in (o, *errors(o, layout))] + flips(wires, layout)
        ready = qml.tape.QuantumScript(operations, [qml.probs(wires=wires)])
        probabilities = qml.device("default.mixed", wires=len(layout)).execute([ready])[0]
        if measurement.obs is None:
            values.extend(probabilities)
        else:
            spectrum = _spectrum(measurement.obs)
            mean = probabilities @ spectrum
            variance = isinstance(measurement, qml.measurements.VarianceMP)
            values.append(probabilities @ spectrum**2 - mean**2 if variance else mean)
    return np.array(values)


def _diagonalising(observable: Any) -> list[qml.operation.Operator]:
    if isinstance(observable, qml.Hermitian):
        vectors = np.linalg.eigh(observable.matrix())[1]
        return [qml.QubitUnitary(vectors.conj().T, wires=observable.wires)]
    gates = []
    for wire, letter in next(iter(observable.pauli_rep)).items():
        gates += [qml.adjoint(qml.S(wire))] if letter == "Y" else []
        gates += [qml.Hadamard(wire)] if letter in "XY" else []
    return gates


def _spectrum(observable: Any) -> np.ndarray:
    if isinstance(observable, qml.Hermitian):
        return np.linalg.eigh(observable.matrix())[0]
    ((word, coefficient),) = observable.pauli_rep.items()
    return np.real(coefficient) * np.array([(-1) ** i.bit_count() for i in range(2 ** len(word))])


def rotations(x, w):
    for i in range(3):
        qml.RY(x[i], wires=i)
        qml.RX(0.3 * x[i], wires=i)
    for layer in w:
        for i in range(3):
            qml.Rot(*layer[i], wires=i)
        qml.CNOT([0, 1])
        qml.CZ([1, 2])
    return qml.expval(qml.Z(0))


def fixed_gates(x, w):
    qml.Hadamard(0)
    qml.RX(x[0], wires=0)
    qml.S(1)
    qml.T(1)
    qml.RY(x[1], wires=1)
    qml.X(2)
    qml.Y(0)
    qml.SX(1)
    qml.PhaseShift(0.4, 2)
    qml.RZ(x[2], wires=2)
    qml.CY([0, 2])
    qml.SWAP([1, 2])
    return qml.expval(qml.X(1)), qml.expval(qml.Y(2))


def controlled(x, w):
    qml.RY(x[0], wires=0)
    qml.ctrl(qml.RX(0.7, wires=1), control=0)
    qml.CRY(0.2, [1, 2])
    qml.CRZ(x[1], [0, 2])
    qml.CRot(0.1, 0.2, 0.3, [0, 1])
    return qml.expval(qml.Z(1) @ qml.X(2))


def adjoints(x, w):
    qml.RX(x[0], wires=1)
    qml.adjoint(qml.S)(1)
    qml.adjoint(qml.SX)(0)
    qml.adjoint(qml.QubitUnitary)(UNITARY, wires=[0, 2])
    qml.adjoint(qml.T)(2)
    qml.CNOT([2, 0])
    return qml.probs(wires=[2, 0])


def ising(x, w):
    for i in range(3):
        qml.Hadamard(i)
    qml.IsingZZ(x[0], wires=[0, 1])
    qml.IsingXX(0.4, wires=[1, 2])
    qml.IsingXY(x[1], wires=[0, 2])
    return qml.expval(qml.Z(0) @ qml.Z(1) @ qml.Z(2)), qml.var(qml.Y(0))


def matrices(x, w):
    qml.RY(x[0], wires=0)
    qml.QubitUnitary(UNITARY, wires=[2, 1])
    qml.QubitUnitary(qml.RX.compute_matrix(0.6), wires=1)
    return qml.expval(qml.Hermitian(HERMITIAN, wires=[0, 2]))


def reuploading(x, w):
    for layer in w:
        for i in range(3):
            qml.RX(x[i], wires=i)
            qml.Rot(*layer[i], wires=i)
        qml.CNOT([0, 1])
        qml.CNOT([1, 2])
    return qml.expval(qml.Z(2))


SUITE = [rotations, fixed_gates, controlled, adjoints, ising, matrices, reuploading]


def features(rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(8).uniform(-2, 2, (rows, 3))


@pytest.mark.parametrize("function", SUITE, ids=lambda f: f.__name__)
def test_agrees_with_default_mixed(function):
    x = features()
    batch = described(function, x, WEIGHTS)
    found = noisy.simulate([batch], NOISE)
    expected = np.array([reference(function, row, WEIGHTS, NOISE.layout) for row in x])
    assert np.abs(found.values - expected).max() < 1e-10
    assert found.error == 0.0


@pytest.mark.parametrize("function", [rotations, matrices, fixed_gates], ids=lambda f: f.__name__)
def test_both_exact_ways_give_the_same(function):
    batch = described(function, features(), WEIGHTS)
    bases = read(batch.measurements).bases
    forwards, backwards = density._forwards(batch, bases, NOISE), density._backwards(batch, bases, NOISE)
    assert max(np.abs(a - b).max() for a, b in zip(forwards, backwards, strict=True)) < 1e-13


def test_observables_are_carried_back_only_where_the_data_enters_before_any_coupling():
    methods = {f.__name__: noisy.simulate([described(f, features(), WEIGHTS)], NOISE).method for f in (rotations, reuploading)}
    assert methods == {"rotations": noisy.EXACT_BACK, "reuploading": noisy.EXACT}


def test_rows_are_carried_forward_where_that_is_less_work():
    batch = described(rotations, features(1), WEIGHTS)
    assert noisy.simulate([batch], NOISE).method == noisy.EXACT


def test_without_errors_the_values_are_the_circuits_own():
    perfect = [{"gate_error": 0, "prob_meas1_prep0": 0, "prob_meas0_prep1": 0}] * 4
    clean = Noise(
        snapshot=snapshot(qubits=perfect, couplers=[{"qubits": list(p), "gate_error": 0} for p in PAIRS]), layout=(2, 1, 0)
    )
    x = features()
    node = qml.QNode(rotations, qml.device("lightning.qubit", wires=3), diff_method=None)
    expected = np.array([node(row, WEIGHTS) for row in x])
    assert np.abs(noisy.simulate([described(rotations, x, WEIGHTS)], clean).values[:, 0] - expected).max() < 1e-12


def test_trajectories_are_within_their_own_error_bars(monkeypatch):
    batch = described(reuploading, features(40), WEIGHTS)
    exact = noisy.simulate([batch], NOISE).values
    monkeypatch.setattr(density, "MAXIMUM_WIRES", 2)
    sampled = noisy.simulate([batch], NOISE)
    assert sampled.method == noisy.SAMPLED
    assert 0 < sampled.error < 0.03
    # 40 rows with errors of their own: the root mean square is about half the largest error bar, never two of them.
    assert 0 < np.sqrt(np.mean((sampled.values - exact) ** 2)) < sampled.error
    assert np.array_equal(sampled.values, noisy.simulate([batch], NOISE).values)


def test_error_bars_of_trajectories_have_their_nominal_width():
    """The z-scores of 200 estimates have a variance of 15/13 (t with 15 degrees of freedom); its own error is 10 %, seeded."""
    batch = described(reuploading, features(100), WEIGHTS)
    bases = read(batch.measurements).bases
    (groups,) = trajectories.distributions(batch, bases, NOISE, seed=2)
    (exact,) = density.distributions(batch, bases, NOISE)
    z = (groups.mean(axis=0) - exact)[:, 0] / (groups.std(axis=0, ddof=1)[:, 0] / 4)
    assert 0.7 < z.var() < 1.7
    assert abs(z.mean()) < 0.35


def test_trajectories_do_not_depend_on_the_other_rows():
    x = features(4)
    whole, part = (described(reuploading, rows, WEIGHTS) for rows in (x, x[:2]))
    bases = read(whole.measurements).bases
    (of_all,), (of_two,) = (trajectories.distributions(b, bases, NOISE, seed=3) for b in (whole, part))
    assert np.array_equal(of_all[:, :2], of_two)


def test_misreading_keeps_probability_and_moves_it_by_the_two_rates():
    confusions = NOISE.confusions([0, 1])  # qubits 2 and 1
    found = misread(np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0]]), confusions)
    expected = [[0.95 * 0.99, 0.95 * 0.01, 0.05 * 0.99, 0.05 * 0.01], [0.09 * 0.03, 0.09 * 0.97, 0.91 * 0.03, 0.91 * 0.97]]
    assert np.allclose(found, expected, rtol=0, atol=1e-15)


def test_repeated_errors_contract_together():
    once, twice = density.depolarising(0.1), density.depolarising(repeated(0.1, 2))
    assert np.allclose(once @ once, twice, rtol=0, atol=1e-15)
    assert repeated(0.75, 1) == 0.75


def toffoli(x, w):
    qml.RX(x[0], wires=0)
    qml.Toffoli([0, 1, 2])
    return qml.expval(qml.Z(2))


def amplitudes(x, w):
    qml.AmplitudeEmbedding(x[:2], wires=[0], normalize=True)
    return qml.expval(qml.Z(0))


def spread(x, w):
    qml.RX(x[0], wires=0)
    qml.CNOT([0, 2])
    qml.CNOT([0, 1])
    return qml.expval(qml.Z(1))


@pytest.mark.parametrize(
    ("function", "noise", "told"),
    [
        (toffoli, NOISE, "Toffoli on 3 wires is no gate of a device: write it as one- and two-qubit gates"),
        (amplitudes, NOISE, "prepared amplitudes are no gate of a device"),
        (spread, Noise(snapshot=snapshot(), layout=(3, 2, 0)), "wires 0 and 2 need the qubits 0 and 3, which are not connected"),
        (spread, Noise(snapshot=snapshot(), layout=(2, 1)), "the layout places 2 wires, and the circuit has 3"),
        (spread, Noise(snapshot=snapshot(), layout=(2, 1, 9)), r"the layout names the qubits \[9\], and square has 0 to 3"),
        (
            spread,
            Noise(
                snapshot=snapshot(couplers=[{"qubits": [0, 2], "gate_error": 1}, {"qubits": [1, 2], "gate_error": 0.1}]),
                layout=(2, 1, 0),
            ),
            "need the qubits 0 and 2, which are out of service",
        ),
        (
            spread,
            Noise(snapshot=snapshot(qubits=[{"gate_error": 1}, {}, {}, {}]), layout=(2, 1, 0)),
            "qubit 2 has no pulse error, or is out of service; qubit 1 has no readout error",
        ),
    ],
)
def test_what_the_snapshot_cannot_say_is_named(function, noise, told):
    with pytest.raises(MeasurementError, match=told):
        noisy.simulate([described(function, features(), None)], noise)


def test_a_gate_worse_than_useless_leaves_nothing():
    """Beyond an infidelity of 3/4 the formula would leave [0, 1]; the qubits are fully mixed from there on."""
    bad = snapshot(couplers=[{"qubits": [1, 2], "gate_error": 0.9}])

    def bell(x, w):
        qml.RX(x[0], wires=0)
        qml.CNOT([0, 1])
        return qml.probs(wires=[0])

    found = noisy.simulate([described(bell, features(), None)], Noise(snapshot=bad, layout=(2, 1))).values
    up, down = READOUT[2]
    assert np.allclose(found, [(1 - up + down) / 2, (1 + up - down) / 2], rtol=0, atol=1e-12)


def test_a_simulation_of_hours_is_refused():
    refused = r"the noise of 5 circuits on 3 qubits would take about 0 s .*pilot\.simulation\.noise_seconds"
    with pytest.raises(MeasurementError, match=refused):
        noisy.simulate([described(reuploading, features(), WEIGHTS)], NOISE, Bounds(noise_seconds=1e-4))
