"""QAOA for the timetable, written out: phases by energy, then a mixer, layer by layer."""

from collections.abc import Mapping
from typing import Literal

import numpy.typing as npt
import pennylane as qml

from timetable.model import events, qubo

Couplings = Literal["all", "strong"]
STRONG = 3.0


def ansatz(weights: Mapping[str, npt.NDArray], *, penalty: float = 4.0, couplings: Couplings = "all") -> None:
    """Apply the layers to one wire for each event.

    Args:
        weights: `gammas` and `betas` in radians, shape (layers,) each.
        penalty: That of the QUBO.
        couplings: Which pairs of events get an entangling gate.
    """
    fields, pairs = ising(penalty)
    for wire in fields:
        qml.Hadamard(wires=wire)
    for gamma, beta in zip(weights["gammas"], weights["betas"], strict=True):
        for wire, field in fields.items():
            qml.RZ(2 * gamma * field, wires=wire)
        for (first, second), coupling in pairs.items():
            if couplings == "all" or abs(coupling) >= STRONG:
                couple(2 * gamma * coupling, first, second)
        for wire in fields:
            qml.RX(2 * beta, wires=wire)


def couple(angle: float, first: int, second: int) -> None:
    """Turn two qubits against each other: exp(-i angle ZZ / 2)."""
    qml.CNOT(wires=[first, second])
    qml.RZ(angle, wires=second)
    qml.CNOT(wires=[first, second])


def ising(penalty: float) -> tuple[dict[int, float], dict[tuple[int, int], float]]:
    """Return the QUBO's fields by wire and couplings by pair of wires, with x = (1 - Z) / 2."""
    wire = {event: number for number, event in enumerate(events())}
    fields = dict.fromkeys(wire.values(), 0.0)
    pairs: dict[tuple[int, int], float] = {}
    for (first, second), value in qubo(penalty=penalty)[0].items():
        a, b = wire[first], wire[second]
        if a == b:
            fields[a] -= value / 2
            continue
        fields[a] -= value / 4
        fields[b] -= value / 4
        pairs[a, b] = value / 4
    return fields, pairs
