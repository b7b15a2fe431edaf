"""Train the circuit on `data/train.npz`; write `weights/circuit.npz` and what the training reached, `weights/training.json`.

Adam on the logistic loss of ⟨Z⟩, without noise: the device is what the charter asks about. Gradients come from backpropagation
through `default.qubit`; the accuracy is then measured on `lightning.qubit`. The validation set stays unread.

    PYTHONPATH=src python training/train.py
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane import numpy as pnp

from irises.circuit import circuit

ROOT = Path(__file__).parents[1]
LAYERS = 2
STEPS = 80
STEP_SIZE = 0.05
STEEPNESS = 5.0  # of the logistic loss in ⟨Z⟩: ±1 becomes a probability of 0.007 or 0.993
SEED = 0

Array = npt.NDArray[np.float64]


def train(x: Array, y: npt.NDArray[np.int64]) -> tuple[dict[str, Array], float]:
    """Return the trained weights and the last loss, for `x` of shape (rows, qubits) and `y` of zeros and ones."""
    qubits = x.shape[1]
    node = qml.QNode(circuit, qml.device("default.qubit", wires=qubits), interface="autograd", diff_method="backprop")
    signs = 2 * y - 1

    def loss(scales: Array, angles: Array) -> float:
        values = node(x.T, {"scales": scales, "angles": angles}, layers=LAYERS)
        return pnp.mean(pnp.log1p(pnp.exp(-STEEPNESS * signs * values)))

    scales = pnp.full(qubits, 0.5, requires_grad=True)
    angles = pnp.array(np.random.default_rng(SEED).normal(0, 0.3, (LAYERS, qubits, 2)), requires_grad=True)
    optimiser = qml.AdamOptimizer(STEP_SIZE)
    for _ in range(STEPS):
        (scales, angles), value = optimiser.step_and_cost(loss, scales, angles)
    return {"scales": np.array(scales).round(6), "angles": np.array(angles).round(6)}, float(value)


def accuracy(x: Array, y: npt.NDArray[np.int64], weights: dict[str, Array]) -> float:
    """Return the share of rows whose sign of ⟨Z⟩ is right, without shots, on `lightning.qubit`."""
    node = qml.QNode(circuit, qml.device("lightning.qubit", wires=x.shape[1]), diff_method=None)
    values = np.array([node(row, weights, layers=LAYERS) for row in x])
    return float(np.mean((values > 0) == y))


def main() -> None:
    """Train and write both files."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "weights", help="the directory to write to")
    out = parser.parse_args().out
    with np.load(ROOT / "data" / "train.npz", allow_pickle=False) as data:
        x, y = data["X"], data["y"]
    weights, loss = train(x, y)
    np.savez(out / "circuit.npz", **weights)
    reached = {"loss": round(loss, 4), "train_accuracy": round(accuracy(x, y, weights), 4)}
    (out / "training.json").write_text(json.dumps(reached, indent=2) + "\n")


if __name__ == "__main__":
    main()
