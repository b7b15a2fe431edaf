"""Confusion tables by hand: the mean over seeds minus the baseline's."""

from types import SimpleNamespace

import numpy as np
import pytest

from qgate.charter.metrics import SCORERS
from qgate.gates.confusion import MOST_CLASSES, confusion_told


def pairing(truth, baseline, *candidates, scorer="accuracy"):
    cells = [SimpleNamespace(predictions=np.array(answer)) for answer in (baseline, *candidates)]
    return SimpleNamespace(scorer=SCORERS[scorer], truth=np.array(truth), baseline=cells[0], candidates=tuple(cells[1:]))


def test_the_mean_over_seeds_minus_the_baseline():
    found = confusion_told(pairing(["a", "a", "b", "b"], ["a", "a", "b", "a"], ["a", "b", "b", "b"], ["a", "a", "b", "b"]))
    assert found == {"classes": ["a", "b"], "difference": [[-0.5, 0.5], [-1.0, 1.0]]}


def test_a_class_that_nothing_belongs_to_has_its_column():
    found = confusion_told(pairing([1, 2], [1, 2], [1, 7]))
    assert found == {"classes": ["1", "2", "7"], "difference": [[0.0, 0.0, 0.0], [0.0, -1.0, 1.0], [0.0, 0.0, 0.0]]}


@pytest.mark.parametrize("scorer", ["roc_auc", "mae"])
def test_what_looks_at_no_label_has_no_table(scorer):
    assert confusion_told(pairing([0, 1], [0, 1], [0, 1], scorer=scorer)) is None


def test_more_classes_than_an_eye_can_compare_have_no_table():
    many = list(range(MOST_CLASSES))
    assert len(confusion_told(pairing(many, many, many))["classes"]) == MOST_CLASSES
    more = [*many, MOST_CLASSES]
    assert confusion_told(pairing(more, more, more)) is None
