"""Each row's own tape on a public PennyLane device, with its measurements read exactly: what our engine does not answer for.

Runs in the worker. Measurements become probabilities of the wires that they read, in each basis that they need, so that the judge
can sample every (shots, seed) from them; neither shots nor seeds come here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pennylane as qml

from qgate.errors import MeasurementError
from qgate.quantum.capture import MID_CIRCUIT, Measured, measurements, record, wire_order
from qgate.quantum.circuit import MATRIX, STATE, CircuitBatch, Operation, group_by_structure, stack, structure
from qgate.quantum.readout import Basis, read

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluated:
    """Rows that measure alike, as a batch without operations; per basis the probabilities of its bit strings, (rows, 2^wires)."""

    batch: CircuitBatch
    probabilities: tuple[Array, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    """The same while rows are added."""

    bases: Sequence[Basis]
    rows: list[CircuitBatch] = field(default_factory=list)
    found: list[list[Array]] = field(default_factory=list)

    def evaluated(self) -> Evaluated:
        return Evaluated(
            batch=stack(self.rows),
            probabilities=tuple(np.stack([row[i] for row in self.found]) for i in range(len(self.bases))),
        )


def evaluate(
    circuit: Callable[..., Any], features: Array, arguments: Mapping[str, Any], device: str, measured: Measured = measurements
) -> tuple[Evaluated, ...]:
    """What `circuit(x, **arguments)` measures for every row of `features`, shape (rows, ...).

    Raises:
        MeasurementError: it returns something that is not `measured`.
    """
    function = circuit.func if isinstance(circuit, qml.QNode) else circuit
    simulator = qml.device(device)
    groups: dict[tuple[Any, ...], _Group] = {}
    for row, x in enumerate(features):
        tape = record(function, x, arguments)
        labels = wire_order(tape)
        with qml.QueuingManager.stop_recording():
            found = measured(tape, {wire: position for position, wire in enumerate(labels)})
        alone = CircuitBatch(rows=np.array([row]), wires=len(labels), operations=(), measurements=found)
        key = structure(alone)
        if key not in groups:
            groups[key] = _Group(bases=read(found).bases)
        groups[key].rows.append(alone)
        groups[key].found.append(_probabilities(tape, labels, groups[key].bases, simulator))
    return tuple(group.evaluated() for group in groups.values())


def distribution(circuit: Callable[..., Any], x: Array, arguments: Mapping[str, Any], device: str) -> Array:
    """The probabilities that `circuit(x, **arguments)` returns for one sample, shape (outcomes,)."""
    (found,) = qml.execute([record(circuit, x, arguments)], qml.device(device), diff_method=None)
    return np.asarray(qml.math.toarray(found), dtype=np.float64)


def states(
    feature_map: Callable[..., Any], features: Array, arguments: Mapping[str, Any], device: str
) -> tuple[CircuitBatch, ...]:
    """The state that a feature map prepares of each row, as a circuit that only prepares those amplitudes.

    Raises:
        MeasurementError: it measures in mid-circuit, so that its state is not pure.
    """
    function = feature_map.func if isinstance(feature_map, qml.QNode) else feature_map
    return group_by_structure(_state(row, record(function, x, arguments), device) for row, x in enumerate(features))


def _state(row: int, tape: Any, device: str) -> CircuitBatch:
    if any(isinstance(op, MID_CIRCUIT) for op in tape.operations):
        raise MeasurementError("a feature map with mid-circuit measurements prepares no pure state")
    labels = wire_order(tape)
    script = qml.tape.QuantumScript(tape.operations, [qml.state()])
    (found,) = qml.execute([script], qml.device(device, wires=labels), diff_method=None)
    amplitudes = np.asarray(qml.math.toarray(found), dtype=np.complex128)
    prepared = Operation(name=STATE, wires=tuple(range(len(labels))), amplitudes=amplitudes)
    return CircuitBatch(rows=np.array([row]), wires=len(labels), operations=(prepared,), measurements=())


def _probabilities(tape: Any, labels: Sequence[Any], bases: Sequence[Basis], simulator: Any) -> list[Array]:
    tapes = [
        qml.tape.QuantumScript(
            [*tape.operations, *(_gate(o, labels) for o in basis.rotations)], [qml.probs(wires=[labels[w] for w in basis.wires])]
        )
        for basis in bases
    ]
    found = qml.execute(tapes, simulator, diff_method=None) if tapes else ()
    return [np.asarray(qml.math.toarray(p), dtype=np.float64) for p in found]


def _gate(operation: Operation, labels: Sequence[Any]) -> Any:
    """A basis's rotation as PennyLane's operator."""
    wires = [labels[w] for w in operation.wires]
    if operation.name == MATRIX:
        return qml.QubitUnitary(operation.matrix, wires=wires)
    gate = getattr(qml, operation.name)(wires=wires)
    return qml.adjoint(gate) if operation.adjoint else gate
