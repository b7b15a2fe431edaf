"""A QUBO as a value: minimise x'Qx + offset over bits. Energies of all states, the optimum by enumeration, and a digest.

State number s of n variables holds variable i in bit n-1-i: variable 0 is the most significant, as wire 0 is for PennyLane, and
a 1 is |1>. Coefficients are kept as `linear` and as `quadratic` above the diagonal, so that a symmetric matrix (each pair twice)
and an upper-triangular one (each pair once) that say the same x'Qx are the same value.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError

Array = npt.NDArray[Any]
ENUMERATED = 24  # whatever a charter allows: every state's energy is looked at, and evidence holds how likely each is
_BLOCK = 18  # 2^18 energies are 2 MiB: enumeration never holds more than a few blocks
_EQUAL = 1e-9  # of the sum of all coefficients: sums in another order differ in their last bits
_DIGITS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Qubo:
    """`linear` (n,) and `quadratic` (n, n), zero on and below the diagonal; `variables` are the names that constraints use."""

    variables: tuple[str, ...]
    linear: Array
    quadratic: Array
    offset: float = 0.0

    @property
    def size(self) -> int:
        """How many variables it has."""
        return len(self.variables)

    @property
    def random_energy(self) -> float:
        """The mean energy of uniformly random states."""
        return float(self.offset + self.linear.sum() / 2 + self.quadratic.sum() / 4)

    @property
    def tolerance(self) -> float:
        """How far apart two energies may be and still be one."""
        return _EQUAL * float(np.abs(self.linear).sum() + np.abs(self.quadratic).sum())

    def energies(self) -> Array:
        """The energy of every state, shape (2^n,)."""
        return np.concatenate([energies for _, energies in self.blocks()])

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """Every state's energy, block by block: the block's first state and its energies.

        Raises:
            MeasurementError: more variables than can be enumerated.
        """
        if self.size > ENUMERATED:
            raise MeasurementError(f"the QUBO has {self.size} variables; at most {ENUMERATED} are enumerated")
        first = max(0, self.size - _BLOCK)
        tail = _energies(self.linear[first:], self.quadratic[first:, first:])
        heads = _energies(self.linear[:first], self.quadratic[:first, :first]) + self.offset
        for head, energy in enumerate(heads):
            bits = np.array([head >> (first - 1 - i) & 1 for i in range(first)], dtype=np.float64)
            yield head << (self.size - first), energy + tail + subset_sums(bits @ self.quadratic[:first, first:])

    def minimum(self) -> float:
        """The least energy, by looking at every state."""
        return min(float(energies.min()) for _, energies in self.blocks())

    def tables(self) -> dict[str, Array]:
        """Plain arrays that `from_tables` reads back."""
        names = np.array(self.variables, dtype=np.str_)
        return {"variables": names, "linear": self.linear, "quadratic": self.quadratic, "offset": np.array([self.offset])}

    def digest(self) -> str:
        """SHA-256 (hex) of names and coefficients, those rounded to ten digits of the largest: a refactoring keeps it."""
        numbers = np.concatenate([self.linear, self.quadratic.ravel(), [self.offset]])
        largest = float(np.abs(numbers).max())
        rounded = np.round(numbers / largest, _DIGITS) + 0.0 if largest else numbers
        content = "\n".join([*self.variables, f"{largest:.{_DIGITS}e}"]).encode() + rounded.astype("<f8").tobytes()
        return hashlib.sha256(content).hexdigest()


def from_tables(tables: Mapping[str, Array]) -> Qubo:
    """The value that `Qubo.tables` wrote.

    Raises:
        KeyError: one of the arrays is missing.
    """
    names = tuple(str(name) for name in tables["variables"])
    return Qubo(
        variables=names, linear=tables["linear"], quadratic=tables["quadratic"], offset=float(np.asarray(tables["offset"])[0])
    )


def qubo(
    variables: Sequence[str], linear: Array, couplings: tuple[Array, Array, Array], offset: float, *, spins: bool = False
) -> Qubo:
    """A checked QUBO from coefficients: `couplings` are rows, columns and values; repeated and transposed pairs add up.

    With `spins` they are those of an Ising model, s = 2x - 1.

    Raises:
        MeasurementError: no variables, two of one name, too many, coefficients that are not finite, or pairs out of range.
    """
    names, size = tuple(variables), len(variables)
    if not 1 <= size <= ENUMERATED:
        raise MeasurementError(f"the QUBO has {size} variables; from 1 to {ENUMERATED} are ever enumerated")
    if len(set(names)) != size:
        raise MeasurementError("two variables of the QUBO have the same name")
    rows, columns, values = (np.asarray(part) for part in couplings)
    matrix = _matrix(size, rows, columns, values)
    diagonal = np.asarray(linear, dtype=np.float64)
    if diagonal.shape != (size,):
        raise MeasurementError(f"the QUBO has {size} variables and linear coefficients of shape {diagonal.shape}")
    if spins:
        return _checked(_from_spins(names, diagonal, matrix, offset))
    return _checked(
        Qubo(variables=names, linear=diagonal + np.diag(matrix), quadratic=_upper(matrix), offset=float(offset)),
    )


def _matrix(size: int, rows: Array, columns: Array, values: Array) -> Array:
    if not rows.shape == columns.shape == values.shape or rows.ndim != 1:
        raise MeasurementError("the QUBO's couplings need as many rows as columns and values")
    if rows.size and (rows.dtype.kind not in "iu" or columns.dtype.kind not in "iu"):
        raise MeasurementError("the QUBO's couplings are between variables by number, and these numbers are not whole")
    if rows.size and not (min(rows.min(), columns.min()) >= 0 and max(rows.max(), columns.max()) < size):
        raise MeasurementError(f"a coupling of the QUBO is out of range: variables are numbered from 0 to {size - 1}")
    matrix = np.zeros((size, size))
    if rows.size:
        np.add.at(matrix, (rows.astype(np.int64), columns.astype(np.int64)), values.astype(np.float64))
    return matrix


def _upper(matrix: Array) -> Array:
    return np.asarray(np.triu(matrix, 1) + np.tril(matrix, -1).T)


def _from_spins(names: tuple[str, ...], field: Array, matrix: Array, offset: float) -> Qubo:
    """With s = 2x - 1: a field h is 2hx - h, a coupling J is 4Jxy - 2Jx - 2Jy + J, and s*s is 1."""
    upper = _upper(matrix)
    linear = 2 * field - 2 * (upper.sum(axis=0) + upper.sum(axis=1))
    constant = offset - field.sum() + upper.sum() + np.trace(matrix)
    return Qubo(variables=names, linear=linear, quadratic=4 * upper, offset=float(constant))


def _checked(value: Qubo) -> Qubo:
    for name, part in (("linear", value.linear), ("quadratic", value.quadratic), ("offset", np.array(value.offset))):
        if not np.all(np.isfinite(part)):
            raise MeasurementError(f"the QUBO's coefficients ({name}) are not all finite")
    return value


def subset_sums(values: Array) -> Array:
    """For every state, the sum of `values` (n,) over its ones, shape (2^n,)."""
    sums = np.zeros(1)
    for value in values:
        sums = np.add.outer(sums, np.array([0.0, value])).reshape(-1)
    return sums


def _energies(linear: Array, quadratic: Array) -> Array:
    """Energies of all states, doubled variable by variable: a new one adds its own and its couplings to those before."""
    energies = np.zeros(1)
    for i, own in enumerate(linear):
        energies = np.stack([energies, energies + own + subset_sums(quadratic[:i, i])], axis=1).reshape(-1)
    return energies
