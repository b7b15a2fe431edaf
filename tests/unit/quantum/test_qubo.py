"""A QUBO's energies against dimod's, for every state; enumeration in blocks; the digest that a lock holds."""

import dimod
import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum import qubo as module
from qgate.quantum.qubo import Qubo, from_tables, qubo, subset_sums


def bits(size: int) -> np.ndarray:
    """All states, variable 0 first and most significant."""
    return np.arange(2**size)[:, None] >> np.arange(size)[::-1] & 1


def from_matrix(matrix: np.ndarray, offset: float = 0.0, *, spins: bool = False) -> Qubo:
    rows, columns = np.nonzero(matrix)
    couplings = (rows, columns, matrix[rows, columns])
    return qubo([str(i) for i in range(len(matrix))], np.zeros(len(matrix)), couplings, offset, spins=spins)


def random_matrix(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, size))


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_energies_are_dimods(size):
    matrix = np.triu(random_matrix(size))
    model = dimod.BinaryQuadraticModel(matrix, dimod.BINARY)
    model.offset = 0.75
    found = from_matrix(matrix, 0.75)
    assert np.allclose(found.energies(), model.energies(bits(size)), rtol=0, atol=1e-12)
    assert found.minimum() == pytest.approx(model.energies(bits(size)).min(), abs=1e-12)
    assert found.random_energy == pytest.approx(model.energies(bits(size)).mean(), abs=1e-12)


def test_a_symmetric_matrix_and_an_upper_triangular_one_of_the_same_form_are_one_qubo():
    square = random_matrix(5)
    symmetric = (square + square.T) / 2
    upper = np.triu(square, 1) + np.tril(square, -1).T + np.diag(np.diag(square))
    found = [from_matrix(matrix) for matrix in (square, symmetric, upper)]
    form = np.einsum("si,ij,sj->s", bits(5), square, bits(5))
    assert all(np.allclose(q.energies(), form, rtol=0, atol=1e-12) for q in found)
    assert len({q.digest() for q in found}) == 1
    # The trap: reading a symmetric matrix as if each pair stood there once would halve every coupling.
    assert np.allclose(found[1].quadratic, np.triu(2 * symmetric, 1), rtol=0, atol=1e-15)


def test_spins_are_dimods_spins():
    generator = np.random.default_rng(3)
    field, pairs = generator.normal(size=4), generator.normal(size=3)
    rows, columns = np.array([0, 3, 1]), np.array([1, 2, 3])
    found = qubo("abcd", field, (rows, columns, pairs), 0.3, spins=True)
    couplings = {("abcd"[i], "abcd"[j]): v for i, j, v in zip(rows, columns, pairs, strict=True)}
    model = dimod.BinaryQuadraticModel(dict(zip("abcd", field, strict=True)), couplings, 0.3, dimod.SPIN)
    assert np.allclose(found.energies(), model.energies((2 * bits(4) - 1, "abcd")), rtol=0, atol=1e-12)


def test_blocks_join_to_the_energies_and_to_the_minimum(monkeypatch):
    matrix = random_matrix(8)
    whole = from_matrix(matrix, 2.0)
    expected = whole.energies()
    monkeypatch.setattr(module, "_BLOCK", 3)
    blocks = list(whole.blocks())
    assert [first for first, _ in blocks] == list(range(0, 256, 8))
    assert np.allclose(np.concatenate([energies for _, energies in blocks]), expected, rtol=0, atol=1e-12)
    assert whole.minimum() == pytest.approx(expected.min(), abs=1e-12)


def test_enumeration_ends_at_24_variables_and_stays_exact_there():
    linear = np.where(np.arange(24) % 2, 1.0, -1.0)
    names = tuple(str(i) for i in range(24))
    chain = Qubo(variables=names, linear=linear, quadratic=np.eye(24, k=1), offset=1.0)
    assert chain.minimum() == -11.0  # every other variable is 1, no two of them neighbours
    more = Qubo(variables=(*names, "24"), linear=np.zeros(25), quadratic=np.zeros((25, 25)))
    with pytest.raises(MeasurementError, match="the QUBO has 25 variables; at most 24 are enumerated"):
        more.minimum()


def test_what_is_written_is_read_back():
    first = from_matrix(random_matrix(4), 1.5)
    second = from_tables(first.tables())
    assert (second.variables, second.offset, second.digest()) == (first.variables, first.offset, first.digest())
    assert np.array_equal(second.energies(), first.energies())


def test_the_digest_keeps_through_rounding_and_moves_with_a_coefficient_a_name_and_the_scale():
    matrix = np.array([[1.0, 2.0], [0.0, -3.0]])
    digest = from_matrix(matrix).digest()
    assert from_matrix(matrix * (1 + 1e-15)).digest() == digest
    nudged = matrix.copy()
    nudged[0, 1] += 1e-6
    assert digest not in {from_matrix(nudged).digest(), from_matrix(2 * matrix).digest(), from_matrix(matrix, 1.0).digest()}
    named = qubo("ab", np.array([1.0, -3.0]), (np.array([0]), np.array([1]), np.array([2.0])), 0.0)
    assert named.digest() != digest


def test_subset_sums_are_over_the_ones():
    assert subset_sums(np.array([4.0, 2.0, 1.0])).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]


NONE = (np.zeros(0, int), np.zeros(0, int), np.zeros(0))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((tuple("a" * 0), np.zeros(0), NONE, 0.0), "the QUBO has 0 variables; from 1 to 24 are ever enumerated"),
        ((tuple(map(str, range(25))), np.zeros(25), NONE, 0.0), "the QUBO has 25 variables; from 1 to 24 are ever enumerated"),
        (("aa", np.zeros(2), NONE, 0.0), "two variables of the QUBO have the same name"),
        (("ab", np.zeros(3), NONE, 0.0), "the QUBO has 2 variables and linear coefficients of shape (3,)"),
        (("ab", np.array([0, np.nan]), NONE, 0.0), "the QUBO's coefficients (linear) are not all finite"),
        (("ab", np.zeros(2), ([0], [1], [np.inf]), 0.0), "the QUBO's coefficients (quadratic) are not all finite"),
        (("ab", np.zeros(2), NONE, np.inf), "the QUBO's coefficients (offset) are not all finite"),
        (
            ("ab", np.zeros(2), ([0], [2], [1.0]), 0.0),
            "a coupling of the QUBO is out of range: variables are numbered from 0 to 1",
        ),
        (
            ("ab", np.zeros(2), ([-1], [1], [1.0]), 0.0),
            "a coupling of the QUBO is out of range: variables are numbered from 0 to 1",
        ),
        (
            ("ab", np.zeros(2), ([0.5], [1], [1.0]), 0.0),
            "the QUBO's couplings are between variables by number, and these numbers are not whole",
        ),
        (
            ("ab", np.zeros(2), ([0, 1], [1], [1.0]), 0.0),
            "the QUBO's couplings need as many rows as columns and values",
        ),
    ],
)
def test_what_does_not_hold_up_is_refused(arguments, words):
    with pytest.raises(MeasurementError) as refused:
        qubo(*arguments)
    assert str(refused.value) == words
