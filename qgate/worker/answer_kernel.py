"""Answers a `kernel` order: describes the feature map of each row as data, and a few kernel values by its own QNodes.

The order's value holds `entrypoint`, `options`, `weights` (a path in the tree, or None), `splits` and `pairs` (per split, pairs
of one of its rows and a training row); its arrays `<split>.X`, also the training rows. Labels, shots and seeds never come here.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pennylane as qml

from qgate.domain.work import WorkOrder
from qgate.quantum.capture import describe_map, record
from qgate.quantum.description import encode
from qgate.worker import entrypoint
from qgate.worker.answer_circuit import weights_of

Array = npt.NDArray[Any]


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Per split: the description, and the kernel of the asked pairs with the training data."""
    value = order.value
    feature_map = entrypoint.find(value["entrypoint"])
    offered = {"weights": weights_of(value["weights"])} if value["weights"] else {}
    arguments = entrypoint.arguments(feature_map, options=value["options"], offered=offered)
    features = {split: np.array(order.arrays[f"{split}.X"]) for split in value["splits"]}
    described: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for split in value["splits"]:
        structure, numbers = encode(describe_map(feature_map, features[split], arguments).batches)
        described[split] = structure
        arrays |= {f"{split}/{name}": array for name, array in numbers.items()}
        own = [
            _own(feature_map, features[split][row], features["train"][other], arguments) for row, other in value["pairs"][split]
        ]
        arrays[f"{split}/own"] = np.array(own, dtype=np.float64)
    return {"described": described}, arrays


def _own(feature_map: Callable[..., Any], x: Array, y: Array, arguments: Mapping[str, Any]) -> float:
    """The probability of all zeros after the map of `x` and the inverse map of `y`, by PennyLane on lightning.qubit.

    What the map measures, if anything, is left out, as in its description: a QNode refuses operations after measurements.
    """
    function = feature_map.func if isinstance(feature_map, qml.QNode) else feature_map
    there, back = (record(function, sample, arguments) for sample in (x, y))
    wires = qml.wires.Wires.all_wires([there.wires, back.wires])

    def overlap() -> Any:
        for operation in there.operations:
            qml.apply(operation)
        for operation in reversed(back.operations):
            qml.adjoint(operation)
        return qml.probs(wires=wires)

    node = qml.QNode(overlap, qml.device("lightning.qubit", wires=wires), diff_method=None)
    return float(node()[0])
