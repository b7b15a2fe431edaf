"""Circuits replayed on lightning.qubit's own state vector, row by row, without rebuilding a tape.

The C++ class `StateVectorC128` is not documented by PennyLane, but the methods used here are unchanged since 0.35; the version
in the lock is probed by the unit tests, and every run checks rows against the circuit's own QNode (`qgate.workloads.circuit`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pennylane_lightning.lightning_qubit_ops import StateVectorC128

from qgate.quantum.circuit import MATRIX, CircuitBatch, Operation
from qgate.quantum.readout import Basis

Array = npt.NDArray[Any]
Step = Callable[[int], object]


def _step(state: StateVectorC128, operation: Operation) -> Step:
    """A function of the row's position in the batch that applies `operation` to `state`."""
    wires, adjoint = list(operation.wires), operation.adjoint
    if operation.name == MATRIX:
        return _matrix_step(state, operation)
    apply = getattr(state, operation.name)
    if all(isinstance(p, float) for p in operation.parameters):
        constant = list(operation.parameters)
        return lambda _row: apply(wires, adjoint, constant)
    length = max(len(p) for p in operation.parameters if not isinstance(p, float))
    rows = np.stack([np.broadcast_to(np.asarray(p), (length,)) for p in operation.parameters], axis=1).tolist()
    return lambda row: apply(wires, adjoint, rows[row])


def _matrix_step(state: StateVectorC128, operation: Operation) -> Step:
    wires, adjoint, matrix = list(operation.wires), operation.adjoint, np.ascontiguousarray(operation.matrix)
    if matrix.ndim == 2:  # noqa: PLR2004 -- a matrix has two axes; a third one is the rows
        return lambda _row: state.applyMatrix(matrix, wires, adjoint)
    return lambda row: state.applyMatrix(matrix[row], wires, adjoint)


def _varies(operation: Operation) -> bool:
    if operation.matrix is not None:
        return operation.matrix.ndim > 2  # noqa: PLR2004 -- a third axis is the rows
    return any(not isinstance(p, float) for p in operation.parameters)


def _constant_prefix(batch: CircuitBatch) -> int:
    """How many leading gates are the same for all rows: they are applied once."""
    return next((i for i, o in enumerate(batch.operations) if _varies(o)), len(batch.operations))


def distributions(batch: CircuitBatch, bases: Sequence[Basis]) -> list[Array]:
    """Exact outcome probabilities, one array of shape (rows, outcomes) per basis, float64."""
    rows, size = len(batch.rows), 2**batch.wires
    state = StateVectorC128(batch.wires)
    steps = [_step(state, o) for o in batch.operations]
    settings = [[_step(state, o) for o in b.rotations] for b in bases]
    prefix = _constant_prefix(batch)
    start, final = np.empty(size, dtype=np.complex128), np.empty(size, dtype=np.complex128)
    for step in steps[:prefix]:
        step(0)
    state.getState(start)
    results = [np.empty((rows, b.outcomes)) for b in bases]
    for row in range(rows):
        state.updateData(start)
        for step in steps[prefix:]:
            step(row)
        state.getState(final)
        for basis, setting, result in zip(bases, settings, results, strict=True):
            result[row] = _outcomes(state, final, basis, setting, batch.wires)
    return results


def _outcomes(state: StateVectorC128, final: Array, basis: Basis, setting: Sequence[Step], wires: int) -> Array:
    amplitudes = final
    if setting:
        state.updateData(final)
        for step in setting:
            step(0)
        amplitudes = np.empty_like(final)
        state.getState(amplitudes)
    probabilities = marginal(amplitudes.real**2 + amplitudes.imag**2, basis.wires, wires)
    return np.bincount(basis.merge, weights=probabilities, minlength=basis.outcomes)


def marginal(probabilities: Array, keep: Sequence[int], wires: int) -> Array:
    """Probabilities of the bit strings of `keep` (in that order, the first most significant), from those of all `wires`."""
    cube = probabilities.reshape((2,) * wires)
    drop = tuple(w for w in range(wires) if w not in keep)
    kept = [w for w in range(wires) if w in keep]
    reduced: Array = cube.sum(axis=drop).transpose([kept.index(w) for w in keep]).reshape(-1)
    return reduced
