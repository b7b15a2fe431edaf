"""Circuits replayed on lightning.qubit's own state vector, without rebuilding a tape: blocks of rows in one register.

Index qubits in front of the circuit's own number the rows of a block: 2^k rows of n qubits are one vector of k + n qubits, and a
gate that is the same for all rows is applied to all of them by one call. No gate touches the index, so rows never mix.

The C++ class `StateVectorC128` is not documented by PennyLane, but the methods used here are unchanged since 0.43; the version
in the lock is probed by the unit tests, and every run checks rows against the circuit's own QNode (`qgate.workloads.circuit`).
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum.bindings import StateVectorC128
from qgate.quantum.circuit import CircuitBatch, Operation
from qgate.quantum.preparation import Step, prepare, step
from qgate.quantum.readout import Basis

Array = npt.NDArray[Any]
# 2^13 amplitudes are 128 KiB: the vector stays in a core's cache. Measured best at 12 to 14 qubits in all.
_REGISTER_QUBITS = 13


class _Register:
    """A vector that holds a block of rows."""

    def __init__(self, wires: int, rows: int) -> None:
        self._index = max(0, min(_REGISTER_QUBITS - wires, (rows - 1).bit_length()))
        self.rows = 2**self._index
        self._wires = wires
        self._amplitudes = np.zeros((self.rows, 2**wires), dtype=np.complex128)
        # One buffer for all blocks: memory of this size is given back and asked for anew, page by page, at each allocation.
        self._final = np.empty_like(self._amplitudes)

    @cached_property
    def _vector(self) -> StateVectorC128:
        """Made for the first gate: amplitudes that are only prepared need no bindings."""
        return StateVectorC128(self._index + self._wires)

    def bind(self, operations: Sequence[Operation]) -> list[Step]:
        """Operations that are the same for all rows, ready for `run`."""
        return [step(self._vector, o, offset=self._index) for o in operations]

    def run(self, steps: Sequence[Step], states: Array) -> Array:
        """The block's states, shape (rows of the block, 2^wires), after `steps`; they hold until the next call."""
        if not steps:
            return states
        rows = len(states)
        self._amplitudes[:rows] = states
        self._vector.updateData(self._amplitudes.reshape(-1))
        for apply in steps:
            apply(0)
        self._vector.getState(self._final.reshape(-1))
        return self._final[:rows]


class Replay:
    """A batch ready to be simulated, any rows of it."""

    def __init__(self, batch: CircuitBatch) -> None:
        self.register = _Register(batch.wires, len(batch.rows))
        self._prepared, rest = prepare(batch)
        self._steps = self.register.bind(rest)
        self._rows = len(batch.rows)

    def blocks(self, rows: slice | None = None) -> Iterator[tuple[slice, Array]]:
        """Positions and final states, shape (rows of the block, 2^wires), block by block; each until the next is asked for."""
        first, last = (0, self._rows) if rows is None else (rows.start, rows.stop)
        for start in range(first, last, self.register.rows):
            block = slice(start, min(start + self.register.rows, last))
            yield block, self.register.run(self._steps, self._prepared(block))


def distributions(batch: CircuitBatch, bases: Sequence[Basis]) -> list[Array]:
    """Exact outcome probabilities, one array of shape (rows, outcomes) per basis, float64."""
    replay = Replay(batch)
    settings = [replay.register.bind(b.rotations) for b in bases]
    results = [np.empty((len(batch.rows), b.outcomes)) for b in bases]
    for block, last in replay.blocks():
        final = last.copy() if any(settings) else last
        for basis, setting, result in zip(bases, settings, results, strict=True):
            amplitudes = replay.register.run(setting, final)
            result[block] = _outcomes(amplitudes.real**2 + amplitudes.imag**2, basis, batch.wires)
    return results


def _outcomes(probabilities: Array, basis: Basis, wires: int) -> Array:
    """Probabilities of the basis's merged outcomes, shape (rows, outcomes), from those of all bit strings."""
    return merged(marginal(probabilities, basis.wires, wires), basis)


def merged(strings: Array, basis: Basis) -> Array:
    """The same from the probabilities of the bit strings of the basis's wires, shape (rows, 2^wires of the basis)."""
    order = np.argsort(basis.merge, kind="stable")
    starts = np.searchsorted(basis.merge[order], np.arange(basis.outcomes))
    outcomes: Array = np.add.reduceat(strings[:, order], starts, axis=1)
    return outcomes


def marginal(probabilities: Array, keep: Sequence[int], wires: int) -> Array:
    """Probabilities, shape (rows, 2^keep), of the bit strings of `keep` (in that order, the first most significant)."""
    cube = probabilities.reshape((-1,) + (2,) * wires)
    drop = tuple(1 + w for w in range(wires) if w not in keep)
    kept = [w for w in range(wires) if w in keep]
    reduced: Array = cube.sum(axis=drop).transpose([0, *(1 + kept.index(w) for w in keep)]).reshape(len(cube), -1)
    return reduced
