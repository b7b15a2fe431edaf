"""One traced call for all rows: what is traced equals rows called on their own, and whatever looks at a value is refused."""

import gc
import itertools
import json
import random
from typing import Any

import numpy as np
import pennylane as qml
import pytest
from pennylane import numpy as pnp

from qgate.errors import MeasurementError
from qgate.quantum import capture, tracer
from qgate.quantum.capture import TRACED as TRACED_ONCE
from qgate.quantum.capture import describe
from qgate.quantum.description import Bounds, decode, encode
from qgate.quantum.engine import simulate
from qgate.quantum.own import own_values

ROWS = 12
X = np.random.default_rng(5).uniform(-2, 2, (ROWS, 4))
WEIGHTS = np.random.default_rng(7).uniform(-3, 3, (2, 4, 3))


def calls(circuit: Any, x: np.ndarray) -> tuple[Any, int]:
    """The description, and how many rows were called on their own for it."""
    count = itertools.count()

    def counted(row, **arguments):
        if isinstance(row, np.ndarray) and np.asarray(row).dtype != object:
            next(count)
        return circuit(row, **arguments)

    return describe(counted, x, {}).batches, next(count)


def agree(circuit: Any, x: np.ndarray = X) -> int:
    """Check exact values of every row against the circuit's own QNode; give how many rows were called on their own."""
    described, alone = calls(circuit, x)
    structure, arrays = encode(described)
    ours = simulate(decode(structure, arrays, rows=len(x), bounds=Bounds())).exact()
    np.testing.assert_allclose(ours, np.array([own_values(circuit, row, {}) for row in x]), atol=1e-10, rtol=0)
    return alone


def read_all(tape):
    return capture._described(range(ROWS), tape, capture.measurements)


def z():
    return qml.expval(qml.Z(0))


def embeddings(x):
    qml.AngleEmbedding(x, wires=range(4), rotation="Y")
    qml.StronglyEntanglingLayers(WEIGHTS, wires=range(4))
    qml.IQPEmbedding(x, wires=range(4), n_repeats=2)
    return qml.probs(wires=[0, 1])


def qaoa_embedding(x):
    qml.QAOAEmbedding(x, weights=np.ones((1, 8)), wires=range(4))
    return z()


def loops_over_values(x):
    for wire, value in enumerate(x):
        qml.RX(value, wires=wire)
    for value in (v for v in x[:2]):
        qml.RZ(value, wires=len(x) - 1)
    qml.CNOT([3, 0])
    return z()


def classical_preprocessing(x):
    y = np.tanh(WEIGHTS[0, :, :].T @ x) + x[:3] / np.linalg.norm(x)
    qml.AngleEmbedding(np.concatenate([y, [np.mean(x)]]), wires=range(4))
    qml.RX(2 * (np.pi - x[0]) * (np.pi - x[1]) % 3, wires=0)
    qml.RY(np.arctan(x[2]) ** 2 - abs(x[3]), wires=0)
    qml.AngleEmbedding(np.array([x[0] * x[1], np.sqrt(np.abs(x[2]))]), wires=[0, 1])
    return z()


def controlled_and_adjoint(x):
    qml.Hadamard(0)
    qml.ctrl(qml.RX, control=0)(x[0], wires=1)
    qml.adjoint(qml.Rot)(x[0], x[1], 0.3, wires=0)
    qml.adjoint(qml.IQPEmbedding)(x[:3], wires=[0, 1, 2])
    qml.ctrl(qml.PhaseShift, control=0)(x[3], wires=2)
    qml.PauliRot(x[2], "XYZ", wires=[0, 1, 2])
    qml.MultiRZ(x[1], wires=[0, 2])
    qml.Hadamard(0)
    return z()


def autograd_weights(x):
    weights = pnp.array(WEIGHTS, requires_grad=True)
    qml.RX(weights[0, 0, 0] * x[0], wires=0)
    qml.RX(x[1] * weights[0, 0, 1], wires=0)
    qml.AngleEmbedding(weights[0, :, 0] * x, wires=range(4))
    qml.RX(pnp.sin(x[0]) * pnp.dot(weights[0, :, 1], x), wires=0)
    qml.StronglyEntanglingLayers(weights, wires=range(4))
    return z()


def amplitudes(x):
    qml.AmplitudeEmbedding(x, wires=[2, 0, 1], pad_with=0.3)
    qml.CNOT([0, 3])
    qml.RX(x[0], wires=1)
    return qml.probs(wires=[0, 1, 2, 3])


def prepared_state(x):
    qml.StatePrep(x / np.linalg.norm(x), wires=[1, 0])
    qml.RY(0.3, wires=0)
    return qml.probs(wires=[0, 1])


TRACED = [
    embeddings,
    qaoa_embedding,
    loops_over_values,
    classical_preprocessing,
    controlled_and_adjoint,
    autograd_weights,
    amplitudes,
    prepared_state,
]


@pytest.mark.parametrize("circuit", TRACED, ids=lambda c: c.__name__)
def test_one_call_describes_all_rows_and_one_is_checked(circuit):
    assert agree(circuit) == 1


def test_one_dimensional_features_are_traced_as_a_scalar():
    def single(x):
        qml.RX(x * 2, wires=0)
        return z()

    described = describe(single, X[:, 0], {}).batches
    assert len(described) == 1
    np.testing.assert_array_equal(described[0].operations[0].parameters[0], X[:, 0] * 2)


def branch(x):
    if x[0] > 1.5:
        qml.X(0)
    qml.RX(x[1], wires=0)
    return z()


def rare_branch(x):
    if np.max(x) > 0:
        qml.X(0)
    qml.RX(x[1], wires=0)
    return z()


def sorted_wires(x):
    for angle, wire in enumerate(np.argsort(x)):
        qml.RX(angle, wires=int(wire))
    return z()


def plain_float(x):
    qml.RX(round(float(x[0]), 1), wires=0)
    return z()


def swallowed(x):
    try:
        angle = float(x[0])
    except TypeError:
        angle = 0.5
    qml.RX(angle if angle > 1 else 0.5, wires=0)
    return z()


def swallowed_library_error(x):
    try:
        odd = bool(np.isnan(np.sqrt(np.asarray(x))).any())
    except TypeError:
        odd = True
    qml.RX(1.0 if odd else 0.3, wires=0)
    return z()


def swallowed_json(x):
    try:
        text = json.dumps(list(x))
    except TypeError:
        text = "-"
    qml.RX(1.0 if text.startswith("[-") else 0.3, wires=0)
    return z()


def typed(x):
    if isinstance(x[0], float) and x.dtype.kind == "f" and x[0] > 1.5:
        qml.X(0)
    qml.RX(x[1], wires=0)
    return z()


def text(x):
    qml.RX(1.0 if f"{x[0]}".startswith("-") else 0.3, wires=0)
    return z()


def cached(x):
    table: dict[Any, float] = {}
    qml.RX(table.setdefault(x[0], 0.4) + (1 if x[0] in {X[4, 0], 0.0} else 0), wires=0)
    return z()


def clipped(x):
    qml.RX(np.clip(x[0], -0.5, 0.5), wires=0)
    qml.RX(np.where(x[1] > 0, 1.0, 2.0), wires=0)
    return z()


def basis_state(x):
    qml.BasisEmbedding((np.array(x) > 0).astype(int), wires=range(4))
    return z()


def multi_controlled(x):
    qml.Hadamard(0)
    qml.ctrl(qml.RY(x[1], wires=2), control=[0, 1], control_values=[1, 0])
    return qml.expval(qml.Z(2))


def late_amplitudes(x):
    qml.Hadamard(0)
    qml.AmplitudeEmbedding(x, wires=[1, 2], normalize=True)
    qml.CNOT([1, 0])
    return z()


REFUSED = [
    branch,
    rare_branch,
    sorted_wires,
    plain_float,
    swallowed,
    swallowed_library_error,
    swallowed_json,
    typed,
    text,
    cached,
    clipped,
    basis_state,
    multi_controlled,
    late_amplitudes,
]


@pytest.mark.parametrize("circuit", REFUSED, ids=lambda c: c.__name__)
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_a_look_at_a_value_means_one_call_per_row(circuit):
    with pytest.raises((tracer.RefusedError, MeasurementError)):
        tracer.call(lambda x: capture.record(circuit, x, {}), X, then=read_all)
    assert agree(circuit) >= ROWS


def numpy_random(x):
    qml.RX(x[0] + np.random.rand(), wires=0)  # noqa: NPY002 -- what is to be refused
    return z()


def python_random(x):
    qml.RX(x[0] + random.random(), wires=0)  # noqa: S311 -- what is to be refused
    return z()


COUNT = 0


def global_counter(x):
    global COUNT  # noqa: PLW0603 -- what is to be refused
    COUNT += 1
    if COUNT > 7:
        qml.X(0)
    qml.RX(x[0], wires=0)
    return z()


class Model:
    calls = 0

    def circuit(self, x):
        self.calls += 1
        qml.RX(x[0] * (1 if self.calls < 7 else 2), wires=0)
        return z()


@pytest.mark.parametrize(
    ("circuit", "why"),
    [
        (numpy_random, "random state"),
        (python_random, "random state"),
        (global_counter, "outlives its call"),
        (Model().circuit, "outlives its call"),
    ],
)
def test_hidden_state_is_refused_with_the_reason(circuit, why):
    with pytest.raises(tracer.RefusedError, match=why):
        tracer.call(circuit, X, then=str)


def test_fresh_randomness_is_found_by_the_rows_called_on_their_own():
    def fresh(x):
        qml.RX(x[0] + np.random.default_rng().random(), wires=0)
        return z()

    assert calls(fresh, X)[1] == ROWS


def test_what_is_traced_but_differs_by_row_is_found_by_the_rows_called_on_their_own():
    def exact_type(x):
        if type(x[0]) is np.float64 and x[0] > -9:
            qml.X(0)
        qml.RX(x[0], wires=0)
        return z()

    assert agree(exact_type) == ROWS


def test_each_state_is_normalised_as_it_would_be_alone():
    """PennyLane leaves a state alone whose norm is 1 to 1e-10, and divides the others."""

    def normalised(x):
        qml.AmplitudeEmbedding(x, wires=[0, 1], normalize=True)
        return z()

    almost = X / np.linalg.norm(X, axis=1, keepdims=True) * (1 + 6e-11)
    for x in (X, almost, np.concatenate([X[:3], almost])):
        (batch,) = describe(normalised, x, {}).batches
        own = [
            capture._described([0], capture.record(normalised, row, {}), capture.measurements).operations[0].amplitudes
            for row in x
        ]
        np.testing.assert_array_equal(batch.operations[0].amplitudes, own)


def endless():
    try:
        while True:
            yield
    finally:
        pass


class Finalised:
    def __del__(self):
        self.ended = True


@pytest.fixture
def collecting():
    """Garbage `made`, collected after as many allocations as are asked for."""
    thresholds = gc.get_threshold()

    def ready(make, allocations):
        gc.collect()
        gc.disable()
        cycle: list[Any] = [made := make()]
        cycle.append(cycle)
        if make is endless:
            next(made)
        gc.set_threshold(allocations)
        gc.enable()

    yield ready
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.mark.parametrize("make", [endless, Finalised])
def test_garbage_that_is_not_the_circuits_refuses_nothing(make, collecting):
    """A collection in mid-call would end these, with GeneratorExit or an assignment to an attribute, under the trace's eyes."""
    for allocations in range(10, 150, 10):
        collecting(make, allocations)
        assert len(tracer.call(lambda x: capture.record(embeddings, x, {}), X, then=read_all).rows) == ROWS
        assert gc.isenabled()


@pytest.mark.parametrize(
    ("circuit", "how"),
    [
        (embeddings, TRACED_ONCE),
        (branch, "one call per row: greater of a value that differs by row"),
        (swallowed, "one call per row: a plain value of a value that differs by row"),
        (swallowed_json, "one call per row: an error inside the circuit: TypeError"),
        (text, "one call per row: text of a value that differs by row"),
        (numpy_random, "one call per row: a call that moves the global random state"),
        (global_counter, "one call per row: global_counter assigns to a name or attribute that outlives its call"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_description_says_how_it_came_about(circuit, how):
    assert describe(circuit, X, {}).how == how


def test_a_row_that_differs_when_called_on_its_own_is_the_reason():
    def fresh(x):
        qml.RX(x[0] + np.random.default_rng().random(), wires=0)
        return z()

    assert describe(fresh, X, {}).how == "one call per row: a row called on its own gives another circuit"


def test_the_previous_trace_function_comes_back():
    import sys  # noqa: PLC0415 -- only this test looks at it

    before = sys.gettrace()
    tracer.call(embeddings, X, then=str)
    assert sys.gettrace() is before


def test_state_preparation_is_pennylanes_own_again_after_a_description():
    own = qml.StatePrep._preprocess
    describe(amplitudes, X, {})
    assert qml.StatePrep._preprocess is own
