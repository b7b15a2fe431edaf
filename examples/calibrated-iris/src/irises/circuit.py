"""The hybrid candidate: a variational circuit whose CNOTs run along a line of qubits, as the device has them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ExpectationMP


def circuit(x: npt.NDArray, weights: Mapping[str, npt.NDArray], *, layers: int = 2) -> ExpectationMP:
    """Apply the classifier to one flower and return ⟨Z⟩ of the last qubit; above zero means virginica.

    Args:
        x: The standardised measurements, shape (4,): wire `i` carries measurement `i`.
        weights: `scales`, shape (4,), and `angles` in radians, shape (layers, 4, 2).
        layers: How many of the trained layers are applied, from the first.
    """
    for wire in range(len(x)):
        qml.RY(weights["scales"][wire] * np.arctan(x[wire]), wires=wire)
    for layer in range(layers):
        for wire, (first, second) in enumerate(weights["angles"][layer]):
            qml.RY(first, wires=wire)
            qml.RZ(second, wires=wire)
        for wire in range(len(x) - 1):
            qml.CNOT(wires=[wire, wire + 1])
    return qml.expval(qml.Z(len(x) - 1))
