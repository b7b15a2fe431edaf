"""Scores that are functions of sums over rows: each row brings a few columns, and a score combines their sums.

So a score without a row, or under any weights of the rows, needs no second look at the data: a whole jackknife is one
subtraction, a bootstrap one matrix product. The values are scikit-learn's own, which the tests compare row by row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from qgate.charter.metrics import Needs, Task
from qgate.domain.evidence import Array, Cell
from qgate.gates.scorers import Bound

Floats = npt.NDArray[np.float64]
_TWO = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """`columns` has shape (rows, columns), the first all ones; `combine` makes sums of shape (..., columns) into scores (...)."""

    columns: Floats
    combine: Callable[[Floats], Floats]


def moments(bound: Bound, truth: Array, cell: Cell) -> Moments | None:
    """The columns of a cell's score; None where it is no function of sums (ranks, medians, maxima)."""
    name = bound.scorer.name
    if bound.scorer.task is Task.REGRESSION:
        return _regression(name, np.asarray(truth, dtype=np.float64), np.asarray(cell.predictions, dtype=np.float64))
    if bound.scorer.needs is Needs.PREDICTIONS:
        return _labels(name, truth, cell.predictions, bound.classes)
    if bound.scorer.needs is Needs.PROBABILITIES and cell.scores is not None:
        return _probabilities(name, truth, cell.scores, bound.classes)
    return None


def _with_ones(*columns: Array) -> Floats:
    return np.column_stack([np.ones(len(columns[0])), *columns]).astype(np.float64)


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """The quotient, and `otherwise` where nothing is divided by."""
    found: Floats = np.divide(
        above, below, out=np.full(np.broadcast_shapes(above.shape, below.shape), otherwise), where=below > 0
    )
    return found


def _mean(sums: Floats) -> Floats:
    return sums[..., 1] / sums[..., 0]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Confusion:
    """Per label, over some rows: hits, how often it was predicted, how often it was true; each of shape (..., labels)."""

    rows: Floats
    hits: Floats
    predicted: Floats
    true: Floats

    def of(self, chosen: Array) -> "_Confusion":
        """The chosen labels alone."""
        picked = (part[..., chosen] for part in (self.hits, self.predicted, self.true))
        hits, predicted, true = picked
        return _Confusion(rows=self.rows, hits=hits, predicted=predicted, true=true)


def _labels(name: str, truth: Array, predictions: Array, classes: Array) -> Moments:
    labels = np.union1d(truth, predictions)
    true, predicted = truth[:, None] == labels, predictions[:, None] == labels
    chosen = np.flatnonzero(np.isin(labels, classes[1:] if name in _POSITIVE else classes))
    count, formula = len(labels), _FROM_LABELS[name]

    def combine(sums: Floats) -> Floats:
        parts = (sums[..., 1 + k * count : 1 + (k + 1) * count] for k in range(3))
        hits, of_predicted, of_true = parts
        found = _Confusion(rows=sums[..., 0], hits=hits, predicted=of_predicted, true=of_true)
        return formula(found if name in _OF_ALL_LABELS else found.of(chosen))

    return Moments(columns=_with_ones(true & predicted, predicted, true), combine=combine)


def _accuracy(found: _Confusion) -> Floats:
    return np.asarray(found.hits.sum(axis=-1) / found.rows)


def _balanced(found: _Confusion) -> Floats:
    return np.asarray(_ratio(found.hits, found.true).sum(axis=-1) / (found.true > 0).sum(axis=-1))


def _f1(found: _Confusion) -> Floats:
    return _ratio(2 * found.hits, found.predicted + found.true)


def _macro(score: Callable[[_Confusion], Floats]) -> Callable[[_Confusion], Floats]:
    return lambda found: np.asarray(score(found).mean(axis=-1))


def _f1_weighted(found: _Confusion) -> Floats:
    return np.asarray((_f1(found) * found.true).sum(axis=-1) / found.true.sum(axis=-1))


def _precision(found: _Confusion) -> Floats:
    return _ratio(found.hits, found.predicted)


def _recall(found: _Confusion) -> Floats:
    return _ratio(found.hits, found.true)


def _jaccard(found: _Confusion) -> Floats:
    return _ratio(found.hits, found.predicted + found.true - found.hits)


def _matthews(found: _Confusion) -> Floats:
    """0 where truth or predictions have a single label, as in scikit-learn."""
    chance = (found.predicted * found.true).sum(axis=-1)
    spread = (found.rows**2 - (found.predicted**2).sum(axis=-1)) * (found.rows**2 - (found.true**2).sum(axis=-1))
    return _ratio(found.hits.sum(axis=-1) * found.rows - chance, np.sqrt(np.maximum(spread, 0)))


def _kappa(found: _Confusion) -> Floats:
    """Not defined (NaN) where all truth and all predictions have one label."""
    chance = (found.predicted * found.true).sum(axis=-1) / found.rows
    return 1 - _ratio(found.rows - found.hits.sum(axis=-1), found.rows - chance, np.nan)


_POSITIVE = frozenset({"f1", "precision", "recall", "jaccard"})
_OF_ALL_LABELS = frozenset({"accuracy", "f1_micro", "balanced_accuracy", "matthews_corrcoef", "cohen_kappa"})
_FROM_LABELS: Mapping[str, Callable[[_Confusion], Floats]] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "f1_micro": _accuracy,
        "balanced_accuracy": _balanced,
        "f1": _macro(_f1),
        "f1_macro": _macro(_f1),
        "f1_weighted": _f1_weighted,
        "precision": _macro(_precision),
        "precision_macro": _macro(_precision),
        "recall": _macro(_recall),
        "recall_macro": _macro(_recall),
        "jaccard": _macro(_jaccard),
        "matthews_corrcoef": _matthews,
        "cohen_kappa": _kappa,
    }
)


def _probabilities(name: str, truth: Array, scores: Array, classes: Array) -> Moments:
    table = scores if scores.ndim == _TWO else np.column_stack([1 - scores, scores])
    if name == "log_loss":
        smallest = np.finfo(table.dtype).eps
        of_truth = table[np.arange(len(truth)), np.searchsorted(classes, truth)]
        return Moments(columns=_with_ones(-np.log(np.clip(of_truth, smallest, 1 - smallest))), combine=_mean)
    squares = (table - (truth[:, None] == classes)) ** 2
    # For two classes the score is that of the second one alone.
    return Moments(columns=_with_ones(squares[:, 1] if len(classes) == _TWO else squares.sum(axis=1)), combine=_mean)


def _regression(name: str, truth: Array, predictions: Array) -> Moments | None:
    error = truth - predictions
    if name in {"mse", "rmse"}:
        return Moments(columns=_with_ones(error**2), combine=_mean if name == "mse" else _root_mean)
    if name == "mae":
        return Moments(columns=_with_ones(np.abs(error)), combine=_mean)
    if name == "mape":
        return Moments(columns=_with_ones(np.abs(error) / np.maximum(np.abs(truth), np.finfo(np.float64).eps)), combine=_mean)
    if name in {"r2", "explained_variance"}:
        # Moved near zero, so that squares of a large offset do not swallow the differences.
        centred, moved = truth - np.median(truth), error if name == "r2" else error - np.median(error)
        columns = _with_ones(centred, centred**2, moved, moved**2)
        return Moments(columns=columns, combine=_r2 if name == "r2" else _explained_variance)
    return None


def _root_mean(sums: Floats) -> Floats:
    return np.sqrt(np.maximum(_mean(sums), 0))


def _share_explained(unexplained: Floats, spread: Floats) -> Floats:
    """1 for a perfect answer to a truth without spread, 0 for any other one, as in scikit-learn."""
    without = np.where(unexplained > 0, 1.0, 0.0)
    return 1 - np.where(spread > 0, _ratio(unexplained, spread), without)


def _r2(sums: Floats) -> Floats:
    return _share_explained(sums[..., 4], _squared_deviations(sums, 1))


def _explained_variance(sums: Floats) -> Floats:
    return _share_explained(_squared_deviations(sums, 3), _squared_deviations(sums, 1))


def _squared_deviations(sums: Floats, column: int) -> Floats:
    return np.maximum(sums[..., column + 1] - sums[..., column] ** 2 / sums[..., 0], 0)
