"""The hybrid candidate: a variational circuit whose CNOTs run along a line of qubits, as the device has them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ExpectationMP


def circuit(x: npt.NDArray, weights: Mapping[str, npt.NDArray], *, layers: int = 2, qubits: int | None = None) -> ExpectationMP:
    """Apply the classifier to one flower and return ⟨Z⟩ of the last qubit; above zero means virginica.

    Args:
        x: The standardised measurements, shape (4,): wire `i` carries measurement `i`.
        weights: `scales`, shape (4,), and `angles` in radians, shape (layers, 4, 2).
        layers: How many of the trained layers are applied, from the first.
        qubits: How many qubits the line has, to time it at other sizes: measurements and weights then go round again on further
            wires, or end early. None: one for each measurement.
    """
    wires, each = len(x) if qubits is None else qubits, len(x)
    for wire in range(wires):
        qml.RY(weights["scales"][wire % each] * np.arctan(x[wire % each]), wires=wire)
    for layer in range(layers):
        for wire in range(wires):
            first, second = weights["angles"][layer][wire % each]
            qml.RY(first, wires=wire)
            qml.RZ(second, wires=wire)
        for wire in range(wires - 1):
            qml.CNOT(wires=[wire, wire + 1])
    return qml.expval(qml.Z(wires - 1))
