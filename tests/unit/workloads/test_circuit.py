"""Orders and answers of the `circuit` workload: our engine where it agrees with the circuit's own QNode, else PennyLane."""

import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pennylane as qml
import pytest

from qgate.charter.metrics import Task
from qgate.domain.charter import Candidate, CandidateKind, Shots, salt_role
from qgate.domain.evidence import Cell, same_bits
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.quantum import bindings
from qgate.quantum.bounds import Bounds
from qgate.worker.answer_circuit import answer
from qgate.workloads import circuit
from qgate.workloads.dataset import Dataset
from qgate.workloads.fallback import Fallback, fallback

X = np.random.default_rng(3).uniform(-1.5, 1.5, (7, 3))
DATA = {"validation": Dataset(features=X, labels=(X[:, 0] > 0).astype(np.int64))}
SPLITS = ("validation",)
CANDIDATE = Candidate(kind=CandidateKind.CIRCUIT, entrypoint="qgate_test_pilot:circuit", decision="sign")
PENNYLANE = Fallback(device="lightning.qubit", why="a test asks for it")


def plain(x):
    qml.AngleEmbedding(x, wires=range(3))
    qml.CNOT([0, 1])
    qml.RY(x[2] * x[0], wires=1)
    return (
        qml.expval(0.5 * qml.X(0) @ qml.Y(2) + qml.Z(1) - 0.25),
        qml.probs(wires=[2, 0]),
        qml.var(qml.X(0) + qml.Z(0)),
        qml.expval(qml.Hermitian(np.array([[1, 2j], [-2j, 0.5]]), wires=1)),
    )


def mid_circuit(x):
    qml.AngleEmbedding(x, wires=range(3))
    outcome = qml.measure(0, reset=True)
    qml.cond(outcome, qml.RX)(x[0], wires=2)
    if x[1] > 0:
        qml.CNOT([2, 1])
    return qml.expval(qml.Z(2) @ qml.Y(1))


def two_structures(x):
    qml.RX(x[0], wires="a")
    qml.measure("a")
    return qml.expval(qml.Z("a") if x[1] > 0 else qml.X("b"))


CIRCUITS = [plain, mid_circuit, two_structures]


@pytest.fixture
def asked(monkeypatch):
    """What the worker answers to an order about `function`."""

    def ask(function, instead=None, **options):
        made = ModuleType("qgate_test_pilot")
        made.circuit = function
        monkeypatch.setitem(sys.modules, made.__name__, made)
        value, arrays = answer(circuit.order(CANDIDATE, DATA, SPLITS, instead, **options))
        return Answer(value=value, arrays=arrays)

    return ask


def own(function):
    """Each row by a QNode on default.qubit."""
    node = qml.QNode(function, qml.device("default.qubit"))
    returned = [node(row) for row in X]
    return np.array([np.hstack(r) if isinstance(r, tuple) else [r] for r in returned], dtype=np.float64)


@pytest.mark.parametrize("device", ["lightning.qubit", "default.qubit"])
@pytest.mark.parametrize("function", CIRCUITS, ids=lambda c: c.__name__)
def test_what_pennylane_evaluates_is_what_its_qnode_returns(asked, function, device):
    instead = replace(PENNYLANE, device=device)
    found = circuit.simulated(asked(function, instead), DATA, SPLITS, instead)
    np.testing.assert_allclose(found["validation"].exact(), own(function), atol=1e-10, rtol=0)


def test_pennylanes_probabilities_are_sampled_as_our_own(asked):
    ours = circuit.simulated(asked(plain), DATA, SPLITS)["validation"]
    theirs = circuit.simulated(asked(plain, PENNYLANE), DATA, SPLITS, PENNYLANE)["validation"]
    np.testing.assert_allclose(theirs.exact(), ours.exact(), atol=1e-12, rtol=0)
    for shots, seed in ((100, 3), (5000, 8)):
        np.testing.assert_allclose(theirs.sampled(shots, seed), ours.sampled(shots, seed), atol=1e-12, rtol=0)
        assert same_bits(theirs.sampled(shots, seed), theirs.sampled(shots, seed))


def test_neither_order_holds_labels_shots_or_seeds():
    for instead in (None, PENNYLANE):
        order = circuit.order(CANDIDATE, DATA, SPLITS, instead)
        assert order.value == {
            "entrypoint": "qgate_test_pilot:circuit",
            "options": {},
            "weights": None,
            "splits": ["validation"],
            "probes": {"validation": [0, 3, 6]},
            "matrix_wires": 8,
        } | ({"public": "lightning.qubit"} if instead else {})
        assert set(order.arrays) == {"validation.X"}


def test_a_circuit_that_cannot_be_described_is_refused_with_the_reason(asked):
    with pytest.raises(EngineError, match=r"^mid-circuit measurements cannot be described$"):
        circuit.simulated(asked(mid_circuit), DATA, SPLITS)


def test_a_circuit_that_fails_everywhere_fails_with_its_own_words(asked):
    def broken(x):
        return qml.expval(qml.Z(x["no such key"]))

    with pytest.raises(EngineError, match="IndexError: only integers"):
        circuit.simulated(asked(broken), DATA, SPLITS)
    with pytest.raises(IndexError, match="only integers"):
        asked(broken, PENNYLANE)


def test_a_qnodes_transforms_are_not_left_out_unseen(asked):
    node = qml.transforms.merge_rotations(qml.QNode(plain, qml.device("lightning.qubit", wires=3)))
    for instead in (None, PENNYLANE):
        with pytest.raises(
            MeasurementError, match=r"a QNode with transforms \(merge_rotations\(\)\): apply them to the function"
        ):
            asked(node, instead)
    assert asked(qml.QNode(plain, qml.device("lightning.qubit", wires=3))).value["how"]["validation"].startswith("one")


@pytest.mark.parametrize(("row", "place"), [(0, 0), (3, 1), (6, 2)])
def test_a_replay_that_differs_is_refused_with_the_row_and_the_difference(asked, row, place):
    said = asked(plain)
    off = said.arrays["validation/own"].copy()
    off[place, 0] += 1e-3
    forged = replace(said, arrays={**said.arrays, "validation/own": off})
    with pytest.raises(EngineError, match=rf"differs from the candidate's own QNode by 0\.001 on row {row} of validation"):
        circuit.simulated(forged, DATA, SPLITS)


FORGED = {
    "missing": (None, "probabilities of shape .* were to be answered, and nothing was"),
    "another shape": (lambda p: p[:, :-1], "were to be answered, and float64"),
    "no number": (lambda p: np.where(np.arange(len(p))[:, None] == 2, np.nan, p), "row 2 is no probability distribution"),
    "negative": (lambda p: p + np.eye(1, p.shape[1]) - np.eye(1, p.shape[1], 1), "row 0 is no probability distribution"),
    "not of sum one": (lambda p: p * 1.01, "row 0 is no probability distribution: it is off by 0.01"),
    "of another row": (lambda p: p[::-1].copy(), "PennyLane evaluated differs from the candidate's own QNode by"),
}


@pytest.mark.parametrize("how", FORGED)
def test_what_is_no_probability_or_contradicts_itself_stays_an_error(asked, how):
    said = asked(mid_circuit, PENNYLANE)
    forge, why = FORGED[how]
    name = "validation/c0.basis0"
    others = {n: a for n, a in said.arrays.items() if n != name}
    arrays = others | ({name: forge(said.arrays[name])} if forge else {})
    with pytest.raises(MeasurementError, match=why) as error:
        circuit.simulated(replace(said, arrays=arrays), DATA, SPLITS, PENNYLANE)
    assert not isinstance(error.value, EngineError)


def test_no_noise_is_put_into_what_was_not_described(asked):
    with pytest.raises(MeasurementError, match="is not described: public PennyLane evaluated it"):
        circuit.described(asked(plain, PENNYLANE), "validation", len(X))


@pytest.fixture
def another_lightning(monkeypatch):
    """Bindings of another version: the probe runs anew with them, and again when they are gone."""
    bindings._problem.cache_clear()
    yield lambda made: monkeypatch.setattr(bindings, "StateVectorC128", made)
    monkeypatch.undo()
    bindings._problem.cache_clear()


class Reversed(bindings.StateVectorC128):
    """Takes an adjoint for the gate itself."""

    def S(self, wires, _adjoint, parameters):  # noqa: N802 -- the binding's name
        super().S(wires, False, parameters)  # noqa: FBT003 -- a binding's parameter, by position only


class Renamed:
    def __init__(self, wires):
        self.wires = wires


class Gone:
    def __init__(self, _wires):
        raise EngineError("lightning.qubit has no StateVectorC128: no module")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (Reversed, "gives amplitudes that are off by"),
        (Renamed, "does not know CNOT, CRX"),
        (Gone, "has no StateVectorC128: no module"),
    ],
)
def test_other_bindings_lead_to_default_qubit(asked, another_lightning, made, why):
    said = asked(plain)
    another_lightning(made)
    with pytest.raises(EngineError, match=why):
        circuit.simulated(said, DATA, SPLITS)
    assert fallback("so").device == "default.qubit"
    instead = fallback("so")
    found = circuit.simulated(asked(plain, instead), DATA, SPLITS, instead)
    np.testing.assert_allclose(found["validation"].exact(), own(plain), atol=1e-10, rtol=0)


def test_a_matrix_is_as_large_as_the_charter_lets_it_be(asked):
    matrix = np.diag(np.linspace(-1, 1, 512)) + 0.1 * np.eye(512)[::-1]

    def observed(x):
        qml.AngleEmbedding(x, wires=range(3))
        return qml.expval(qml.Hermitian(matrix, wires=range(9)))

    with pytest.raises(
        EngineError, match=r"Hermitian acts on 9 wires; as a matrix at most 8\. .*pilot\.simulation\.matrix_qubits"
    ):
        circuit.simulated(asked(observed), DATA, SPLITS)
    wide = Bounds(matrix_wires=9)
    found = circuit.simulated(asked(observed, bounds=wide), DATA, SPLITS, bounds=wide)
    np.testing.assert_allclose(found["validation"].exact(), own(observed), atol=1e-10, rtol=0)


def test_these_bindings_hold():
    bindings.check()
    assert fallback("so") == Fallback(device="lightning.qubit", why="so")


def test_facts_say_how_it_was_described_and_which_engine_answered(asked):
    def branching(x):
        qml.RX(x[0] if x[0] > 0 else -x[0], wires=0)
        return qml.expval(qml.Z(0))

    said = asked(branching)
    assert circuit.facts(circuit.simulated(said, DATA, SPLITS), said) == {
        "engine": "lightning.qubit, replayed",
        "sampling": "sampled from exact probabilities",
        "circuits": {"validation": [{"wires": 1, "gates": 1}]},
        "described": {"validation": "one call per row: greater of a value that differs by row"},
        "probed_rows": {"validation": [0, 3, 6]},
        "executions": {"validation": {"total": 7, "most_per_row": 1}},
    }
    said = asked(mid_circuit, PENNYLANE)
    assert circuit.facts(circuit.simulated(said, DATA, SPLITS, PENNYLANE), said, PENNYLANE) == {
        "engine": "pennylane",
        "fallback": {"device": "lightning.qubit", "why": "a test asks for it"},
        "sampling": "sampled from exact probabilities",
        "probed_rows": {"validation": [0, 3, 6]},
        "executions": {"validation": {"total": 7, "most_per_row": 1}},
    }


def test_cells_of_the_fallback_are_drawn_for_every_shots_and_seed(asked):
    results = circuit.simulated(asked(mid_circuit, PENNYLANE), DATA, SPLITS, PENNYLANE)
    shots = Shots(schedule=(50, 400), seeds=(3, 8))
    cells = circuit.cells(results, rule="sign", shots=shots, data=DATA, task=Task.CLASSIFICATION)
    assert [(c.key.shots, c.key.seed) for c in cells] == [(None, None), (50, 3), (50, 8), (400, 3), (400, 8)]
    np.testing.assert_array_equal(cells[0].predictions, (own(mid_circuit)[:, 0] >= 0).astype(np.int64))


def test_many_outcomes_are_tried_on_fewer_seed_lists_and_say_so(asked, monkeypatch):
    said = asked(plain)
    results = circuit.simulated(said, DATA, SPLITS)
    shots = Shots(schedule=(50,), seeds=(3, 8))
    ((_, _, bases),) = results["validation"].batches
    one_list = 2 * sum(exact.size for exact in bases)

    def drawn():
        found = circuit.salted_cells(results, rule="sign", shots=shots, data=DATA, task=Task.CLASSIFICATION)
        return [(c.key.role, c.key.seed) for c in found]

    monkeypatch.setattr(circuit, "cell_of", lambda key, *_: Cell(key=key, predictions=np.zeros(7)))
    assert len(drawn()) == 20 * 2
    monkeypatch.setattr(circuit, "_SALTED_OUTCOMES", 6 * one_list)
    expected = [(salt_role(salt), seed) for salt in range(6) for seed in shots.salted(salt).seeds]
    assert drawn() == expected
    assert circuit.salted_facts(results, shots)["seed_lists"] == (
        "the verdict is tried on 6 re-salted seed lists instead of 20, for the time that they take here"
    )
