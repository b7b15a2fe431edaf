"""The hybrid candidate: quanvolution features in front of a logistic regression, in the shape of a scikit-learn estimator."""

from typing import Self

import numpy as np
import numpy.typing as npt
import pennylane as qml
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from sorter.quanvolution import QUBITS, patch_circuit, quanvolve, random_filter

Array = npt.NDArray[np.float64]


class QuanvolutionalClassifier(ClassifierMixin, BaseEstimator):
    """Trains its head on exact expectation values, then serves with `shots` samples per patch (None: exactly).

    `seed` only draws the shots, so every seed serves the same trained model. `filter_seed` chooses the filter, and `pixel_max`
    is the brightest pixel value there is.
    """

    def __init__(
        self,
        *,
        shots: int | None = None,
        seed: int | None = None,
        device: str = "lightning.qubit",
        filter_seed: int = 2,
        pixel_max: float = 16.0,
    ) -> None:
        self.shots = shots
        self.seed = seed
        self.device = device
        self.filter_seed = filter_seed
        self.pixel_max = pixel_max

    def fit(self, x: Array, y: npt.NDArray[np.int64]) -> Self:
        """Fit the head on images `x`, shape (rows, 64), and their digits `y`."""
        self.head_ = LogisticRegression(max_iter=1000).fit(self._features(x, shots=None), y)
        self.classes_ = self.head_.classes_
        return self

    def predict(self, x: Array) -> npt.NDArray[np.int64]:
        """Return the digit of each image."""
        return self.head_.predict(self._features(x, shots=self.shots))

    def _features(self, x: Array, *, shots: int | None) -> Array:
        device = qml.device(self.device, wires=QUBITS, seed=self.seed)
        node = qml.set_shots(qml.QNode(patch_circuit, device, diff_method=None), shots=shots)
        return quanvolve(x, node, random_filter(self.filter_seed), pixel_max=self.pixel_max, exact=shots is None)
