"""What a circuit's own QNode returns, by public PennyLane: the check on our replay. Runs in the worker."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pennylane as qml

from qgate.quantum.capture import MID_CIRCUIT, record, wire_order

Array = npt.NDArray[Any]
DEVICE = "lightning.qubit"


def own_values(circuit: Callable[..., Any], x: Array, arguments: Mapping[str, Any], device: str = DEVICE) -> Array:
    """What the circuit's own QNode returns for one row on a public device, flattened; the check on our replay."""
    return np.asarray(own_rows(circuit, [x], arguments, device)[0])


def own_rows(circuit: Callable[..., Any], rows: Iterable[Any], arguments: Mapping[str, Any], device: str = DEVICE) -> Array:
    """The same for each of `rows`, shape (rows, width): rows on the same wires share a QNode, which is slow to make.

    Raises:
        ValueError: the rows return different numbers of values.
    """
    function = circuit.func if isinstance(circuit, qml.QNode) else circuit
    nodes: dict[tuple[Any, ...] | int | None, Any] = {}
    found = []
    for x in rows:
        wires = _wires_needed(record(function, x, arguments))
        if wires not in nodes:
            nodes[wires] = qml.QNode(function, qml.device(device, wires=wires), diff_method=None)
        found.append(_flat(nodes[wires](x, **arguments)))
    return np.stack(found)


def _wires_needed(tape: qml.tape.QuantumScript) -> tuple[Any, ...] | int | None:
    """A tape's wires in order; None where a deferred measurement takes wires that the tape does not name.

    Wires 0, 1, … are counted: where they are named, lightning makes every operation anew on its own names.
    """
    if any(isinstance(op, MID_CIRCUIT) for op in tape.operations):
        return None
    wires = wire_order(tape)
    return len(wires) if wires == list(range(len(wires))) else tuple(wires)


def _flat(result: Any) -> Array:
    parts = result if isinstance(result, list | tuple) else [result]
    return np.concatenate([np.asarray(qml.math.toarray(p), dtype=np.float64).reshape(-1) for p in parts])
