"""What a callable may return, each read as the same QUBO."""

import dimod
import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum.qubo_values import from_python

PAIRS = {(0, 0): 1.0, (1, 1): -2.0, (0, 1): 3.0}
ENERGIES = [0.0, -2.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "value",
    [
        PAIRS,
        {(0, 0): 1, (1, 1): -2, (0, 1): 1, (1, 0): 2},
        np.array([[1.0, 3.0], [0.0, -2.0]]),
        [[1, 1.5], [1.5, -2]],
        dimod.BinaryQuadraticModel.from_qubo(PAIRS),
        dimod.BinaryQuadraticModel.from_qubo(PAIRS).change_vartype("SPIN", inplace=False),
        (PAIRS, 0.0),
        (np.array([[1.0, 3.0], [0.0, -2.0]]), np.float64(0)),
    ],
    ids=["mapping", "both orders", "upper", "symmetric", "dimod", "spins", "with offset", "matrix and offset"],
)
def test_one_qubo_in_many_forms(value):
    assert np.allclose(from_python(value).energies(), ENERGIES, rtol=0, atol=1e-12)


def test_an_offset_is_added():
    assert np.allclose(from_python((PAIRS, 2.5)).energies(), np.array(ENERGIES) + 2.5)


def test_two_rows_are_a_matrix_and_no_offset():
    assert from_python(((1.0, 3.0), (0.0, -2.0))).energies().tolist() == ENERGIES


def test_named_variables_are_sorted_and_numbered_ones_keep_their_numbers():
    named = from_python({("b", "a"): 1.0, ("c", "c"): -1.0})
    assert (named.variables, named.energies().tolist()) == (("a", "b", "c"), [0, -1, 0, -1, 0, -1, 1, 0])
    numbered = from_python({(0, 2): 1.0})
    assert (numbered.variables, numbered.energies().tolist()) == (("0", "1", "2"), [0, 0, 0, 0, 0, 1, 0, 1])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, r"Q has shape \(\); a square matrix is expected"),
        ("x", "returned a str that is no matrix"),
        ({"a": 1.0}, "the key 'a' is not a pair of variables"),
        ({(0, 1, 2): 1.0}, r"the key \(0, 1, 2\) is not a pair of variables"),
        ({(-1, 0): 1.0}, "a variable has a negative number"),
        ({(0, 1): "x"}, "could not convert string to float"),
        ({}, "the QUBO has 0 variables; from 1 to 24 are ever enumerated"),
        ({(0, 24): 1.0}, "the QUBO has 25 variables; from 1 to 24 are ever enumerated"),
        ({(0, 1): float("nan")}, r"the QUBO's coefficients \(quadratic\) are not all finite"),
        (np.zeros((2, 3)), r"Q has shape \(2, 3\); a square matrix is expected"),
        ([[1j, 0], [0, 1]], "returned a list that is no matrix"),
    ],
)
def test_anything_else_is_refused(value, words):
    with pytest.raises(MeasurementError, match=words):
        from_python(value)
