"""Answers a `growth` order: how long the candidate takes to serve as one thing grows, and with nothing of it (the floor).

The order's value holds the candidate (`kind`, `entrypoint`, `options`, `weights`, `device`, `shots`, `seed`), `series` (`batch`,
`shots`, or an option of the candidate, each with its sizes) and `plan` (`rounds`, `seconds`, `seed`); its arrays are those of a
`service` order. A series that cannot be measured is told in `failed`, and the others are measured all the same.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
import pennylane as qml

from qgate.domain.work import Array, WorkOrder
from qgate.worker.answer_service import serving
from qgate.worker.rounds import Serve, rows_of, timed_rounds

BATCH, SHOTS, FLOOR = "batch", "shots", "floor"
_MOST_WORDS = 500


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """By series: `seconds/<name>` of shape (rounds, sizes), and `floor/<name>`, (rounds,), where there is a floor."""
    failed: dict[str, str] = {}
    arrays: dict[str, Array] = {}
    for name, sizes in order.value["series"].items():
        try:
            arrays |= _batches(sizes, order) if name == BATCH else _models(name, sizes, order)
        except Exception as error:  # noqa: BLE001 -- whatever that code raises at a size it was never run at
            failed[name] = f"{type(error).__name__}: {error}"[:_MOST_WORDS]
    return {"failed": failed}, arrays


def _batches(sizes: list[int], order: WorkOrder) -> dict[str, Array]:
    """One model and batches that grow; the floor is that of no row, where the candidate takes none."""
    serve, batch = serving(order.value, order), rows_of(np.array(order.arrays["serve.X"]))
    try:
        serve(batch(0, np.random.default_rng(0)))
        widths = [0, *sizes]
    except Exception:  # noqa: BLE001 -- scikit-learn refuses an empty batch in many ways
        widths = sizes
    seconds = timed_rounds({BATCH: serve}, batch, order.value["plan"] | {"sizes": widths})[f"seconds/{BATCH}"]
    floor = {} if widths is sizes else {f"floor/{BATCH}": seconds[:, 0]}
    return {f"seconds/{BATCH}": seconds[:, -len(sizes) :]} | floor


def _models(name: str, sizes: list[int], order: WorkOrder) -> dict[str, Array]:
    """A model for each size, and one row a call.

    Raises:
        TimeoutError: building them takes longer than the plan allows.
    """
    value, started = order.value, perf_counter()
    models: dict[str, Serve] = {}
    for size in sizes:
        changed: dict[str, Any] = {"shots": size} if name == SHOTS else {"options": value["options"] | {name: size}}
        models[str(size)] = serving({**value, **changed}, order)
        if perf_counter() - started > value["plan"]["seconds"]:
            raise TimeoutError(f"to build the candidate for {len(models)} of {len(sizes)} sizes took too long")
    floor = serving({**value, "shots": 1}, order) if name == SHOTS else _empty_circuit(value)
    models |= {FLOOR: floor} if floor else {}
    found = timed_rounds(models, rows_of(np.array(order.arrays["serve.X"])), value["plan"] | {"sizes": [1]})
    seconds = {f"seconds/{name}": np.concatenate([found[f"seconds/{size}"] for size in sizes], axis=1)}
    return seconds | ({f"floor/{name}": found[f"seconds/{FLOOR}"][:, 0]} if floor else {})


def _empty_circuit(value: Mapping[str, Any]) -> Serve | None:
    """What a call costs without qubits to speak of; an estimator has no such thing."""
    if value["kind"] != "circuit":
        return None
    device = qml.device(value["device"], wires=1, seed=value["seed"])
    node = qml.set_shots(qml.QNode(lambda: qml.expval(qml.Z(0)), device, diff_method=None), value["shots"])
    return lambda rows: [node() for _ in rows]
