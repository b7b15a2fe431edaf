"""Simulate once, sample many: measured values of described circuits, exact or for any number of shots and seeds.

Every (shots, seed) is drawn from the exact outcome probabilities, never by executing again. The law is that of real shots: a
multinomial draw per row and basis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.readout import Readout, read
from qgate.quantum.replay import distributions

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulated:
    """Exact outcome probabilities of every row: per batch, its rows, readout, and a distribution per basis."""

    rows: int
    width: int
    batches: tuple[tuple[Array, Readout, tuple[Array, ...]], ...]

    def exact(self) -> Array:
        """Values without shot noise, shape (rows, width)."""
        return self._collect([list(d) for _, _, d in self.batches])

    def sampled(self, shots: int, seed: int) -> Array:
        """Values estimated from `shots` shots, shape (rows, width); the same (shots, seed) gives the same bits in any order."""
        drawn = [
            [_drawn(p, shots, np.random.default_rng([seed, shots, batch, basis])) for basis, p in enumerate(distributions)]
            for batch, distributions in enumerate(self._normalised)
        ]
        return self._collect(drawn)

    @cached_property
    def _normalised(self) -> list[list[Array]]:
        """Once, not for every (shots, seed)."""
        return [[normalised(p) for p in exact] for _, _, exact in self.batches]

    def _collect(self, per_batch: Sequence[Sequence[Array]]) -> Array:
        values = np.empty((self.rows, self.width))
        for (rows, readout, _), dists in zip(self.batches, per_batch, strict=True):
            values[rows] = readout.values(dists, len(rows))
        return values


def simulate(batches: Sequence[CircuitBatch]) -> Simulated:
    """Every described row simulated once on lightning.qubit."""
    done = []
    for batch in batches:
        readout = read(batch.measurements)
        done.append((batch.rows, readout, tuple(distributions(batch, readout.bases))))
    return Simulated(rows=sum(len(b.rows) for b in batches), width=batches[0].width, batches=tuple(done))


def frequencies(probabilities: Array, shots: int, rng: np.random.Generator) -> Array:
    """Relative frequencies of `shots` draws per row, shape of `probabilities` (rows, outcomes)."""
    return _drawn(normalised(probabilities), shots, rng)


def normalised(probabilities: Array) -> Array:
    """Without rounding below 0, each row's sum 1."""
    clipped = np.clip(probabilities, 0.0, None)
    scaled: Array = clipped / clipped.sum(axis=1, keepdims=True)
    return scaled


def _drawn(probabilities: Array, shots: int, rng: np.random.Generator) -> Array:
    if probabilities.shape[1] == 2:  # noqa: PLR2004 -- two outcomes: one binomial draw is twenty times cheaper than a multinomial
        first = rng.binomial(shots, np.minimum(probabilities[:, 0], 1.0))
        return np.stack([first, shots - first], axis=1) / shots
    counts: Array = rng.multinomial(shots, probabilities)
    return counts / shots
