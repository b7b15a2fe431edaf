"""The `qubo` workload: coefficients and angles or a described ansatz in, the exact distribution simulated, samples drawn from it.

A cell's `predictions` are state numbers (`qgate.quantum.qubo`), its `scores` how often each was sampled, or without shots how
likely each is. The references (annealing, greedy, random) get the same number of samples; they are the roles `baseline:<name>`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qgate.domain.charter import Candidate, Shots
from qgate.domain.evidence import COUNTS, DISTRIBUTION, QUBO, Array, Cell, CellKey
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum import bindings
from qgate.quantum.bounds import SECONDS_PER_AMPLITUDE, STANDARD, Bounds
from qgate.quantum.classical_samplers import SAMPLERS, counted, drawn
from qgate.quantum.qaoa import Angles, Simulator, optimised
from qgate.quantum.qubo import Qubo, from_tables, qubo
from qgate.workloads import ansatz, seed_lists
from qgate.workloads.fallback import Fallback

ROLE = "candidate"
LAYERS, EVALUATIONS = 1, 500  # where the options do not say
MOST_LAYERS, MOST_EVALUATIONS = 50, 20_000
REFERENCE_SAMPLES = 100_000  # annealing more takes longer than all the rest
_PASSES = 8  # over the vector in a layer besides its mixer: phases looked up, multiplied, copied there and back
# For all re-salted seed lists: states that draws go through, at 20 ns each (3 s on one core), and those that the evidence keeps.
_SALTED_STATES, _SALTED_KEPT = 1 << 27, 2_500_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Solved:
    """A QUBO and the exact probability of each state, shape (2^n,), with how that came about."""

    qubo: Qubo
    probabilities: Array
    facts: Mapping[str, Any] = field(default_factory=dict)


def order(candidate: Candidate, instead: Fallback | None = None, bounds: Bounds = STANDARD) -> WorkOrder:
    """Asks for the coefficients, and for angles, the ansatz's description, or what public PennyLane makes of the ansatz."""
    value = {
        "source": candidate.entrypoint,
        "options": dict(candidate.options),
        "weights": candidate.weights,
        "ansatz": candidate.ansatz,
        "matrix_wires": bounds.matrix_wires,
    }
    value |= {"public": instead.device} if instead else {}
    return WorkOrder(kind="qubo", value=value)


def solved(answer: Answer, candidate: Candidate, instead: Fallback | None = None, *, bounds: Bounds = STANDARD) -> Solved:
    """The claims checked and the circuit simulated.

    Raises:
        EngineError: our engine does not describe or repeat the ansatz; PennyLane may (`instead`).
        MeasurementError: coefficients, angles, options or the described ansatz do not hold up.
    """
    problem = _checked({name.removeprefix("qubo/"): a for name, a in answer.arrays.items() if name.startswith("qubo/")})
    bounds.check("variables", problem.size, "variables in its QUBO", "states double with each")
    _check_options(candidate, answer.value.get("takes", []))
    if candidate.ansatz is not None:
        probabilities, facts = ansatz.distribution(answer, problem.size, instead, bounds)
        return Solved(qubo=problem, probabilities=probabilities / probabilities.sum(), facts=facts)
    bindings.check()
    simulator = Simulator(problem)
    angles = _given(answer.arrays, candidate) if candidate.weights else _found(simulator, candidate, problem.size, bounds)
    facts = {
        "engine": "QAOA on lightning.qubit: diagonal cost layers and RX",
        "angles": "given" if candidate.weights else f"optimised in {angles.evaluations} evaluations of the energy",
        "gammas": angles.gammas.tolist(),
        "betas": angles.betas.tolist(),
    }
    return Solved(qubo=problem, probabilities=simulator.probabilities(angles), facts=facts)


def _checked(tables: Mapping[str, Array]) -> Qubo:
    """The claimed coefficients, through the same checks as any other."""
    claimed = from_tables(tables)
    rows, columns = np.nonzero(claimed.quadratic)
    return qubo(claimed.variables, claimed.linear, (rows, columns, claimed.quadratic[rows, columns]), claimed.offset)


def _check_options(candidate: Candidate, taken: Sequence[str]) -> None:
    own = set() if candidate.ansatz else {"layers"} if candidate.weights else {"layers", "evaluations"}
    unknown = sorted(set(candidate.options) - set(taken) - own)
    if unknown:
        takers = (
            "neither the QUBO nor the ansatz" if candidate.ansatz else f"neither the QUBO nor QAOA ({', '.join(sorted(own))})"
        )
        raise MeasurementError(f"candidate.options has {', '.join(unknown)}, which {takers} takes")


def _whole(candidate: Candidate, name: str, default: int, most: int) -> int:
    value = candidate.options.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise MeasurementError(f"candidate.options.{name} is {value!r}; QAOA takes a whole number from 1 to {most:,}")
    return value


def _found(simulator: Simulator, candidate: Candidate, size: int, bounds: Bounds) -> Angles:
    layers = _whole(candidate, "layers", LAYERS, MOST_LAYERS)
    evaluations = _whole(candidate, "evaluations", EVALUATIONS, MOST_EVALUATIONS)
    seconds = evaluations * layers * (size + _PASSES) * 2**size * SECONDS_PER_AMPLITUDE
    bounds.check_seconds(seconds, f"{evaluations:,} evaluations of the energy of {layers} layers on {size} qubits")
    return optimised(simulator, layers, evaluations)


def _given(arrays: Mapping[str, Array], candidate: Candidate) -> Angles:
    gammas, betas = arrays["angles/gammas"], arrays["angles/betas"]
    if gammas.shape != betas.shape or gammas.ndim != 1 or not 1 <= len(gammas) <= MOST_LAYERS:
        raise MeasurementError(
            f"{candidate.weights}: gammas and betas have shapes {gammas.shape} and {betas.shape}; "
            f"one of each is expected for up to {MOST_LAYERS} layers"
        )
    if not np.all(np.isfinite([gammas, betas])):
        raise MeasurementError(f"{candidate.weights}: an angle is not finite")
    layers = _whole(candidate, "layers", len(gammas), len(gammas))
    return Angles(gammas=gammas.astype(np.float64), betas=betas.astype(np.float64)).first(layers)


def cells(result: Solved, shots: Shots) -> tuple[Cell, ...]:
    """The exact distribution, and the samples of every (shots, seed) of the schedule."""
    states = np.arange(len(result.probabilities), dtype=np.int64)
    exact = Cell(key=_key(ROLE, None, None), predictions=states, scores=result.probabilities, score_kind=DISTRIBUTION)
    sampled = [
        _counted(_key(ROLE, count, seed), *drawn(result.probabilities, count, seed))
        for count, seed in shots.planned
        if count is not None and seed is not None
    ]
    return exact, *sampled


def salted_cells(result: Solved, shots: Shots) -> tuple[Cell, ...]:
    """The samples drawn with re-salted seed lists (`qgate.gates.lucky_seed`); fewer lists of many states or samples."""
    return tuple(
        _counted(_key(role, count, seed), *drawn(result.probabilities, count, seed))
        for role, count, seed in seed_lists.planned(shots, _lists(result, shots))
    )


def salted_facts(result: Solved, shots: Shots) -> dict[str, Any]:
    """How many re-salted seed lists were drawn, for the evidence."""
    return seed_lists.facts(shots, _lists(result, shots))


def _lists(result: Solved, shots: Shots) -> int:
    states = len(result.probabilities)
    kept = min(states, *shots.schedule[-1:], states)
    drawing = seed_lists.affordable(shots, per_seed=states, budget=_SALTED_STATES)
    return min(drawing, seed_lists.affordable(shots, per_seed=kept, budget=_SALTED_KEPT))


def references(problem: Qubo, shots: Shots) -> tuple[Cell, ...]:
    """What classical samplers make of it with as many samples and the same seeds as decide the gates."""
    return tuple(
        _counted(_key(f"baseline:{name}", count, seed), *counted(sampler(problem, count, seed)))
        for name, sampler in SAMPLERS.items()
        for count, seed in shots.deciding
        if count is not None and seed is not None and count <= REFERENCE_SAMPLES
    )


def facts(result: Solved) -> dict[str, Any]:
    """How it was measured, for the evidence."""
    return {**result.facts, "sampling": "sampled from exact probabilities"}


def tables(problem: Qubo) -> dict[str, Array]:
    """The coefficients as tables of the evidence."""
    return {f"{ROLE}/{name}": array for name, array in problem.tables().items()}


def _key(role: str, shots: int | None, seed: int | None) -> CellKey:
    return CellKey(role=role, split=QUBO, shots=shots, seed=seed)


def _counted(key: CellKey, states: Array, counts: Array) -> Cell:
    return Cell(key=key, predictions=states, scores=counts.astype(np.float64), score_kind=COUNTS)
