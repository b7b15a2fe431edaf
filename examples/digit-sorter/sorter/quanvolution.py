"""The quantum filter: slides over an image and turns each patch of 2 x 2 pixels into correlations of four qubits.

Method: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2, 2 (2020).
"""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ProbabilityMP

SIDE = 8  # pixels, of an image
PATCH = 2  # pixels, of a patch
QUBITS = PATCH * PATCH

Array = npt.NDArray[np.float64]


def random_filter(seed: int) -> Array:
    """Return the fixed Euler angles (ZYZ) of the filter's rotations, in radians, shape (QUBITS, 3)."""
    return np.random.default_rng(seed).uniform(0, 2 * np.pi, (QUBITS, 3))


def patch_circuit(angles: Array, rotations: Array) -> ProbabilityMP:
    """Apply the filter to one patch and return the probabilities of its bit strings.

    Args:
        angles: One encoding angle per qubit, in radians, shape (QUBITS,), or (QUBITS, patches) for many at once.
        rotations: Euler angles from `random_filter`.
    """
    for wire in range(QUBITS):
        qml.RY(angles[wire], wires=wire)
    for wire in range(QUBITS):
        qml.CZ(wires=[wire, (wire + 1) % QUBITS])
    for wire in range(QUBITS):
        phi, theta, omega = rotations[wire]
        qml.RZ(phi, wires=wire)
        qml.RY(theta, wires=wire)
        qml.RZ(omega, wires=wire)
    return qml.probs(wires=range(QUBITS))


def quanvolve(images: Array, node: Callable[..., Array], rotations: Array, *, pixel_max: float, exact: bool) -> Array:
    """Return the features of `images`, shape (rows, 64): ⟨Z_i⟩ and ⟨Z_i Z_j⟩ of every patch, shape (rows, 160).

    `pixel_max` is the brightest pixel value there is: it becomes a rotation by π. `exact` says that `node` samples no shots:
    equal patches then have equal features, and as many patches are blank, half of the simulations suffice.
    """
    tiles = patches(images)
    kinds, which = np.unique(tiles, axis=0, return_inverse=True) if exact else (tiles, slice(None))
    probabilities = np.asarray(node(np.pi * kinds.T / pixel_max, rotations))
    return (probabilities @ parities())[which].reshape(len(images), -1)


def patches(images: Array) -> Array:
    """Cut images of shape (rows, 64) into patches that do not overlap, shape (rows · 16, QUBITS)."""
    tiles = images.reshape(-1, SIDE // PATCH, PATCH, SIDE // PATCH, PATCH)
    return tiles.transpose(0, 1, 3, 2, 4).reshape(-1, QUBITS)


def parities() -> Array:
    """Return the eigenvalue of every Z_i and Z_i Z_j on every bit string, shape (2**QUBITS, 10)."""
    bits = np.arange(2**QUBITS)[:, None] >> np.arange(QUBITS)[::-1] & 1
    signs = 1.0 - 2.0 * bits
    pairs = [signs[:, i] * signs[:, j] for i, j in combinations(range(QUBITS), 2)]
    return np.column_stack([signs, *pairs])
