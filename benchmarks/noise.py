"""Lines of exact noise on 8 qubits: beside `default.mixed`, called for each row or once for all.

The circuit is an RX per qubit and three layers of RY and a line of CNOTs, read as ⟨Z⟩ of the first qubit. Errors follow each
gate, as a calibration of equal qubits makes them.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
from lines import Array, Line, Way
from pennylane_lightning.lightning_qubit_ops import StateVectorC128

from qgate.quantum import density, noisy
from qgate.quantum.calibration import Snapshot, read_snapshot
from qgate.quantum.capture import describe
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.noise import Noise, repeated
from qgate.quantum.preparation import step
from qgate.quantum.readout import read

PULSE, PAIR, MISREAD = 0.0004, 0.01, 0.02
QUBITS, LAYERS = 8, 3
_TOGETHER = 5  # rows of a broadcast call, which takes as long for each as a call of its own


def snapshot(qubits: int) -> Snapshot:
    """A line of equal qubits."""
    one = {"gate_error": PULSE, "prob_meas1_prep0": MISREAD, "prob_meas0_prep1": MISREAD}
    couplers = [{"qubits": [q, q + 1], "gate_error": PAIR} for q in range(qubits - 1)]
    value = {
        "schema": "qgate/calibration/v1",
        "device": "line",
        "date": "2026-01-01",
        "qubits": [one] * qubits,
        "couplers": couplers,
    }
    return read_snapshot(json.dumps(value).encode(), "line.json")


def circuit(x: Any, weights: Any) -> Any:
    """What the user would write."""
    qubits = len(x)
    for wire in range(qubits):
        qml.RX(x[wire], wires=wire)
    for layer in weights:
        for wire in range(qubits):
            qml.RY(layer[wire], wires=wire)
        for wire in range(qubits - 1):
            qml.CNOT([wire, wire + 1])
    return qml.expval(qml.Z(0))


def mixed() -> Any:
    """The same circuit on `default.mixed`, with a channel after each gate; of one row, or of columns of rows."""
    pulses, pair = repeated(1.5 * PULSE, 2), 1 - np.sqrt(1 - 1.25 * PAIR)

    @qml.qnode(qml.device("default.mixed", wires=QUBITS), diff_method=None)
    def node(x: Any, weights: Any) -> Any:
        for wire in range(QUBITS):
            qml.RX(x[wire], wires=wire)
            qml.DepolarizingChannel(pulses, wires=wire)
        for layer in weights:
            for wire in range(QUBITS):
                qml.RY(layer[wire], wires=wire)
                qml.DepolarizingChannel(pulses, wires=wire)
            for wire in range(QUBITS - 1):
                qml.CNOT([wire, wire + 1])
                qml.DepolarizingChannel(pair, wires=wire)
                qml.DepolarizingChannel(pair, wires=wire + 1)
        qml.BitFlip(MISREAD, wires=0)
        return qml.expval(qml.Z(0))

    return node


def lines() -> list[Line]:
    """One row forward; and rows whose data comes first, for which the observable is carried back once."""
    return [_line("under calibrated noise", 1, sample=1), _line("under calibrated noise, observables carried back", 50, sample=2)]


def _line(name: str, rows: int, *, sample: int) -> Line:
    rng = np.random.default_rng(0)
    x, weights = rng.uniform(-1, 1, (rows, QUBITS)), rng.uniform(-3, 3, (LAYERS, QUBITS))
    (batch,) = describe(circuit, x, {"weights": weights}).batches
    some = x[:_TOGETHER]
    device, node = Noise(snapshot=snapshot(QUBITS), layout=tuple(range(QUBITS))), mixed()
    assert density.observables_first(batch, read(batch.measurements).bases) == (rows > 1)
    ways = {
        "loop": Way(run=lambda: np.array([float(node(row, weights)) for row in x[:sample]]), scale=rows / sample),
        "careful": Way(
            run=lambda: np.asarray(node(some.T if rows > 1 else some[0], weights)).reshape(-1), scale=rows / len(some)
        ),
        "engine": Way(run=lambda: noisy.simulate([batch], device).values[:, 0]),
        "floor": Way(run=kernels(batch)),
    }
    title = f"{name}, {QUBITS} qubits, {batch.gates} gates"
    return Line(name=title, rows=rows, careful="one broadcast call of default.mixed", ways=ways, agreement=1e-10)


def kernels(batch: CircuitBatch) -> Callable[[], Array]:
    """Each gate on both sides of a density matrix, once, without the errors between them."""
    vector = StateVectorC128(2 * QUBITS)
    steps = [step(vector, operation, offset=offset) for offset in (0, QUBITS) for operation in batch.operations]

    def run() -> Array:
        for apply in steps:
            apply(0)
        return np.empty(0)

    return run
