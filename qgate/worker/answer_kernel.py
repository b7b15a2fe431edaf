"""Answers a `kernel` order: describes the states or circuits of a kernel as data, and a few of its values by its own QNodes.

A callable that requires one parameter is a feature map, one that requires two is a kernel of two samples; what `options` give and
`weights` do not count.

The order's value holds `entrypoint`, `options`, `weights` (a path in the tree, or None), `splits`, `pairs` (per split, pairs of
one of its rows and a training row), `most_pairs` (how many pairs may have circuits of their own) and `matrix_wires` (how large a
matrix may be); its arrays `<split>.X`, also the training rows. With `public`, the name of a PennyLane device, nothing is
described: that device evaluates the states, or the probabilities of each pair. Labels, shots and seeds never come here.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pennylane as qml

from qgate.domain.work import WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum.bounds import Bounds
from qgate.quantum.capture import describe_map, matrices_up_to, record
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.description import encode
from qgate.quantum.own import DEVICE
from qgate.quantum.pairs import Pair, describe_pairs, overlap
from qgate.quantum.public import evaluate, states
from qgate.worker import entrypoint
from qgate.worker.answer_circuit import check_untransformed, numbers_of, refusal, weights_of

Array = npt.NDArray[Any]
Said = tuple[dict[str, Any], dict[str, Any]]
TRAIN = "train"
# Beside the splits, whose names are words: the training rows on the other side of a kernel that treats its samples differently.
BACK = "<train>"


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The description or what PennyLane evaluated, and by split the kernel of the asked pairs with the training data.

    What cannot be described is `refused` in words: public PennyLane may do what the description does not know.

    Raises:
        MeasurementError: the callable takes neither one sample nor two, or returns no kernel.
    """
    value = order.value
    function = entrypoint.find(value["entrypoint"])
    check_untransformed(function)
    offered = {"weights": weights_of(value["weights"])} if value["weights"] else {}
    arguments = entrypoint.arguments(function, options=value["options"], offered=offered)
    features = {split: np.array(order.arrays[f"{split}.X"]) for split in value["splits"]}
    with matrices_up_to(value["matrix_wires"]):
        given = _pair(function, features[TRAIN], arguments, value) or _Map(function, arguments)
        return _answered(given, features, order)


def _answered(given: "_Pairs | _Map", features: Mapping[str, Array], order: WorkOrder) -> Said:
    if order.value.get("public"):
        return given.evaluated(features, order)
    try:
        return given.described(features, order)
    except Exception as error:  # noqa: BLE001 -- what it raises it raises again where PennyLane calls it
        return {"refused": refusal(error)}, {}


def _pair(function: Callable[..., Any], train: Array, arguments: Mapping[str, Any], value: Mapping[str, Any]) -> "_Pairs | None":
    """The kernel of two samples that `function` is; None for a feature map."""
    required = entrypoint.samples(function, {*value["options"], "weights"})
    if len(required) == 1:
        return None
    named = f"{value['entrypoint']} requires {', '.join(required) or 'no parameter'}"
    if len(required) != 2:  # noqa: PLR2004 -- one sample or two
        raise MeasurementError(
            f"{named}: a feature map requires one sample, a kernel of two samples two; give the rest in candidate.options"
        )
    pair = Pair(function, arguments)
    try:
        pair.bind(train[0], train[-1])
    except Exception as error:
        raise MeasurementError(
            f"{named}, and was therefore called as a kernel of two samples: {refusal(error)}. A feature map requires one"
        ) from error
    return _Pairs(pair)


class _Map:
    """A feature map: the states of its rows."""

    def __init__(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        self._function = function.func if isinstance(function, qml.QNode) else function
        self._arguments = arguments

    def described(self, features: Mapping[str, Array], order: WorkOrder) -> Said:
        found = {split: describe_map(self._function, x, self._arguments) for split, x in features.items()}
        said, arrays = _encoded({split: one.batches for split, one in found.items()})
        how = {split: one.how for split, one in found.items()}
        return {"described": said, "how": how}, arrays | _own(self._value, features, order, DEVICE)

    def evaluated(self, features: Mapping[str, Array], order: WorkOrder) -> Said:
        device = order.value["public"]
        said, arrays = _encoded({split: states(self._function, x, self._arguments, device) for split, x in features.items()})
        return {"evaluated": said}, arrays | _own(self._value, features, order, device)

    def _value(self, x: Array, y: Array, device: str) -> float:
        """The probability of all zeros after the map of `x` and the inverse map of `y`, by PennyLane.

        What the map measures, if anything, is left out, as in its description: a QNode refuses operations after measurements.
        """
        there, back = (record(self._function, sample, self._arguments) for sample in (x, y))
        wires = qml.wires.Wires.all_wires([there.wires, back.wires])

        def overlapping() -> Any:
            for operation in there.operations:
                qml.apply(operation)
            for operation in reversed(back.operations):
                qml.adjoint(operation)
            return qml.probs(wires=wires)

        node = qml.QNode(overlapping, qml.device(device, wires=wires), diff_method=None)
        return float(node()[0])


class _Pairs:
    """A kernel of two samples: states where it is an overlap of them, else the circuits of all pairs."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def described(self, features: Mapping[str, Array], order: WorkOrder) -> Said:
        found, how = overlap(self._pair, features, TRAIN)
        own = _own(self._pair.own, features, order, DEVICE)
        if found is not None:
            said, arrays = _encoded({split: [batch] for split, batch in found.maps.items()})
            back, numbers = _encoded({BACK: [found.back]} if found.back is not None else {})
            return {"described": said | back, "how": dict.fromkeys(features, how)}, arrays | numbers | own
        each = {
            split: describe_pairs(self._pair, pairs) for split, pairs in _all_pairs(features, order.value["most_pairs"]).items()
        }
        said, arrays = _encoded({split: one.batches for split, one in each.items()})
        words = {split: f"a circuit for each pair ({how}), from {one.how}" for split, one in each.items()}
        return {"described": said, "how": words, "outcome": self._outcome()}, arrays | own

    def evaluated(self, features: Mapping[str, Array], order: WorkOrder) -> Said:
        device = order.value["public"]
        said: dict[str, Any] = {}
        arrays = _own(self._pair.own, features, order, device)
        for split, pairs in _all_pairs(features, order.value["most_pairs"]).items():
            found = evaluate(lambda both: self._pair(both[0], both[1]), pairs, {}, device, self._pair.measured)
            said[split], numbers = numbers_of(found)
            arrays |= {f"{split}/{name}": array for name, array in numbers.items()}
        return {"evaluated": said, "outcome": self._outcome()}, arrays

    def _outcome(self) -> int | None:
        (outcome,) = self._pair.outcomes
        return outcome


def _all_pairs(features: Mapping[str, Array], most: int) -> dict[str, Array]:
    """Per split every row with every training row, shape (pairs, 2, ...); of the training rows each pair once.

    Raises:
        MeasurementError: they are more than `most`.
    """
    train = features[TRAIN]
    numbers = {
        s: np.triu_indices(len(x)) if s == TRAIN else np.indices((len(x), len(train))).reshape(2, -1) for s, x in features.items()
    }
    Bounds(pairs=most).check("pairs", sum(len(i) for i, _ in numbers.values()), "pairs of rows", "each has a circuit of its own")
    return {split: np.stack([features[split][i], train[j]], axis=1) for split, (i, j) in numbers.items()}


def _encoded(batches: Mapping[str, Sequence[CircuitBatch]]) -> Said:
    said: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    for name, some in batches.items():
        said[name], numbers = encode(some)
        arrays |= {f"{name}/{key}": array for key, array in numbers.items()}
    return said, arrays


def _own(
    value: Callable[[Array, Array, str], float], features: Mapping[str, Array], order: WorkOrder, device: str
) -> dict[str, Any]:
    """What the user's own code says for the asked pairs."""
    return {
        f"{split}/own": np.array([value(x[row], features[TRAIN][other], device) for row, other in order.value["pairs"][split]])
        for split, x in features.items()
    }
