"""From outcome distributions to measured values: which bases to measure in, and what each outcome is worth.

Observables that commute qubit by qubit share a basis and are drawn together, as on a device: their estimates are correlated just
as they would be there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.circuit import MATRIX, Measurement, Operation, PauliTerm

Array = npt.NDArray[Any]

_PAULI = {
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}
_DENSE_WIRES = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Basis:
    """A measurement setting: gates that turn it into the computational basis, and the wires then read.

    `letters` maps a wire to the Pauli it is read in; `merge`, shape (2^wires,), maps each bit string to a merged outcome: strings
    that every measurement values alike are one outcome.
    """

    wires: tuple[int, ...]
    rotations: tuple[Operation, ...]
    merge: Array
    outcomes: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """What one basis contributes to a measurement: each outcome's worth, shape (outcomes,).

    Of probabilities it is the number of the bit string that the outcome is, of which there are `strings` (else 0). A table of
    what each outcome is worth for each string would have 4^wires entries, nearly all of them 0.
    """

    basis: int
    worth: Array
    strings: int = 0

    def mean(self, distribution: Array) -> Array:
        """Shape (rows, 1), or of probabilities (rows, strings), from the basis's distribution (rows, outcomes)."""
        if not self.strings:
            found: Array = distribution @ self.worth[:, None]
            return found
        order = np.argsort(self.worth, kind="stable")
        starts = np.searchsorted(self.worth[order], np.arange(self.strings))
        summed: Array = np.add.reduceat(distribution[:, order], starts, axis=1)
        return summed


@dataclass(frozen=True, kw_only=True, eq=False)
class Readout:
    """How to read a circuit's measurements: expval and probs are sums over their parts."""

    bases: tuple[Basis, ...]
    parts: tuple[tuple[Part, ...], ...]
    kinds: tuple[str, ...]
    offsets: tuple[float, ...]

    def values(self, distributions: Sequence[Array], rows: int) -> Array:
        """Measured values, shape (rows, width), from one distribution (rows, outcomes) per basis, exact or of frequencies."""
        columns = []
        for kind, parts, offset in zip(self.kinds, self.parts, self.offsets, strict=True):
            mean = sum((p.mean(distributions[p.basis]) for p in parts), start=np.zeros(1))
            if kind == "var":
                square = sum((replace(p, worth=p.worth**2).mean(distributions[p.basis]) for p in parts), start=np.zeros(1))
                columns.append(square - mean**2)
            else:
                columns.append(mean + offset)
        return np.concatenate([np.broadcast_to(c, (rows, c.shape[-1])) for c in columns], axis=1)


def read(measurements: Sequence[Measurement]) -> Readout:
    """The bases and values that answer `measurements`."""
    plan = _Planner()
    placed = [plan.place(m) for m in measurements]
    return plan.finish(placed, tuple(m.kind for m in measurements))


class _Setting:
    """A basis while it grows: Pauli letters by wire, or one matrix observable on its own."""

    def __init__(self) -> None:
        self.letters: dict[int, str] = {}
        self.unitary: Operation | None = None

    def accepts(self, letters: dict[int, str]) -> bool:
        return self.unitary is None and all(self.letters.get(w, p) == p for w, p in letters.items())

    @property
    def wires(self) -> tuple[int, ...]:
        return self.unitary.wires if self.unitary else tuple(sorted(self.letters))


_Placed = tuple[float, list[tuple[int, Measurement | PauliTerm, Array | None]]]


class _Planner:
    def __init__(self) -> None:
        self._settings: list[_Setting] = []

    def place(self, measurement: Measurement) -> _Placed:
        """Where each term of a measurement is read, and its constant offset."""
        measurement = self._single_basis(measurement)
        if measurement.kind == "probs":
            return 0.0, [(self._setting(dict.fromkeys(measurement.wires, "Z")), measurement, None)]
        if measurement.matrix is not None:
            eigenvalues, vectors = np.linalg.eigh(measurement.matrix)
            setting = _Setting()
            setting.unitary = Operation(name=MATRIX, wires=measurement.wires, matrix=np.ascontiguousarray(vectors.conj().T))
            self._settings.append(setting)
            return 0.0, [(len(self._settings) - 1, measurement, eigenvalues)]
        offset = sum(t.coefficient for t in measurement.terms if not t.word)
        terms = [t for t in measurement.terms if t.word]
        return offset, [(self._setting(dict(zip(t.wires, t.word, strict=True))), t, None) for t in terms]

    @staticmethod
    def _single_basis(measurement: Measurement) -> Measurement:
        """A variance needs one basis: an observable of several terms is diagonalised as a matrix."""
        if measurement.kind != "var" or measurement.matrix is not None or len(measurement.terms) == 1:
            return measurement
        if len(measurement.wires) > _DENSE_WIRES:
            raise MeasurementError(
                f"the variance of a sum over {len(measurement.wires)} wires is not supported; at most {_DENSE_WIRES}"
            )
        return replace(measurement, terms=(), matrix=_dense(measurement.terms, measurement.wires))

    def _setting(self, letters: dict[int, str]) -> int:
        for index, setting in enumerate(self._settings):
            if setting.accepts(letters):
                setting.letters.update(letters)
                return index
        fresh = _Setting()
        fresh.letters.update(letters)
        self._settings.append(fresh)
        return len(self._settings) - 1

    def finish(self, placed: list[_Placed], kinds: tuple[str, ...]) -> Readout:
        """Worth of each bit string, then strings that no measurement tells apart merged to one outcome."""
        whole = [self._parts(items) for _, items in placed]
        bases, firsts = [], []
        for index, setting in enumerate(self._settings):
            basis, first = _merge(setting, [parts[index] for parts in whole if index in parts])
            bases.append(basis)
            firsts.append(first)
        parts = tuple(tuple(replace(p, worth=p.worth[firsts[i]]) for i, p in parts.items()) for parts in whole)
        return Readout(bases=tuple(bases), parts=parts, kinds=kinds, offsets=tuple(offset for offset, _ in placed))

    def _parts(self, items: list[tuple[int, Measurement | PauliTerm, Array | None]]) -> dict[int, Part]:
        """A measurement's parts by basis, each bit string an outcome; terms that share a basis add up."""
        found: dict[int, Part] = {}
        for index, item, eigenvalues in items:
            worth = _worth(item, self._settings[index].wires) if eigenvalues is None else eigenvalues
            strings = 0 if isinstance(item, PauliTerm) or item.kind != "probs" else 2 ** len(item.wires)
            found[index] = Part(basis=index, worth=found[index].worth + worth if index in found else worth, strings=strings)
        return found


def _merge(setting: _Setting, parts: Sequence[Part]) -> tuple[Basis, Array]:
    """The basis, and the first bit string of each outcome. Strings of probabilities are outcomes from the last to the first."""
    table = np.stack([-p.worth if p.strings else p.worth for p in parts], axis=1)
    _, first, merge = np.unique(table, axis=0, return_index=True, return_inverse=True)
    rotations = (setting.unitary,) if setting.unitary else _rotations(setting.letters)
    return Basis(wires=setting.wires, rotations=rotations, merge=merge.reshape(-1), outcomes=len(first)), first


def _rotations(letters: dict[int, str]) -> tuple[Operation, ...]:
    gates: list[Operation] = []
    for wire, letter in sorted(letters.items()):
        if letter == "Y":
            gates.append(Operation(name="S", wires=(wire,), adjoint=True))
        if letter in "XY":
            gates.append(Operation(name="Hadamard", wires=(wire,)))
    return tuple(gates)


def _bits(count: int) -> Array:
    """All bit strings of `count` bits in counting order, shape (2^count, count)."""
    return np.arange(2**count)[:, None] >> np.arange(count)[::-1] & 1


def _worth(item: Measurement | PauliTerm, wires: tuple[int, ...]) -> Array:
    """What each bit string of `wires` is worth for a term; for probs, which string of its own wires it is."""
    bits = _bits(len(wires))[:, [wires.index(w) for w in item.wires]]
    if isinstance(item, PauliTerm):
        signs: Array = 1.0 - 2.0 * (bits.sum(axis=1) % 2)
        return item.coefficient * signs
    strings: Array = bits @ (2 ** np.arange(len(item.wires))[::-1])
    return strings


def _dense(terms: Sequence[PauliTerm], wires: tuple[int, ...]) -> Array:
    total = np.zeros((2 ** len(wires),) * 2, dtype=np.complex128)
    for term in terms:
        letters = dict(zip(term.wires, term.word, strict=True))
        matrix: Array = np.ones((1, 1), dtype=np.complex128)
        for wire in wires:
            matrix = np.kron(matrix, _PAULI[letters[wire]] if wire in letters else np.eye(2))
        total += term.coefficient * matrix
    return total
