"""What a classical sampler makes of the same QUBO with the same number of samples: annealing, steepest descent, uniform draws.

The first two are dwave-samplers', which are deterministic for a seed and one thread.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from dwave.samplers import SimulatedAnnealingSampler, SteepestDescentSampler

from qgate.quantum.qubo import Qubo

Array = npt.NDArray[Any]
Sampler = Callable[[Qubo, int, int], Array]
SWEEPS = 100  # of annealing a sample: few, and at twenty variables enough to find the optimum almost always
_SEEDS = 1 << 31
_ANNEALING: Any = SimulatedAnnealingSampler  # their constructors have no types
_GREEDY: Any = SteepestDescentSampler


def counted(states: Array) -> tuple[Array, Array]:
    """The distinct states in rising order, and how often each was sampled, both int64 (k,)."""
    distinct, counts = np.unique(states, return_counts=True)
    return distinct.astype(np.int64), counts.astype(np.int64)


def drawn(probabilities: Array, shots: int, seed: int) -> tuple[Array, Array]:
    """`shots` draws from exact probabilities, as `counted`; the same (shots, seed) gives the same bits in any order."""
    counts = np.random.default_rng([seed, shots]).multinomial(shots, probabilities)
    states = np.flatnonzero(counts)
    return states.astype(np.int64), counts[states].astype(np.int64)


def annealing(qubo: Qubo, samples: int, seed: int) -> Array:
    """States (samples,) of simulated annealing, a run of `SWEEPS` sweeps each."""
    return _states(_ANNEALING().sample_qubo(_pairs(qubo), num_reads=samples, num_sweeps=SWEEPS, seed=seed % _SEEDS))


def greedy(qubo: Qubo, samples: int, seed: int) -> Array:
    """States (samples,) of steepest descent from random states."""
    return _states(_GREEDY().sample_qubo(_pairs(qubo), num_reads=samples, seed=seed % _SEEDS))


def uniform(qubo: Qubo, samples: int, seed: int) -> Array:
    """Uniformly random states (samples,)."""
    return np.random.default_rng([seed, samples]).integers(2**qubo.size, size=samples)


SAMPLERS: Mapping[str, Sampler] = MappingProxyType({"annealing": annealing, "greedy": greedy, "random": uniform})


def _pairs(qubo: Qubo) -> dict[tuple[int, int], float]:
    """Coefficients by pair, every variable among them; the offset moves no sampler."""
    rows, columns = np.nonzero(qubo.quadratic)
    couplings = zip(rows.tolist(), columns.tolist(), qubo.quadratic[rows, columns].tolist(), strict=True)
    return {(i, i): float(value) for i, value in enumerate(qubo.linear)} | {(i, j): value for i, j, value in couplings}


def _states(found: Any) -> Array:
    """State numbers of dimod's samples, whose columns may be in any order."""
    columns = [list(found.variables).index(i) for i in range(len(found.variables))]
    bits = found.record.sample[:, columns].astype(np.int64)
    return np.asarray(bits @ (1 << np.arange(bits.shape[1])[::-1]))
