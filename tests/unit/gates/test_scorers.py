"""Every scorer: scikit-learn's own value on a case, the sign of a swap, a model against itself, and what it lacks."""

import numpy as np
import pytest

from qgate.charter.metrics import SCORERS, Needs, Task
from qgate.errors import MeasurementError
from qgate.gates import scorers
from qgate.gates.scorers import gap, score, step

TRUTH = np.array(["benign", "malign", "malign", "benign", "malign", "benign", "malign", "benign"])
MALIGN = np.array([0.1, 0.9, 0.8, 0.3, 0.4, 0.6, 0.7, 0.2])
# Against the truth: 3 true positives, 3 true negatives, one false positive, one false negative.
NUMBERS = np.array([1.0, 2.0, 4.0, 8.0])
GUESSES = np.array([1.5, 2.0, 3.0, 6.0])

EXPECTED = {
    "accuracy": 0.75,
    "balanced_accuracy": 0.75,
    "f1": 0.75,
    "f1_macro": 0.75,
    "f1_micro": 0.75,
    "f1_weighted": 0.75,
    "precision": 0.75,
    "precision_macro": 0.75,
    "recall": 0.75,
    "recall_macro": 0.75,
    "jaccard": 0.6,
    "matthews_corrcoef": 0.5,
    "cohen_kappa": 0.5,
    "roc_auc": 15 / 16,
    "average_precision": (1 + 1 + 1 + 4 / 5) / 4,
    "log_loss": -np.log([0.9, 0.9, 0.8, 0.7, 0.4, 0.4, 0.7, 0.8]).mean(),
    "brier": np.mean(np.array([0.1, 0.1, 0.2, 0.3, 0.6, 0.6, 0.3, 0.2]) ** 2),
    "r2": 1 - 5.25 / 28.75,
    "explained_variance": 1 - (5.25 / 4 - 0.625**2) / (28.75 / 4),
    "mse": 5.25 / 4,
    "rmse": np.sqrt(5.25 / 4),
    "mae": 3.5 / 4,
    "median_absolute_error": 0.75,
    "mape": (0.5 + 0 + 0.25 + 0.25) / 4,
    "max_error": 2.0,
}


def classifier(make, malign, kind="probability"):
    predictions = np.where(malign > 0.5, "malign", "benign")
    return make.cell("candidate", predictions, scores=malign, kind=kind)


def case(make, scorer):
    """The truth, a cell, and a worse one."""
    if scorer.task is Task.REGRESSION:
        return NUMBERS, make.cell("candidate", GUESSES), make.cell("candidate", GUESSES[::-1] + 5)
    return TRUTH, classifier(make, MALIGN), classifier(make, 1 - MALIGN)


def test_there_is_a_case_for_every_scorer():
    assert set(EXPECTED) == set(SCORERS)


@pytest.mark.parametrize("name", SCORERS)
def test_a_score_by_hand(make, name):
    truth, cell, _ = case(make, SCORERS[name])
    assert score(SCORERS[name], truth, cell) == pytest.approx(EXPECTED[name], rel=1e-12)


@pytest.mark.parametrize("name", SCORERS)
def test_a_worse_candidate_has_a_positive_gap_and_a_swap_turns_its_sign(make, name):
    scorer = SCORERS[name]
    truth, good, bad = case(make, scorer)
    better, worse = score(scorer, truth, good), score(scorer, truth, bad)
    assert gap(scorer, better, worse) > 0
    assert gap(scorer, worse, better) == -gap(scorer, better, worse)
    assert gap(scorer, better, better) == 0


@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.needs is not Needs.PREDICTIONS])
def test_labels_alone_are_refused_where_scores_are_needed(make, name):
    with pytest.raises(MeasurementError, match=rf"{name} needs (scores or|class) probabilities, and the model gives labels only"):
        score(SCORERS[name], TRUTH, make.cell("candidate", TRUTH))


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_decision_values_are_no_probabilities(make, name):
    with pytest.raises(MeasurementError, match=f"{name} needs class probabilities, and the model gives decision scores"):
        score(SCORERS[name], TRUTH, classifier(make, MALIGN, kind="decision"))


@pytest.mark.parametrize("bad", [1.5, -0.1, np.nan])
def test_probabilities_have_to_be_probabilities(make, bad):
    malign = MALIGN.copy()
    malign[3] = bad
    with pytest.raises(MeasurementError, match=r"lie outside|NaN or infinite"):
        score(SCORERS["log_loss"], TRUTH, classifier(make, malign))


@pytest.mark.parametrize("name", [n for n, s in SCORERS.items() if s.needs is not Needs.PREDICTIONS])
def test_three_classes_are_scored_from_a_column_each(make, name):
    truth = np.array([0, 1, 2, 0, 1, 2])
    sure = np.eye(3)[truth] * 0.97 + 0.01
    cell = make.cell("candidate", truth, scores=sure, kind="probability")
    best = {"roc_auc": 1.0, "average_precision": 1.0, "log_loss": -np.log(0.98), "brier": 0.02**2 + 2 * 0.01**2}
    assert score(SCORERS[name], truth, cell) == pytest.approx(best[name])
    with pytest.raises(MeasurementError, match=r"scores have shape \(6,\), and 3 classes need \(6, 3\)"):
        score(SCORERS[name], truth, make.cell("candidate", truth, scores=sure[:, 0], kind="probability"))


def test_rows_of_probabilities_sum_to_one(make):
    truth = np.array([0, 1, 2])
    cell = make.cell("candidate", truth, scores=np.full((3, 3), 0.5), kind="probability")
    with pytest.raises(MeasurementError, match="do not sum to one"):
        score(SCORERS["roc_auc"], truth, cell)


def test_a_binary_score_of_three_classes_names_the_one_to_use(make):
    truth = np.array([0, 1, 2])
    with pytest.raises(MeasurementError, match="f1 is for two classes, and the locked set has 3; use f1_macro"):
        score(SCORERS["f1"], truth, make.cell("candidate", truth))


def test_a_label_that_the_locked_set_does_not_have_counts_as_wrong(make):
    truth = np.array([0, 1, 0, 1])
    cell = make.cell("candidate", np.array([0, 1, 2, 2]))
    assert [score(SCORERS[n], truth, cell) for n in ("accuracy", "f1_micro", "recall", "recall_macro")] == [0.5, 0.5, 0.5, 0.5]


def test_one_class_has_no_ranking(make):
    truth = np.array([1, 1, 1])
    with pytest.raises(MeasurementError, match="roc_auc needs two classes, and every row of the locked set has the same label"):
        score(SCORERS["roc_auc"], truth, make.cell("candidate", truth, scores=np.ones(3), kind="probability"))


def test_a_score_that_is_not_defined_on_some_rows_is_refused_and_not_nan(make):
    cell = make.cell("candidate", TRUTH, scores=MALIGN, kind="probability")
    bound = scorers.bind(SCORERS["roc_auc"], TRUTH, cell)
    rows = TRUTH == "malign"
    with pytest.raises(MeasurementError, match=r"roc_auc (is not defined on|cannot be computed on) these"):
        bound.score(TRUTH[rows], cell.predictions[rows], MALIGN[rows])


@pytest.mark.parametrize(
    ("truth", "predictions", "message"),
    [
        ([1.0, 2.0], [1.0, np.nan], "1 of 2 predictions are NaN or infinite; mse has no value"),
        ([1.0, np.nan], [1.0, 2.0], "the truth is not all finite numbers"),
        (["a", "b"], [1.0, 2.0], "the truth is not all finite numbers"),
        ([1.0, 2.0], [1.0], r"predictions have shape \(1,\), the locked set \(2,\)"),
        ([], [], "one label per row is needed"),
    ],
)
def test_what_cannot_be_scored_says_why(make, truth, predictions, message):
    with pytest.raises(MeasurementError, match=message):
        score(SCORERS["mse"], np.array(truth), make.cell("candidate", predictions))


def test_labels_of_another_type_are_refused(make):
    with pytest.raises(MeasurementError, match="predictions are int64, the labels <U6"):
        score(SCORERS["accuracy"], TRUTH, make.cell("candidate", np.zeros(8, dtype=np.int64)))


def test_one_row_moves_a_score_of_labels_by_a_row_of_the_smallest_class():
    truth = np.array([0] * 8 + [1] * 2)
    assert [step(SCORERS[n], truth) for n in ("accuracy", "f1", "roc_auc")] == [0.1, 0.5, 0.0]
