"""Scores that depend on the order of rows, under weights of the rows and without each row: AUC, average precision, the median.

A row that is left out changes the ranks of others by one, so all leave-one-out values follow from running sums over the sorted
rows. AUC is the share of (negative, positive) pairs in the right order, ties half; average precision the mean over positive rows
of the precision among the rows that score at least as high.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Rows in rising order of their score: `order` sorts them, `starts` are the places where a new value begins."""

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    value: npt.NDArray[np.int64]
    positive: Booleans


def ranking(positive: Booleans, scores: Floats) -> Ranking:
    """Sort once, for all weights."""
    order = np.argsort(scores, kind="stable")
    _, value, counts = np.unique(scores, return_inverse=True, return_counts=True)
    return Ranking(order=order, starts=np.cumsum(counts) - counts, value=value, positive=positive)


def _per_value(ranked: Ranking, weights: Floats) -> tuple[Floats, Floats]:
    """The weight of positives and of all rows at each distinct score, shape (B, values)."""
    every = weights[:, ranked.order]
    positive = every * ranked.positive[ranked.order]
    return np.add.reduceat(positive, ranked.starts, axis=1), np.add.reduceat(every, ranked.starts, axis=1)


def auc(ranked: Ranking, weights: Floats) -> Floats:
    """Under weights of shape (B, rows): shape (B,); NaN where a class has no weight."""
    positive, every = _per_value(ranked, weights)
    negative = every - positive
    ordered = (positive * (np.cumsum(negative, axis=1) - negative / 2)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(ordered / (positive.sum(axis=1) * negative.sum(axis=1)))


def average_precision(ranked: Ranking, weights: Floats) -> Floats:
    """Under weights of shape (B, rows): shape (B,); NaN where no positive row has weight."""
    positive, every = (part[:, ::-1] for part in _per_value(ranked, weights))
    reached, among = np.cumsum(positive, axis=1), np.cumsum(every, axis=1)
    precision = np.divide(reached, among, out=np.zeros_like(reached), where=among > 0)
    with np.errstate(invalid="ignore"):
        return np.asarray((positive * precision).sum(axis=1) / positive.sum(axis=1))


def auc_without_each(ranked: Ranking) -> Floats:
    """Shape (rows,)."""
    positive, every = (part[0] for part in _per_value(ranked, np.ones((1, len(ranked.order)))))
    negative = every - positive
    below, above = np.cumsum(negative) - negative / 2, np.cumsum(positive[::-1])[::-1] - positive / 2
    ordered, positives, negatives = (positive * below).sum(), positive.sum(), negative.sum()
    lost = np.where(ranked.positive, below[ranked.value], above[ranked.value])
    pairs = np.where(ranked.positive, (positives - 1) * negatives, positives * (negatives - 1))
    return np.asarray(np.divide(ordered - lost, pairs, out=np.full(len(lost), np.nan), where=pairs > 0))


def average_precision_without_each(ranked: Ranking) -> Floats:
    """Shape (rows,). Only positives at or below a row lose it from the rows among which their precision is taken."""
    positive, every = (part[0][::-1] for part in _per_value(ranked, np.ones((1, len(ranked.order)))))
    reached, among = np.cumsum(positive), np.cumsum(every)
    others = np.maximum(among - 1, 1)
    value, hit = len(positive) - 1 - ranked.value, ranked.positive.astype(np.float64)

    def from_here(terms: Floats) -> Floats:
        return np.cumsum(terms[::-1])[::-1][value]

    before = np.cumsum(positive * reached / among)[value] - (positive * reached / among)[value]
    after = from_here(positive * reached / others) - hit * from_here(positive / others)
    itself = hit * (reached - 1)[value] / others[value]
    remaining = reached[-1] - hit
    return np.asarray(np.divide(before + after - itself, remaining, out=np.full(len(hit), np.nan), where=remaining > 0))


def median(values: Floats, counts: Floats) -> Floats:
    """The median of values that occur `counts` times, shape (B, rows): shape (B,)."""
    order = np.argsort(values, kind="stable")
    sorted_values, reached = values[order], np.cumsum(counts[:, order], axis=1)
    total = reached[:, -1]

    def at(place: Floats) -> Floats:
        return np.asarray(sorted_values[np.argmax(reached > place[:, None], axis=1)])

    return (at((total - 1) // 2) + at(total // 2)) / 2
