"""Answers a `circuit` order: describes the circuit of each row as data, and what its own QNode says for a few rows.

The order's value holds `entrypoint`, `options`, `weights` (a path in the tree, or None), `splits`, `probes` (rows per split) and
`matrix_wires` (how large a matrix may be); its arrays `<split>.X`. With `public`, the name of a PennyLane device, nothing is
described: that device evaluates the probabilities that each row's measurements are read from. Labels, shots and seeds never come
here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pennylane as qml

from qgate.domain.work import WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum.capture import describe, matrices_up_to
from qgate.quantum.description import encode
from qgate.quantum.given import probabilities_name
from qgate.quantum.own import DEVICE, own_rows
from qgate.quantum.public import Evaluated, evaluate
from qgate.worker import entrypoint


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Per split: the description or the probabilities, and the probed rows' own values.

    A circuit that cannot be described is `refused` in words: public PennyLane may do what the description does not know.

    Raises:
        MeasurementError: the circuit is a QNode with transforms.
    """
    value = order.value
    circuit = entrypoint.find(value["entrypoint"])
    check_untransformed(circuit)
    offered = {"weights": weights_of(value["weights"])} if value["weights"] else {}
    arguments = entrypoint.arguments(circuit, options=value["options"], offered=offered)
    with matrices_up_to(value["matrix_wires"]):
        return _answered(order, circuit, arguments)


def _answered(
    order: WorkOrder, circuit: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if order.value.get("public"):
        return _evaluated(order, circuit, arguments)
    try:
        return _described(order, circuit, arguments)
    except Exception as error:  # noqa: BLE001 -- what it raises it raises again where PennyLane calls it
        return {"refused": refusal(error)}, {}


def check_untransformed(circuit: Callable[..., Any]) -> None:
    """Only a QNode's function is called, so that its transforms would be left out unseen.

    Raises:
        MeasurementError: it has some.
    """
    if isinstance(circuit, qml.QNode) and len(circuit.compile_pipeline):
        names = ", ".join(str(transform).strip("<>") for transform in circuit.compile_pipeline)
        raise MeasurementError(f"the candidate is a QNode with transforms ({names}): apply them to the function that it calls")


def refusal(error: Exception) -> str:
    """Why a circuit is not described."""
    return str(error) if isinstance(error, MeasurementError) else f"{type(error).__name__}: {error}"


def _described(
    order: WorkOrder, circuit: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    said: dict[str, Any] = {"described": {}, "how": {}}
    arrays: dict[str, Any] = {}
    for split in order.value["splits"]:
        features = np.array(order.arrays[f"{split}.X"])
        description = describe(circuit, features, arguments)
        said["described"][split], numbers = encode(description.batches)
        said["how"][split] = description.how
        arrays |= {f"{split}/{name}": array for name, array in numbers.items()}
        arrays[f"{split}/own"] = _own(order, split, circuit, arguments, DEVICE)
    return said, arrays


def _evaluated(
    order: WorkOrder, circuit: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    evaluated: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    device = order.value["public"]
    for split in order.value["splits"]:
        evaluated[split], numbers = numbers_of(evaluate(circuit, np.array(order.arrays[f"{split}.X"]), arguments, device))
        arrays |= {f"{split}/{name}": array for name, array in numbers.items()}
        arrays[f"{split}/own"] = _own(order, split, circuit, arguments, device)
    return {"evaluated": evaluated}, arrays


def numbers_of(found: Sequence[Evaluated]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What PennyLane evaluated as a JSON value and arrays."""
    said, numbers = encode([group.batch for group in found])
    return said, numbers | {
        probabilities_name(batch, basis): array
        for batch, group in enumerate(found)
        for basis, array in enumerate(group.probabilities)
    }


def _own(order: WorkOrder, split: str, circuit: Callable[..., Any], arguments: Mapping[str, Any], device: str) -> Any:
    probed = np.array(order.arrays[f"{split}.X"])[order.value["probes"][split]]
    return own_rows(circuit, probed, arguments, device)


def weights_of(path: str) -> Any:
    """The single array of the file, or a mapping of its arrays where it holds several."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays
