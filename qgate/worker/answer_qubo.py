"""Answers a `qubo` order: the QUBO's coefficients, and the angles of its QAOA or the described circuit of its ansatz.

The order's value holds `source` (a path in the tree, or an entrypoint), `options`, `weights` (a path, or None) and `ansatz` (an
entrypoint, or None); `matrix_wires` is how large a matrix may be. With `public`, the name of a PennyLane device, the ansatz is
not described but evaluated there. Constraints, shots and seeds never come here.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qgate.domain.work import WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum.qubo import Qubo
from qgate.quantum.qubo_files import parse
from qgate.quantum.qubo_values import from_python
from qgate.worker import entrypoint

_ONE_ROW = np.zeros((1, 1))


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Coefficients as `Qubo.tables`, `angles/<name>` or `ansatz/<name>`, and in `takes` the options that some callable took."""
    value = order.value
    found, takes = _qubo(value["source"], value["options"])
    arrays: dict[str, Any] = {f"qubo/{name}": array for name, array in found.tables().items()}
    if value["ansatz"] is None:
        arrays |= _angles(value["weights"]) if value["weights"] else {}
        return {"takes": sorted(takes)}, arrays
    said, numbers, taken = _ansatz(value, found.size)
    return {"takes": sorted(takes | taken), **said}, arrays | {f"ansatz/{name}": array for name, array in numbers.items()}


def _qubo(source: str, options: Mapping[str, Any]) -> tuple[Qubo, set[str]]:
    if ":" not in source:
        return parse(Path(source).read_bytes(), source), set()
    build = entrypoint.find(source)
    takes = entrypoint.accepted(build, options)
    return from_python(build(**{name: options[name] for name in takes})), takes


def _angles(path: str) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        if not {"gammas", "betas"} <= set(file.files):
            raise MeasurementError(f"{path} has {', '.join(file.files)}; QAOA's angles are the arrays `gammas` and `betas`")
        return {f"angles/{name}": np.asarray(file[name], dtype=np.float64) for name in ("gammas", "betas")}


def _ansatz(value: Mapping[str, Any], size: int) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    """The ansatz described or evaluated as a circuit of the variables' wires, or why it is not; and the options that it takes."""
    from qgate.worker.answer_circuit import refusal, weights_of  # noqa: PLC0415 -- QAOA needs no PennyLane

    function = entrypoint.find(value["ansatz"])
    taken = entrypoint.accepted(function, value["options"])
    offered = {"weights": weights_of(value["weights"]), **{name: value["options"][name] for name in taken}}
    arguments = {name: offered[name] for name in entrypoint.accepted(function, offered)}
    if value.get("public"):
        return {}, _evaluated(function, size, arguments, value["public"]), taken
    from qgate.quantum.capture import matrices_up_to  # noqa: PLC0415 -- as above

    try:
        with matrices_up_to(value["matrix_wires"]):
            return *_described(function, size, arguments), taken
    except Exception as error:  # noqa: BLE001 -- what it raises it raises again where PennyLane calls it
        return {"refused": refusal(error)}, {}, taken


def _described(function: Callable[..., Any], size: int, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The description, and the probabilities that the ansatz's own QNode gives.

    Described with one observable on all wires, since a description of 2^n probabilities says nothing more.
    """
    from qgate.quantum.capture import describe  # noqa: PLC0415 -- as above
    from qgate.quantum.description import encode  # noqa: PLC0415 -- as above
    from qgate.quantum.own import own_rows  # noqa: PLC0415 -- as above

    description = describe(_measured(function, _parity(size)), _ONE_ROW, arguments)
    structure, numbers = encode(description.batches)
    own = own_rows(_measured(function, _probabilities(size)), _ONE_ROW, arguments)
    return {"described": structure, "how": description.how}, {**numbers, "own": own}


def _evaluated(function: Callable[..., Any], size: int, arguments: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The probabilities of the ansatz's tape on a public device, and those that its own QNode gives there."""
    from qgate.quantum.own import own_rows  # noqa: PLC0415 -- as above
    from qgate.quantum.public import distribution  # noqa: PLC0415 -- as above

    circuit = _measured(function, _probabilities(size))
    evaluated = distribution(circuit, _ONE_ROW[0], arguments, device)
    return {"evaluated": evaluated[None], "own": own_rows(circuit, _ONE_ROW, arguments, device)}


def _measured(ansatz: Callable[..., Any], measure: Callable[[], Any]) -> Callable[..., Any]:
    """The ansatz as a circuit of a sample that it does not look at."""

    def circuit(_sample: Any, **arguments: Any) -> Any:
        ansatz(**arguments)
        return measure()

    return circuit


def _parity(size: int) -> Callable[[], Any]:
    import pennylane as qml  # noqa: PLC0415 -- as above

    return lambda: qml.expval(qml.prod(*(qml.Z(wire) for wire in range(size))))


def _probabilities(size: int) -> Callable[[], Any]:
    import pennylane as qml  # noqa: PLC0415 -- as above

    return lambda: qml.probs(wires=range(size))
