"""A QUBO's samples as the judge values them: every sampled state's energy and feasibility, computed from the coefficients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qgate.charter.wording import did_you_mean
from qgate.domain.charter import SALTS, Charter, Constraint, salt_role
from qgate.domain.evidence import QUBO, Cell, PilotEvidence
from qgate.errors import MeasurementError
from qgate.gates.pairing import CANDIDATE, deciding_pairs, told
from qgate.quantum.qubo import Qubo, from_tables, subset_sums

REFERENCES = ("annealing", "greedy", "random")
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """What decides a gate: `cells` at the last shot level, one per seed (without shots: the exact distribution alone).

    `exact` is the distribution without shots; `references` hold the classical samplers' cells, as many and as large as `cells`.
    """

    qubo: Qubo
    exact: Cell
    cells: tuple[Cell, ...]
    references: Mapping[str, tuple[Cell, ...]]

    @property
    def shots(self) -> int | None:
        """Samples per seed; None where nothing is sampled."""
        return self.cells[0].key.shots

    @property
    def sampled(self) -> int:
        """Samples in all."""
        return (self.shots or 0) * len(self.cells)

    @cached_property
    def energies(self) -> Floats:
        """The energy of every state."""
        return self.qubo.energies()

    @cached_property
    def optimum(self) -> float:
        """The least energy of all states."""
        return float(self.energies.min())

    @cached_property
    def span(self) -> float:
        """From the optimum to a random state's mean energy: the unit of gaps.

        Raises:
            MeasurementError: every state has the same energy, so that none is better than random.
        """
        span = self.qubo.random_energy - self.optimum
        if not span > self.qubo.tolerance:
            raise MeasurementError(f"every state of the QUBO has the same energy {self.optimum:g}: there is nothing to optimise")
        return span

    @cached_property
    def optimal(self) -> Flags:
        """Which states are optimal; several may be."""
        return np.asarray(self.energies <= self.optimum + self.qubo.tolerance)

    def feasible(self, constraints: Sequence[Constraint]) -> Flags:
        """Which states keep every constraint."""
        return np.asarray(np.logical_and.reduce([self.keeps(c) for c in constraints]))

    def keeps(self, constraint: Constraint) -> Flags:
        """Which states keep one constraint.

        Raises:
            MeasurementError: it names a variable that the QUBO does not have.
        """
        variables = self.qubo.variables
        for name in constraint.coefficients:
            if name not in variables:
                guess = did_you_mean(name, variables)
                raise MeasurementError(f"{constraint.name} names `{name}`, which is no variable of the QUBO{guess}")
        sums = subset_sums(np.array([constraint.coefficients.get(name, 0.0) for name in variables]))
        slack = _TOLERANCE * (1 + sum(abs(c) for c in constraint.coefficients.values()))
        low = -np.inf if constraint.minimum is None else constraint.minimum
        high = np.inf if constraint.maximum is None else constraint.maximum
        return np.asarray((sums >= low - slack) & (sums <= high + slack))

    def drawn_again(self, cells: tuple[Cell, ...]) -> "Samples":
        """Other samples of the same circuit, without references; what is known of the states is not computed again."""
        other = replace(self, cells=cells, references={})
        vars(other).update({name: vars(self)[name] for name in ("energies", "optimum", "span", "optimal") if name in vars(self)})
        return other

    def energy(self, cell: Cell) -> float:
        """The mean energy of a cell's states."""
        return _weighed(self.energies, cell)

    def share(self, cells: Sequence[Cell], of: Flags) -> float:
        """The share of all samples of some cells whose state is flagged."""
        return float(np.mean([_weighed(of, c) for c in cells]))

    def hits(self, of: Flags) -> int:
        """How many of all samples have a flagged state."""
        return round(sum(float(of[c.predictions] @ _scores(c)) for c in self.cells))


def _scores(cell: Cell) -> Floats:
    return np.asarray(cell.scores, dtype=np.float64)


def _weighed(values: Floats | Flags, cell: Cell) -> float:
    """The mean of the states' values."""
    scores = _scores(cell)
    # No product of vectors: BLAS gives it to threads, whose number moves its last bits, and a busy machine waits 2 ms for them.
    return float((values[cell.predictions] * (scores / scores.sum())).sum())


def read(charter: Charter, evidence: PilotEvidence) -> Samples:
    """The samples that decide.

    Raises:
        MeasurementError: the candidate could not be measured, or not on the whole schedule.
    """
    mine = [f for f in evidence.failures if f.part in {CANDIDATE, "data"}]
    if mine:
        raise MeasurementError("; ".join(f"{f.part}: {f.message}" for f in mine))
    measured = {(c.key.shots, c.key.seed): c for c in evidence.of(CANDIDATE, QUBO)}
    tables = evidence.tables_of(CANDIDATE)
    deciding = deciding_pairs(charter)
    missing = [pair for pair in ((None, None), *deciding) if pair not in measured]
    if missing or not tables:
        raise MeasurementError(f"the QUBO was not measured {told(missing)}".rstrip())
    references = {name: evidence.of(f"baseline:{name}", QUBO) for name in REFERENCES}
    return Samples(
        qubo=from_tables(tables),
        exact=measured[None, None],
        cells=tuple(measured[pair] for pair in deciding),
        references={name: cells for name, cells in references.items() if cells},
    )


def salted(samples: Samples, charter: Charter, evidence: PilotEvidence) -> Iterator[Samples]:
    """The samples of each re-salted seed list that was drawn.

    Raises:
        MeasurementError: a list lacks some of its seeds.
    """
    for salt in range(SALTS):
        measured = {(c.key.shots, c.key.seed): c for c in evidence.of(salt_role(salt), QUBO)}
        deciding = deciding_pairs(replace(charter, shots=charter.shots.salted(salt)))
        if missing := [pair for pair in deciding if measured and pair not in measured]:
            raise MeasurementError(f"re-salted seed list {salt} was not drawn {told(missing)}".rstrip())
        if measured:
            yield samples.drawn_again(tuple(measured[pair] for pair in deciding))
