"""A user's kernel of two samples, `kernel(x, y)`, described as data. Runs in the worker, beside the pull request's code.

It is a function or QNode that measures one circuit of both samples, or a function that hands on a number of its QNode's answer.
Which number, is found by handing it known ones. Where what was traced says that every gate before some place leaves `y` alone and
every gate after it leaves `x` alone, the kernel is an overlap of states, |⟨B†(y) s|A(x) 0⟩|² for the outcome s, and N + M of them
are described. Else each pair's circuit is.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ExpectationMP, MeasurementProcess, ProbabilityMP

from qgate.errors import MeasurementError
from qgate.quantum.capture import Description, describe_measured, measurement
from qgate.quantum.circuit import STATE, CircuitBatch, Measurement, Operation, structure
from qgate.quantum.own import DEVICE, own_values

Array = npt.NDArray[Any]
RETURNS = (
    "a kernel of two samples returns qml.probs, or the expectation of a basis state's qml.Projector or of a Pauli word: from a"
    " QNode, from a function that applies the circuit, or as the one number of a QNode's answer that it hands on as it is"
)


class Pair:
    """A kernel of two samples as a circuit that PennyLane can record: called, it queues it.

    `outcomes`: whose probability the kernel is, as the circuits recorded so far say; None stands for a Pauli word's expectation,
    from -1 to 1.
    """

    def __init__(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
        self._function = function.func if isinstance(function, qml.QNode) else function
        self._arguments = arguments
        self._position: int | None = None
        self.outcomes: set[int | None] = set()

    def bind(self, x: Array, y: Array) -> None:
        """Find out, on one pair, which number of its QNode's answer the function hands on, if it has a QNode.

        Raises:
            MeasurementError: it computes with the answer, or returns something else.
        """
        found = {self._handed_on(x, y, falling=falling) for falling in (False, True)}
        if len(found) > 1:
            raise MeasurementError(RETURNS)
        (self._position,) = found

    def __call__(self, x: Array, y: Array) -> None:
        """Queue the circuit of both.

        Raises:
            MeasurementError: another number of the QNode's answer is handed on than of the first pair.
        """
        if self._handed_on(x, y, falling=False) != self._position:
            raise MeasurementError("the kernel hands on another number of its QNode's answer for some pair")

    def _handed_on(self, x: Array, y: Array, *, falling: bool) -> int | None:
        """Which of known numbers comes back in place of the QNode's answer; None where a measurement is returned."""
        known: list[Array] = []

        def answer(node: Any, *arguments: Any, **options: Any) -> Any:
            process = node.func(*arguments, **options)
            count = 2 ** len(process.wires) if isinstance(process, ProbabilityMP) else 1
            known.append(_known(count, falling=falling))
            return known[-1].copy() if isinstance(process, ProbabilityMP) else known[-1][0]

        queue = nullcontext() if qml.QueuingManager.recording() else qml.queuing.AnnotatedQueue()
        with queue, mock.patch.object(qml.QNode, "__call__", answer):
            returned = self._function(x, y, **self._arguments)
        if not known and isinstance(returned, MeasurementProcess):
            return None
        numbers = np.asarray(qml.math.toarray(returned), dtype=np.float64).reshape(-1)
        if len(known) != 1 or not len(numbers) or numbers[0] not in known[0]:
            raise MeasurementError(RETURNS)
        return int(np.flatnonzero(known[0] == numbers[0])[0])

    def measured(self, tape: qml.tape.QuantumScript, index: Mapping[Any, int]) -> tuple[Measurement, ...]:
        """What a recorded circuit measures: probabilities of which one outcome counts, or a Pauli word.

        Raises:
            MeasurementError: it measures something else, or another outcome than the circuits before.
        """
        if len(tape.measurements) != 1:
            raise MeasurementError(RETURNS)
        (process,) = tape.measurements
        observable = process.obs
        if isinstance(process, ProbabilityMP):
            self.outcomes.add(self._position or 0)
            found = measurement(process, index)
        elif isinstance(process, ExpectationMP) and isinstance(observable, qml.ops.qubit.observables.BasisStateProjector):
            bits = np.asarray(qml.math.toarray(observable.parameters[0]), dtype=np.int64)
            self.outcomes.add(int(bits @ (1 << np.arange(len(bits))[::-1])))
            found = Measurement(kind="probs", wires=tuple(index[w] for w in observable.wires))
        else:
            self.outcomes.add(None)
            found = measurement(process, index)
            if found.kind != "expval" or len(found.terms) != 1 or found.terms[0].coefficient != 1:
                raise MeasurementError(RETURNS)
        if len(self.outcomes) > 1:
            raise MeasurementError("the kernel is the probability of another outcome for some pair")
        return (found,)

    def own(self, x: Array, y: Array, device: str = DEVICE) -> float:
        """What the user's function itself returns for a pair; its QNode runs without shots on a public device."""
        if self._position is None:
            both: Any = (x, y)
            return float(own_values(lambda pair: self._function(*pair, **self._arguments), both, {}, device)[0])
        call = qml.QNode.__call__

        def exactly(node: Any, *arguments: Any, **options: Any) -> Any:
            with mock.patch.object(qml.QNode, "__call__", call):
                return qml.QNode(node.func, qml.device(device), diff_method=None)(*arguments, **options)

        with mock.patch.object(qml.QNode, "__call__", exactly):
            returned = self._function(x, y, **self._arguments)
        return float(np.asarray(qml.math.toarray(returned), dtype=np.float64).reshape(-1)[0])


def _known(count: int, *, falling: bool) -> Array:
    """What stands in for a QNode's answer: numbers in no relation, so that a sum or a difference is none of them.

    `falling`: others, of which the largest is where the smallest was, so that a maximum is not the same one.
    """
    numbers = np.random.default_rng(1).random(count)
    if not falling:
        return numbers
    others: Array = np.sort(np.random.default_rng(2).random(count))[::-1][numbers.argsort().argsort()]
    return others


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlap:
    """Circuits of states whose overlaps are the kernel: of each split's rows, and of the training rows on the other side.

    `back` is None where those are the training rows' own: then the kernel is that of a feature map.
    """

    maps: Mapping[str, CircuitBatch]
    back: CircuitBatch | None


def overlap(pair: Pair, features: Mapping[str, Array], train: str) -> tuple[Overlap | None, str]:
    """The states of every split of `features` and of its rows `train`, or None where each pair has to be described; and why.

    Raises:
        MeasurementError: the kernel measures something else than one outcome.
    """
    first = features[train][0]
    right = describe_measured(lambda y: pair(first, y), features[train], {}, pair.measured)
    left = {s: describe_measured(lambda x: pair(x, first), rows, {}, pair.measured) for s, rows in features.items()}
    for one in (right, *left.values()):
        if one.refusal is not None:
            return None, one.refusal
    (after,), befores = right.batches, {split: one.batches[0] for split, one in left.items()}
    (outcome,) = pair.outcomes
    place = _place(after, list(befores.values()))
    if outcome is None or place is None:
        return None, "its gates on one sample are not all before those on the other, or not all wires are measured"
    maps = {s: replace(b, operations=b.operations[:place], measurements=()) for s, b in befores.items()}
    back = replace(
        after, operations=(*_bits(outcome, after), *map(_inverse, reversed(after.operations[place:]))), measurements=()
    )
    return Overlap(maps=maps, back=None if _equal(back, maps[train]) else back), "as states, N + M of them, from one traced call"


def _place(after: CircuitBatch, befores: list[CircuitBatch]) -> int | None:
    """Before which gate a circuit can be cut: those before it do not hold `y`, those from it on do not hold `x`.

    A traced sample's numbers are columns whatever their values are, so that a gate without a column does not depend on it. Gates
    that depend on neither may be on both sides: of those places, the one nearest to the middle.
    """
    if any(structure(b) != structure(after) for b in befores):
        return None
    read = after.measurements[0].wires
    if set(read) != set(range(after.wires)) or any(o.name == STATE and o.varies for o in after.operations):
        return None
    length = len(after.operations)
    lowest = 1 + max((i for b in befores for i, o in enumerate(b.operations) if o.varies or o.name == STATE), default=-1)
    highest = min((i for i, o in enumerate(after.operations) if o.varies), default=length)
    return min(max(length // 2, lowest), highest) if lowest <= highest else None


def _bits(outcome: int, batch: CircuitBatch) -> list[Operation]:
    """Gates that prepare an outcome of the measured wires."""
    wires = batch.measurements[0].wires
    ones = [w for i, w in enumerate(wires) if outcome >> (len(wires) - 1 - i) & 1]
    return [Operation(name="PauliX", wires=(wire,)) for wire in ones]


def _inverse(operation: Operation) -> Operation:
    return replace(operation, adjoint=not operation.adjoint)


def _equal(one: CircuitBatch, other: CircuitBatch) -> bool:
    """The same gates with the same numbers for the same rows."""
    return structure(one) == structure(other) and all(
        all(np.array_equal(p, q) for p, q in zip(a.parameters, b.parameters, strict=True))
        and _equal_arrays(a.matrix, b.matrix)
        and _equal_arrays(a.amplitudes, b.amplitudes)
        for a, b in zip(one.operations, other.operations, strict=True)
    )


def _equal_arrays(one: Array | None, other: Array | None) -> bool:
    return one is other is None or (one is not None and other is not None and np.array_equal(one, other))


def describe_pairs(pair: Pair, pairs: Array) -> Description:
    """The circuit of each of `pairs`, shape (pairs, 2, ...).

    Raises:
        MeasurementError: the kernel uses something that cannot be described exactly.
    """
    return describe_measured(lambda both: pair(both[0], both[1]), pairs, {}, pair.measured)
