"""The user's circuit function described as data. Runs in the worker, beside the pull request's code: what it says is a claim.

A call is recorded as PennyLane records a QNode's and lowered to lightning's native gates: one call for all rows where that is
sound (`qgate.quantum.tracer`) and gives what a row called on its own gives; otherwise one call per row, grouped by structure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pennylane as qml
from pennylane.measurements import ExpectationMP, MidMeasureMP, ProbabilityMP, VarianceMP
from pennylane.ops import Conditional, Controlled
from pennylane.ops.op_math import Adjoint

from qgate.errors import MeasurementError
from qgate.quantum import tracer
from qgate.quantum.bounds import STANDARD, how_to_raise
from qgate.quantum.circuit import (
    GATES,
    MATRIX,
    STATE,
    CircuitBatch,
    Measurement,
    Operation,
    Parameter,
    PauliTerm,
    group_by_structure,
    one_row,
    structure,
)

Array = npt.NDArray[Any]
Measured = Callable[[qml.tape.QuantumScript, Mapping[Any, int]], tuple[Measurement, ...]]
_INERT = frozenset({"Identity", "GlobalPhase", "Barrier", "WireCut", "Snapshot"})
MID_CIRCUIT = (MidMeasureMP, Conditional)
_KINDS = ((ExpectationMP, "expval"), (VarianceMP, "var"), (ProbabilityMP, "probs"))
_DEPTH = 20
# Wires of a matrix that is described as it is; a charter may raise it.
_MATRIX_WIRES: ContextVar[int] = ContextVar("matrix_wires", default=STANDARD.matrix_wires)
_ROUNDING = 1e-13
_NORM = 1e-8
TRACED = "one traced call for all rows"
BY_ROW = "one call per row"


@dataclass(frozen=True, kw_only=True, eq=False)
class Description:
    """Circuits of all rows, one batch a structure; `refusal` says why they were called one by one (None: one traced call)."""

    batches: tuple[CircuitBatch, ...]
    refusal: str | None = None

    @property
    def how(self) -> str:
        """How the circuits were described, in words."""
        return TRACED if self.refusal is None else f"{BY_ROW}: {self.refusal}"


@contextmanager
def matrices_up_to(wires: int) -> Iterator[None]:
    """Describe matrices of so many wires as they are, as the charter allows."""
    before = _MATRIX_WIRES.set(wires)
    try:
        yield
    finally:
        _MATRIX_WIRES.reset(before)


def describe(circuit: Callable[..., Any], features: Array, arguments: Mapping[str, Any]) -> Description:
    """One description per structure for `circuit(x, **arguments)` over the rows of `features`, shape (rows, ...).

    Raises:
        MeasurementError: the circuit uses something that cannot be described exactly.
    """
    return describe_measured(circuit, features, arguments, measurements)


def describe_map(feature_map: Callable[..., Any], features: Array, arguments: Mapping[str, Any]) -> Description:
    """The same for a feature map, which prepares a state: what it measures, if anything, is left out.

    Raises:
        MeasurementError: the feature map uses something that cannot be described exactly.
    """
    return describe_measured(feature_map, features, arguments, lambda _tape, _index: ())


def describe_measured(
    circuit: Callable[..., Any], features: Array, arguments: Mapping[str, Any], measured: Measured
) -> Description:
    """The same with what `measured` makes of a recorded tape and the numbers of its wires.

    Raises:
        MeasurementError: the circuit uses something that cannot be described exactly.
    """
    function = circuit.func if isinstance(circuit, qml.QNode) else circuit

    def alone(row: int) -> CircuitBatch:
        return _described([row], record(function, features[row], arguments), measured)

    # One row is enough to compare: the judge compares three rows' values with the circuit's own QNode in every run.
    *others, last = range(len(features))
    own = alone(last)
    try:
        return Description(batches=(_together(function, features, arguments, measured, own),))
    except tracer.RefusedError as refused:
        return Description(batches=group_by_structure(chain(map(alone, others), (own,))), refusal=str(refused))


def _together(
    function: Callable[..., Any], features: Array, arguments: Mapping[str, Any], measured: Measured, own: CircuitBatch
) -> CircuitBatch:
    """All rows from one traced call, if its last row is `own`.

    Raises:
        RefusedError: the call is not sound, or gives another circuit than the row called on its own.
    """
    rows = range(len(features))
    with _broadcasting():
        batch: CircuitBatch = tracer.call(
            lambda x: record(function, x, arguments), features, then=lambda tape: _described(rows, tape, measured)
        )
    if not _same(one_row(batch, rows[-1]), own):
        raise tracer.RefusedError("a row called on its own gives another circuit")
    return batch


def _same(ours: CircuitBatch, own: CircuitBatch) -> bool:
    """Equal structure, and equal numbers but for rounding: NumPy adds the elements of an array and of objects in other orders."""
    if structure(ours) != structure(own):
        return False
    expected = _numbers(own)
    return bool(np.all(np.abs(_numbers(ours) - expected) <= _ROUNDING * (1 + np.abs(expected))))


def _numbers(circuit: CircuitBatch) -> Array:
    operations = circuit.operations
    arrays = [a.reshape(-1) for o in operations for a in (o.matrix, o.amplitudes) if a is not None]
    return np.concatenate([[p for o in operations for p in o.parameters], *arrays])


def record(function: Callable[..., Any], x: Array, arguments: Mapping[str, Any]) -> qml.tape.QuantumScript:
    """The tape of one call, as a QNode would record it."""
    with qml.queuing.AnnotatedQueue() as queue:
        function(x, **arguments)
    return qml.tape.QuantumScript.from_queue(queue)


def _described(rows: Sequence[int], tape: qml.tape.QuantumScript, measured: Measured) -> CircuitBatch:
    on = [_wires(op) for op in tape.operations]
    index = {wire: position for position, wire in enumerate(wire_order(tape, on))}
    with qml.QueuingManager.stop_recording():
        operations = tuple(_operations(tape, on, index))
        found = measured(tape, index)
    return CircuitBatch(rows=np.array(rows, dtype=np.int64), wires=len(index), operations=operations, measurements=found)


def _operations(tape: qml.tape.QuantumScript, on: Sequence[tuple[Any, ...]], index: Mapping[Any, int]) -> Iterator[Operation]:
    """Native operations; amplitudes prepared first stay amplitudes, as gates they would be exponentially many."""
    rest = [(op, w) for op, w in zip(tape.operations, on, strict=True) if getattr(op, "name", None) not in _INERT]
    if rest and isinstance(first := rest[0][0], qml.StatePrep) and not first.is_sparse:
        yield Operation(name=STATE, wires=tuple(index[w] for w in first.wires), amplitudes=_amplitudes(first))
        del rest[0]
    for op, wires in rest:
        yield from lower(op, wires, index)


def _wires(op: qml.operation.Operator) -> tuple[Any, ...]:
    """As `op.wires`, which for a controlled gate makes new objects at every question: a third of what lowering it takes."""
    if type(op).wires is Controlled.wires:
        return *op.control_wires, *op.target_wires
    return tuple(op.wires)


def _amplitudes(op: qml.StatePrep) -> Array:
    amplitudes = tracer.columns(qml.math.toarray(op.data[0])).astype(np.complex128)
    norms = np.linalg.norm(amplitudes, axis=-1)
    if not np.allclose(norms, 1.0, rtol=0, atol=_NORM):
        raise MeasurementError(f"{op.name} prepares a state of norm {norms.flat[0]:.6g}; pass normalize=True")
    return amplitudes


@contextmanager
def _broadcasting() -> Iterator[None]:
    """PennyLane while a circuit is traced: its operators are made unwatched, and check prepared states for all rows."""
    make = type(qml.RX).__call__
    check = qml.StatePrep._preprocess  # noqa: SLF001 -- the only place where the norm is compared with 1

    def checked(state: Any, *arguments: Any, **options: Any) -> Any:
        if not tracer.is_traced(state):
            return check(state, *arguments, **options)
        return tracer.by_row(lambda states: _checked(partial(check, **options), states, *arguments), state)

    with (
        mock.patch.object(type(qml.RX), "__call__", tracer.unwatched(make, "pennylane.")),
        mock.patch.object(qml.StatePrep, "_preprocess", staticmethod(checked)),
    ):
        yield


def _checked(check: partial[Array], states: Array, *arguments: Any) -> Array:
    """States, shape (rows, amplitudes), as PennyLane takes each: together it would divide all by their norms or none."""
    off = np.abs(np.linalg.norm(states, axis=-1) - 1) > _NORM
    if check.keywords["pad_with"] or (off.any() and not off.all()):
        return np.array([check(state, *arguments) for state in states])
    return check(states, *arguments)


def wire_order(tape: qml.tape.QuantumScript, on: Iterable[Iterable[Any]] | None = None) -> list[Any]:
    """Wires sorted where their labels allow it, else as they first appear: `probs()` without wires reads them in this order.

    `on`: the operations' wires, where they are known. Much of the time of `tape.wires` goes into comparing sets of them.
    """
    of_operations = (op.wires for op in tape.operations) if on is None else on
    wires = list(dict.fromkeys(chain.from_iterable((*of_operations, *(m.wires for m in tape.measurements)))))
    return sorted(wires) if all(isinstance(w, int) for w in wires) else wires


def lower(op: qml.operation.Operator, on: Iterable[Any], index: Mapping[Any, int], depth: int = 0) -> Iterator[Operation]:
    """The native gates that `op`, whose wires are `on`, is made of, in order."""
    base, adjoint = (op.base, True) if isinstance(op, Adjoint) else (op, False)
    if isinstance(op, MID_CIRCUIT):
        raise MeasurementError("mid-circuit measurements cannot be described")
    if base.name in _INERT:
        return
    wires = tuple(index[w] for w in on)
    if base.name in GATES:
        yield Operation(name=base.name, wires=wires, adjoint=adjoint, parameters=tuple(_parameter(p) for p in base.data))
    elif base.name == "QubitUnitary" and len(wires) <= _MATRIX_WIRES.get():
        yield Operation(name=MATRIX, wires=wires, adjoint=adjoint, matrix=_dense(base))
    elif op.has_decomposition and depth < _DEPTH:
        for part in op.decomposition():
            yield from lower(part, part.wires, index, depth + 1)
    elif op.has_matrix and len(op.wires) <= _MATRIX_WIRES.get():
        yield Operation(name=MATRIX, wires=wires, matrix=_dense(op))
    else:
        raise MeasurementError(
            f"{op.name} on {len(op.wires)} wires has neither a decomposition nor a small matrix, which has at most "
            f"{_MATRIX_WIRES.get()} wires. {how_to_raise('matrix_wires')}"
        )


def _parameter(value: Any) -> Parameter:
    if type(value) is float or type(value) is np.float64:  # most are; a traced scalar says that it is an instance of these
        return float(value)
    numbers = tracer.columns(qml.math.toarray(value) if isinstance(value, np.ndarray) else value)
    if numbers.ndim == 0:
        return float(numbers)
    if numbers.ndim > 1 or numbers.dtype.kind == "c":
        raise MeasurementError(f"a gate's parameter is {numbers.dtype}{numbers.shape[1:]}, not a real number")
    return numbers.astype(np.float64)


def _dense(op: qml.operation.Operator) -> Array:
    return np.ascontiguousarray(qml.math.toarray(qml.matrix(op)), dtype=np.complex128)


def measurements(tape: qml.tape.QuantumScript, index: Mapping[Any, int]) -> tuple[Measurement, ...]:
    """What a recorded tape measures, by the numbers of its wires.

    Raises:
        MeasurementError: it returns nothing, or something else than expval, var and probs.
    """
    if not tape.measurements:
        raise MeasurementError("the circuit returns no measurement; return for example qml.expval(qml.Z(0))")
    return tuple(measurement(m, index) for m in tape.measurements)


def measurement(process: Any, index: Mapping[Any, int]) -> Measurement:
    """What PennyLane's measurement process measures.

    Raises:
        MeasurementError: it is no expval, var or probs that can be described.
    """
    kind = next((name for cls, name in _KINDS if isinstance(process, cls)), None)
    if kind is None:
        raise MeasurementError(f"the circuit returns {process!r}; only expval, var and probs can be described")
    if process.mv is not None:
        raise MeasurementError("the circuit returns a statistic of a mid-circuit measurement; return one of its wires")
    observable = process.obs
    if kind == "probs":
        if observable is not None:
            raise MeasurementError("probs of an observable cannot be described; return probs of wires")
        return Measurement(kind=kind, wires=tuple(index[w] for w in process.wires) or tuple(range(len(index))))
    wires = tuple(index[w] for w in observable.wires)
    if (sentence := observable.pauli_rep) is not None:
        return Measurement(kind=kind, wires=wires, terms=tuple(_term(word, c, index) for word, c in sentence.items()))
    if len(wires) > (most := _MATRIX_WIRES.get()):
        raise MeasurementError(
            f"the observable {observable.name} acts on {len(wires)} wires; as a matrix at most {most}. "
            f"{how_to_raise('matrix_wires')}"
        )
    return Measurement(kind=kind, wires=wires, matrix=_dense(observable))


def _term(word: Any, coefficient: Any, index: Mapping[Any, int]) -> PauliTerm:
    value = complex(qml.math.toarray(coefficient))
    if value.imag:
        raise MeasurementError(f"an observable's coefficient is complex: {value}")
    letters = [(index[wire], letter) for wire, letter in word.items()]
    return PauliTerm(coefficient=value.real, word="".join(p for _, p in letters), wires=tuple(w for w, _ in letters))
