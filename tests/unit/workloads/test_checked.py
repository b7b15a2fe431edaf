"""A worker's numbers: what is believed, and what is refused with the first offending row."""

import numpy as np
import pytest

from qgate.charter.metrics import Task
from qgate.errors import MeasurementError
from qgate.workloads.checked import Expected, predictions, scores

TWO = np.array([0, 1])
NAMES = np.array(["a", "b", "c"])


def expected(classes: np.ndarray = TWO, task: Task = Task.CLASSIFICATION, rows: int = 3) -> Expected:
    return Expected(rows=rows, classes=classes, task=task, who="the candidate")


@pytest.mark.parametrize("found", [np.array([0, 1, 1]), np.array([0.0, 1.0, 1.0]), np.array([False, True, True])])
def test_labels_take_the_type_of_the_truth(found):
    checked = predictions(found, expected())
    assert (checked.tolist(), checked.dtype) == ([0, 1, 1], TWO.dtype)


def test_regression_is_any_finite_number():
    assert predictions(np.array([1, 2, 3]), expected(task=Task.REGRESSION)).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("found", "task", "words"),
    [
        (None, Task.CLASSIFICATION, "answered shape None"),
        (np.array([0, 1]), Task.CLASSIFICATION, r"answered shape \(2,\)"),
        (np.array([[0], [1], [1]]), Task.CLASSIFICATION, r"answered shape \(3, 1\)"),
        (np.array([0, 7, 1]), Task.CLASSIFICATION, "for row 1, which is none of the classes 0, 1"),
        (np.array([0, np.nan, 1]), Task.CLASSIFICATION, "for row 1"),
        (np.array(["0", "1", "1"]), Task.CLASSIFICATION, "for row 0"),
        (np.array([0, np.inf, 1]), Task.REGRESSION, "not finite: row 1 holds inf"),
        (np.array(["x", "y", "z"]), Task.REGRESSION, "not numbers"),
    ],
)
def test_predictions_that_do_not_hold_up_are_refused(found, task, words):
    with pytest.raises(MeasurementError, match=words):
        predictions(found, expected(task=task))


def test_probabilities_of_two_classes_become_those_of_the_second_by_the_models_own_order():
    found = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    np.testing.assert_array_equal(scores(found, "probability", np.array([1, 0]), expected()), [0.9, 0.2, 0.5])


def test_columns_of_more_classes_are_sorted():
    found = np.array([[1.0, 2.0, 3.0]])
    checked = scores(found, "decision", np.array(["c", "a", "b"]), expected(NAMES, rows=1))
    np.testing.assert_array_equal(checked, [[2.0, 3.0, 1.0]])


def test_no_scores_are_no_scores():
    assert scores(None, None, None, expected()) is None


@pytest.mark.parametrize(
    ("found", "kind", "columns", "words"),
    [
        (np.zeros((3, 3)), "decision", None, r"shape \(3, 3\); \(3, 2\)"),
        (np.array([[0.5, 0.6]] * 3), "probability", None, "do not sum to one"),
        (np.array([[0.5, np.nan]] * 3), "probability", None, "not finite"),
        (np.array([[0.5, 0.5]] * 3), "probability", np.array([1, 2]), r"classes_ are \[1, 2\]"),
    ],
)
def test_scores_that_do_not_hold_up_are_refused(found, kind, columns, words):
    with pytest.raises(MeasurementError, match=words):
        scores(found, kind, columns, expected())
