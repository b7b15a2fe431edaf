"""A cell's score without each row (or cluster of rows), and under resampled rows: every scorer, without a loop over rows."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from qgate.domain.evidence import Array, Cell
from qgate.errors import MeasurementError
from qgate.gates import ranks
from qgate.gates.moments import Moments, moments
from qgate.gates.scorers import Bound

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_CHUNK = 4_000_000  # numbers of a chunk of weights: 32 MB


def left_out(bound: Bound, truth: Array, cell: Cell, groups: Rows) -> Floats:
    """The score without each group: shape (groups,).

    Args:
        bound: the scorer.
        truth: the labels.
        cell: the answers.
        groups: each row's group, numbered from 0, shape (rows,).

    Raises:
        MeasurementError: the score is not defined without some of the rows.
    """
    sums = moments(bound, truth, cell)
    if sums is not None:
        found = _sums_without_each(sums, groups)
    elif int(groups.max()) + 1 == len(groups) and bound.scorer.name in _WITHOUT_EACH:
        found = _over_classes(bound, truth, cell, _WITHOUT_EACH[bound.scorer.name])[groups.argsort()]
    else:
        found = np.concatenate([weighted(bound, truth, cell, chunk) for chunk in _one_group_less(groups)])
    if not np.isfinite(found).all():
        worst = int((~np.isfinite(found)).sum())
        raise MeasurementError(
            f"{bound.scorer.name} is not defined without each of the rows: leaving out {worst} of them ends it"
        )
    return found


def weighted(bound: Bound, truth: Array, cell: Cell, weights: Floats) -> Floats:
    """The score when each row counts as often as it weighs, weights of shape (B, rows): shape (B,); NaN where it is undefined.

    Raises:
        MeasurementError: the scorer cannot be weighted.
    """
    sums = moments(bound, truth, cell)
    if sums is not None:
        with np.errstate(invalid="ignore"):
            return sums.combine(weights @ sums.columns)
    name = bound.scorer.name
    if name == "median_absolute_error":
        return ranks.median(np.abs(truth - cell.predictions).astype(np.float64), weights)
    if name not in _WEIGHTED:
        raise MeasurementError(f"{name} has no bootstrap: a resample never holds a row that is worse than the worst")
    return _over_classes(bound, truth, cell, lambda ranked: _WEIGHTED[name](ranked, weights))


def _sums_without_each(sums: Moments, groups: Rows) -> Floats:
    lost = np.zeros((int(groups.max()) + 1, sums.columns.shape[1]))
    np.add.at(lost, groups, sums.columns)
    with np.errstate(invalid="ignore"):
        return sums.combine(sums.columns.sum(axis=0) - lost)


def _one_group_less(groups: Rows) -> Iterator[Floats]:
    count = int(groups.max()) + 1
    step = max(1, _CHUNK // len(groups))
    for first in range(0, count, step):
        yield (groups[None, :] != np.arange(first, min(first + step, count))[:, None]).astype(np.float64)


def _over_classes(bound: Bound, truth: Array, cell: Cell, score: Callable[[ranks.Ranking], Floats]) -> Floats:
    """One class against the rest, averaged; for two classes the second one's score."""
    scores = np.asarray(cell.scores, dtype=np.float64)
    if scores.ndim == 1:
        return score(ranks.ranking(truth == bound.classes[1], scores))
    each = [score(ranks.ranking(truth == c, scores[:, k])) for k, c in enumerate(bound.classes)]
    return np.asarray(np.mean(each, axis=0))


_WEIGHTED: Mapping[str, Callable[[ranks.Ranking, Floats], Floats]] = MappingProxyType(
    {"roc_auc": ranks.auc, "average_precision": ranks.average_precision}
)
_WITHOUT_EACH: Mapping[str, Callable[[ranks.Ranking], Floats]] = MappingProxyType(
    {"roc_auc": ranks.auc_without_each, "average_precision": ranks.average_precision_without_each}
)
