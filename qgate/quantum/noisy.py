"""Measured values of described circuits under a device's noise: exact to 10 qubits, by trajectories above.

Finite shots are not drawn here: what a calibration does to a pilot is asked of the noisy probabilities themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.quantum import density, trajectories
from qgate.quantum.bounds import STANDARD, Bounds
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.noise import Noise
from qgate.quantum.readout import read

Array = npt.NDArray[Any]
EXACT = "exact density matrix"
EXACT_BACK = "exact density matrix, observables carried back"
SAMPLED = f"{trajectories.TRAJECTORIES} Pauli trajectories per row, stratified on the error-free path"
SEED = 20_030_521  # any number: the same for everybody, so that evidence has the same bytes twice
_PER_AMPLITUDE = 2.5e-9  # seconds for one gate on one amplitude, and at least 1 µs a gate; measured on one core
_PER_GATE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Noisy:
    """`values` of shape (rows, width); `error` is the largest standard error of any of them (0: exact)."""

    values: Array
    error: float
    method: str


def simulate(batches: Sequence[CircuitBatch], noise: Noise, bounds: Bounds = STANDARD) -> Noisy:
    """Every described row under the noise.

    Raises:
        MeasurementError: the snapshot lacks what the circuits need, or the simulation would take far too long.
    """
    noise.check(batches)
    rows = sum(len(b.rows) for b in batches)
    wires = max(b.wires for b in batches)
    seconds = sum(map(estimated_seconds, batches))
    bounds.check_seconds(seconds, f"the noise of {rows:,} circuits on {wires} qubits", "noise_seconds")
    values = np.empty((rows, batches[0].width))
    error, methods = 0.0, []
    for batch in batches:
        readout = read(batch.measurements)
        if batch.wires <= density.MAXIMUM_WIRES:
            found = readout.values(density.distributions(batch, readout.bases, noise), len(batch.rows))
            methods.append(EXACT_BACK if density.observables_first(batch, readout.bases) else EXACT)
        else:
            groups = trajectories.distributions(batch, readout.bases, noise, seed=SEED)
            each = np.array([readout.values([g[i] for g in groups], len(batch.rows)) for i in range(trajectories.GROUPS)])
            found = readout.values([g.mean(axis=0) for g in groups], len(batch.rows))
            error = max(error, float((each.std(axis=0, ddof=1) / np.sqrt(trajectories.GROUPS)).max()))
            methods.append(SAMPLED)
        values[batch.rows] = found
    return Noisy(values=values, error=error, method="; ".join(dict.fromkeys(methods)))


def estimated_seconds(batch: CircuitBatch) -> float:
    """What the simulation of a batch takes, roughly: it only has to tell minutes from hours."""
    bases = read(batch.measurements).bases
    runs, gates = len(batch.rows), batch.gates
    if batch.wires > density.MAXIMUM_WIRES:
        return runs * len(bases) * trajectories.TRAJECTORIES * gates * max(_PER_GATE, _PER_AMPLITUDE * 2.0**batch.wires)
    if density.observables_first(batch, bases):
        runs = sum(b.outcomes for b in bases)
    return runs * 4 * gates * max(_PER_GATE, _PER_AMPLITUDE * 4.0**batch.wires)
