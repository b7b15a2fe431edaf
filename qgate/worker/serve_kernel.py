"""A kernel candidate served on a simulator: one state for each row, its overlaps with the training rows', the model on them.

That is how the judge measures it too. On a quantum processor each pair of a row and a training row is a circuit of its own, which
`traffic.qpu` or a `service` of the repository stands for.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pennylane as qml

from qgate.charter.metrics import Task
from qgate.domain.work import Array, WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum.capture import record
from qgate.worker import entrypoint
from qgate.worker.answer_circuit import weights_of
from qgate.worker.rounds import Serve
from qgate.workloads.kernel import MODELS


def serving_kernel(model: Mapping[str, Any], order: WorkOrder) -> Serve:
    """Predictions of a batch by the model fitted on the training rows.

    Raises:
        MeasurementError: the callable is no feature map, there is no training data, or no such model.
    """
    if "train.y" not in order.arrays:
        raise MeasurementError("a kernel candidate is fitted on data.train, which the charter does not declare")
    labels, states = np.array(order.arrays["train.y"]), _states(model, order)
    task = Task.REGRESSION if labels.dtype.kind == "f" else Task.CLASSIFICATION
    if (model["model"], task) not in MODELS:
        raise MeasurementError(f"`model: {model['model']}` predicts no {'numbers' if task is Task.REGRESSION else 'classes'}")
    trained, rng = states(order.arrays["train.X"]), np.random.default_rng(model["seed"])

    def overlaps(rows: Array) -> Array:
        clipped: Array = np.clip(np.abs(rows @ trained.conj().T) ** 2, 0.0, 1.0)
        return clipped

    def served(rows: Array) -> Array:
        exact = overlaps(states(rows))
        drawn: Array = exact if model["shots"] is None else rng.binomial(model["shots"], exact) / model["shots"]
        return drawn

    # The fit is not timed. On a kernel from few shots, which may be indefinite, it could take for ever.
    fitted = MODELS[model["model"], task](model["regularisation"]).fit(overlaps(trained), labels)
    return lambda rows: fitted.predict(served(rows))


def _states(model: Mapping[str, Any], order: WorkOrder) -> Callable[[Array], Array]:
    """The map's states, shape (rows, 2^qubits), by one QNode call for each row."""
    feature_map = entrypoint.find(model["entrypoint"])
    offered = {"weights": weights_of(model["weights"])} if model["weights"] else {}
    arguments = entrypoint.arguments(feature_map, options=model["options"], offered=offered)
    function = feature_map.func if isinstance(feature_map, qml.QNode) else feature_map
    parameters = inspect.signature(function).parameters.values()
    if len([p for p in parameters if p.default is p.empty and p.name not in arguments]) > 1:
        raise MeasurementError(f"{model['entrypoint']} is a kernel of two samples, and not timed as such: declare a `service`")
    wires = record(function, np.array(order.arrays["serve.X"][0]), arguments).wires

    def state(row: Array) -> Any:
        for operation in record(function, row, arguments).operations:
            qml.apply(operation)
        return qml.state()

    node = qml.QNode(state, qml.device(model["device"], wires=wires), diff_method=None)
    return lambda rows: np.array([node(row) for row in rows])
