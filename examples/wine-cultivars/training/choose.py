"""Choose the kernel's bandwidth by five-fold cross-validation on `data/train.npz`; print the accuracy of each candidate.

The kernel is made of states: one simulation a wine, then the squared overlaps. The validation set stays unread.

    PYTHONPATH=src python training/choose.py
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pennylane as qml
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from wines.kernel import feature_map

ROOT = Path(__file__).parents[1]
BANDWIDTHS = (0.3, 0.5, 0.7, 1.0, 1.5, 3.14)
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)

Array = npt.NDArray[np.float64]


def kernel(x: Array, bandwidth: float) -> Array:
    """Return the exact kernel of `x`, shape (rows, qubits), with itself."""

    @qml.qnode(qml.device("lightning.qubit", wires=x.shape[1]), diff_method=None)
    def state(sample: Array) -> object:
        feature_map(sample, bandwidth=bandwidth)
        return qml.state()

    states = np.array([state(sample) for sample in x])
    return np.abs(states @ states.conj().T) ** 2


def main() -> None:
    """Print the table."""
    with np.load(ROOT / "data" / "train.npz", allow_pickle=False) as data:
        x, y = data["X"], data["y"]
    for bandwidth in BANDWIDTHS:
        accuracy = cross_val_score(SVC(kernel="precomputed"), kernel(x, bandwidth), y, cv=FOLDS).mean()
        print(f"{bandwidth:4.2f}  {accuracy:.2f}")


if __name__ == "__main__":
    main()
