"""Each row's state up to the last gate that differs by row, as blocks of rows that the rest of the circuit is applied to at once.

Prepared amplitudes stay as they are; a first layer of one-qubit gates becomes products of one-qubit states, in NumPy; all other
gates up to the last that differs by row are applied one by one, row by row, on lightning.qubit.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum.bindings import StateVectorC128
from qgate.quantum.circuit import STATE, CircuitBatch, Operation

Array = npt.NDArray[Any]
Step = Callable[[int], object]
# A block of rows in, their states out: shape (rows of the block, 2^wires), complex128, C order. They hold until the next call.
Preparation = Callable[[slice], Array]
# The entries (00, 01, 10, 11) of one-qubit gates, for an angle or a column of angles.
_ONE_QUBIT: Mapping[str, Callable[..., tuple[Any, Any, Any, Any]]] = MappingProxyType(
    {
        "Hadamard": lambda: (0.5**0.5, 0.5**0.5, 0.5**0.5, -(0.5**0.5)),
        "RX": lambda t: (c := np.cos(t / 2), s := -1j * np.sin(t / 2), s, c),
        "RY": lambda t: (c := np.cos(t / 2), -(s := np.sin(t / 2)), s, c),
        "RZ": lambda t: (np.exp(-0.5j * t), 0.0, 0.0, np.exp(0.5j * t)),
        "PhaseShift": lambda t: (1.0, 0.0, 0.0, np.exp(1j * t)),
    }
)


def step(state: StateVectorC128, operation: Operation, *, offset: int = 0) -> Step:
    """A function of the row's position in the batch that applies `operation` to `state`, whose first `offset` wires it skips."""
    wires, adjoint = [w + offset for w in operation.wires], operation.adjoint
    if operation.matrix is not None:
        return _matrix_step(state, np.ascontiguousarray(operation.matrix), wires, adjoint=adjoint)
    apply = getattr(state, operation.name)
    if not operation.varies:
        constant = list(operation.parameters)
        return lambda _row: apply(wires, adjoint, constant)
    rows = np.stack(np.broadcast_arrays(*operation.parameters), axis=1).tolist()
    return lambda row: apply(wires, adjoint, rows[row])


def _matrix_step(state: StateVectorC128, matrix: Array, wires: list[int], *, adjoint: bool) -> Step:
    if matrix.ndim > 2:  # noqa: PLR2004 -- a matrix has two axes; a third one is the rows
        return lambda row: state.applyMatrix(matrix[row], wires, adjoint)
    return lambda _row: state.applyMatrix(matrix, wires, adjoint)


def prepare(batch: CircuitBatch) -> tuple[Preparation, Sequence[Operation]]:
    """How to prepare a block of rows, and the operations, the same for all rows, that then remain."""
    count = len(batch.operations)
    length = 1 + max((i for i, o in enumerate(batch.operations) if o.varies or o.name == STATE), default=-1)
    layer = next((i for i, o in enumerate(batch.operations) if o.name not in _ONE_QUBIT), count)
    if 0 < length <= layer:  # with the gates that follow and are the same for all rows
        return _products(batch.operations[:layer], batch.wires, len(batch.rows)), batch.operations[layer:]
    head, rest = batch.operations[:length], batch.operations[length:]
    if any(o.varies for o in head[:layer]):
        return _continued(_products(head[:layer], batch.wires, len(batch.rows)), head[layer:], batch.wires), rest
    return _row_by_row(head, batch.wires), rest


def _products(gates: Sequence[Operation], wires: int, rows: int) -> Preparation:
    """A layer of one-qubit gates on |0…0⟩: each row's state is the Kronecker product of its qubits' states."""
    qubits = np.zeros((wires, 2, rows), dtype=np.complex128)
    qubits[:, 0] = 1.0
    for gate in gates:
        a, b, c, d = _ONE_QUBIT[gate.name](*gate.parameters)
        if gate.adjoint:
            a, b, c, d = np.conj(a), np.conj(c), np.conj(b), np.conj(d)
        zero, one = qubits[gate.wires[0]]
        qubits[gate.wires[0]] = a * zero + b * one, c * zero + d * one
    vectors = np.ascontiguousarray(qubits.transpose(0, 2, 1))
    space = np.empty((0, 2**wires), dtype=np.complex128)

    def states(block: slice) -> Array:
        nonlocal space
        count = block.stop - block.start
        space = space if len(space) >= count else np.empty((count, 2**wires), dtype=np.complex128)
        return _kronecker(list(vectors[:, block]), space[:count])

    return states


def _kronecker(factors: list[Array], out: Array) -> Array:
    """Row-wise product of factors of shape (rows, k) in `out`: neighbours first, so that only the last has the full size."""
    while len(factors) > 2:  # noqa: PLR2004 -- the last two are multiplied into `out`
        pairs = zip(factors[::2], factors[1::2], strict=False)
        odd = factors[-1:] if len(factors) % 2 else []
        factors = [(left[:, :, None] * right[:, None, :]).reshape(len(left), -1) for left, right in pairs] + odd
    left, right = factors if len(factors) > 1 else (np.ones((len(out), 1)), *factors)
    np.multiply(left[:, :, None], right[:, None, :], out=out.reshape(len(out), left.shape[1], -1))
    return out


def _row_by_row(head: Sequence[Operation], wires: int) -> Preparation:
    """Prepared amplitudes if any, then each gate for each row; gates before the first that differs by row are applied once."""
    starts, gates = _starts(head, wires)
    if not gates:
        return lambda block: starts[block] if len(starts) > 1 else np.repeat(starts, block.stop - block.start, axis=0)
    state = StateVectorC128(wires)
    once = 0
    if len(starts) == 1:
        once = next((i for i, g in enumerate(gates) if g.varies), len(gates))
        state.updateData(starts[0])
        for gate in gates[:once]:
            step(state, gate)(0)
        state.getState(starts[0])
    steps = [step(state, g) for g in gates[once:]]

    def states(block: slice) -> Array:
        found = np.empty((block.stop - block.start, 2**wires), dtype=np.complex128)
        found[:] = starts[block] if len(starts) > 1 else starts
        return _applied(state, steps, found, block.start) if steps else found

    return states


def _continued(products: Preparation, gates: Sequence[Operation], wires: int) -> Preparation:
    """Each gate for each row, after a layer of one-qubit gates."""
    state = StateVectorC128(wires)
    steps = [step(state, g) for g in gates]

    def states(block: slice) -> Array:
        return _applied(state, steps, products(block), block.start)

    return states


def _applied(state: StateVectorC128, steps: Sequence[Step], states: Array, first: int) -> Array:
    """The states of rows from `first` on, in place, after each row's steps."""
    for row, amplitudes in enumerate(states, start=first):
        state.updateData(amplitudes)
        for apply in steps:
            apply(row)
        state.getState(amplitudes)
    return states


def _starts(head: Sequence[Operation], wires: int) -> tuple[Array, Sequence[Operation]]:
    """States before the first gate, shape (rows or 1, 2^wires), and the gates."""
    if not head or head[0].amplitudes is None:
        zero = np.zeros((1, 2**wires), dtype=np.complex128)
        zero[0, 0] = 1.0
        return zero, head
    given = np.atleast_2d(head[0].amplitudes)
    on = head[0].wires
    cube = np.zeros((len(given),) + (2,) * wires, dtype=np.complex128)
    # A view in which the prepared wires come first, in their order; the others are left in |0>.
    view = np.moveaxis(cube, [1 + w for w in on], range(1, 1 + len(on)))
    others: tuple[Any, ...] = (..., *(0,) * (wires - len(on)))
    view[others] = given.reshape(-1, *(2,) * len(on))
    return cube.reshape(len(given), -1), head[1:]
