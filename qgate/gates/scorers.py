"""The scorers of parity gates, each through scikit-learn on a truth and a cell.

The classes are the sorted labels of the locked set, and the second of two is the positive one. They are bound once, from all
rows, so that a jackknife which leaves the last row of a class out still averages over the same classes.
"""

import hashlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.preprocessing import label_binarize

from qgate.charter.metrics import Needs, Scorer, Task
from qgate.domain.evidence import Array, Cell
from qgate.errors import MeasurementError

# Scores that hang on single rows: leaving rows out says nothing about new data (the jackknife is inconsistent for them).
NOT_SMOOTH = frozenset({"median_absolute_error", "max_error"})

# Scores by content: a run judges twice, once to know what to rehearse; every level of a gate and every salted seed list asks for
# the same ones again; and scikit-learn takes milliseconds to check its arguments.
_KNOWN: dict[tuple[object, ...], float] = {}
_TWO = 2
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Bound:
    """A scorer bound to the classes of the locked set; `classes` is empty for a regression."""

    scorer: Scorer
    classes: Array

    def score(self, truth: Array, predictions: Array, scores: Array | None) -> float:
        """The score of some rows.

        Raises:
            MeasurementError: the score is not defined on them.
        """
        answers = predictions if self.scorer.needs is Needs.PREDICTIONS else scores
        content = (self.scorer.name, *(_digest(array) for array in (self.classes, truth, answers)))
        if content not in _KNOWN:
            _KNOWN[content] = self._computed(truth, answers)
        return _KNOWN[content]

    def _computed(self, truth: Array, answers: Array | None) -> float:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UndefinedMetricWarning)  # it then returns NaN, which is refused below
                warnings.filterwarnings("ignore", "y_pred contains classes not in y_true", UserWarning)
                value = float(_COMPUTE[self.scorer.name](truth, answers, self.classes))
        except ValueError as error:
            raise MeasurementError(f"{self.scorer.name} cannot be computed on these rows: {error}") from error
        if not np.isfinite(value):
            raise MeasurementError(f"{self.scorer.name} is not defined on these {len(truth)} rows (it comes out as {value})")
        return value


def score(scorer: Scorer, truth: Array, cell: Cell) -> float:
    """The score of a cell on all rows.

    Raises:
        MeasurementError: the cell does not hold what the scorer needs; the text says what is missing.
    """
    return bind(scorer, truth, cell).score(truth, cell.predictions, cell.scores)


def _digest(array: Array | None) -> bytes:
    """Of its type, shape and bytes."""
    if array is None:
        return b""
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).digest()


def bind(scorer: Scorer, truth: Array, *cells: Cell) -> Bound:
    """Bind a scorer to the classes of the truth, once every cell was found to hold what it needs.

    Raises:
        MeasurementError: it does not, with the reason.
    """
    classes = np.unique(truth) if scorer.task is Task.CLASSIFICATION else truth[:0]
    _check_truth(scorer, truth, classes)
    for cell in cells:
        _check_predictions(scorer, truth, cell)
        if scorer.needs is not Needs.PREDICTIONS:
            _check_scores(scorer, truth, classes, cell)
    return Bound(scorer=scorer, classes=classes)


def gap(scorer: Scorer, baseline: float, candidate: float) -> float:
    """How much worse the candidate's score is; negative where it is better."""
    return baseline - candidate if scorer.greater_is_better else candidate - baseline


def step(scorer: Scorer, truth: Array) -> float:
    """How far one row's label can move the score: by a whole row of the smallest class; 0 where the score moves continuously."""
    if scorer.task is Task.REGRESSION or scorer.needs is not Needs.PREDICTIONS:
        return 0.0
    if scorer.name in {"accuracy", "f1_micro"}:
        return 1 / len(truth)
    return 1 / int(np.unique(truth, return_counts=True)[1].min())


def _check_truth(scorer: Scorer, truth: Array, classes: Array) -> None:
    if truth.ndim != 1 or not len(truth):
        raise MeasurementError(f"the truth has shape {truth.shape}: one label per row is needed")
    if scorer.task is Task.REGRESSION and (truth.dtype.kind not in "biuf" or not np.isfinite(truth).all()):
        raise MeasurementError(f"{scorer.name} is a regression score, and the truth is not all finite numbers")
    if truth.dtype.kind == "f" and not np.isfinite(truth).all():
        raise MeasurementError("the truth holds NaN or infinite labels")
    if scorer.needs is not Needs.PREDICTIONS and len(classes) < _TWO:
        raise MeasurementError(f"{scorer.name} needs two classes, and every row of the locked set has the same label")
    if scorer.name in _BINARY and len(classes) != _TWO:
        instead = f"; use {scorer.name}_macro" if f"{scorer.name}_macro" in _COMPUTE else ""
        raise MeasurementError(f"{scorer.name} is for two classes, and the locked set has {len(classes)}{instead}")


def _check_predictions(scorer: Scorer, truth: Array, cell: Cell) -> None:
    if cell.predictions.shape != truth.shape:
        raise MeasurementError(f"{cell.key}: predictions have shape {cell.predictions.shape}, the locked set {truth.shape}")
    numeric = cell.predictions.dtype.kind in "biuf"
    if numeric != (truth.dtype.kind in "biuf"):
        raise MeasurementError(f"{cell.key}: predictions are {cell.predictions.dtype}, the labels {truth.dtype}")
    if cell.predictions.dtype.kind == "f" and not np.isfinite(cell.predictions).all():
        bad = int((~np.isfinite(cell.predictions)).sum())
        raise MeasurementError(f"{cell.key}: {bad} of {len(truth)} predictions are NaN or infinite; {scorer.name} has no value")


def _check_scores(scorer: Scorer, truth: Array, classes: Array, cell: Cell) -> None:
    wanted = (len(truth),) if len(classes) == _TWO else (len(truth), len(classes))
    if cell.scores is None:
        raise MeasurementError(f"{cell.key}: {scorer.name} needs {_NEEDED[scorer.needs]}, and the model gives labels only")
    if cell.scores.shape != wanted:
        raise MeasurementError(f"{cell.key}: scores have shape {cell.scores.shape}, and {len(classes)} classes need {wanted}")
    if not np.isfinite(cell.scores).all():
        raise MeasurementError(f"{cell.key}: scores hold NaN or infinite values; {scorer.name} has no value")
    many_roc = scorer.name == "roc_auc" and len(classes) != _TWO
    if scorer.needs is Needs.PROBABILITIES or many_roc:
        _check_probabilities(scorer, cell, cell.scores)


def _check_probabilities(scorer: Scorer, cell: Cell, scores: Array) -> None:
    if cell.score_kind != "probability":
        raise MeasurementError(
            f"{cell.key}: {scorer.name} needs class probabilities, and the model gives {cell.score_kind or 'unnamed'} scores"
        )
    if scores.min() < 0 or scores.max() > 1:
        raise MeasurementError(f"{cell.key}: probabilities lie outside [0, 1]; {scorer.name} has no value")
    if scores.ndim == _TWO and np.abs(scores.sum(axis=1) - 1).max() > _SUM_TOLERANCE:
        raise MeasurementError(f"{cell.key}: the probabilities of a row do not sum to one; {scorer.name} has no value")


_NEEDED = MappingProxyType({Needs.SCORES: "scores or probabilities", Needs.PROBABILITIES: "class probabilities"})

Compute = Callable[[Array, Any, Array], Any]


def _plain(function: Callable[..., Any]) -> Compute:
    return lambda truth, predictions, _: function(truth, predictions)


def _binary(function: Callable[..., Any]) -> Compute:
    """A score of the positive class. Truth and predictions become 0 and 1: any other label is not the positive one."""
    return lambda truth, predictions, classes: function(truth == classes[1], predictions == classes[1], zero_division=0.0)


def _averaged(function: Callable[..., Any], average: str) -> Compute:
    def compute(truth: Array, predictions: Array, classes: Array) -> Any:
        return function(truth, predictions, labels=classes, average=average, zero_division=0.0)

    return compute


def _roc_auc(truth: Array, scores: Array, classes: Array) -> Any:
    if len(classes) == _TWO:
        return metrics.roc_auc_score(truth == classes[1], scores)
    return metrics.roc_auc_score(truth, scores, labels=classes, multi_class="ovr")


def _average_precision(truth: Array, scores: Array, classes: Array) -> Any:
    if len(classes) == _TWO:
        return metrics.average_precision_score(truth == classes[1], scores)
    return metrics.average_precision_score(label_binarize(truth, classes=classes), scores)


def _log_loss(truth: Array, probabilities: Array, classes: Array) -> Any:
    return metrics.log_loss(truth, _columns(probabilities), labels=classes)


def _brier(truth: Array, probabilities: Array, classes: Array) -> Any:
    if len(classes) == _TWO:
        return metrics.brier_score_loss(truth == classes[1], probabilities)
    return metrics.brier_score_loss(truth, probabilities, labels=classes)


def _columns(probabilities: Array) -> Array:
    return probabilities if probabilities.ndim == _TWO else np.column_stack([1 - probabilities, probabilities])


_BINARY = frozenset({"f1", "precision", "recall", "jaccard"})

_COMPUTE: Mapping[str, Compute] = MappingProxyType(
    {
        "accuracy": _plain(metrics.accuracy_score),
        "balanced_accuracy": _plain(metrics.balanced_accuracy_score),
        "f1": _binary(metrics.f1_score),
        "f1_macro": _averaged(metrics.f1_score, "macro"),
        "f1_micro": _plain(partial(metrics.f1_score, average="micro")),
        "f1_weighted": _averaged(metrics.f1_score, "weighted"),
        "precision": _binary(metrics.precision_score),
        "precision_macro": _averaged(metrics.precision_score, "macro"),
        "recall": _binary(metrics.recall_score),
        "recall_macro": _averaged(metrics.recall_score, "macro"),
        "jaccard": _binary(metrics.jaccard_score),
        "matthews_corrcoef": _plain(metrics.matthews_corrcoef),
        "cohen_kappa": _plain(metrics.cohen_kappa_score),
        "roc_auc": _roc_auc,
        "average_precision": _average_precision,
        "log_loss": _log_loss,
        "brier": _brier,
        "r2": _plain(metrics.r2_score),
        "explained_variance": _plain(metrics.explained_variance_score),
        "mse": _plain(metrics.mean_squared_error),
        "rmse": _plain(metrics.root_mean_squared_error),
        "mae": _plain(metrics.mean_absolute_error),
        "median_absolute_error": _plain(metrics.median_absolute_error),
        "mape": _plain(metrics.mean_absolute_percentage_error),
        "max_error": _plain(metrics.max_error),
    }
)
