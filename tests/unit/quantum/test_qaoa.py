"""QAOA states against PennyLane's own `qml.qaoa`, the optimiser's budget and determinism, sampling."""

import networkx as nx
import numpy as np
import pennylane as qml
import pytest

from qgate.quantum.classical_samplers import SAMPLERS, counted, drawn
from qgate.quantum.qaoa import Angles, Simulator, optimised
from qgate.quantum.qubo import Qubo, qubo


def instance(size: int, seed: int) -> Qubo:
    generator = np.random.default_rng(seed)
    matrix = np.triu(generator.normal(size=(size, size)) * (generator.random((size, size)) < 0.7))
    rows, columns = np.nonzero(matrix)
    names = [str(i) for i in range(size)]
    return qubo(names, np.zeros(size), (rows, columns, matrix[rows, columns]), generator.normal())


def hamiltonian(problem: Qubo) -> qml.Hamiltonian:
    """The QUBO with x = (1 - Z) / 2."""
    x = [(qml.I(i) - qml.Z(i)) / 2 for i in range(problem.size)]
    total = problem.offset * qml.I(0)
    for i in range(problem.size):
        total = total + problem.linear[i] * x[i]
        for j in range(i + 1, problem.size):
            total = total + problem.quadratic[i, j] * (x[i] @ x[j])
    return qml.simplify(total)


def pennylane_says(problem: Qubo, angles: Angles) -> tuple[float, np.ndarray]:
    cost, wires = hamiltonian(problem), range(problem.size)
    mixer = qml.qaoa.x_mixer(wires)

    def circuit():
        for wire in wires:
            qml.Hadamard(wire)
        for gamma, beta in zip(angles.gammas, angles.betas, strict=True):
            qml.qaoa.cost_layer(gamma, cost)
            qml.qaoa.mixer_layer(beta, mixer)
        return qml.expval(cost), qml.probs(wires=wires)

    return qml.QNode(circuit, qml.device("default.qubit", wires=problem.size))()


@pytest.mark.parametrize(("size", "layers"), [(1, 1), (3, 1), (4, 2), (6, 3)])
def test_energies_and_probabilities_are_pennylanes(size, layers):
    problem = instance(size, seed=size)
    angles = Angles(gammas=np.linspace(0.2, 1.1, layers), betas=np.linspace(-0.9, 0.4, layers))
    simulator = Simulator(problem)
    energy, probabilities = pennylane_says(problem, angles)
    assert abs(simulator.energy(angles) - energy) < 1e-10
    assert np.allclose(simulator.probabilities(angles), probabilities, rtol=0, atol=1e-12)


def test_maximum_cut_is_that_of_qml_qaoa():
    graph = nx.cycle_graph(6)
    cost, mixer = qml.qaoa.maxcut(graph)
    rows, columns = map(np.array, zip(*graph.edges, strict=True))
    linear = -np.array([graph.degree[i] for i in range(6)], dtype=float)
    problem = qubo("012345", linear, (rows, columns, np.full(6, 2.0)), 0.0)
    angles = Angles(gammas=np.array([0.4, 0.7]), betas=np.array([0.5, 0.2]))

    @qml.qnode(qml.device("lightning.qubit", wires=6))
    def circuit():
        for wire in range(6):
            qml.Hadamard(wire)
        for gamma, beta in zip(angles.gammas, angles.betas, strict=True):
            qml.qaoa.cost_layer(gamma, cost)
            qml.qaoa.mixer_layer(beta, mixer)
        return qml.expval(cost)

    assert abs(Simulator(problem).energy(angles) - circuit()) < 1e-10


def test_without_layers_every_state_is_equally_likely():
    problem = instance(5, 1)
    nothing = Angles(gammas=np.zeros(0), betas=np.zeros(0))
    assert np.allclose(Simulator(problem).probabilities(nothing), 1 / 32, rtol=0, atol=1e-15)
    assert Simulator(problem).energy(nothing) == pytest.approx(problem.random_energy, abs=1e-12)


def test_optimised_angles_are_the_same_twice_and_better_with_more_layers():
    problem = instance(8, 2)
    first, again = (optimised(Simulator(problem), 2, 200) for _ in range(2))
    assert np.array_equal(first.gammas, again.gammas)
    assert np.array_equal(first.betas, again.betas)
    energies = [Simulator(problem).energy(optimised(Simulator(problem), layers, 300)) for layers in (1, 2, 3)]
    assert energies == sorted(energies, reverse=True)
    assert energies[0] < problem.random_energy - 0.3 * (problem.random_energy - problem.minimum())


def test_one_layer_on_a_ring_reaches_its_known_best_cut():
    ring = nx.cycle_graph(10)
    rows, columns = map(np.array, zip(*ring.edges, strict=True))
    problem = qubo([str(i) for i in range(10)], np.full(10, -2.0), (rows, columns, np.full(10, 2.0)), 0.0)
    simulator = Simulator(problem)
    assert simulator.energy(optimised(simulator, 1, 200)) == pytest.approx(-7.5, abs=1e-6)  # (2p + 1) / (2p + 2) of ten edges


@pytest.mark.parametrize("budget", [1, 2, 3, 10])
def test_the_budget_of_evaluations_is_kept(budget, monkeypatch):
    calls = []
    energy = Simulator.energy
    monkeypatch.setattr(Simulator, "energy", lambda self, angles: calls.append(1) or energy(self, angles))
    found = optimised(Simulator(instance(4, 5)), 2, budget)
    assert (len(calls), found.evaluations) == (budget, budget)
    assert found.gammas.shape == found.betas.shape == (2,)


def test_a_constant_qubo_is_no_division_by_zero():
    flat = Qubo(variables=("a", "b"), linear=np.zeros(2), quadratic=np.zeros((2, 2)), offset=3.0)
    assert Simulator(flat).energy(optimised(Simulator(flat), 1, 20)) == pytest.approx(3.0)


def test_first_layers():
    angles = Angles(gammas=np.array([1.0, 2.0]), betas=np.array([3.0, 4.0]))
    assert (angles.first(1).gammas.tolist(), angles.first(1).betas.tolist()) == ([1.0], [3.0])


def test_draws_repeat_and_follow_the_probabilities():
    probabilities = np.array([0.5, 0.0, 0.3, 0.2])
    states, counts = drawn(probabilities, 10_000, 7)
    assert states.tolist() == [0, 2, 3]
    assert counts.sum() == 10_000
    expected = 10_000 * probabilities[states]
    assert ((counts - expected) ** 2 / expected).sum() < 13.8  # chi-squared of two degrees of freedom, 0.1 %
    assert np.array_equal(drawn(probabilities, 10_000, 7)[1], counts)
    assert not np.array_equal(drawn(probabilities, 10_000, 8)[1], counts)


def test_classical_samplers_draw_as_many_states_and_the_same_ones_again():
    problem = instance(7, 4)
    energies = problem.energies()
    means = {}
    for name, sampler in SAMPLERS.items():
        states = sampler(problem, 400, 11)
        assert (states.shape, states.min() >= 0, states.max() < 128) == ((400,), True, True)
        assert np.array_equal(states, sampler(problem, 400, 11))
        assert counted(states)[1].sum() == 400
        means[name] = energies[states].mean()
    assert means["annealing"] == pytest.approx(problem.minimum(), abs=1e-9)
    assert means["annealing"] <= means["greedy"] < means["random"]
    assert abs(means["random"] - problem.random_energy) < 5 * energies.std() / 20
    # Local minima: no flip of one bit improves them.
    flips = 1 << np.arange(7)
    greedy = np.unique(SAMPLERS["greedy"](problem, 400, 11))
    assert np.all(energies[greedy[:, None] ^ flips] >= energies[greedy][:, None] - 1e-12)
    assert not np.array_equal(SAMPLERS["random"](problem, 400, 11), SAMPLERS["random"](problem, 400, 12))
