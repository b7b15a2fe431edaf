"""Answers a `service` order: how long the models take to serve batches of each size.

In a round every model serves a batch of each size: sizes in random order, and for each the models in random order on the same
rows, so that what disturbs the machine disturbs all of them alike. Everything is served a few times before, so that no timing
pays for a first call; the garbage collector is off during a timing and runs between rounds. A fixed computation is timed as well,
before the first and within every round: its spread is the machine's.

The order's value holds `models` (each with `role`, `kind`, `entrypoint`, `options`, and `weights`, `shots`, `seed`, `device` or
None), `sizes`, `rounds`, `seconds` (rounds end when they have passed) and `seed`; its arrays `serve.X`, and `train.X`, `train.y`
where there is training data.
"""

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import pennylane as qml

from qgate.domain.work import Array, WorkOrder
from qgate.quantum.capture import record
from qgate.worker import entrypoint
from qgate.worker.answer_circuit import weights_of
from qgate.worker.answer_estimator import fitted

Serve = Callable[[Array], Any]
WARM_UPS = 3
CALIBRATIONS = 100
_CALIBRATION_STEPS = 20_000


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Seconds of shape (rounds, sizes) by role, and of the fixed computation."""
    value, features = order.value, np.array(order.arrays["serve.X"])
    models = {model["role"]: _serving(model, order) for model in value["models"]}
    sizes, rng = value["sizes"], np.random.default_rng(value["seed"])
    for serve in models.values():
        for size in sizes:
            for _ in range(WARM_UPS):
                serve(_batch(features, size, rng))
    gc.collect()
    gc.disable()
    calibration = [_timed(_fixed, _CALIBRATION_STEPS) for _ in range(CALIBRATIONS)]
    rounds: list[dict[str, list[float]]] = []
    started = perf_counter()
    while len(rounds) < value["rounds"] and (not rounds or perf_counter() - started < value["seconds"]):
        calibration.append(_timed(_fixed, _CALIBRATION_STEPS))
        rounds.append(_round(models, sizes, features, rng))
        gc.collect()
    seconds = {f"seconds/{role}": np.array([r[role] for r in rounds], dtype=np.float64) for role in models}
    return {}, seconds | {"calibration": np.array(calibration)}


def _round(models: Mapping[str, Serve], sizes: list[int], features: Array, rng: np.random.Generator) -> dict[str, list[float]]:
    """One timing for each model and size."""
    times = {role: [0.0] * len(sizes) for role in models}
    roles = list(models)
    for position in rng.permutation(len(sizes)):
        rows = _batch(features, sizes[position], rng)
        for role in rng.permutation(len(roles)):
            times[roles[role]][position] = _timed(models[roles[role]], rows)
    return times


def _timed(serve: Callable[[Any], Any], argument: Any) -> float:
    started = perf_counter()
    serve(argument)
    return perf_counter() - started


def _batch(features: Array, size: int, rng: np.random.Generator) -> Array:
    return np.ascontiguousarray(features[rng.integers(len(features), size=size)])


def _fixed(steps: int) -> int:
    """About a millisecond of the interpreter, always the same."""
    total = 0
    for step in range(steps):
        total += step & 7
    return total


def _serving(model: Mapping[str, Any], order: WorkOrder) -> Serve:
    return _circuit(model, order) if model["kind"] == "circuit" else _estimator(model, order)


def _estimator(model: Mapping[str, Any], order: WorkOrder) -> Serve:
    build = entrypoint.find(model["entrypoint"])
    offered = {"seed": model["seed"], "shots": model["shots"], "device": model["device"]}
    serve: Serve = fitted(build(**entrypoint.arguments(build, options=model["options"], offered=offered)), order).predict
    return serve


def _circuit(model: Mapping[str, Any], order: WorkOrder) -> Serve:
    """The user's own QNode on lightning.qubit, one call for each row of a batch."""
    circuit = entrypoint.find(model["entrypoint"])
    function = circuit.func if isinstance(circuit, qml.QNode) else circuit
    offered = {"weights": weights_of(model["weights"])} if model["weights"] else {}
    arguments = entrypoint.arguments(circuit, options=model["options"], offered=offered)
    wires = record(function, np.array(order.arrays["serve.X"][0]), arguments).wires
    device = qml.device(model["device"], wires=wires, seed=model["seed"])
    node = qml.set_shots(qml.QNode(function, device, diff_method=None), model["shots"])

    def serve(rows: Array) -> list[Any]:
        return [node(row, **arguments) for row in rows]

    return serve
