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

from qgate.quantum.capture import measurements_of, record
from qgate.quantum.circuit import MATRIX, CircuitBatch, Operation, stack, structure
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


def evaluate(circuit: Callable[..., Any], features: Array, arguments: Mapping[str, Any], device: str) -> tuple[Evaluated, ...]:
    """What `circuit(x, **arguments)` measures for every row of `features`, shape (rows, ...).

    Raises:
        MeasurementError: it returns something else than expval, var and probs.
    """
    function = circuit.func if isinstance(circuit, qml.QNode) else circuit
    simulator = qml.device(device)
    groups: dict[tuple[Any, ...], _Group] = {}
    for row, x in enumerate(features):
        tape = record(function, x, arguments)
        labels, measurements = measurements_of(tape)
        measured = CircuitBatch(rows=np.array([row]), wires=len(labels), operations=(), measurements=measurements)
        key = structure(measured)
        if key not in groups:
            groups[key] = _Group(bases=read(measurements).bases)
        groups[key].rows.append(measured)
        groups[key].found.append(_probabilities(tape, labels, groups[key].bases, simulator))
    return tuple(group.evaluated() for group in groups.values())


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
