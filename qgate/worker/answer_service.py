"""Answers a `service` order: how long the models take to serve batches of each size, in rounds (`rounds.py`).

The order's value holds `models` (each with `role`, `kind`, `entrypoint`, `options`, and `weights`, `shots`, `seed`, `device` or
None), `sizes`, `rounds`, `seconds` (rounds end when they have passed) and `seed`; its arrays `serve.X`, and `train.X`, `train.y`
where there is training data.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pennylane as qml

from qgate.domain.work import Array, WorkOrder
from qgate.quantum.capture import record
from qgate.worker import entrypoint
from qgate.worker.answer_artifact import ARRAY, load
from qgate.worker.answer_circuit import weights_of
from qgate.worker.answer_estimator import fitted
from qgate.worker.rounds import Serve, rows_of, timed_rounds


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Seconds of shape (rounds, sizes) by role, and of the fixed computation."""
    told = [model for model in order.value["models"] if model["kind"] != "artifact"]
    models = {model["role"]: serving(model, order) for model in told} | _artifact(order)
    return {}, timed_rounds(models, rows_of(np.array(order.arrays["serve.X"])), order.value)


def serving(model: Mapping[str, Any], order: WorkOrder) -> Serve:
    """What serves a batch as the model does, fitted where it has to be."""
    if model["kind"] == "kernel":
        from qgate.worker.serve_kernel import serving_kernel  # noqa: PLC0415 -- scikit-learn, which other candidates may not need

        return serving_kernel(model, order)
    return _circuit(model, order) if model["kind"] == "circuit" else _estimator(model, order)


def _artifact(order: WorkOrder) -> dict[str, Serve]:
    """The rollback's artifact, where the order has one that loads; why it does not, its own order says."""
    role = next((model["role"] for model in order.value["models"] if model["kind"] == "artifact"), None)
    if role is None or ARRAY not in order.arrays:
        return {}
    with contextlib.suppress(Exception):
        return {role: load(order).predict}
    return {}


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
