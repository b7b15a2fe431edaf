"""The hybrid candidate: a variational circuit that takes the sample in again before every layer (data re-uploading).

Method: Pérez-Salinas et al., "Data re-uploading for a universal quantum classifier", Quantum 4, 226 (2020).
"""

from collections.abc import Mapping
from typing import Literal

import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ExpectationMP

from triage.ansatz import encode, entangle, rotate

Entangler = Literal["ring", "none"]


def circuit(
    x: npt.NDArray, weights: Mapping[str, npt.NDArray], *, layers: int = 4, entangler: Entangler = "ring"
) -> ExpectationMP:
    """Apply the classifier to one sample and return ⟨Z⟩ of the first qubit; above zero means malignant.

    Args:
        x: The standardised features, shape (qubits,).
        weights: `scales`, shape (layers, qubits), and `angles` in radians, shape (layers, qubits, 3).
        layers: How many of the trained layers are applied, from the first.
        entangler: What couples the qubits after each layer.
    """
    for layer in range(layers):
        encode(x, weights["scales"][layer])
        rotate(weights["angles"][layer])
        if entangler == "ring":
            entangle(len(x))
    return qml.expval(qml.Z(0))
