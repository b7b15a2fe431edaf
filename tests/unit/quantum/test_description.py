"""A description is a claim: each way to falsify one is refused with its reason."""

import copy
from typing import Any

import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum.circuit import CircuitBatch, Measurement, Operation, PauliTerm
from qgate.quantum.description import Bounds, decode, encode

Z0 = Measurement(kind="expval", wires=(0,), terms=(PauliTerm(coefficient=1.0, word="Z", wires=(0,)),))
H = np.eye(2, dtype=np.complex128)


def honest() -> tuple[Any, dict[str, Any]]:
    batch = CircuitBatch(
        rows=np.arange(3, dtype=np.int64),
        wires=2,
        operations=(
            Operation(name="RX", wires=(0,), parameters=(np.array([0.1, 0.2, 0.3]),)),
            Operation(name="CNOT", wires=(0, 1)),
            Operation(name="Matrix", wires=(1,), matrix=H),
        ),
        measurements=(Z0, Measurement(kind="expval", wires=(1,), matrix=H)),
    )
    value, arrays = encode([batch])
    return copy.deepcopy(value), dict(arrays)


def test_an_honest_description_is_read_back():
    value, arrays = honest()
    (batch,) = decode(value, arrays, rows=3, bounds=Bounds())
    assert [(o.name, o.wires) for o in batch.operations] == [("RX", (0,)), ("CNOT", (0, 1)), ("Matrix", (1,))]
    assert batch.measurements[0].terms == Z0.terms


def operation(index: int, part: int, new: Any):
    def change(value, arrays):
        value[0]["operations"][index][part] = new

    return change


def array(name: str, new: np.ndarray):
    def change(value, arrays):
        assert name in arrays
        arrays[name] = new

    return change


def measurement(index: int, part: int, new: Any):
    def change(value, arrays):
        value[0]["measurements"][index][part] = new

    return change


def batch(key: str, new: Any):
    def change(value, arrays):
        value[0][key] = new

    return change


FORGERIES = [
    ("unknown gate", operation(0, 0, "Delete"), "gate 'Delete' is unknown"),
    ("wire out of range", operation(0, 1, [2]), "not among the 2 declared"),
    ("negative wire", operation(0, 1, [-1]), "not among the 2 declared"),
    ("wire as float", operation(0, 1, [0.0]), "not among the 2 declared"),
    ("wire twice", operation(1, 1, [0, 0]), "named twice"),
    ("too few wires", operation(1, 1, [0]), "CNOT on 1 wires"),
    ("parameter missing", operation(0, 3, []), "RX with 0 parameters"),
    ("parameter NaN", operation(0, 3, [float("nan")]), "not a finite number"),
    ("parameter null", operation(0, 3, [None]), "not a finite number"),
    ("adjoint not a boolean", operation(0, 2, 1), "adjoint must be"),
    ("array missing", operation(0, 3, ["nowhere"]), "nowhere"),
    ("array of other length", array("c0.o0.p0", np.zeros(2)), "float64"),
    ("array of other type", array("c0.o0.p0", np.zeros(3, dtype=np.float32)), "float32"),
    ("array with infinity", array("c0.o0.p0", np.array([0, np.inf, 0])), "NaN or infinity"),
    ("matrix not unitary", array("c0.o2.matrix", 2 * H), "not unitary"),
    ("observable not Hermitian", array("c0.m1.matrix", 1j * H), "not Hermitian"),
    ("rows twice", array("c0.rows", np.array([0, 1, 1])), "not once for each of the 3 rows"),
    ("rows missing", array("c0.rows", np.array([0, 1])), "float64"),
    ("rows as floats", array("c0.rows", np.array([0.0, 1, 2])), "64-bit integers"),
    ("kind unknown", measurement(0, 0, "state"), "measurement 'state' is unknown"),
    ("word too long", measurement(0, 2, [[1.0, "ZZ", [0]]]), "Pauli word"),
    ("letter unknown", measurement(0, 2, [[1.0, "Q", [0]]]), "Pauli word"),
    ("coefficient infinite", measurement(0, 2, [[float("inf"), "Z", [0]]]), "coefficient"),
    ("no observable", measurement(0, 2, []), "without an observable"),
    ("no measurement", batch("measurements", []), "no measurement"),
    ("no wires", batch("wires", 0), "number of wires"),
    ("too many wires", batch("wires", 40), "40 qubits; at most 20"),
    ("not a list", batch("operations", None), "malformed"),
]


@pytest.mark.parametrize(("change", "words"), [f[1:] for f in FORGERIES], ids=[f[0] for f in FORGERIES])
def test_a_forged_description_is_refused(change, words):
    value, arrays = honest()
    change(value, arrays)
    with pytest.raises(MeasurementError, match=words):
        decode(value, arrays, rows=3, bounds=Bounds())


def prepared(amplitudes: Any, *, first: bool = True) -> CircuitBatch:
    preparation = Operation(name="StatePrep", wires=(1, 0), amplitudes=amplitudes)
    flip = Operation(name="PauliX", wires=(0,))
    operations = (preparation, flip) if first else (flip, preparation)
    return CircuitBatch(rows=np.arange(3, dtype=np.int64), wires=2, operations=operations, measurements=(Z0,))


STATES = np.array([[1, 0, 0, 0], [0.6, 0.8j, 0, 0], [0, 0, 0, 1]], dtype=np.complex128)


def test_amplitudes_are_read_back():
    value, arrays = encode([prepared(STATES)])
    (batch,) = decode(value, arrays, rows=3, bounds=Bounds())
    assert batch.operations[0].amplitudes is STATES


@pytest.mark.parametrize(
    ("forged", "words"),
    [
        (prepared(STATES * [[1], [1], [1.1]]), "norm 1"),
        (prepared(STATES[:2]), "complex128"),
        (prepared(STATES[:, :2]), "complex128"),
        (prepared(STATES.real.copy()), "float64"),
        (prepared(STATES * np.nan), "NaN"),
        (prepared(STATES, first=False), "not the first"),
    ],
)
def test_forged_amplitudes_are_refused(forged, words):
    value, arrays = encode([forged])
    with pytest.raises(MeasurementError, match=words):
        decode(value, arrays, rows=3, bounds=Bounds())


def test_an_empty_description_is_refused():
    with pytest.raises(MeasurementError, match="0 rows"):
        decode([], {}, rows=3, bounds=Bounds())


def test_too_many_gates_are_refused_with_the_bound():
    value, arrays = honest()
    with pytest.raises(MeasurementError, match="3 gates; at most 2"):
        decode(value, arrays, rows=3, bounds=Bounds(gates=2))
