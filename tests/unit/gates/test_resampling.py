"""Scores without each row and under weights: exactly those of scikit-learn on the rows themselves."""

import time

import numpy as np
import pytest

from qgate.charter.metrics import SCORERS, Needs, Task
from qgate.errors import MeasurementError
from qgate.gates.resampling import left_out, weighted
from qgate.gates.scorers import NOT_SMOOTH, bind

SMOOTH = [name for name in SCORERS if name not in NOT_SMOOTH]
BINARY = {"f1", "precision", "recall", "jaccard"}


def answers(make, name, rows, classes, rng):
    """Truth and a cell; scores are rounded, so that many are tied."""
    if SCORERS[name].task is Task.REGRESSION:
        truth = rng.normal(1_000, 3, rows)
        return truth, make.cell("candidate", truth + rng.normal(0.5, 1, rows))
    truth = rng.permutation(np.arange(rows) % classes)
    table = rng.dirichlet(np.ones(classes), rows) + 0.6 * (truth[:, None] == np.arange(classes))
    table = np.round(table / table.sum(axis=1, keepdims=True), 2)
    table[:, 0] = 1 - table[:, 1:].sum(axis=1)
    scores = table[:, 1] if classes == 2 else table
    return truth, make.cell("candidate", table.argmax(axis=1), scores=np.clip(scores, 0, 1), kind="probability")


CASES = [(name, 2) for name in SMOOTH] + [
    (name, 3) for name in SMOOTH if SCORERS[name].task is Task.CLASSIFICATION and name not in BINARY
]


def by_loop(bound, truth, cell, kept):
    scores = None if cell.scores is None else cell.scores[kept]
    return bound.score(truth[kept], cell.predictions[kept], scores)


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_leaving_each_row_out_is_the_loop(make, name, classes):
    truth, cell = answers(make, name, 60, classes, np.random.default_rng(1))
    bound = bind(SCORERS[name], truth, cell)
    expected = [by_loop(bound, truth, cell, np.flatnonzero(np.arange(60) != row)) for row in range(60)]
    assert left_out(bound, truth, cell, np.arange(60)) == pytest.approx(expected, rel=1e-11, abs=1e-13)
    assert np.std(expected) > 0


@pytest.mark.parametrize(("name", "classes"), CASES)
def test_leaving_each_cluster_out_is_the_loop(make, name, classes):
    rng = np.random.default_rng(2)
    truth, cell = answers(make, name, 60, classes, rng)
    bound, groups = bind(SCORERS[name], truth, cell), rng.permutation(np.arange(60) // 4)
    expected = [by_loop(bound, truth, cell, np.flatnonzero(groups != g)) for g in range(15)]
    assert left_out(bound, truth, cell, groups) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize(("name", "classes"), [*CASES, ("median_absolute_error", 2)])
def test_a_weight_is_how_often_a_row_is_there(make, name, classes):
    rng = np.random.default_rng(3)
    truth, cell = answers(make, name, 41, classes, rng)
    bound, drawn = bind(SCORERS[name], truth, cell), rng.integers(0, 41, (5, 41))
    weights = np.array([np.bincount(d, minlength=41) for d in drawn], dtype=float)
    expected = [by_loop(bound, truth, cell, d) for d in drawn]
    assert weighted(bound, truth, cell, weights) == pytest.approx(expected, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("name", [n for n in SMOOTH if SCORERS[n].task is Task.CLASSIFICATION])
def test_a_class_that_is_only_predicted_changes_nothing_about_the_equality(make, name):
    if SCORERS[name].needs is not Needs.PREDICTIONS:
        return
    truth = np.tile([0, 1], 10)
    cell = make.cell("candidate", np.where(np.arange(20) % 5, truth, 2))
    bound = bind(SCORERS[name], truth, cell)
    expected = [by_loop(bound, truth, cell, np.flatnonzero(np.arange(20) != row)) for row in range(20)]
    assert left_out(bound, truth, cell, np.arange(20)) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_a_score_that_ends_without_one_row_says_so(make, name):
    truth = np.array([0] * 9 + [1])
    cell = make.cell("candidate", truth, scores=np.linspace(0, 1, 10), kind="probability")
    with pytest.raises(MeasurementError, match=f"{name} is not defined without each of the rows: leaving out 1 of them ends it"):
        left_out(bind(SCORERS[name], truth, cell), truth, cell, np.arange(10))


@pytest.mark.parametrize(("name", "truth", "predictions", "expected"), [
    ("r2", [2.0, 2.0, 2.0], [2.0, 2.0, 2.0], 1.0),
    ("r2", [2.1, 2.1, 2.1], [2.0, 2.1, 2.2], 0.0),
    ("explained_variance", [2.1, 2.1, 2.1], [2.0, 2.0, 2.0], 1.0),
])  # fmt: skip
def test_a_truth_without_spread_scores_as_in_scikit_learn(make, name, truth, predictions, expected):
    truth, cell = np.array(truth), make.cell("candidate", np.array(predictions))
    bound = bind(SCORERS[name], truth, cell)
    assert weighted(bound, truth, cell, np.ones((1, 3))) == pytest.approx([expected])
    assert bound.score(truth, cell.predictions, None) == pytest.approx(expected)


def test_a_maximum_has_no_bootstrap(make):
    truth, cell = np.arange(4.0), make.cell("candidate", np.zeros(4))
    with pytest.raises(MeasurementError, match="max_error has no bootstrap"):
        weighted(bind(SCORERS["max_error"], truth, cell), truth, cell, np.ones((1, 4)))


@pytest.mark.parametrize("name", ["f1_macro", "matthews_corrcoef", "roc_auc", "average_precision", "log_loss", "r2"])
def test_a_cell_of_2000_rows_takes_milliseconds(make, name):
    truth, cell = answers(make, name, 2_000, 2, np.random.default_rng(4))
    bound, rows = bind(SCORERS[name], truth, cell), np.arange(2_000)
    left_out(bound, truth, cell, rows)
    started = time.process_time()
    for _ in range(10):
        left_out(bound, truth, cell, rows)
    assert time.process_time() - started < 0.1
