"""Answers a `circuit` order: describes the circuit of each row as data, and what its own QNode says for a few rows.

The order's value holds `entrypoint`, `options`, `weights` (a path in the tree, or None), `splits` and `probes` (rows per split);
its arrays `<split>.X`. Labels, shots and seeds never come here.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgate.domain.work import WorkOrder
from qgate.quantum.capture import describe, own_values
from qgate.quantum.description import encode
from qgate.worker import entrypoint


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Per split: the description, and the probed rows' own values."""
    value = order.value
    circuit = entrypoint.find(value["entrypoint"])
    offered = {"weights": weights_of(value["weights"])} if value["weights"] else {}
    arguments = entrypoint.arguments(circuit, options=value["options"], offered=offered)
    described: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for split in value["splits"]:
        features = np.array(order.arrays[f"{split}.X"])
        structure, numbers = encode(describe(circuit, features, arguments).batches)
        described[split] = structure
        arrays |= {f"{split}/{name}": array for name, array in numbers.items()}
        own = [own_values(circuit, features[row], arguments) for row in value["probes"][split]]
        arrays[f"{split}/own"] = np.array(own, dtype=np.float64)
    return {"described": described}, arrays


def weights_of(path: str) -> Any:
    """The single array of the file, or a mapping of its arrays where it holds several."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays
