"""The feature map of the quantum kernel: each sample turns the qubits by its features, in two layers with entanglers between.

The bandwidth, radians per standard deviation, decides what a kernel is good for: too wide, and all samples are far from each other.
Source: Shaydulin and Wild, "Importance of kernel bandwidth in quantum machine learning", Phys. Rev. A 106, 042407 (2022).
"""

import numpy.typing as npt
import pennylane as qml

LAYERS = 2


def feature_map(x: npt.NDArray, *, bandwidth: float = 0.7) -> None:
    """Prepare the state of one sample.

    Args:
        x: The standardised features, shape (qubits,).
        bandwidth: The angle of one standard deviation, in radians.
    """
    for _ in range(LAYERS):
        encode(bandwidth * x)
        entangle(len(x))


def encode(angles: npt.NDArray) -> None:
    """Turn each qubit by its own feature about Y, and by its neighbour's about Z."""
    for wire in range(len(angles)):
        qml.RY(angles[wire], wires=wire)
        qml.RZ(angles[(wire + 1) % len(angles)], wires=wire)


def entangle(qubits: int) -> None:
    """Close a ring of CNOTs over the qubits."""
    for wire in range(qubits):
        qml.CNOT(wires=[wire, (wire + 1) % qubits])
