"""Blocks of rows in one register: the same values as one row at a time, whatever the preparation and the block's size."""

import numpy as np
import pytest

from qgate.quantum import preparation, replay
from qgate.quantum.circuit import CircuitBatch, Measurement, Operation, PauliTerm, one_row
from qgate.quantum.engine import simulate

RNG = np.random.default_rng(2)
ROWS = 11


def column():
    return RNG.uniform(-3, 3, ROWS)


def entangled(wires: int) -> tuple[Operation, ...]:
    turns = tuple(Operation(name="RY", wires=(w,), parameters=(0.3 + w,)) for w in range(wires))
    return (*turns, *(Operation(name="CNOT", wires=(w, w + 1)) for w in range(wires - 1)))


def one_qubit_layer(wires: int) -> tuple[Operation, ...]:
    gates = [Operation(name="Hadamard", wires=(w,)) for w in range(wires)]
    for name in ("RX", "RY", "RZ", "PhaseShift"):
        gates += [Operation(name=name, wires=(w,), parameters=(column(),), adjoint=bool(w % 2)) for w in range(wires)]
    return (*gates, Operation(name="RX", wires=(0,), parameters=(0.4,)), Operation(name="RZ", wires=(0,), parameters=(column(),)))


def reuploading(wires: int) -> tuple[Operation, ...]:
    return (*entangled(wires), *one_qubit_layer(wires), *entangled(wires), *one_qubit_layer(wires))


def amplitudes(_wires: int) -> tuple[Operation, ...]:
    states = RNG.normal(size=(ROWS, 4)) + 1j * RNG.normal(size=(ROWS, 4))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    return (Operation(name="StatePrep", wires=(2, 0), amplitudes=states),)


def fixed_amplitudes(wires: int) -> tuple[Operation, ...]:
    state = np.array([0.6, 0, 0, 0.8j])
    return (Operation(name="StatePrep", wires=(1, 0), amplitudes=state), *one_qubit_layer(wires))


def constant(_wires: int) -> tuple[Operation, ...]:
    return ()


def batch(head, wires: int) -> CircuitBatch:
    words = (("XYZ", (0, 1, 2)), ("Z", (1,)))
    terms = tuple(PauliTerm(coefficient=c, word=w, wires=on) for c, (w, on) in zip((0.5, 2.0), words, strict=True))
    measurements = (Measurement(kind="expval", wires=(0, 1, 2), terms=terms), Measurement(kind="probs", wires=(2, 0)))
    operations = (*head(wires), *entangled(wires))
    return CircuitBatch(rows=np.arange(ROWS), wires=wires, operations=operations, measurements=measurements)


def gate_by_gate(circuit: CircuitBatch, monkeypatch) -> np.ndarray:
    """Each row on its own, without products and without a register."""
    monkeypatch.setattr(preparation, "_ONE_QUBIT", {})
    monkeypatch.setattr(replay, "_REGISTER_QUBITS", 0)
    rows = [one_row(circuit, row) for row in range(ROWS)]
    return np.concatenate([simulate([CircuitBatch(**(vars(r) | {"rows": np.array([0])}))]).exact() for r in rows])


@pytest.mark.parametrize("wires", [3, 10, 12])
@pytest.mark.parametrize("head", [one_qubit_layer, reuploading, amplitudes, fixed_amplitudes, constant], ids=lambda h: h.__name__)
def test_a_block_gives_what_its_rows_give_alone(head, wires, monkeypatch):
    circuit = batch(head, wires)
    together = simulate([circuit]).exact()
    assert together.tobytes() == simulate([circuit]).exact().tobytes()
    np.testing.assert_allclose(together, gate_by_gate(circuit, monkeypatch), atol=1e-13, rtol=0)
