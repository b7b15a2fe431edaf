"""Circuits on the wire between worker and judge: JSON for structure, arrays for numbers.

What comes in is a claim of code that nobody has reviewed, so `decode` checks all of it before anything is simulated: names,
wires, counts, finiteness, that matrices are unitary, observables Hermitian and states of norm 1, that every row is described
once, and the bounds.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.bounds import Bounds
from qgate.quantum.circuit import GATES, MATRIX, MEASUREMENT_KINDS, STATE, CircuitBatch, Measurement, Operation, PauliTerm

Array = npt.NDArray[Any]
_TOLERANCE = 1e-8
__all__ = ["Bounds", "decode", "encode"]


def encode(batches: Sequence[CircuitBatch]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Batches as a JSON value and the arrays it refers to by name."""
    arrays: dict[str, Array] = {}
    return [_encode_batch(f"c{i}", batch, arrays) for i, batch in enumerate(batches)], arrays


def _encode_batch(prefix: str, batch: CircuitBatch, arrays: dict[str, Array]) -> dict[str, Any]:
    arrays[f"{prefix}.rows"] = batch.rows
    operations = [_encode_operation(f"{prefix}.o{i}", o, arrays) for i, o in enumerate(batch.operations)]
    measurements = [_encode_measurement(f"{prefix}.m{i}", m, arrays) for i, m in enumerate(batch.measurements)]
    return {"rows": f"{prefix}.rows", "wires": batch.wires, "operations": operations, "measurements": measurements}


def _encode_operation(prefix: str, operation: Operation, arrays: dict[str, Array]) -> list[Any]:
    parameters: list[float | str] = []
    for i, parameter in enumerate(operation.parameters):
        if isinstance(parameter, float):
            parameters.append(parameter)
        else:
            arrays[f"{prefix}.p{i}"] = parameter
            parameters.append(f"{prefix}.p{i}")
    array = operation.matrix if operation.amplitudes is None else operation.amplitudes
    name = None
    if array is not None:
        name = f"{prefix}.{'matrix' if operation.amplitudes is None else 'amplitudes'}"
        arrays[name] = array
    return [operation.name, list(operation.wires), operation.adjoint, parameters, name]


def _encode_measurement(prefix: str, measurement: Measurement, arrays: dict[str, Array]) -> list[Any]:
    matrix = None
    if measurement.matrix is not None:
        matrix = f"{prefix}.matrix"
        arrays[matrix] = measurement.matrix
    terms = [[t.coefficient, t.word, list(t.wires)] for t in measurement.terms]
    return [measurement.kind, list(measurement.wires), terms, matrix]


def decode(
    value: Any, arrays: Mapping[str, Array], *, rows: int, bounds: Bounds, measured: bool = True
) -> tuple[CircuitBatch, ...]:
    """The batches that a worker described for a data set of `rows` rows; those of a feature map are not `measured`.

    Raises:
        MeasurementError: the description is malformed, incomplete, not finite, not unitary, or over a bound.
    """
    reader = _Reader(arrays, bounds, measured=measured)
    try:
        batches = tuple(reader.batch(item) for item in value)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise MeasurementError(f"the candidate's circuit description is malformed: {error}") from error
    described = np.sort(np.concatenate([b.rows for b in batches])) if batches else np.empty(0, dtype=np.int64)
    if not np.array_equal(described, np.arange(rows)):
        raise MeasurementError(
            f"the candidate described circuits for {len(described)} rows, not once for each of the {rows} rows"
        )
    if len({b.width for b in batches}) > 1:
        raise MeasurementError("the candidate's circuit returns a different number of values for different rows")
    bounds.check_work(batches)
    return batches


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ValueError(message)


class _Reader:
    """Reads one description; any ValueError it raises becomes a MeasurementError."""

    def __init__(self, arrays: Mapping[str, Array], bounds: Bounds, *, measured: bool) -> None:
        self._measured = measured
        self._arrays = arrays
        self._bounds = bounds

    def batch(self, value: Mapping[str, Any]) -> CircuitBatch:
        rows = self._arrays[value["rows"]]
        _require(rows.dtype == np.int64 and rows.ndim == 1 and len(rows), "row numbers must be a list of 64-bit integers")
        wires = value["wires"]
        _require(type(wires) is int and wires > 0, f"the number of wires is {wires!r}")
        self._bounds.check("wires", wires, "qubits", "state vectors double with each")
        self._bounds.check("gates", len(value["operations"]), "gates", "each is applied for every row")
        operations = tuple(self._operation(o, wires, len(rows)) for o in value["operations"])
        _require(all(o.name != STATE for o in operations[1:]), f"{STATE} is not the first operation")
        measurements = tuple(self._measurement(m, wires) for m in value["measurements"])
        _require(measurements or not self._measured, "the circuit returns no measurement")
        _require(not measurements or self._measured, "a feature map returns a measurement")
        return CircuitBatch(rows=rows, wires=wires, operations=operations, measurements=measurements)

    @staticmethod
    def _wires(value: Any, wires: int) -> tuple[int, ...]:
        chosen = tuple(value)
        if not all(type(w) is int and 0 <= w < wires for w in chosen):
            raise ValueError(f"wires {value!r} are not among the {wires} declared")
        if len(set(chosen)) != len(chosen):
            raise ValueError(f"a wire is named twice in {value!r}")
        return chosen

    def _numbers(self, name: str, shape: tuple[int, ...], kind: type) -> Array:
        array = self._arrays[name]
        _require(array.shape == shape and array.dtype == np.dtype(kind), f"array {name} is {array.dtype}{array.shape}")
        _require(np.all(np.isfinite(array)), f"array {name} holds NaN or infinity")
        return array

    def _operation(self, value: Any, wires: int, rows: int) -> Operation:
        name, on, adjoint, parameters, array = value
        chosen = self._wires(on, wires)
        _require(type(adjoint) is bool, "adjoint must be true or false")
        if name == MATRIX:
            _require(not parameters, "a matrix takes no parameters")
            return Operation(name=name, wires=chosen, adjoint=adjoint, matrix=self._unitary(array, len(chosen), rows))
        if name == STATE:
            _require(not parameters and not adjoint, f"{STATE} takes amplitudes only")
            return Operation(name=name, wires=chosen, amplitudes=self._amplitudes(array, len(chosen), rows))
        if name not in GATES:
            raise ValueError(f"gate {name!r} is unknown")
        width, count = GATES[name]
        if not chosen or width not in {0, len(chosen)}:
            raise ValueError(f"{name} on {len(chosen)} wires")
        if len(parameters) != count or array is not None:
            raise ValueError(f"{name} with {len(parameters)} parameters")
        return Operation(name=name, wires=chosen, adjoint=adjoint, parameters=tuple(self._parameter(p, rows) for p in parameters))

    def _parameter(self, value: Any, rows: int) -> float | Array:
        if isinstance(value, str):
            return self._numbers(value, (rows,), np.float64)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"parameter {value!r} is not a finite number")
        return float(value)

    def _unitary(self, name: str, wires: int, rows: int) -> Array:
        self._bounds.check("matrix_wires", wires, "wires in one matrix", "it is dense")
        size = 2**wires
        shape = (size, size) if self._arrays[name].ndim == 2 else (rows, size, size)  # noqa: PLR2004 -- a matrix has two axes
        matrix = self._numbers(name, shape, np.complex128)
        identity = matrix @ np.conj(np.swapaxes(matrix, -1, -2))
        _require(np.allclose(identity, np.eye(size), atol=_TOLERANCE), f"matrix {name} is not unitary")
        return matrix

    def _amplitudes(self, name: str, wires: int, rows: int) -> Array:
        shape = (2**wires,) if self._arrays[name].ndim == 1 else (rows, 2**wires)
        amplitudes = self._numbers(name, shape, np.complex128)
        norms = np.linalg.norm(amplitudes, axis=-1)
        _require(np.allclose(norms, 1.0, rtol=0, atol=_TOLERANCE), f"the amplitudes {name} have not the norm 1")
        return amplitudes

    def _measurement(self, value: Any, wires: int) -> Measurement:
        kind, on, terms, matrix = value
        _require(kind in MEASUREMENT_KINDS, f"measurement {kind!r} is unknown")
        chosen = self._wires(on, wires)
        self._bounds.check("measured_wires", len(chosen), "measured wires", "outcomes double with each")
        if kind == "probs":
            _require(chosen and not terms and matrix is None, "probs takes wires only")
            return Measurement(kind=kind, wires=chosen)
        if matrix is not None:
            _require(not terms, "an observable is terms or a matrix, not both")
            return Measurement(kind=kind, wires=chosen, matrix=self._hermitian(matrix, len(chosen)))
        _require(terms, f"{kind} without an observable")
        return Measurement(kind=kind, wires=chosen, terms=tuple(self._term(t, wires) for t in terms))

    def _term(self, value: Any, wires: int) -> PauliTerm:
        coefficient, word, on = value
        chosen = self._wires(on, wires)
        _require(isinstance(coefficient, int | float) and np.isfinite(coefficient), "a coefficient is not a finite number")
        _require(isinstance(word, str) and len(word) == len(chosen) and set(word) <= set("XYZ"), f"Pauli word {word!r}")
        return PauliTerm(coefficient=float(coefficient), word=word, wires=chosen)

    def _hermitian(self, name: str, wires: int) -> Array:
        self._bounds.check("matrix_wires", wires, "wires in one observable's matrix", "it is dense")
        matrix = self._numbers(name, (2**wires, 2**wires), np.complex128)
        _require(np.allclose(matrix, matrix.conj().T, atol=_TOLERANCE), f"observable {name} is not Hermitian")
        return matrix
