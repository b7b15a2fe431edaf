"""One layer of the circuit: encode the sample, rotate, entangle. Wire `i` carries feature `i`."""

from collections.abc import Sequence

import numpy as np
import pennylane as qml


def encode(x: Sequence[float], scales: Sequence[float]) -> None:
    """Encode each feature as RY(scale · arctan(x)): the arctangent keeps outliers from winding round the Bloch sphere."""
    for wire in range(len(x)):
        qml.RY(scales[wire] * np.arctan(x[wire]), wires=wire)


def rotate(angles: Sequence[Sequence[float]]) -> None:
    """Turn each qubit by its trained Euler angles (ZYZ), in radians."""
    for wire in range(len(angles)):
        qml.RZ(angles[wire][0], wires=wire)
        qml.RY(angles[wire][1], wires=wire)
        qml.RZ(angles[wire][2], wires=wire)


def entangle(qubits: int) -> None:
    """Close a ring of CNOTs over the qubits: without it, a readout of one qubit sees one feature."""
    for wire in range(qubits):
        qml.CNOT(wires=[wire, (wire + 1) % qubits])
