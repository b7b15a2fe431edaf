"""Gaussian processes on a precomputed kernel, through scikit-learn, whose own take a function of two samples only.

Samples are row numbers, and the kernel looks their values up. A kernel estimated from shots may be indefinite, which no
covariance is: the training kernel's eigenvalues below 0 are taken for 0, which gives the nearest covariance (Higham 1988).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel

Array = npt.NDArray[Any]


class Indexed(Kernel):  # type: ignore[misc]
    """Values by row numbers: those of the training rows come first, then those of the rows that are `asked` about."""

    def __init__(self, train: Array) -> None:
        self.train = train
        self.asked = np.empty((0, len(train)))

    def __call__(self, X: Array, Y: Array | None = None, eval_gradient: bool = False) -> Array:  # noqa: FBT002, N803 -- scikit-learn's signature
        """The kernel of rows X with rows Y, of which one or both are training rows."""
        if eval_gradient:
            raise NotImplementedError("a precomputed kernel has no parameters to optimise")
        left, right = _numbers(X), _numbers(X if Y is None else Y)
        table = np.vstack([self.train, self.asked])
        if (right < len(self.train)).all():
            found: Array = table[np.ix_(left, right)]
            return found
        return np.ascontiguousarray(table[np.ix_(right, left)].T)

    def diag(self, X: Array) -> Array:  # noqa: N803 -- scikit-learn's signature
        """Ones: only a variance depends on them, and none is asked for."""
        return np.ones(len(X))

    def is_stationary(self) -> bool:
        """Row numbers have no distance."""
        return False

    def __sklearn_clone__(self) -> "Indexed":
        return self


def _numbers(rows: Array) -> Array:
    numbers: Array = rows[:, 0].astype(np.int64)
    return numbers


class _OnRows:
    """A model whose samples are numbers of rows of a kernel matrix."""

    def __init__(self) -> None:
        self._kernel = Indexed(np.empty((0, 0)))

    def _train(self, matrix: Array) -> Array:
        """The numbers of the training rows, whose kernel is `matrix`."""
        self._kernel = Indexed(covariance(matrix))
        return np.arange(len(matrix), dtype=np.float64)[:, None]

    def _ask(self, matrix: Array) -> Array:
        """Numbers of rows whose kernel with the training rows is `matrix`, shape (rows, training rows)."""
        self._kernel.asked = matrix
        return len(self._kernel.train) + np.arange(len(matrix), dtype=np.float64)[:, None]


class Regressor(_OnRows):
    """The mean of a Gaussian process on labels of mean 0 and variance 1, with noise of the given variance."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self._noise = noise

    def fit(self, matrix: Array, labels: Array) -> "Regressor":
        """Condition on the training rows."""
        rows = self._train(matrix)
        self._model = GaussianProcessRegressor(self._kernel, alpha=self._noise, optimizer=None, normalize_y=True).fit(
            rows, labels
        )
        return self

    def predict(self, matrix: Array) -> Array:
        """Posterior means, shape (rows,)."""
        means: Array = self._model.predict(self._ask(matrix))
        return means


class Classifier(_OnRows):
    """A Gaussian process whose sign is the class, by Laplace's approximation; of several classes one against the rest each.

    `scale` is the prior variance of the latent function. Rasmussen and Williams, "Gaussian Processes for Machine Learning"
    (2006), algorithms 3.1 and 3.2.
    """

    def __init__(self, scale: float) -> None:
        super().__init__()
        self._scale = scale

    def fit(self, matrix: Array, labels: Array) -> "Classifier":
        """Condition on the training rows."""
        rows = self._train(self._scale * matrix)
        self.classes_ = np.unique(labels)
        apart = self.classes_[1:] if len(self.classes_) == 2 else self.classes_  # noqa: PLR2004 -- two classes are told apart once
        self._models = [GaussianProcessClassifier(self._kernel, optimizer=None).fit(rows, labels == c) for c in apart]
        return self

    def decision_function(self, matrix: Array) -> Array:
        """Posterior modes of the latent function: shape (rows,) for two classes, of the second; else (rows, classes)."""
        rows = self._ask(self._scale * matrix)
        means = np.stack([model.latent_mean_and_variance(rows)[0] for model in self._models], axis=1)
        return means[:, 0] if len(self._models) == 1 else means

    def predict(self, matrix: Array) -> Array:
        """The class whose latent function is largest, shape (rows,)."""
        scores = self.decision_function(matrix)
        chosen = (scores > 0).astype(np.int64) if scores.ndim == 1 else scores.argmax(axis=1)
        classes: Array = self.classes_[chosen]
        return classes


def covariance(matrix: Array) -> Array:
    """The nearest positive semidefinite matrix to a symmetric one."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= 0:
        return matrix
    nearest: Array = (vectors * np.clip(values, 0.0, None)) @ vectors.T
    return (nearest + nearest.T) / 2
