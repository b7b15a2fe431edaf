"""Quantum kernels from states: N + M simulations and one matrix product instead of N · M circuits.

The kernel of a feature map U is |⟨0|U†(y)U(x)|0⟩|², the probability that a circuit of both finds all qubits in 0. An estimate
from shots is therefore a binomial draw of that probability.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.replay import Replay

Array = npt.NDArray[Any]
# States held at one time. 5,000 states of 10 qubits are 82 MB; more are simulated again, block against block.
_STATE_BYTES = 2**29
_COMPLEX = 16
_SLICE = 512


def gram(rows: Sequence[CircuitBatch]) -> Array:
    """The kernel of all pairs of rows, shape (rows, rows), symmetric, its diagonal exactly 1.

    Raises:
        MeasurementError: circuits of different rows have different numbers of wires.
    """
    states = _States(rows)
    kernel = np.empty((states.rows, states.rows))
    for i, left in enumerate(states.chunks):
        mine = states.of(left)
        for right in states.chunks[i:]:
            block = _overlaps(mine, mine if right == left else states.of(right))
            if right == left:  # the two halves of the product may differ in the last place
                block = (block + block.T) / 2
            kernel[left, right] = block
            kernel[right, left] = block.T
    np.fill_diagonal(kernel, 1.0)
    return kernel


def cross(rows: Sequence[CircuitBatch], columns: Sequence[CircuitBatch]) -> Array:
    """The kernel of each of `rows` with each of `columns`, shape (rows, columns).

    Raises:
        MeasurementError: circuits have different numbers of wires.
    """
    left, right = _States(rows), _States(columns)
    if left.wires != right.wires:
        raise MeasurementError(f"a kernel of {left.wires} wires with {right.wires} wires is not defined")
    kernel = np.empty((left.rows, right.rows))
    for these in left.chunks:
        mine = left.of(these)
        for those in right.chunks:
            kernel[these, those] = _overlaps(mine, right.of(those))
    return kernel


class _States:
    """Final states of described rows, in chunks that fit in memory; a single chunk is simulated once."""

    def __init__(self, batches: Sequence[CircuitBatch]) -> None:
        wires = {b.wires for b in batches}
        if len(wires) != 1:
            raise MeasurementError(
                f"the feature map uses {sorted(wires)} wires, depending on the row: their overlap is not defined"
            )
        (self.wires,) = wires
        self.rows = sum(len(b.rows) for b in batches)
        self._replays = [(b.rows, Replay(b)) for b in batches]
        size = max(1, _STATE_BYTES // (_COMPLEX << self.wires))
        self.chunks = [slice(i, min(i + size, self.rows)) for i in range(0, self.rows, size)]
        self._kept: tuple[slice, Array] | None = None

    def of(self, chunk: slice) -> Array:
        """States of the rows of `chunk`, shape (rows of the chunk, 2^wires)."""
        if self._kept is None or self._kept[0] != chunk:
            self._kept = chunk, self._simulated(chunk)
        return self._kept[1]

    def _simulated(self, chunk: slice) -> Array:
        states = np.empty((chunk.stop - chunk.start, 1 << self.wires), dtype=np.complex128)
        for rows, replay in self._replays:
            order = np.flatnonzero((rows >= chunk.start) & (rows < chunk.stop))
            for positions in np.split(order, np.flatnonzero(np.diff(order) > 1) + 1) if len(order) else ():
                for block, found in replay.blocks(slice(int(positions[0]), int(positions[-1]) + 1)):
                    states[rows[block] - chunk.start] = found
        return states


def _overlaps(left: Array, right: Array) -> Array:
    """|⟨r|l⟩|² of each pair, shape (left, right): a product of slices of rows, so that no complex matrix of all pairs exists."""
    kernel = np.empty((len(left), len(right)))
    conjugate = right.conj().T
    for start in range(0, len(left), _SLICE):
        product = left[start : start + _SLICE] @ conjugate
        kernel[start : start + _SLICE] = product.real**2 + product.imag**2
    return kernel


def sampled(kernel: Array, shots: int, rng: np.random.Generator, *, symmetric: bool) -> Array:
    """The kernel estimated from `shots` shots a pair, of the same shape.

    `symmetric`: each pair of rows is estimated once, and a row's kernel with itself is known to be 1.
    """
    exact = np.clip(kernel, 0.0, 1.0)
    if not symmetric:
        drawn: Array = rng.binomial(shots, exact) / shots
        return drawn
    upper = np.triu_indices(len(kernel), 1)
    estimate = np.eye(len(kernel))
    estimate[upper] = rng.binomial(shots, exact[upper]) / shots
    estimate.T[upper] = estimate[upper]
    return estimate


def smallest_eigenvalue(kernel: Array) -> float:
    """Below 0, the matrix is not positive semidefinite, as one estimated from shots need not be."""
    return float(np.linalg.eigvalsh(kernel)[0])


def concentration(kernel: Array) -> float:
    """Variance of the entries off the diagonal; it vanishes with the qubits where kernels concentrate.

    Method: Thanasilp et al., "Exponential concentration in quantum kernel methods", Nat. Commun. 15, 5200 (2024).
    """
    return float(np.var(kernel[~np.eye(len(kernel), dtype=bool)]))


def target_alignment(kernel: Array, labels: Array) -> float:
    """Cosine between the kernel and the ideal one, which is 1 for two rows of one class and -1 for others; from -1 to 1.

    Method: Cristianini et al., "On kernel-target alignment", NIPS 14 (2001).
    """
    ideal = np.where(labels[:, None] == labels[None, :], 1.0, -1.0)
    return float(np.sum(kernel * ideal) / (np.linalg.norm(kernel) * np.linalg.norm(ideal)))
