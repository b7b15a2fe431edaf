"""The line of a QAOA circuit's energy on 15 qubits: beside `qml.qaoa`, and beside a careful user's gates and energies.

The QUBO is a random one of 15 variables and 30 couplings; two layers. The floor is the gates that a circuit of it needs, alone in
lightning's kernels.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
from lines import Array, Line, Way
from pennylane_lightning.lightning_qubit_ops import StateVectorC128

from qgate.quantum.qaoa import Angles, Simulator
from qgate.quantum.qubo import Qubo, qubo

Pairs = list[tuple[int, int, float]]
QUBITS, COUPLINGS = 15, 30
ANGLES = Angles(gammas=np.array([0.3, 0.6]), betas=np.array([0.5, 0.2]))


def problem() -> Qubo:
    """Coefficients from -1 to 1; couplings of random pairs."""
    rng = np.random.default_rng(3)
    rows, columns = np.triu_indices(QUBITS, 1)
    chosen = np.sort(rng.choice(len(rows), COUPLINGS, replace=False))
    couplings = (rows[chosen], columns[chosen], rng.uniform(-1, 1, COUPLINGS))
    return qubo([str(i) for i in range(QUBITS)], rng.uniform(-1, 1, QUBITS), couplings, 0.0)


def ising(of: Qubo) -> tuple[Array, Pairs, float]:
    """Fields (n,), couplings and constant of the same energy in spins: x = (1 - z) / 2."""
    quadratic = of.quadratic
    fields = -of.linear / 2 - (quadratic.sum(axis=0) + quadratic.sum(axis=1)) / 4
    pairs = [(int(i), int(j), float(quadratic[i, j]) / 4) for i, j in np.argwhere(quadratic)]
    return fields, pairs, float(of.linear.sum() / 2 + quadratic.sum() / 4)


def hamiltonian(of: Qubo) -> Any:
    """The energy as an observable; the constant moves no state and comes back in `loop`."""
    fields, pairs, _ = ising(of)
    words = [*(qml.Z(i) for i in range(QUBITS)), *(qml.Z(i) @ qml.Z(j) for i, j, _ in pairs)]
    return qml.Hamiltonian([*fields, *(c for _, _, c in pairs)], words)


def line() -> Line:
    """One evaluation of the energy, as each of them does it."""
    of = problem()
    fields, pairs, constant = ising(of)
    simulator, energies = Simulator(of), of.energies()
    textbook, gates = textbook_node(hamiltonian(of)), gates_node(fields, pairs)
    ways = {
        "loop": Way(run=lambda: np.array([float(textbook()) + constant])),
        "careful": Way(run=lambda: np.array([float(gates() @ energies)])),
        "engine": Way(run=lambda: np.array([simulator.energy(ANGLES)])),
        "floor": Way(run=kernels(fields, pairs)),
    }
    name = f"QAOA energy, {QUBITS} qubits, {COUPLINGS} couplings, {len(ANGLES.gammas)} layers"
    return Line(name=name, rows=1, careful="gates by hand, and energies of all states", ways=ways, agreement=1e-10)


def textbook_node(cost: Any) -> Any:
    """The circuit as PennyLane's tutorial has it."""
    mixer = qml.qaoa.x_mixer(range(QUBITS))

    def circuit() -> Any:
        for wire in range(QUBITS):
            qml.Hadamard(wire)
        for gamma, beta in zip(ANGLES.gammas, ANGLES.betas, strict=True):
            qml.qaoa.cost_layer(gamma, cost)
            qml.qaoa.mixer_layer(beta, mixer)
        return qml.expval(cost)

    return qml.QNode(circuit, qml.device("lightning.qubit", wires=QUBITS))


def gates_node(fields: Array, pairs: Pairs) -> Any:
    """The same circuit of lightning's own gates, and probabilities."""

    def circuit() -> Any:
        for wire in range(QUBITS):
            qml.Hadamard(wire)
        for gamma, beta in zip(ANGLES.gammas, ANGLES.betas, strict=True):
            for i, field in enumerate(fields):
                qml.RZ(2 * gamma * field, wires=i)
            for i, j, coupling in pairs:
                qml.IsingZZ(2 * gamma * coupling, wires=[i, j])
            for wire in range(QUBITS):
                qml.RX(2 * beta, wires=wire)
        return qml.probs(wires=range(QUBITS))

    return qml.QNode(circuit, qml.device("lightning.qubit", wires=QUBITS), diff_method=None)


def kernels(fields: Array, pairs: Pairs) -> Callable[[], Array]:
    """Those gates alone."""
    vector = StateVectorC128(QUBITS)

    def run() -> Array:
        for gamma, beta in zip(ANGLES.gammas, ANGLES.betas, strict=True):
            for i, field in enumerate(fields):
                vector.RZ([i], False, [2 * gamma * field])  # noqa: FBT003 -- lightning's own signature
            for i, j, coupling in pairs:
                vector.IsingZZ([i, j], False, [2 * gamma * coupling])  # noqa: FBT003 -- lightning's own signature
            for wire in range(QUBITS):
                vector.RX([wire], False, [2 * beta])  # noqa: FBT003 -- lightning's own signature
        return np.empty(0)

    return run
