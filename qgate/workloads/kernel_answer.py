"""What a worker says of a kernel, made into exact matrices: of states and one product, or of a circuit for each pair of rows.

Everything is compared with what the kernel's own QNode returns for three pairs of each split, and a kernel of two samples must be
one: symmetric, and 1 for a sample with itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qgate.domain.evidence import Array
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.quantum import kernel
from qgate.quantum.bounds import Bounds
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.description import decode
from qgate.quantum.engine import simulate
from qgate.quantum.given import given
from qgate.workloads.fallback import Fallback, check_engine, told

TRAIN = "train"
BACK = "<train>"
STATES, PAIRS = "lightning.qubit, states and one product", "lightning.qubit, one circuit for each pair of rows"
_AGREEMENT = 1e-8
_ORDER, _NOT_ONE = "of two samples depends on their order", "of a sample with itself is not 1"


@dataclass(frozen=True, kw_only=True, eq=False)
class Kernels:
    """Exact kernels: `train` of the training rows with each other, and of each split's rows with the training rows.

    `signed`: the values are expectations of a Pauli word, from -1 to 1, and no probabilities. `facts` say how they were made.
    """

    train: Array
    splits: Mapping[str, Array]
    signed: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def drawn(self, matrix: Array, shots: int, rng: np.random.Generator, *, symmetric: bool) -> Array:
        """One of the matrices with every entry estimated from `shots` shots: either outcome of a Pauli word is a binomial's."""
        if not self.signed:
            return kernel.sampled(matrix, shots, rng, symmetric=symmetric)
        estimate: Array = 2 * kernel.sampled((matrix + 1) / 2, shots, rng, symmetric=symmetric) - 1
        return estimate


def pairs(rows: int, others: int) -> list[list[int]]:
    """Pairs whose kernel is checked against the candidate's own QNode: first with last, middle with first, last with middle."""
    return [[0, others - 1], [rows // 2, 0], [rows - 1, others // 2]]


def exact(answer: Answer, rows: Mapping[str, int], splits: Sequence[str], instead: Fallback | None, bounds: Bounds) -> Kernels:
    """The exact kernels, checked; `rows` counts those of the training data and of every split.

    Raises:
        EngineError: our engine does not describe or repeat the kernel; PennyLane may (`instead`).
        MeasurementError: what was answered is refused, or is no kernel.
    """
    if instead is None:
        check_engine(answer)
    try:
        by_pairs = "outcome" in answer.value
        found = (
            _of_pairs(answer, rows, splits, instead, bounds) if by_pairs else _of_states(answer, rows, splits, instead, bounds)
        )
    except (TypeError, AttributeError, RuntimeError) as error:
        raise EngineError(f"lightning's state vector does not replay the kernel's circuits: {error}") from error
    for split, matrix in {TRAIN: found.train, **found.splits}.items():
        _agree(matrix, answer.arrays.get(f"{split}/own"), split, MeasurementError if instead else EngineError)
    return found


def _of_states(
    answer: Answer, rows: Mapping[str, int], splits: Sequence[str], instead: Fallback | None, bounds: Bounds
) -> Kernels:
    said = _said(answer, instead)

    def read(name: str, count: int) -> tuple[CircuitBatch, ...]:
        return decode(said.get(name), _arrays(answer, name), rows=count, bounds=bounds, measured=False)

    maps = {split: read(split, rows[split]) for split in dict.fromkeys([TRAIN, *splits])}
    if BACK in said:
        back = read(BACK, rows[TRAIN])
        train = _normalised(kernel.cross(maps[TRAIN], back))
    else:
        back, train = maps[TRAIN], kernel.gram(maps[TRAIN])
    return Kernels(
        train=train,
        splits={split: kernel.cross(maps[split], back) for split in splits},
        facts=_facts(answer, instead, STATES, splits),
    )


def _of_pairs(
    answer: Answer, rows: Mapping[str, int], splits: Sequence[str], instead: Fallback | None, bounds: Bounds
) -> Kernels:
    """Each pair of training rows has one circuit, and is a value on either side of the diagonal."""
    said, outcome, count = _said(answer, instead), answer.value["outcome"], rows[TRAIN]
    asked = {TRAIN: count * (count + 1) // 2} | {split: rows[split] * count for split in splits if split != TRAIN}
    bounds.check("pairs", sum(asked.values()), "pairs of rows", "each has a circuit of its own")
    values = {}
    for split, number in asked.items():
        arrays = _arrays(answer, split)
        batches = decode(said.get(split), arrays, rows=number, bounds=bounds)
        results = given(batches, arrays) if instead else simulate(batches)
        values[split] = _column(results.exact(), batches, outcome)
    train = np.empty((count, count))
    train[np.triu_indices(count)] = values[TRAIN]
    train.T[np.triu_indices(count)] = values[TRAIN]
    matrices = {split: values[split].reshape(rows[split], count) for split in asked if split != TRAIN}
    normalised = _normalised(train)
    return Kernels(
        train=normalised,
        splits={split: normalised if split == TRAIN else matrices[split] for split in splits},
        signed=outcome is None,
        facts=_facts(answer, instead, PAIRS, splits),
    )


def _column(values: Array, batches: Sequence[CircuitBatch], outcome: Any) -> Array:
    """The kernel among a circuit's values: the probability of an outcome, or the expectation of the one Pauli word."""
    kind = {m.kind for b in batches for m in b.measurements}
    if outcome is None:
        words = [t for b in batches for m in b.measurements for t in m.terms]
        if kind != {"expval"} or values.shape[1] != 1 or any(t.coefficient != 1 for t in words) or len(words) != len(batches):
            raise MeasurementError("the kernel of two samples is neither an outcome's probability nor a Pauli word's expectation")
        return values[:, 0]
    if kind != {"probs"} or type(outcome) is not int or not 0 <= outcome < values.shape[1]:
        raise MeasurementError(f"the kernel is said to be the probability of outcome {outcome!r}, which the circuits do not have")
    return values[:, outcome]


def _normalised(train: Array) -> Array:
    """The kernel of the training rows, its diagonal exactly 1 and its halves the same bits.

    Raises:
        MeasurementError: it is not symmetric, or not 1 on the diagonal.
    """
    for off, fault in ((np.abs(train - train.T), _ORDER), (np.abs(np.diag(train) - 1), _NOT_ONE)):
        if not off.max() <= _AGREEMENT:
            where = ", ".join(str(i) for i in np.unravel_index(int(np.argmax(off)), off.shape))
            raise MeasurementError(f"kernel(x, y) {fault}: it is off by {off.max():.2g} at the training rows {where}")
    found = (train + train.T) / 2
    np.fill_diagonal(found, 1.0)
    return found


def _said(answer: Answer, instead: Fallback | None) -> Mapping[str, Any]:
    said: Mapping[str, Any] = answer.value["evaluated" if instead else "described"]
    return said


def _arrays(answer: Answer, name: str) -> dict[str, Array]:
    prefix = f"{name}/"
    return {key.removeprefix(prefix): a for key, a in answer.arrays.items() if key.startswith(prefix)}


def _facts(answer: Answer, instead: Fallback | None, engine: str, splits: Sequence[str]) -> dict[str, Any]:
    if instead is not None:
        return instead.facts()
    how = answer.value["how"]
    return {"engine": engine, "described": {split: told(how[split]) for split in dict.fromkeys([TRAIN, *splits])}}


def _agree(matrix: Array, own: Array | None, split: str, problem: type[MeasurementError]) -> None:
    asked = pairs(*matrix.shape)
    if own is None or own.shape != (len(asked),) or own.dtype != np.float64:
        raise MeasurementError(f"the candidate did not say what its own QNode returns for pairs of {split}")
    off = np.abs(matrix[tuple(np.transpose(asked))] - own)
    if not off.max() <= _AGREEMENT:  # NaN stays NaN, which Python's `max` would pass over
        row, other = asked[int(np.argmax(off))]
        raise problem(
            f"the kernel of {split} differs from the candidate's own QNode by {off.max():.2g}: row {row}, training row {other}"
        )
