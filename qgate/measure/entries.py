"""Answers and cells as entries of the cache, and back; what is read back is as checked as if it came from a worker."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from qgate.domain.evidence import Array, Cell, CellKey, cell_digest, table_digest
from qgate.domain.work import Answer
from qgate.measure.jobs import Measured
from qgate.measure.store import Entry


def answer_entry(answer: Answer) -> Entry:
    """A worker's answer with its sandbox; neither its log nor how long it took."""
    return Entry(value={"answer": dict(answer.value), "sandbox": dict(answer.sandbox)}, arrays=answer.arrays)


def answer_of(entry: Entry) -> Answer:
    """The answer of an entry."""
    return Answer(value=entry.value["answer"], arrays=entry.arrays, sandbox=entry.value["sandbox"])


def cells_entry(measured: Measured) -> Entry:
    """Cells, facts and tables."""
    cells = [{**asdict(c.key), "score_kind": c.score_kind, "sha256": cell_digest(c)} for c in measured.cells]
    arrays = {f"table/{name}": table for name, table in measured.tables.items()}
    for number, cell in enumerate(measured.cells):
        arrays[f"cell/{number}/predictions"] = cell.predictions
        if cell.scores is not None:
            arrays[f"cell/{number}/scores"] = cell.scores
    tables = {name: table_digest(table) for name, table in measured.tables.items()}
    return Entry(value={"cells": cells, "facts": dict(measured.facts), "tables": tables}, arrays=arrays)


def measured_of(entry: Entry) -> Measured:
    """The cells of an entry.

    Raises:
        ValueError: a digest does not hold, or an array is missing.
    """
    cells = tuple(_cell(value, number, entry.arrays) for number, value in enumerate(entry.value["cells"]))
    tables = {name: _array(entry.arrays, f"table/{name}") for name in entry.value["tables"]}
    for name, digest in entry.value["tables"].items():
        if table_digest(tables[name]) != digest:
            raise ValueError(f"its table {name} has another digest")
    return Measured(cells=cells, facts=entry.value["facts"], tables=tables)


def _cell(value: Mapping[str, Any], number: int, arrays: Mapping[str, Array]) -> Cell:
    cell = Cell(
        key=CellKey(role=value["role"], split=value["split"], shots=value["shots"], seed=value["seed"]),
        predictions=_array(arrays, f"cell/{number}/predictions"),
        scores=arrays.get(f"cell/{number}/scores"),
        score_kind=value["score_kind"],
    )
    if cell_digest(cell) != value["sha256"]:
        raise ValueError(f"its cell {cell.key} has another digest")
    return cell


def _array(arrays: Mapping[str, Array], name: str) -> Array:
    if name not in arrays:
        raise ValueError(f"it has no array {name}")
    return arrays[name]
