"""Which classes the candidate takes for which others more often, or less, than the baseline: shown, and decides nothing."""

from typing import Any

import numpy as np

from qgate.charter.metrics import Needs, Task
from qgate.domain.evidence import Array
from qgate.gates.pairing import Pairing

# A table of more says nothing to the eye.
MOST_CLASSES = 12
_DIGITS = 6


def confusion_told(pairing: Pairing) -> dict[str, Any] | None:
    """The difference of the confusion tables, candidate (the mean over seeds) minus baseline, as plain JSON values.

    `difference` has a row for each true class and a column for each that it was taken for, in rows of the locked set. None for
    scores that look at no label, and for more than a dozen classes.
    """
    if pairing.scorer.task is not Task.CLASSIFICATION or pairing.scorer.needs is not Needs.PREDICTIONS:
        return None
    answers = [pairing.baseline.predictions, *(cell.predictions for cell in pairing.candidates)]
    classes = np.unique(np.concatenate([pairing.truth, *answers]))
    if len(classes) > MOST_CLASSES:
        return None
    baseline, *candidates = (_table(pairing.truth, answer, classes) for answer in answers)
    difference = np.mean(candidates, axis=0) - baseline
    return {"classes": [str(name) for name in classes], "difference": np.round(difference, _DIGITS).tolist()}


def _table(truth: Array, answers: Array, classes: Array) -> Array:
    count = len(classes)
    cells = count * np.searchsorted(classes, truth) + np.searchsorted(classes, answers)
    return np.bincount(cells, minlength=count * count).reshape(count, count)
