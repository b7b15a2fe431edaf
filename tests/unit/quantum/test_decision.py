"""Decision rules: what each makes of measured values."""

import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum.decision import decide

BINARY = np.array([0, 1])
NAMES = np.array(["benign", "malign"])
THREE = np.array([2, 5, 9])


def test_sign_takes_the_second_class_above_zero_and_the_first_on_a_tie():
    decided = decide("sign", np.array([[0.5], [-0.5], [0.0]]), NAMES)
    assert decided.predictions.tolist() == ["malign", "benign", "benign"]
    np.testing.assert_array_equal(decided.scores, [0.75, 0.25, 0.5])
    assert decided.score_kind == "probability"


def test_parity_sums_the_odd_bit_strings():
    decided = decide("parity", np.array([[0.1, 0.4, 0.3, 0.2], [0.4, 0.1, 0.1, 0.4]]), BINARY)
    assert decided.predictions.tolist() == [1, 0]
    np.testing.assert_allclose(decided.scores, [0.7, 0.2])


def test_argmax_ranks_the_first_values():
    decided = decide("argmax", np.array([[0.1, 0.3, 0.2, 0.9], [0.5, 0.3, 0.2, 0.0]]), THREE)
    assert decided.predictions.tolist() == [5, 2]
    np.testing.assert_array_equal(decided.scores, [[0.1, 0.3, 0.2], [0.5, 0.3, 0.2]])


def test_argmax_of_two_classes_scores_by_the_difference():
    decided = decide("argmax", np.array([[0.1, 0.3], [0.5, 0.3]]), BINARY)
    np.testing.assert_allclose(decided.scores, [0.2, -0.2])


def test_value_is_the_prediction():
    np.testing.assert_array_equal(decide("value", np.array([[0.5], [2.0]]), np.array([0.1, 0.7])).predictions, [0.5, 2.0])


@pytest.mark.parametrize(
    ("rule", "width", "classes"),
    [
        ("sign", 2, BINARY),
        ("sign", 1, THREE),
        ("parity", 3, BINARY),
        ("parity", 1, BINARY),
        ("argmax", 2, THREE),
        ("value", 2, BINARY),
    ],
)
def test_a_rule_that_does_not_fit_says_what_it_needs(rule, width, classes):
    with pytest.raises(MeasurementError, match=f"decision rule '{rule}' needs .* returns {width} .* {len(classes)} classes"):
        decide(rule, np.zeros((4, width)), classes)


def test_an_unknown_rule_names_the_known_ones():
    with pytest.raises(MeasurementError, match="argmax, parity, sign, value"):
        decide("majority", np.zeros((1, 1)), BINARY)
