"""QAOA on a QUBO, exactly: a layer is exp(-i gamma H) and then exp(-i beta sum X), from the uniform superposition.

H is the QUBO itself, and both generators are those of PennyLane's `qml.qaoa` (`cost_layer`, `mixer_layer` with `x_mixer`), so
that angles trained there carry over. The cost layer is diagonal: it multiplies each amplitude by the phase of its state's energy,
with one exponential for each *distinct* energy, whatever the number of couplings; the mixer is lightning's own RX on each wire.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from qgate.quantum.bindings import StateVectorC128
from qgate.quantum.qubo import Qubo

Array = npt.NDArray[Any]
# Linear ramps of these lengths (gamma rising in units of the energies' spread, beta falling to zero) are where the search begins.
_RAMPS = (0.4, 0.8, 1.2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Angles:
    """`gammas` (layers,) in radians per unit of energy, `betas` (layers,) in radians; `evaluations` of the energy it took."""

    gammas: Array
    betas: Array
    evaluations: int = 0

    def first(self, layers: int) -> "Angles":
        """The angles of the first layers alone."""
        return Angles(gammas=self.gammas[:layers], betas=self.betas[:layers], evaluations=self.evaluations)


class Simulator:
    """The states of one QUBO's QAOA circuits."""

    def __init__(self, qubo: Qubo) -> None:
        self._energies = qubo.energies()
        self._wires = qubo.size
        # From the least energy: a common phase means nothing, and small phases are exact to more digits.
        self._levels, self._level_of = np.unique(self._energies - self._energies.min(), return_inverse=True)
        self._vector = StateVectorC128(qubo.size)

    @property
    def spread(self) -> float:
        """The standard deviation of the energies over all states."""
        return float(self._energies.std())

    def probabilities(self, angles: Angles) -> Array:
        """The probability of each state, shape (2^n,)."""
        amplitudes = np.full(2**self._wires, 2.0 ** (-self._wires / 2), dtype=np.complex128)
        for gamma, beta in zip(angles.gammas, angles.betas, strict=True):
            amplitudes *= _phases(gamma * self._levels)[self._level_of]
            self._vector.updateData(amplitudes)
            for wire in range(self._wires):
                self._vector.RX([wire], False, [2 * beta])  # noqa: FBT003 -- the binding takes no keyword for the adjoint
            self._vector.getState(amplitudes)
        found = amplitudes.real**2 + amplitudes.imag**2
        return np.asarray(found / found.sum())

    def energy(self, angles: Angles) -> float:
        """The expected energy."""
        return float(self.probabilities(angles) @ self._energies)


def _phases(angles: Array) -> Array:
    """exp(-i angle) of each angle, by real sines and cosines, for which NumPy has vector instructions."""
    phases = np.empty(len(angles), dtype=np.complex128)
    np.cos(angles, out=phases.real)
    np.sin(-angles, out=phases.imag)
    return phases


def optimised(simulator: Simulator, layers: int, evaluations: int) -> Angles:
    """The best angles found within `evaluations` of the energy. No random number is drawn: the same QUBO, the same angles.

    The best of three linear ramps (Zhou et al. 2020, "Quantum approximate optimization algorithm", Physical Review X 10:021067)
    is improved by BFGS on finite differences.
    """
    search = _Search(simulator, layers, evaluations)
    try:
        starts = [search.ramp(length) for length in _RAMPS]
        start = min(starts, key=search.energy)
        optimize.minimize(search.energy, start, method="BFGS", options={"gtol": 1e-7})
    except _BudgetSpentError:
        pass
    return search.best()


class _BudgetSpentError(Exception):
    """The last evaluation was used up: the search ends there, which scipy's own limits do not promise."""


class _Search:
    """Counts evaluations and remembers the best of them. A point holds gammas times the energies' spread, and betas."""

    def __init__(self, simulator: Simulator, layers: int, evaluations: int) -> None:
        self._simulator = simulator
        self._layers = layers
        self._left = evaluations
        self._spent = 0
        self._scale = simulator.spread or 1.0
        self._best: tuple[float, Array] = (np.inf, self.ramp(_RAMPS[0]))

    def ramp(self, length: float) -> Array:
        """Gammas rising, betas falling to zero; negative, since |+...+> is the ground state of the mixer's negative."""
        share = (np.arange(self._layers) + 0.5) / self._layers
        return np.concatenate([length * share, -length * (1 - share)])

    def energy(self, point: Array) -> float:
        """The energy at a point, in units of the spread."""
        if self._spent == self._left:
            raise _BudgetSpentError
        self._spent += 1
        found = self._simulator.energy(self._angles(point)) / self._scale
        if found < self._best[0]:
            self._best = (found, np.array(point))
        return found

    def best(self) -> Angles:
        return self._angles(self._best[1])

    def _angles(self, point: Array) -> Angles:
        return Angles(gammas=point[: self._layers] / self._scale, betas=np.array(point[self._layers :]), evaluations=self._spent)
