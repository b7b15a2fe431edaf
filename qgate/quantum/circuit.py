"""A circuit as data: what the worker describes and the judge simulates. Gate names, wires and numbers only; no PennyLane here.

A `CircuitBatch` holds the rows of a data set whose circuits have one structure; a parameter is one float for all rows or an array
of shape (rows,).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Parameter = float | Array

# Lightning's native gates: how many wires (0: any number) and parameters each takes.
GATES: Mapping[str, tuple[int, int]] = MappingProxyType(
    dict.fromkeys(("PauliX", "PauliY", "PauliZ", "Hadamard", "S", "T", "SX"), (1, 0))
    | dict.fromkeys(("RX", "RY", "RZ", "PhaseShift"), (1, 1))
    | {"Rot": (1, 3)}
    | dict.fromkeys(("CNOT", "CY", "CZ", "SWAP"), (2, 0))
    | dict.fromkeys(("CSWAP", "Toffoli"), (3, 0))
    | dict.fromkeys(("CRX", "CRY", "CRZ", "ControlledPhaseShift", "PSWAP"), (2, 1))
    | dict.fromkeys(("IsingXX", "IsingXY", "IsingYY", "IsingZZ"), (2, 1))
    | dict.fromkeys(("SingleExcitation", "SingleExcitationPlus", "SingleExcitationMinus"), (2, 1))
    | {"CRot": (2, 3)}
    | dict.fromkeys(("DoubleExcitation", "DoubleExcitationPlus", "DoubleExcitationMinus"), (4, 1))
    | {"MultiRZ": (0, 1)}
)
MATRIX = "Matrix"
STATE = "StatePrep"
MEASUREMENT_KINDS = ("expval", "var", "probs")


@dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """A gate of `GATES`; `Matrix` with a unitary; or, first in a circuit only, `StatePrep` with amplitudes of its wires.

    A unitary has the shape (2^k, 2^k), amplitudes (2^k,); where they differ by row, an axis of rows comes first.
    """

    name: str
    wires: tuple[int, ...]
    adjoint: bool = False
    parameters: tuple[Parameter, ...] = ()
    matrix: Array | None = None
    amplitudes: Array | None = None

    @property
    def varies(self) -> bool:
        """Whether it differs by row."""
        if self.matrix is not None:
            return self.matrix.ndim > 2  # noqa: PLR2004 -- a matrix has two axes; a third one is the rows
        if self.amplitudes is not None:
            return self.amplitudes.ndim > 1
        return any(not isinstance(p, float) for p in self.parameters)


@dataclass(frozen=True, kw_only=True)
class PauliTerm:
    """A real coefficient times a Pauli word: letter `word[i]` acts on `wires[i]`; the empty word is the identity."""

    coefficient: float
    word: str
    wires: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """`expval` or `var` of Pauli terms or of a Hermitian matrix on `wires`; `probs` of `wires` (first wire most significant)."""

    kind: str
    wires: tuple[int, ...]
    terms: tuple[PauliTerm, ...] = ()
    matrix: Array | None = None

    @property
    def width(self) -> int:
        """How many numbers this measurement returns."""
        return 2 ** len(self.wires) if self.kind == "probs" else 1


@dataclass(frozen=True, kw_only=True, eq=False)
class CircuitBatch:
    """Circuits of one structure: `rows` are the data rows they belong to, shape (n,), int64."""

    rows: Array
    wires: int
    operations: tuple[Operation, ...]
    measurements: tuple[Measurement, ...]

    @property
    def width(self) -> int:
        """How many numbers one circuit returns."""
        return sum(m.width for m in self.measurements)

    @property
    def gates(self) -> int:
        """How many gates one circuit has."""
        return len(self.operations)


def structure(batch: CircuitBatch) -> tuple[Any, ...]:
    """What must be equal for two circuits to share a batch: everything except parameters, matrices and amplitudes."""
    operations = tuple((o.name, o.wires, o.adjoint, o.matrix is None) for o in batch.operations)
    measurements = tuple((m.kind, m.wires, m.terms, None if m.matrix is None else m.matrix.tobytes()) for m in batch.measurements)
    return batch.wires, operations, measurements


def stack(batches: list[CircuitBatch]) -> CircuitBatch:
    """Batches of one structure as one; a parameter that is the same in all of them becomes one float."""
    first = batches[0]
    counts = [len(b.rows) for b in batches]
    operations = []
    for position, operation in enumerate(first.operations):
        siblings = [b.operations[position] for b in batches]
        columns = zip(*(o.parameters for o in siblings), strict=True)
        operations.append(
            Operation(
                name=operation.name,
                wires=operation.wires,
                adjoint=operation.adjoint,
                parameters=tuple(_join(column, counts) for column in columns),
                matrix=_join_arrays([o.matrix for o in siblings], counts, axes=2),
                amplitudes=_join_arrays([o.amplitudes for o in siblings], counts, axes=1),
            )
        )
    rows = np.concatenate([b.rows for b in batches])
    return CircuitBatch(rows=rows, wires=first.wires, operations=tuple(operations), measurements=first.measurements)


def one_row(batch: CircuitBatch, position: int) -> CircuitBatch:
    """The circuit of one row of a batch on its own."""
    operations = tuple(_of_row(o, position) if o.varies else o for o in batch.operations)
    return replace(batch, rows=batch.rows[position : position + 1], operations=operations)


def _of_row(operation: Operation, position: int) -> Operation:
    matrix, amplitudes = operation.matrix, operation.amplitudes
    return replace(
        operation,
        parameters=tuple(p if isinstance(p, float) else float(p[position]) for p in operation.parameters),
        matrix=None if matrix is None else matrix[position],
        amplitudes=None if amplitudes is None else amplitudes[position],
    )


def _join(column: tuple[Parameter, ...], counts: list[int]) -> Parameter:
    joined = np.concatenate([np.broadcast_to(np.asarray(p, dtype=np.float64), (n,)) for p, n in zip(column, counts, strict=True)])
    return float(joined[0]) if np.all(joined == joined[0]) else joined


def _join_arrays(siblings: list[Array | None], counts: list[int], *, axes: int) -> Array | None:
    arrays = [a for a in siblings if a is not None]
    if not arrays:
        return None
    if all(np.array_equal(a, arrays[0]) for a in arrays):
        return arrays[0]
    shape = arrays[0].shape[-axes:]
    return np.concatenate([np.broadcast_to(a, (n, *shape)) for a, n in zip(arrays, counts, strict=True)])


def group_by_structure(circuits: Iterator[CircuitBatch]) -> tuple[CircuitBatch, ...]:
    """Circuits stacked by structure, in the order in which each structure first appears."""
    groups: dict[tuple[Any, ...], list[CircuitBatch]] = {}
    for circuit in circuits:
        groups.setdefault(structure(circuit), []).append(circuit)
    return tuple(stack(group) for group in groups.values())
