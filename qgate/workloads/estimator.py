"""The `estimator` workload: anything scikit-learn shaped, run in the worker for each (shots, seed). Baselines are asked alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qgate.charter.metrics import Task
from qgate.domain.charter import Shots
from qgate.domain.evidence import Array, Cell, CellKey
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.workloads import checked
from qgate.workloads.checked import Expected
from qgate.workloads.dataset import Dataset, classes_of

DEVICE = "lightning.qubit"
Pair = tuple[int | None, int | None]


def pairs(shots: Shots) -> tuple[Pair, ...]:
    """Every (shots, seed) to run: the schedule's, and once without shots where it has any."""
    without = ((None, shots.seeds[0] if shots.seeds else None),) if shots.schedule else ()
    return without + shots.planned


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Which model is asked for what: `role` as in `CellKey`, the builder, and every (shots, seed) on every split.

    `kind` is `estimator`, or `command` for an executable, which answers in the same form. `rows` holds, for each split that is
    not asked about as a whole, the numbers of the rows that are; the worker sees no other.
    """

    role: str
    entrypoint: str
    options: Mapping[str, Any]
    pairs: tuple[Pair, ...]
    splits: tuple[str, ...]
    kind: str = "estimator"
    rows: Mapping[str, Array] = field(default_factory=dict)


def order(ask: Ask, data: Mapping[str, Dataset]) -> WorkOrder:
    """The order for the worker; training data travels with its labels, every other split without."""
    arrays = {f"{split}.X": data[split].features[ask.rows.get(split, slice(None))] for split in ask.splits}
    if "train" in data:
        arrays |= {"train.X": data["train"].features, "train.y": data["train"].labels}
    value = {
        "entrypoint": ask.entrypoint,
        "options": dict(ask.options),
        "device": DEVICE,
        "cells": [list(pair) for pair in ask.pairs],
        "splits": list(ask.splits),
    }
    return WorkOrder(kind=ask.kind, value=value, arrays=arrays)


def check_takes(answer: Answer, shots: Shots, entrypoint: str) -> None:
    """Refuses a schedule or seeds that the builder ignores: measuring the same thing again would look like agreement.

    Raises:
        MeasurementError: with the parameter that is missing.
    """
    taken = answer.value.get("takes", [])
    declared = (("shots", "shots.schedule", shots.schedule), ("seed", "shots.seeds", shots.seeds))
    for parameter, key, values in declared:
        if values and parameter not in taken:
            raise MeasurementError(
                f"the charter declares {key}, but `{entrypoint}` takes no parameter `{parameter}`: every repetition would be the "
                f"same; add the parameter or remove {key}"
            )


def cells(answer: Answer, ask: Ask, data: Mapping[str, Dataset], task: Task) -> tuple[Cell, ...]:
    """The answer as checked cells, one for each asked pair and split.

    Raises:
        MeasurementError: a cell is missing or does not hold up.
    """
    classes = classes_of(dict(data))
    found = []
    for position, (shots, seed) in enumerate(ask.pairs):
        for split in ask.splits:
            rows = len(ask.rows.get(split, data[split].labels))
            expected = Expected(rows=rows, classes=classes, task=task, who=ask.role.replace(":", " "))
            key = CellKey(role=ask.role, split=split, shots=shots, seed=seed)
            found.append(_cell(answer, f"{position}.{split}", key, expected))
    return tuple(found)


def _cell(answer: Answer, name: str, key: CellKey, expected: Expected) -> Cell:
    arrays = answer.arrays
    predicted = checked.predictions(arrays.get(f"{name}.predictions"), expected)
    if expected.task is Task.REGRESSION:
        return Cell(key=key, predictions=predicted)
    kind = next((c.get("score_kind") for c in answer.value.get("cells", []) if c.get("name") == name), None)
    scored = checked.scores(arrays.get(f"{name}.scores"), kind, arrays.get(f"{name}.classes"), expected)
    return Cell(key=key, predictions=predicted, scores=scored, score_kind=kind if scored is not None else None)
