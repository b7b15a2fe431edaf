"""Orders and answers of the `qubo` workload: the worker's side for real, and what a worker might claim instead."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import SALTS, Candidate, CandidateKind, Shots, salt_role
from qgate.domain.evidence import CellKey, same_bits
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.quantum.bounds import Bounds
from qgate.quantum.qaoa import Angles, Simulator
from qgate.quantum.qubo_values import from_python
from qgate.worker.answer_qubo import answer
from qgate.workloads import qubo
from qgate.workloads.fallback import Fallback

PAIRS = {(0, 0): -1.0, (1, 1): -1.0, (2, 2): 0.5, (0, 1): 2.0, (1, 2): -0.75}
PROBLEM = from_python(PAIRS)
GAMMAS, BETAS = [0.3, 0.6], [-0.5, -0.2]
CODE = f"""
import pennylane as qml

PAIRS = {PAIRS}


def build(penalty=1.0):
    return {{pair: penalty * value for pair, value in PAIRS.items()}}


def ansatz(weights, couplings="all"):
    for wire in range(3):
        qml.Hadamard(wire)
    for gamma, beta in zip(weights["gammas"], weights["betas"]):
        for wire, turn in enumerate((0.0, 0.1875, -0.0625)):
            qml.RZ(gamma * turn * 2, wire)
        if couplings == "all":
            qml.IsingZZ(gamma * 2.0 / 2, wires=[0, 1])
            qml.IsingZZ(gamma * -0.75 / 2, wires=[1, 2])
        for wire in range(3):
            qml.RX(2 * beta, wire)


def wide(weights):
    qml.RY(1.2, wires=5)
    qml.CNOT(wires=[5, 0])


def observed(weights):
    qml.RY(1.2, wires=0)
    qml.cond(qml.measure(0), qml.RY)(0.4, wires=1)
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    (tmp_path / "roster.py").write_text(CODE)
    (tmp_path / "m.json").write_text(json.dumps(_serializable()))
    np.savez(tmp_path / "angles.npz", gammas=np.array(GAMMAS), betas=np.array(BETAS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("roster", None)


def _serializable():
    import dimod  # noqa: PLC0415 -- only this file is made by it

    return dimod.BinaryQuadraticModel.from_qubo(PAIRS).to_serializable()


def candidate(source="m.json", **values) -> Candidate:
    return Candidate(kind=CandidateKind.QUBO, entrypoint=source, **values)


def asked(asking: Candidate, instead: Fallback | None = None) -> Answer:
    said, arrays = answer(qubo.order(asking, instead))
    return Answer(value=said, arrays={name: np.asarray(a) for name, a in arrays.items()})


def solve(asking: Candidate) -> qubo.Solved:
    return qubo.solved(asked(asking), asking)


def qaoa(gammas, betas, penalty=1.0) -> np.ndarray:
    problem = from_python({pair: penalty * value for pair, value in PAIRS.items()})
    return Simulator(problem).probabilities(Angles(gammas=np.array(gammas), betas=np.array(betas)))


def test_a_file_with_given_angles(tree):
    found = solve(candidate(weights="angles.npz"))
    assert found.qubo.digest() == PROBLEM.digest()
    assert np.allclose(found.probabilities, qaoa(GAMMAS, BETAS), rtol=0, atol=1e-14)
    assert (found.facts["angles"], found.facts["gammas"], found.facts["betas"]) == ("given", GAMMAS, BETAS)


def test_the_first_layers_of_given_angles(tree):
    found = solve(candidate(weights="angles.npz", options={"layers": 1}))
    assert np.allclose(found.probabilities, qaoa(GAMMAS[:1], BETAS[:1]), rtol=0, atol=1e-14)


def test_a_callable_with_its_options_and_optimised_angles(tree):
    options = {"penalty": 2.0, "layers": 2, "evaluations": 60}
    found = solve(candidate("roster:build", options=options))
    assert found.qubo.linear.tolist() == [-2, -2, 1]
    assert found.facts["angles"].startswith("optimised in ")
    mean = found.probabilities @ found.qubo.energies()
    assert mean < found.qubo.random_energy - 0.5 * (found.qubo.random_energy - found.qubo.minimum())
    assert same_bits(found.probabilities, solve(candidate("roster:build", options=options)).probabilities)


def test_an_ansatz_is_described_replayed_and_checked_against_its_qnode(tree):
    given = {"ansatz": "roster:ansatz", "weights": "angles.npz"}
    found = solve(candidate(**given))
    # The ansatz is QAOA written out: the QUBO's Ising form has fields -(linear / 2 + couplings / 4) and couplings quadratic / 4.
    assert np.allclose(found.probabilities, qaoa(GAMMAS, BETAS), rtol=0, atol=1e-12)
    assert found.facts["ansatz"] == {"wires": 3, "gates": 3 + 2 * 8}
    without = solve(candidate(**given, options={"couplings": "none"}))
    assert not np.allclose(without.probabilities, found.probabilities, atol=1e-3)


def test_an_ansatz_may_use_more_wires_than_there_are_variables(tree):
    found = solve(candidate(ansatz="roster:wide", weights="angles.npz"))
    one = np.sin(0.6) ** 2
    assert np.allclose(found.probabilities, [1 - one, 0, 0, 0, one, 0, 0, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("asking", "words"),
    [
        (candidate(options={"depth": 1}), " has depth, which neither the QUBO nor QAOA (evaluations, layers) takes"),
        (
            candidate(weights="angles.npz", options={"evaluations": 9}),
            " has evaluations, which neither the QUBO nor QAOA (layers) takes",
        ),
        (
            candidate(ansatz="roster:ansatz", weights="angles.npz", options={"layers": 1}),
            " has layers, which neither the QUBO nor the ansatz takes",
        ),
        (candidate(options={"layers": 0}), ".layers is 0; QAOA takes a whole number from 1 to 50"),
        (candidate(options={"layers": True}), ".layers is True; QAOA takes a whole number from 1 to 50"),
        (candidate(options={"evaluations": 0.5}), ".evaluations is 0.5; QAOA takes a whole number from 1 to 20,000"),
        (candidate(weights="angles.npz", options={"layers": 3}), ".layers is 3; QAOA takes a whole number from 1 to 2"),
    ],
)
def test_options_that_nothing_takes_or_that_are_out_of_range(tree, asking, words):
    with pytest.raises(MeasurementError) as refused:
        solve(asking)
    assert str(refused.value) == f"candidate.options{words}"


def test_weights_without_angles_are_named(tree):
    np.savez("other.npz", theta=np.zeros(3))
    with pytest.raises(MeasurementError, match=r"other\.npz has theta; QAOA's angles are the arrays `gammas` and `betas`"):
        asked(candidate(weights="other.npz"))


def claims(**changed) -> tuple[Candidate, Answer]:
    """A whole answer with some arrays replaced."""
    arrays = {f"qubo/{name}": a for name, a in PROBLEM.tables().items()}
    arrays |= {"angles/gammas": np.array(GAMMAS), "angles/betas": np.array(BETAS)}
    return candidate(weights="angles.npz"), Answer(value={"takes": []}, arrays=arrays | changed)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"qubo/linear": np.array([0, np.inf, 0])}, "the QUBO's coefficients (linear) are not all finite"),
        ({"qubo/linear": np.zeros(4)}, "the QUBO has 3 variables and linear coefficients of shape (4,)"),
        ({"qubo/variables": np.array(["a", "a", "b"])}, "two variables of the QUBO have the same name"),
        ({"qubo/quadratic": np.ones((4, 4))}, "a coupling of the QUBO is out of range: variables are numbered from 0 to 2"),
        ({"angles/gammas": np.array([np.nan, 0])}, "angles.npz: an angle is not finite"),
        (
            {"angles/gammas": np.zeros(0), "angles/betas": np.zeros(0)},
            "angles.npz: gammas and betas have shapes (0,) and (0,); one of each is expected for up to 50 layers",
        ),
        (
            {"angles/gammas": np.zeros(3)},
            "angles.npz: gammas and betas have shapes (3,) and (2,); one of each is expected for up to 50 layers",
        ),
    ],
)
def test_claims_that_do_not_hold_up(changed, words):
    asking, said = claims(**changed)
    with pytest.raises(MeasurementError) as refused:
        qubo.solved(said, asking)
    assert str(refused.value) == words


def test_an_ansatz_that_says_another_thing_than_it_does(tree):
    asking = candidate(ansatz="roster:ansatz", weights="angles.npz")
    said = asked(asking)
    off = replace(said, arrays={**said.arrays, "ansatz/own": said.arrays["ansatz/own"] + 1e-6})
    with pytest.raises(EngineError, match="the replayed ansatz differs from its own QNode by 1e-06"):
        qubo.solved(off, asking)
    silent = replace(said, arrays={n: a for n, a in said.arrays.items() if n != "ansatz/own"})
    with pytest.raises(MeasurementError, match="the ansatz does not give the probabilities of 3 variables' states"):
        qubo.solved(silent, asking)


def test_an_ansatz_that_cannot_be_described_is_evaluated_by_pennylane(tree):
    asking = candidate(ansatz="roster:observed", weights="angles.npz")
    with pytest.raises(EngineError, match="mid-circuit measurements cannot be described"):
        qubo.solved(asked(asking), asking)
    instead = Fallback(device="lightning.qubit", why="a test asks for it")
    said = asked(asking, instead)
    found = qubo.solved(said, asking, instead)
    one, both = np.sin(0.6) ** 2, np.sin(0.2) ** 2  # the second rotation, where the first qubit was seen as 1
    assert np.allclose(found.probabilities, [1 - one, 0, 0, 0, one * (1 - both), 0, one * both, 0], rtol=0, atol=1e-12)
    assert found.facts == {"engine": "pennylane", "fallback": {"device": "lightning.qubit", "why": "a test asks for it"}}
    off = replace(said, arrays={**said.arrays, "ansatz/own": said.arrays["ansatz/own"] + 1e-6})
    with pytest.raises(MeasurementError, match="what PennyLane evaluated differs from the ansatz's own QNode by 1e-06"):
        qubo.solved(off, asking, instead)
    wrong = replace(said, arrays={**said.arrays, "ansatz/evaluated": 2 * said.arrays["ansatz/evaluated"]})
    with pytest.raises(MeasurementError, match="is no probability distribution"):
        qubo.solved(wrong, asking, instead)


def test_the_charter_says_how_many_variables_and_how_long_a_search(tree):
    asking = candidate(weights="angles.npz")
    with pytest.raises(MeasurementError, match=r"has 3 variables in its QUBO; at most 2 .*pilot\.simulation\.qubo_variables"):
        qubo.solved(asked(asking), asking, bounds=Bounds(variables=2))
    asking = candidate(options={"evaluations": 60})
    with pytest.raises(MeasurementError, match=r"60 evaluations of the energy of 1 layers .*pilot\.simulation\.seconds"):
        qubo.solved(asked(asking), asking, bounds=Bounds(seconds=1e-9))


def test_cells_hold_the_distribution_and_every_sample():
    asking, said = claims()
    result = qubo.solved(said, asking)
    shots = Shots(schedule=(10, 1000), seeds=(1, 2))
    exact, *sampled = qubo.cells(result, shots)
    assert (exact.key, exact.score_kind) == (CellKey(role="candidate", split="qubo"), "distribution")
    assert exact.predictions.tolist() == list(range(8))
    assert np.array_equal(exact.scores, result.probabilities)
    assert [(c.key.shots, c.key.seed, c.scores.sum()) for c in sampled] == [(s, k, s) for s in (10, 1000) for k in (1, 2)]
    alone = qubo.cells(result, Shots(schedule=(1000,), seeds=(2,)))[-1]
    assert same_bits(alone.scores, sampled[-1].scores)  # whatever else is drawn
    assert [c.score_kind for c in sampled] == ["counts"] * 4
    assert len(qubo.cells(result, Shots(seeds=(1, 2)))) == 1


def test_references_take_as_many_samples_with_the_same_seeds():
    found = qubo.references(PROBLEM, Shots(schedule=(10, 200), seeds=(1, 2)))
    names = [f"baseline:{name}" for name in ("annealing", "greedy", "random")]
    assert [(c.key.role, c.key.shots, c.key.seed, c.scores.sum()) for c in found] == [
        (name, 200, seed, 200) for name in names for seed in (1, 2)
    ]
    assert qubo.references(PROBLEM, Shots()) == ()
    assert qubo.references(PROBLEM, Shots(schedule=(200_000,), seeds=(1,))) == ()


def test_the_worker_is_asked_for_no_constraint_shot_or_seed():
    order = qubo.order(candidate("roster:build", options={"penalty": 2.0}, weights="w.npz", ansatz="roster:ansatz"))
    assert (order.kind, dict(order.arrays)) == ("qubo", {})
    assert order.value == {
        "source": "roster:build",
        "options": {"penalty": 2.0},
        "weights": "w.npz",
        "ansatz": "roster:ansatz",
        "matrix_wires": 8,
    }


def test_reading_a_file_needs_nothing_but_the_file(tree):
    (tree / "roster.py").unlink()
    assert solve(candidate(options={"evaluations": 20})).qubo.digest() == PROBLEM.digest()


def test_re_salted_seed_lists_are_drawn_as_the_charters_would_be():
    result = qubo.Solved(qubo=PROBLEM, probabilities=qaoa(GAMMAS, BETAS))
    shots = Shots(schedule=(10, 1000), seeds=(1, 2))
    salted = qubo.salted_cells(result, shots)
    assert len(salted) == SALTS * 2
    _, *expected = qubo.cells(result, shots.salted(3))
    mine = [c for c in salted if c.key.role == salt_role(3)]
    assert [replace(c.key, role="candidate") for c in mine] == [c.key for c in expected]
    assert all(same_bits(a.scores, b.scores) for a, b in zip(mine, expected, strict=True))
    assert qubo.salted_cells(result, Shots(seeds=(1, 2))) == ()
    assert qubo.salted_facts(result, shots)["seed_lists"] == "the verdict is tried on 20 re-salted seed lists"


def test_many_samples_are_tried_on_fewer_lists_or_none(monkeypatch):
    result = qubo.Solved(qubo=PROBLEM, probabilities=qaoa(GAMMAS, BETAS))
    shots = Shots(schedule=(1000,), seeds=(1, 2))
    monkeypatch.setattr(qubo, "_SALTED_STATES", 9 * 2 * 8)
    assert len(qubo.salted_cells(result, shots)) == 9 * 2
    monkeypatch.setattr(qubo, "_SALTED_KEPT", 4 * 2 * 8)
    assert qubo.salted_cells(result, shots) == ()
    assert qubo.salted_facts(result, shots)["seed_lists"].startswith("the verdict is tried on no re-salted seed lists")
