"""A worker's predictions and scores, believed only after their shape, type, range and classes were checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.charter.metrics import Task
from qgate.errors import MeasurementError

Array = npt.NDArray[Any]
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """What an answer must look like: `classes` are the truth's, sorted; `who` names the model in an error."""

    rows: int
    classes: Array
    task: Task
    who: str


def predictions(found: Array | None, expected: Expected) -> Array:
    """Predictions of shape (rows,): finite floats for regression, known classes of the truth's dtype for classification.

    Raises:
        MeasurementError: what is wrong with them, with the first offending row.
    """
    who, rows = expected.who, expected.rows
    if found is None or found.shape != (rows,):
        shape = None if found is None else found.shape
        raise MeasurementError(f"{who} must predict one value per row, shape ({rows},), but answered shape {shape}")
    if expected.task is Task.REGRESSION:
        return _finite(found, f"{who}'s predictions").astype(np.float64)
    return _known(found, expected.classes, who)


def _known(found: Array, classes: Array, who: str) -> Array:
    comparable = (found.dtype.kind == "U") == (classes.dtype.kind == "U")
    foreign = ~np.isin(found, classes) if comparable else np.ones(len(found), dtype=bool)
    if foreign.any():
        row = int(np.argmax(foreign))
        known = ", ".join(str(c) for c in classes[:10])
        raise MeasurementError(f"{who} predicts {found[row]!r} for row {row}, which is none of the classes {known}")
    return classes[np.searchsorted(classes, found)]


def scores(found: Array | None, kind: str | None, columns: Array | None, expected: Expected) -> Array | None:
    """Scores as `Cell` defines them: the second class's for two classes, else one column per sorted class.

    `columns` are the classes in the order of the model's columns (None: sorted).

    Raises:
        MeasurementError: wrong shape, not finite, or probabilities that do not sum to one.
    """
    if found is None or kind is None:
        return None
    who, rows, classes = expected.who, expected.rows, expected.classes
    binary = len(classes) == 2  # noqa: PLR2004 -- two classes are scored by the second alone
    found = _finite(found, f"{who}'s scores").astype(np.float64)
    if found.shape == (rows,) and binary:
        return found
    if found.shape != (rows, len(classes)):
        raise MeasurementError(f"{who}'s scores have shape {found.shape}; ({rows}, {len(classes)}) is expected")
    if columns is not None:
        if not np.array_equal(np.sort(columns), classes):
            raise MeasurementError(f"{who}'s classes_ are {columns.tolist()}; the data's are {classes.tolist()}")
        found = found[:, np.argsort(columns)]
    if kind == "probability" and np.abs(found.sum(axis=1) - 1).max(initial=0) > _SUM_TOLERANCE:
        raise MeasurementError(f"{who}'s class probabilities do not sum to one")
    return found[:, 1] if binary else found


def _finite(array: Array, what: str) -> Array:
    if array.dtype.kind not in "biuf":
        raise MeasurementError(f"{what} are {array.dtype}, not numbers")
    bad = ~np.isfinite(array)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise MeasurementError(f"{what} are not finite: row {row} holds {array[row]}")
    return array
