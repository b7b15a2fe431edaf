"""The `circuit` workload: the worker describes, the judge simulates once, samples every (shots, seed) and decides."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qgate.charter.metrics import Task
from qgate.domain.charter import Candidate, Shots
from qgate.domain.evidence import Array, Cell, CellKey
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import EngineError, MeasurementError
from qgate.quantum.bounds import STANDARD, Bounds
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.decision import decide
from qgate.quantum.description import decode
from qgate.quantum.engine import Simulated, simulate
from qgate.quantum.given import given
from qgate.workloads import checked, seed_lists
from qgate.workloads.dataset import Dataset, classes_of
from qgate.workloads.fallback import Fallback, check_engine, told

ROLE = "candidate"
PROBED_ROWS = 3
# Outcomes that the draws of all re-salted seed lists go through, at 20 ns each: 3 s on one core.
_SALTED_OUTCOMES = 1 << 27
_AGREEMENT = 1e-8


def probes(rows: int) -> list[int]:
    """The rows on which the replay is checked against the circuit's own QNode: first, middle and last."""
    return sorted({0, rows // 2, rows - 1})


def order(
    candidate: Candidate,
    data: Mapping[str, Dataset],
    splits: Sequence[str],
    instead: Fallback | None = None,
    *,
    bounds: Bounds = STANDARD,
) -> WorkOrder:
    """Asks for the description of each split's circuits, or for what public PennyLane makes of them: features only."""
    value = {
        "entrypoint": candidate.entrypoint,
        "options": dict(candidate.options),
        "weights": candidate.weights,
        "splits": list(splits),
        "probes": {split: probes(data[split].rows) for split in splits},
        "matrix_wires": bounds.matrix_wires,
    }
    value |= {"public": instead.device} if instead else {}
    return WorkOrder(kind="circuit", value=value, arrays={f"{s}.X": data[s].features for s in splits})


def simulated(
    answer: Answer,
    data: Mapping[str, Dataset],
    splits: Sequence[str],
    instead: Fallback | None = None,
    *,
    bounds: Bounds = STANDARD,
) -> dict[str, Simulated]:
    """Each split's circuits, checked, simulated once, and compared with what the circuit's own QNode said.

    Raises:
        EngineError: our engine does not describe or repeat the circuit; PennyLane may (`instead`).
        MeasurementError: the description or what PennyLane says is refused.
    """
    if instead is not None:
        return {split: _evaluated(answer, split, data[split].rows, bounds) for split in splits}
    check_engine(answer)
    return {split: _replayed(answer, split, data[split].rows, bounds) for split in splits}


def _replayed(answer: Answer, split: str, rows: int, bounds: Bounds) -> Simulated:
    batches = described(answer, split, rows, bounds)
    try:
        result = simulate(batches)
    except (TypeError, AttributeError, RuntimeError) as error:  # the description was checked: this is a binding's
        raise EngineError(f"lightning's state vector does not replay the circuit: {error}") from error
    row, off = _furthest(result.exact(), _arrays(answer, split).get("own"), probes(rows))
    if not off <= _AGREEMENT:
        raise EngineError(f"the replayed circuit differs from the candidate's own QNode by {off:.2g} on row {row} of {split}")
    return result


def _evaluated(answer: Answer, split: str, rows: int, bounds: Bounds) -> Simulated:
    arrays = _arrays(answer, split)
    batches = decode(answer.value.get("evaluated", {}).get(split), arrays, rows=rows, bounds=bounds)
    result = given(batches, arrays)
    row, off = _furthest(result.exact(), arrays.get("own"), probes(rows))
    if not off <= _AGREEMENT:
        raise MeasurementError(
            f"what PennyLane evaluated differs from the candidate's own QNode by {off:.2g} on row {row} of {split}"
        )
    return result


def described(answer: Answer, split: str, rows: int, bounds: Bounds = STANDARD) -> tuple[CircuitBatch, ...]:
    """A split's described circuits, checked.

    Raises:
        MeasurementError: the description is refused, or there is none.
    """
    if "evaluated" in answer.value:
        raise MeasurementError("the candidate's circuit is not described: public PennyLane evaluated it")
    value = answer.value.get("described", {})
    return decode(value.get(split), _arrays(answer, split), rows=rows, bounds=bounds)


def _arrays(answer: Answer, split: str) -> dict[str, Array]:
    prefix = f"{split}/"
    return {name.removeprefix(prefix): a for name, a in answer.arrays.items() if name.startswith(prefix)}


def _furthest(exact: Array, own: Array | None, rows: Sequence[int]) -> tuple[int, float]:
    """The row of `rows` on which the candidate's own QNode says most differently, and how far off it is (NaN stays NaN)."""
    expected = exact[list(rows)]
    if own is None or own.shape != expected.shape or own.dtype != np.float64:
        raise MeasurementError("the candidate did not say what its own QNode returns for the probed rows")
    off = np.abs(own - expected).max(axis=1)
    return rows[int(np.argmax(off))], float(off.max())


def cells(
    results: Mapping[str, Simulated], *, rule: str, shots: Shots, data: Mapping[str, Dataset], task: Task
) -> tuple[Cell, ...]:
    """Predictions for every (shots, seed) of the schedule and once without shots.

    Raises:
        MeasurementError: the decision rule does not fit the circuit's values or the data's classes.
    """
    classes = classes_of(dict(data))
    found = []
    for split, result in results.items():
        for count, seed in _pairs(shots):
            values = result.exact() if count is None or seed is None else result.sampled(count, seed)
            key = CellKey(role=ROLE, split=split, shots=count, seed=seed)
            found.append(cell_of(key, rule, values, classes, task))
    return tuple(found)


def salted_cells(
    results: Mapping[str, Simulated], *, rule: str, shots: Shots, data: Mapping[str, Dataset], task: Task
) -> tuple[Cell, ...]:
    """The deciding cells drawn with re-salted seed lists (`qgate.gates.lucky_seed`); none without shots."""
    classes = classes_of(dict(data))
    return tuple(
        cell_of(CellKey(role=role, split=split, shots=count, seed=seed), rule, result.sampled(count, seed), classes, task)
        for split, result in results.items()
        for role, count, seed in seed_lists.planned(shots, _lists(results, shots))
    )


def salted_facts(results: Mapping[str, Simulated], shots: Shots) -> dict[str, Any]:
    """How many re-salted seed lists were drawn, for the evidence."""
    return seed_lists.facts(shots, _lists(results, shots))


def _lists(results: Mapping[str, Simulated], shots: Shots) -> int:
    """How many re-salted seed lists are drawn: fewer where many rows have many outcomes."""
    outcomes = sum(exact.size for result in results.values() for _, _, bases in result.batches for exact in bases)
    return seed_lists.affordable(shots, per_seed=outcomes, budget=_SALTED_OUTCOMES)


def _pairs(shots: Shots) -> list[tuple[int | None, int | None]]:
    """Without shots once, then the schedule; seeds alone mean nothing to an exact simulation, so they are not repeated."""
    return [(None, None), *(pair for pair in shots.planned if pair[0] is not None)]


def cell_of(key: CellKey, rule: str, values: Array, classes: Array, task: Task) -> Cell:
    """What the decision rule makes of a circuit's values, shape (rows, width).

    Raises:
        MeasurementError: the rule does not fit the values or the classes.
    """
    decided = decide(rule, values, classes)
    expected = checked.Expected(rows=len(values), classes=classes, task=task, who="the circuit")
    predicted = checked.predictions(decided.predictions, expected)
    return Cell(key=key, predictions=predicted, scores=decided.scores, score_kind=decided.score_kind)


def facts(results: Mapping[str, Simulated], answer: Answer, instead: Fallback | None = None) -> dict[str, Any]:
    """How it was measured, for the evidence."""
    engine = instead.facts() if instead else {"engine": "lightning.qubit, replayed"} | _described_how(results, answer)
    return engine | {
        "sampling": "sampled from exact probabilities",
        "probed_rows": {split: probes(result.rows) for split, result in results.items()},
        "executions": {split: _executions(result) for split, result in results.items()},
    }


def _described_how(results: Mapping[str, Simulated], answer: Answer) -> dict[str, Any]:
    """The size of each described circuit, and what the worker says of how it was described."""
    sizes = {
        split: [{"wires": b["wires"], "gates": len(b["operations"])} for b in answer.value["described"][split]]
        for split in results
    }
    return {"circuits": sizes, "described": {split: told(answer.value["how"][split]) for split in results}}


def _executions(result: Simulated) -> dict[str, int]:
    """How many circuits a device would run: one for each row and each basis that its measurements need."""
    per_row = [max(1, len(readout.bases)) for _, readout, _ in result.batches]
    total = sum(count * len(rows) for count, (rows, _, _) in zip(per_row, result.batches, strict=True))
    return {"total": total, "most_per_row": max(per_row)}
