"""Exact noisy outcome probabilities: density matrices of n qubits as vectors of 2n lightning qubits.

The ket is on the wires 0 to n-1, the bra on n to 2n-1: a gate U is U on the ket and its conjugate on the bra, and what happens to
one qubit (gates and errors in a row, fused) is one 4 x 4 superoperator on its wires w and w + n.

Where the data enters before any gate on two qubits, the rows differ in a product of one-qubit states. The measured effects are
then carried back through the rest of the circuit once, for all rows (Heisenberg's picture). Else each row's density matrix is
carried forward. `benchmarks/noise.py` says what both give.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum.bindings import StateVectorC128
from qgate.quantum.circuit import CircuitBatch, Operation
from qgate.quantum.noise import Noise, merged, misread
from qgate.quantum.preparation import step
from qgate.quantum.readout import Basis
from qgate.quantum.replay import marginal

Array = npt.NDArray[Any]
Step = Callable[[int], object]
MAXIMUM_WIRES = 10  # 20 lightning qubits, 16 MiB
_PAULIS = (np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]))
_TWIRL = sum(np.kron(p, p.conj()) for p in _PAULIS) / 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Local:
    """What happens to one wire between two gates on two: a superoperator, (4, 4), or (rows, 4, 4) where it differs by row."""

    wire: int
    matrix: Array


@dataclass
class _Fusing:
    """Gates in, fused parts out."""

    noise: Noise
    pending: dict[int, Array] = field(default_factory=dict)

    def parts(self, operations: Sequence[Operation]) -> Iterator[Local | Operation]:
        for operation in operations:
            if len(operation.wires) == 1:
                gate = unitary(operation)
                self._follow(operation.wires[0], _superoperator(gate))
            else:
                yield from self._release(operation.wires)
                yield operation
            for wire, p in self.noise.errors(operation):
                self._follow(wire, depolarising(p))
        yield from self._release(sorted(self.pending))

    def _follow(self, wire: int, matrix: Array) -> None:
        self.pending[wire] = matrix @ self.pending[wire] if wire in self.pending else matrix

    def _release(self, wires: Sequence[int]) -> Iterator[Local]:
        yield from (Local(wire=w, matrix=self.pending.pop(w)) for w in wires if w in self.pending)


def fused(operations: Sequence[Operation], noise: Noise) -> list[Local | Operation]:
    """The noisy circuit as superoperators on one wire and gates on two."""
    return list(_Fusing(noise).parts(operations))


def depolarising(p: float) -> Array:
    """The superoperator of a depolarising error with Pauli probability `p`."""
    return (1 - p) * np.eye(4) + p * _TWIRL


def unitary(operation: Operation) -> Array:
    """The matrix of a gate on its own wires, shape (k, k) or (rows, k, k): lightning applied to each basis state."""
    wires = len(operation.wires)
    local = Operation(
        name=operation.name,
        wires=tuple(range(wires)),
        adjoint=operation.adjoint,
        parameters=operation.parameters,
        matrix=operation.matrix,
    )
    state = StateVectorC128(wires)
    apply = step(state, local)
    rows = next((len(a) for a in (*operation.parameters, operation.matrix) if not isinstance(a, float) and a is not None), 1)
    found = np.empty((rows if operation.varies else 1, 2**wires, 2**wires), dtype=np.complex128)
    column = np.empty(2**wires, dtype=np.complex128)
    for row, matrix in enumerate(found):
        for index, basis_state in enumerate(np.eye(2**wires, dtype=np.complex128)):
            state.updateData(basis_state)
            apply(row)
            state.getState(column)
            matrix[:, index] = column
    return found if operation.varies else found[0]


def _superoperator(gate: Array) -> Array:
    """U ⊗ U*, row by row."""
    product = gate[..., :, None, :, None] * gate.conj()[..., None, :, None, :]
    return product.reshape(*gate.shape[:-2], 4, 4)


def distributions(batch: CircuitBatch, bases: Sequence[Basis], noise: Noise) -> list[Array]:
    """Noisy outcome probabilities as they are read, one array of shape (rows, outcomes) per basis; float64, exact."""
    if observables_first(batch, bases):
        return _backwards(batch, bases, noise)
    return _forwards(batch, bases, noise)


def observables_first(batch: CircuitBatch, bases: Sequence[Basis]) -> bool:
    """Whether carrying the effects back is possible and less work than carrying the rows forward."""
    leading = batch.operations[: _leading(batch)]
    effects = sum(b.outcomes - 1 for b in bases)
    return effects < len(batch.rows) and all(len(o.wires) == 1 for o in leading)


def _leading(batch: CircuitBatch) -> int:
    """How many gates there are up to the last that differs by row."""
    return 1 + max((i for i, o in enumerate(batch.operations) if o.varies), default=-1)


def _forwards(batch: CircuitBatch, bases: Sequence[Basis], noise: Noise) -> list[Array]:
    wires, rows = batch.wires, len(batch.rows)
    state = StateVectorC128(2 * wires)
    circuit = _bound(state, fused(batch.operations, noise), wires)
    settings = [_bound(state, fused(b.rotations, noise), wires) for b in bases]
    strings = [np.empty((rows, 2 ** len(b.wires))) for b in bases]
    density = np.empty(4**wires, dtype=np.complex128)
    final = np.empty(4**wires, dtype=np.complex128)
    for row in range(rows):
        state.resetStateVector()
        _run(circuit, row)
        state.getState(density)
        for basis, setting, found in zip(bases, settings, strings, strict=True):
            state.updateData(density)
            _run(setting, row)
            state.getState(final)
            diagonal = final.reshape(2**wires, 2**wires).diagonal().real
            found[row] = marginal(np.ascontiguousarray(diagonal)[None], basis.wires, wires)[0]
    return [merged(misread(s, noise.confusions(b.wires)), b) for s, b in zip(strings, bases, strict=True)]


def _run(steps: Sequence[Step], row: int) -> None:
    for apply in steps:
        apply(row)


def _bound(state: StateVectorC128, parts: Sequence[Local | Operation], wires: int) -> list[Step]:
    return [s for part in parts for s in _part_steps(state, part, wires)]


def _part_steps(state: StateVectorC128, part: Local | Operation, wires: int) -> Iterator[Step]:
    if isinstance(part, Local):
        on = [part.wire, part.wire + wires]
        yield _matrix_step(state, part.matrix, on)
        return
    yield step(state, part)
    gate = unitary(part)
    if not part.varies and not gate.imag.any():
        yield step(state, part, offset=wires)
    else:
        yield _matrix_step(state, np.ascontiguousarray(gate.conj()), [w + wires for w in part.wires])


def _matrix_step(state: StateVectorC128, matrix: Array, wires: list[int]) -> Step:
    if matrix.ndim > 2:  # noqa: PLR2004 -- a matrix has two axes; a third one is the rows
        return lambda row: state.applyMatrix(matrix[row], wires, False)  # noqa: FBT003 -- lightning's own signature
    return lambda _row: state.applyMatrix(matrix, wires, False)  # noqa: FBT003 -- lightning's own signature


def _backwards(batch: CircuitBatch, bases: Sequence[Basis], noise: Noise) -> list[Array]:
    length, wires = _leading(batch), batch.wires
    states = _product_states(fused(batch.operations[:length], noise), wires, len(batch.rows))
    left, right = _kronecker(states[: wires // 2]), _kronecker(states[wires // 2 :])
    state = StateVectorC128(2 * wires)
    tail = _bound(state, _reversed(fused(batch.operations[length:], noise)), wires)
    results = []
    for basis in bases:
        setting = _bound(state, _reversed(fused(basis.rotations, noise)), wires)
        result = np.empty((len(batch.rows), basis.outcomes))
        for outcome, diagonal in enumerate(_effects(basis, noise, wires)):
            effect = _carried(state, diagonal, [*setting, *tail])
            result[:, outcome] = _expected(effect, left, right)
        # The effects of a setting add up to the identity, which every channel carries back to itself.
        result[:, -1] = 1 - result[:, :-1].sum(axis=1)
        results.append(result)
    return results


def _reversed(parts: Sequence[Local | Operation]) -> list[Local | Operation]:
    """The adjoint of each part, in the opposite order."""
    return [_adjoint(part) for part in reversed(parts)]


def _adjoint(part: Local | Operation) -> Local | Operation:
    if isinstance(part, Local):
        return Local(wire=part.wire, matrix=np.ascontiguousarray(part.matrix.conj().T))
    return Operation(name=part.name, wires=part.wires, adjoint=not part.adjoint, parameters=part.parameters, matrix=part.matrix)


def _effects(basis: Basis, noise: Noise, wires: int) -> Iterator[Array]:
    """For each outcome but the last, P(it is read | true bit string) of all strings of all wires, shape (2^wires,)."""
    transposed = noise.confusions(basis.wires).swapaxes(1, 2)
    others = [w for w in range(wires) if w not in basis.wires]
    position = np.argsort([*basis.wires, *others])
    for outcome in range(basis.outcomes - 1):
        read = misread((basis.merge == outcome).astype(np.float64)[None], transposed)
        whole = np.repeat(read.reshape(-1), 2 ** len(others)).reshape((2,) * wires)
        yield whole.transpose(position).reshape(-1)


def _carried(state: StateVectorC128, diagonal: Array, steps: Sequence[Step]) -> Array:
    """The effect before the steps' circuit, as a matrix with one axis of 4 per wire."""
    wires = len(diagonal).bit_length() - 1
    effect = np.diag(diagonal.astype(np.complex128)).reshape(-1)
    state.updateData(effect)
    _run(steps, 0)
    state.getState(effect)
    by_wire = [axis for w in range(wires) for axis in (w, w + wires)]
    return np.ascontiguousarray(effect.reshape((2,) * (2 * wires)).transpose(by_wire)).reshape((4,) * wires)


def _expected(effect: Array, left: Array, right: Array) -> Array:
    """Tr(effect · state) of every row, shape (rows,): the states are products of their left and right halves."""
    table = effect.conj().reshape(left.shape[1], right.shape[1])
    expected: Array = ((left @ table) * right).sum(axis=1).real
    return expected


def _product_states(parts: Sequence[Local | Operation], wires: int, rows: int) -> list[Array]:
    """Each wire's own density matrix as a vector, shape (rows, 4)."""
    states = [np.tile(np.array([1, 0, 0, 0], dtype=np.complex128), (rows, 1)) for _ in range(wires)]
    for part in parts:
        assert isinstance(part, Local)  # noqa: S101 -- `observables_first` has seen that all act on one wire
        states[part.wire] = np.einsum("...ij,...j->...i", part.matrix, states[part.wire])
    return states


def _kronecker(factors: Sequence[Array]) -> Array:
    """Row-wise product of factors of shape (rows, 4); of none, a single one."""
    product = np.ones((1, 1), dtype=np.complex128)
    for factor in factors:
        product = (product[:, :, None] * factor[:, None, :]).reshape(len(factor), -1)
    return product
