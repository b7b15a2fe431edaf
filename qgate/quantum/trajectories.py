"""Noisy outcome probabilities beyond the reach of density matrices: Pauli trajectories, stratified on the error-free path.

A depolarising error of probability p is, with that probability, a random Pauli. So a noisy circuit is a mixture of circuits with
Paulis put in. The error-free one is simulated once and weighted exactly; random ones are drawn from those with one error or more,
which leaves half to a tenth of the plain method's error. A trajectory starts from the error-free state at its first error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum.bindings import StateVectorC128
from qgate.quantum.circuit import CircuitBatch, Operation
from qgate.quantum.noise import Noise, merged, misread
from qgate.quantum.preparation import Step, step
from qgate.quantum.readout import Basis
from qgate.quantum.replay import marginal

Array = npt.NDArray[Any]
TRAJECTORIES, GROUPS = 256, 16
_PAULIS = ("PauliX", "PauliY", "PauliZ")

# Position in the circuit after which an error comes, its wire, and which Pauli (0, 1, 2).
Hit = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Slots:
    """Every place of a circuit where an error may come: after which gate, on which wire, with which probability."""

    positions: Array
    wires: Array
    probabilities: Array

    @property
    def error_free(self) -> float:
        """The probability that no error comes."""
        return float(np.prod(1 - self.probabilities))

    def draw(self, rng: np.random.Generator) -> list[Hit]:
        """Errors of a run that has one at least: the first from its exact law, those behind it independently."""
        p = self.probabilities
        first_law = np.cumprod(np.concatenate([[1.0], 1 - p[:-1]])) * p
        first = int(rng.choice(len(p), p=first_law / first_law.sum()))
        later = first + 1 + np.flatnonzero(rng.random(len(p) - first - 1) < p[first + 1 :])
        hits = [first, *later.tolist()]
        return [
            (int(self.positions[h]), int(self.wires[h]), int(k))
            for h, k in zip(hits, rng.integers(3, size=len(hits)), strict=True)
        ]


def slots(operations: Sequence[Operation], noise: Noise) -> Slots:
    """The slots of a circuit, in order."""
    found = [(i, wire, p) for i, o in enumerate(operations) for wire, p in noise.errors(o)]
    positions, wires, probabilities = zip(*found, strict=True) if found else ((), (), ())
    return Slots(
        positions=np.array(positions, dtype=int), wires=np.array(wires, dtype=int), probabilities=np.array(probabilities)
    )


def distributions(batch: CircuitBatch, bases: Sequence[Basis], noise: Noise, *, seed: int) -> list[Array]:
    """Outcome probabilities as they are read, one array of shape (groups, rows, outcomes) per basis.

    Each of the 16 groups is an estimate of its own from 16 trajectories; their mean is the estimate, their spread its error. The
    same seed gives the same bits, row by row.
    """
    runs = [_Run(batch, basis, noise) for basis in bases]
    found = [np.empty((GROUPS, len(batch.rows), b.outcomes)) for b in bases]
    for number, (basis, run, result) in enumerate(zip(bases, runs, found, strict=True)):
        for row, data_row in enumerate(batch.rows.tolist()):
            strings = run.row(row, np.random.default_rng([seed, data_row, number]))
            result[:, row] = merged(misread(strings, noise.confusions(basis.wires)), basis)
    return found


class _Run:
    """One measurement setting's circuit, bound to a state vector."""

    def __init__(self, batch: CircuitBatch, basis: Basis, noise: Noise) -> None:
        operations = [*batch.operations, *basis.rotations]
        self._wires, self._basis = batch.wires, basis
        self._slots = slots(operations, noise)
        self._clean, self._hit = StateVectorC128(batch.wires), StateVectorC128(batch.wires)
        self._clean_steps = [step(self._clean, o) for o in operations]
        self._hit_steps = [step(self._hit, o) for o in operations]
        self._paulis = [getattr(self._hit, name) for name in _PAULIS]

    def row(self, row: int, rng: np.random.Generator) -> Array:
        """Probabilities of the measured bit strings, one estimate per group: shape (groups, 2^k)."""
        if not len(self._slots.positions):
            clean = self._error_free(row, [])[0]
            return np.broadcast_to(clean, (GROUPS, *clean.shape))
        drawn = [self._slots.draw(rng) for _ in range(TRAJECTORIES)]
        clean, hit = self._error_free(row, drawn)
        means = hit.reshape(GROUPS, TRAJECTORIES // GROUPS, -1).mean(axis=1)
        weight = self._slots.error_free
        estimates: Array = weight * clean + (1 - weight) * means
        return estimates

    def _error_free(self, row: int, drawn: Sequence[list[Hit]]) -> tuple[Array, Array]:
        """The error-free run's probabilities, and those of the drawn runs, each branching off at its first error."""
        hit = np.empty((len(drawn), 2 ** len(self._basis.wires)))
        amplitudes = np.empty(2**self._wires, dtype=np.complex128)
        branches: dict[int, list[int]] = {}
        for index, hits in enumerate(drawn):
            branches.setdefault(hits[0][0], []).append(index)
        self._clean.resetStateVector()
        for position, apply in enumerate(self._clean_steps):
            apply(row)
            if position in branches:
                self._clean.getState(amplitudes)
            for index in branches.get(position, ()):
                self._hit.updateData(amplitudes)
                hit[index] = self._branch(row, position, drawn[index])
        return self._strings(self._clean), hit

    def _branch(self, row: int, position: int, hits: Sequence[Hit]) -> Array:
        for steps, wire, pauli in self._stretches(position, hits):
            for apply in steps:
                apply(row)
            self._paulis[pauli]([wire], False, [])  # noqa: FBT003 -- lightning's own signature
        for apply in self._hit_steps[hits[-1][0] + 1 :]:
            apply(row)
        return self._strings(self._hit)

    def _stretches(self, position: int, hits: Sequence[Hit]) -> Iterator[tuple[list[Step], int, int]]:
        """The gates before each error, the error's wire and Pauli."""
        for until, wire, pauli in hits:
            yield self._hit_steps[position + 1 : until + 1], wire, pauli
            position = until

    def _strings(self, state: StateVectorC128) -> Array:
        amplitudes = np.empty(2**self._wires, dtype=np.complex128)
        state.getState(amplitudes)
        probabilities = amplitudes.real**2 + amplitudes.imag**2
        strings: Array = marginal(probabilities[None], self._basis.wires, self._wires)[0]
        return strings
