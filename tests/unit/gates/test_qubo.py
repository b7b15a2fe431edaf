"""The QUBO gates: each value by hand, A/A and planted regressions by simulation, and everything that must not pass."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import Candidate, CandidateKind, Claim, Constraint, Population, Shots, Subject, Threshold
from qgate.domain.evidence import Cell, CellKey, Failure, PilotEvidence
from qgate.domain.verdict import Decision
from qgate.evidence.lock import lock_entry
from qgate.gates.qubo import judge_qubo
from qgate.gates.qubo_measures import expected_best, shots_to_see
from qgate.gates.qubo_samples import read
from qgate.quantum.qubo_values import from_python
from qgate.workloads import qubo

# Energies of 000 … 111: 0, 2, 1, 3, -1, 1, 0, 2. E_min = -1 (state 4), E_rand = 1.
PROBLEM = from_python({(0, 0): -1.0, (1, 1): 1.0, (2, 2): 2.0})
EXACT = np.array([0.2, 0.05, 0.1, 0.05, 0.4, 0.05, 0.1, 0.05])
ENERGY = float(EXACT @ PROBLEM.energies())
SEEDS = (11, 23, 47, 61, 83)
GROUP = Constraint(name="one of two", coefficients={"0": 1.0, "1": 1.0}, minimum=1.0, maximum=1.0)
CAP = Constraint(name="cap", coefficients={"0": 1.0, "2": 0.5}, maximum=1.0)


def charter_of(make, name, bound, *, schedule=(1000,), seeds=SEEDS, constraints=(), **gate):
    least = name in {"qubo_random_ratio", "qubo_p_opt", "qubo_feasible_rate"}
    threshold = Threshold(minimum=Decimal(bound)) if least else Threshold(maximum=Decimal(bound))
    made = make.gate(name=name, **{"threshold": threshold, **gate})
    candidate = Candidate(kind=CandidateKind.QUBO, entrypoint="m.json", constraints=constraints)
    return replace(make.charter(made, schedule=schedule, seeds=seeds), candidate=candidate, data={}, baselines=())


def evidence_of(charter, probabilities=EXACT, problem=PROBLEM, *, references=False, salted=False, **extra) -> PilotEvidence:
    solved = qubo.Solved(qubo=problem, probabilities=probabilities)
    cells = qubo.cells(solved, charter.shots)
    cells += qubo.salted_cells(solved, charter.shots) if salted else ()
    cells += qubo.references(problem, charter.shots) if references else ()
    return PilotEvidence(
        pilot="triage", cells=cells, tables=qubo.tables(problem), facts={"libraries": {}}, **extra
    )  # fmt: skip


def judged(charter, evidence):
    (gate,) = charter.gates
    return judge_qubo(gate, parse_metric(gate.name), charter, evidence)


def of(make, name, bound, probabilities=EXACT, **options):
    charter = charter_of(make, name, bound, **options)
    return judged(charter, evidence_of(charter, probabilities))


# Each value by hand, exactly: without a shot schedule nothing is random.
@pytest.mark.parametrize(
    ("name", "value", "just_right", "too_strict"),
    [
        ("qubo_random_ratio", (1 - ENERGY) / 2, "0.45", "0.451"),
        ("qubo_p_opt", 0.4, "0.4", "0.401"),
        ("qubo_r99_shots", np.log(0.01) / np.log(0.6), "9.1", "9.0"),
        ("qubo_feasible_rate", 0.1 + 0.05 + 0.4 + 0.05, "0.6", "0.61"),
    ],
)
def test_exact_values_are_compared_as_they_are(make, name, value, just_right, too_strict):
    options = {"schedule": (), "seeds": (), "constraints": (GROUP,)}
    good, bad = of(make, name, just_right, **options), of(make, name, too_strict, **options)
    assert good.value == pytest.approx(value, abs=1e-12)
    assert (good.decision, bad.decision) == (Decision.PASS, Decision.FAIL)
    assert (good.interval, good.sizes.seeds, good.sizes.shots) == (None, 0, None)
    assert pytest.approx(0.1) == ENERGY


@pytest.mark.parametrize(
    ("name", "value", "bounds"),
    [
        ("qubo_random_ratio", 0.45, ("0.41", "0.49", "0.45")),
        ("qubo_p_opt", 0.4, ("0.37", "0.43", "0.4")),
        ("qubo_r99_shots", 9.015, ("9.9", "8.3", "9.015")),
        ("qubo_feasible_rate", 0.6, ("0.57", "0.63", "0.61")),
    ],
)
def test_sampled_values_are_decided_three_ways(make, name, value, bounds):
    outcomes = [of(make, name, bound, constraints=(GROUP,)) for bound in bounds]
    assert [o.decision for o in outcomes] == [Decision.PASS, Decision.FAIL, Decision.INCONCLUSIVE]
    for outcome in outcomes:
        assert outcome.value == pytest.approx(value, rel=0.05)
        assert outcome.interval[0] < outcome.value < outcome.interval[1]
        assert outcome.details["exact"] == pytest.approx(value, rel=1e-3)
        assert (outcome.sizes.rows, outcome.sizes.seeds, outcome.sizes.shots) == (0, 5, 1000)
    assert "would decide it" in outcomes[2].why


def test_the_sentences(make):
    constraints = (GROUP, CAP)
    charter = charter_of(make, "qubo_feasible_rate", "0.5", constraints=constraints)
    outcome = judged(charter, evidence_of(charter, references=True))
    hits = round(outcome.value * 5000)
    assert outcome.why == (
        f"{hits:,} of 5,000 samples ({outcome.value:.4g}) keep every constraint, with 95 % confidence at least "
        f"{outcome.interval[0]:.4g}; at least 0.5 is needed; annealing with as many samples: "
        f"{outcome.details['references']['annealing']:.4g}"
    )
    assert outcome.claim_words == (
        "For exactly this QUBO of 3 variables and this circuit, on average over the noise of 1,000 samples; "
        "nothing is claimed about other instances."
    )
    exact = of(make, "qubo_p_opt", "0.5", schedule=(), seeds=())
    assert exact.why == "an exact share of 0.4 of all samples is optimal (energy -1); at least 0.5 is needed"


def test_constraints_are_checked_on_every_state(make):
    charter = charter_of(make, "qubo_feasible_rate", "0.1", schedule=(), seeds=(), constraints=(GROUP, CAP))
    outcome = judged(charter, evidence_of(charter))
    # One of the first two: 2, 3, 4, 5. The cap of 1 on x0 + x2 / 2 forbids 5 and 7.
    assert outcome.value == pytest.approx(0.1 + 0.05 + 0.4)
    assert outcome.details["constraints"] == {"one of two": pytest.approx(0.6), "cap": pytest.approx(0.9)}


def test_sums_that_rounding_moves_still_keep_their_bound(make):
    tenths = Constraint(name="tenths", coefficients={"0": 0.1, "1": 0.2}, minimum=0.3, maximum=0.3)
    charter = charter_of(make, "qubo_feasible_rate", "0.1", schedule=(), seeds=(), constraints=(tenths,))
    assert judged(charter, evidence_of(charter)).value == pytest.approx(0.15)  # 0.1 + 0.2 is not 0.3 for doubles


def test_the_best_of_shots_is_expected_exactly(make):
    charter = charter_of(make, "qubo_best_of_shots", "0.001", schedule=(2,), seeds=(1,))
    outcome = judged(charter, evidence_of(charter))
    energies = PROBLEM.energies()
    by_hand = sum(EXACT[i] * EXACT[j] * min(energies[i], energies[j]) for i in range(8) for j in range(8))
    assert expected_best(read(charter, evidence_of(charter)), 2) == pytest.approx(by_hand, abs=1e-12)
    assert outcome.value == pytest.approx((by_hand + 1) / 2, abs=1e-12)
    assert (outcome.decision, outcome.interval) == (Decision.FAIL, None)
    assert of(make, "qubo_best_of_shots", "0.001", schedule=(100,), seeds=(1,)).decision is Decision.PASS


def test_references_are_shown_and_decide_nothing(make):
    charter = charter_of(make, "qubo_random_ratio", "0.5")
    alone, beside = judged(charter, evidence_of(charter)), judged(charter, evidence_of(charter, references=True))
    assert (alone.decision, alone.value, alone.interval) == (beside.decision, beside.value, beside.interval)
    assert alone.details["references"] == {}
    references = beside.details["references"]
    assert references["annealing"] > 0.95
    assert abs(references["random"]) < 0.05


def test_the_histogram_has_every_share(make):
    charter = charter_of(make, "qubo_random_ratio", "0.5")
    histogram = judged(charter, evidence_of(charter, references=True)).details["histogram"]
    assert (len(histogram["edges"]), histogram["edges"][0], histogram["edges"][-1]) == (25, -1.0, 2.65)
    assert [sum(histogram[k]) for k in ("circuit", "random", "annealing")] == [pytest.approx(1, abs=1e-4)] * 3
    assert histogram["circuit"][0] == pytest.approx(0.4)
    assert histogram["random"][0] == histogram["random"][-1] == pytest.approx(1 / 8)  # 3 is above the last edge


def test_nothing_optimal_is_an_infinite_r99_and_never_a_pass(make):
    never = np.array([0.3, 0.1, 0.2, 0.1, 0.0, 0.1, 0.1, 0.1])
    seen = of(make, "qubo_r99_shots", "10000", never)
    assert (seen.decision, seen.value, seen.interval) == (Decision.INCONCLUSIVE, None, None)
    assert seen.why.startswith(
        "0 of 5,000 samples (0) are optimal: 7,686 shots at least would see one, but any greater number fits"
    )
    assert of(make, "qubo_r99_shots", "500", never).decision is Decision.FAIL
    assert of(make, "qubo_r99_shots", "500", never, schedule=(), seeds=()).decision is Decision.FAIL


def test_shots_to_see():
    assert shots_to_see(0.0) is None
    assert shots_to_see(1.0) == shots_to_see(0.99) == 1.0
    assert 1 - (1 - 0.01) ** shots_to_see(0.01) == pytest.approx(0.99)


# Head against base: the locked candidate's energies on the same seeds.
def locked(make, bound="0.02", probabilities=EXACT, problem=PROBLEM, **options):
    charter = charter_of(make, "qubo_energy_gap", bound, **options)
    return charter, lock_entry(charter, evidence_of(charter, probabilities, problem))


def worse(by: float) -> np.ndarray:
    """The mean energy raised by a share of random to optimum: mass moved from the optimum to the mean."""
    moved = EXACT.copy()
    moved[4] -= by
    moved[[2, 5]] += by / 2  # energy 1, the random mean
    return moved


def test_the_lock_holds_the_mean_energy_of_every_cell(make):
    _, entry = locked(make, schedule=(10, 1000), seeds=(1, 2))
    assert entry["qubo"]["sha256"] == PROBLEM.digest()
    found = {(e["shots"], e["seed"]): e["energy"] for e in entry["qubo"]["energies"]}
    assert list(found) == [(None, None), (10, 1), (10, 2), (1000, 1), (1000, 2)]
    assert found[None, None] == pytest.approx(ENERGY, abs=1e-12)
    assert found[1000, 1] == pytest.approx(ENERGY, abs=0.2)


def test_the_same_distribution_has_no_gap_at_all(make):
    charter, entry = locked(make, bound="0")
    outcome = judged(charter, evidence_of(charter, lock=entry))
    assert (outcome.decision, outcome.value, outcome.interval) == (Decision.PASS, 0.0, (0.0, 0.0))
    assert "locked: no difference" in outcome.why


@pytest.mark.parametrize(("by", "decision"), [(0.0, Decision.PASS), (0.1, Decision.FAIL)])
def test_sealed_seeds_are_compared_with_what_no_seed_has_moved(make, by, decision):
    def sealed(seeds):
        charter = charter_of(make, "qubo_energy_gap", "0.05", seeds=seeds)
        return replace(charter, shots=replace(charter.shots, sealed=len(seeds)))

    locking = sealed(tuple(range(5)))
    entry = lock_entry(locking, evidence_of(locking, salted=True))
    assert [(e["shots"], e["seed"]) for e in entry["qubo"]["energies"]] == [(None, None)]
    assert entry["qubo"]["seed_lists"] == []
    charter = sealed((901, 17, 5_005, 66, 3))
    outcome = judged(charter, evidence_of(charter, worse(by), salted=True, lock=entry))
    assert (outcome.decision, outcome.details["seed_lists_agreeing"]) == (decision, 20)
    assert " locked (exact): " in outcome.why
    assert outcome.interval[0] < by < outcome.interval[1]


@pytest.mark.parametrize(
    ("by", "expected"), [(-0.1, Decision.PASS), (0.0, Decision.PASS), (0.2, Decision.FAIL), (0.05, Decision.INCONCLUSIVE)]
)
def test_a_planted_regression_fails_and_an_improvement_passes(make, by, expected):
    charter, entry = locked(make, bound="0.05")
    outcome = judged(charter, evidence_of(charter, worse(by), lock=entry))
    assert outcome.decision is expected
    assert outcome.details["exact"] == pytest.approx(by, abs=1e-9)
    assert outcome.value == pytest.approx(by, abs=0.03)


def test_without_shots_the_gap_is_exact(make):
    charter, entry = locked(make, bound="0.02", schedule=(), seeds=())
    outcomes = [judged(charter, evidence_of(charter, worse(by), lock=entry)) for by in (0.02, 0.0201)]
    assert [o.decision for o in outcomes] == [Decision.PASS, Decision.FAIL]


def seeds_of(trial: int) -> tuple[int, ...]:
    return tuple(range(5 * trial + 1, 5 * trial + 6))


@pytest.mark.parametrize(
    ("name", "at"),
    [("qubo_random_ratio", "0.45"), ("qubo_p_opt", "0.4"), ("qubo_r99_shots", "9.0151337"), ("qubo_feasible_rate", "0.6")],
)
def test_at_the_threshold_each_wrong_decision_is_as_rare_as_alpha(make, name, at):
    """A/A: 400 seed lists on a candidate that lies exactly on its threshold."""
    decisions = [
        of(make, name, at, constraints=(GROUP,), schedule=(200,), seeds=seeds_of(trial)).decision for trial in range(400)
    ]
    for wrong in (Decision.PASS, Decision.FAIL):
        assert decisions.count(wrong) <= 400 * 0.05 + 3 * np.sqrt(400 * 0.05 * 0.95)
    assert decisions.count(Decision.PASS) + decisions.count(Decision.FAIL) > 8  # and the bounds are not idly wide


def test_a_change_that_does_nothing_to_the_energy_rarely_fails(make):
    """A/A against the lock: other states, the same mean energy, a margin of nothing."""
    other = EXACT.copy()
    other[[0, 2, 4]] += (-0.1, 0.05, 0.05)  # energies 0, 1 and -1
    decisions = []
    for trial in range(200):
        charter, entry = locked(make, bound="0", schedule=(200,), seeds=seeds_of(trial))
        decisions.append(judged(charter, evidence_of(charter, other, lock=entry)).decision)
    assert decisions.count(Decision.FAIL) <= 200 * 0.05 + 3 * np.sqrt(200 * 0.05 * 0.95)


# The same decision on seed lists that nobody chose.
@pytest.mark.parametrize(
    ("name", "bound", "decision"),
    [
        ("qubo_random_ratio", "0.41", Decision.PASS),
        ("qubo_p_opt", "0.37", Decision.PASS),
        ("qubo_p_opt", "0.43", Decision.FAIL),
        ("qubo_feasible_rate", "0.57", Decision.PASS),
        ("qubo_r99_shots", "9.9", Decision.PASS),
    ],
)
def test_a_decision_that_other_seeds_give_stands_with_its_share(make, name, bound, decision):
    charter = charter_of(make, name, bound, constraints=(GROUP,))
    outcome = judged(charter, evidence_of(charter, salted=True))
    assert outcome.decision is decision
    assert outcome.details["seed_lists"] == 20
    assert outcome.details["seed_lists_agreeing"] >= 16
    alone = judged(charter, evidence_of(charter))
    assert (alone.why, alone.value, alone.interval) == (outcome.why, outcome.value, outcome.interval)
    assert "seed_lists" not in alone.details


def lucky(make, decided):
    """On a threshold that is exactly the truth no decision is right, and seeds that give one have had luck."""
    for trial in range(400):
        charter = charter_of(make, "qubo_p_opt", "0.4", schedule=(200,), seeds=seeds_of(trial))
        if of(make, "qubo_p_opt", "0.4", schedule=(200,), seeds=seeds_of(trial)).decision is decided:
            return charter
    raise AssertionError("no seeds of 400 lists had luck")


@pytest.mark.parametrize("decided", [Decision.PASS, Decision.FAIL])
def test_a_lucky_decision_is_undecided(make, decided):
    charter = lucky(make, decided)
    outcome = judged(charter, evidence_of(charter, salted=True))
    agreeing = outcome.details["seed_lists_agreeing"]
    assert (outcome.decision, outcome.details["seed_lists"]) == (Decision.INCONCLUSIVE, 20)
    assert outcome.why.endswith(
        f"; but the verdict hangs on the seeds: {agreeing} of 20 re-salted seed lists agree with {decided}, and 80% must"
        ": undecided"
    )
    assert agreeing < 16


def test_the_gap_is_tried_on_the_locked_energies_of_other_seeds(make):
    charter = charter_of(make, "qubo_energy_gap", "0.05")
    entry = lock_entry(charter, evidence_of(charter, salted=True))
    assert [len(energies) for energies in entry["qubo"]["seed_lists"]] == [5] * 20
    same = judged(charter, evidence_of(charter, salted=True, lock=entry))
    assert (same.decision, same.details["seed_lists"], same.details["seed_lists_agreeing"]) == (Decision.PASS, 20, 20)
    worse_by_a_fifth = judged(charter, evidence_of(charter, worse(0.2), salted=True, lock=entry))
    assert (worse_by_a_fifth.decision, worse_by_a_fifth.details["seed_lists_agreeing"]) == (Decision.FAIL, 20)


def test_a_lock_without_other_seeds_energies_leaves_the_gap_to_the_charters(make):
    charter, entry = locked(make, bound="0.05")
    outcome = judged(charter, evidence_of(charter, salted=True, lock=entry))
    assert (outcome.decision, entry["qubo"]["seed_lists"]) == (Decision.PASS, [])
    assert "seed_lists" not in outcome.details


def test_a_seed_list_with_a_hole_is_an_error(make):
    charter = charter_of(make, "qubo_p_opt", "0.37")
    whole = evidence_of(charter, salted=True)
    seed = charter.shots.salted(7).seeds[2]
    holed = replace(whole, cells=tuple(c for c in whole.cells if c.key.seed != seed))
    outcome = judged(charter, holed)
    assert (outcome.decision, outcome.why) == (
        Decision.ERROR,
        f"re-salted seed list 7 was not drawn at shots 1000, seed {seed} [gate/not-computable]",
    )


# What must not pass.
def test_one_seed_shows_no_spread(make):
    outcome = of(make, "qubo_random_ratio", "0.1", seeds=(1,))
    assert (outcome.decision, outcome.interval) == (Decision.INCONCLUSIVE, None)
    assert "one seed does not show how far shot noise moves the energy: declare at least two seeds" in outcome.why


@pytest.mark.parametrize(
    ("name", "gate", "words"),
    [
        ("qubo_p_opt", {"threshold": Threshold(maximum=Decimal(1))}, "`qubo_p_opt` is bounded by `min`, and this gate has `max`"),
        (
            "qubo_r99_shots",
            {"threshold": Threshold(minimum=Decimal(1))},
            "`qubo_r99_shots` is bounded by `max`, and this gate has `min`",
        ),
        (
            "qubo_p_opt",
            {"claim": "deployment/artifact"},
            "one QUBO says nothing about others, nor one set of angles about a recipe: claim locked_set/artifact, not deployment",
        ),
        ("qubo_r99_shots", {"threshold": Threshold(maximum=Decimal("0.5"))}, "so a `max` of 0.5 decides nothing"),
        ("qubo_feasible_rate", {}, "the charter declares no constraints: write `pilot.candidate.constraints`"),
        ("qubo_energy_gap", {}, "the lock holds no energies of this pilot's candidate; run `qgate lock`"),
    ],
)  # fmt: skip
def test_a_gate_that_cannot_be_judged_is_an_error(make, name, gate, words):
    outcome = of(make, name, "0.1" if name != "qubo_r99_shots" else "10", **gate)
    assert outcome.decision is Decision.ERROR
    assert words in outcome.why


def test_a_recipe_cannot_be_claimed(make):
    charter = charter_of(make, "qubo_p_opt", "0.1")
    gate = replace(charter.gates[0], claim=Claim(population=Population.LOCKED_SET, subject=Subject.PROCEDURE))
    assert judged(replace(charter, gates=(gate,)), evidence_of(charter)).decision is Decision.ERROR


def test_best_of_shots_without_shots_is_an_error(make):
    outcome = of(make, "qubo_best_of_shots", "0.1", schedule=(), seeds=())
    assert outcome.why == "the best of how many shots? The charter declares no `pilot.shots.schedule` [gate/not-computable]"


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Constraint(name="typo", coefficients={"x": 1.0}, maximum=0.0), "typo names `x`, which is no variable of the QUBO"),
        (Constraint(name="never", coefficients={"0": 1.0}, minimum=2.0), "no state at all keeps every constraint of the charter"),
    ],
)
def test_constraints_that_nothing_can_keep(make, constraint, words):
    outcome = of(make, "qubo_feasible_rate", "0.1", constraints=(constraint,))
    assert outcome.decision is Decision.ERROR
    assert words in outcome.why


def test_a_constant_qubo_has_nothing_to_optimise(make):
    flat = from_python(np.zeros((3, 3)))
    charter = charter_of(make, "qubo_random_ratio", "0.1")
    outcome = judged(charter, evidence_of(charter, problem=flat))
    assert outcome.why == "every state of the QUBO has the same energy 0: there is nothing to optimise [gate/not-computable]"


def test_energies_of_another_qubo_or_other_seeds_do_not_compare(make):
    charter, entry = locked(make)
    other = evidence_of(charter, problem=from_python({(0, 0): -1.0, (1, 1): 1.0, (2, 2): 2.5}), lock=entry)
    assert judged(charter, other).decision is Decision.ERROR
    assert "the QUBO is not the locked one" in judged(charter, other).why
    reseeded = replace(charter, shots=Shots(schedule=(1000,), seeds=(1, 2)))
    outcome = judged(reseeded, evidence_of(reseeded, lock=entry))
    assert outcome.decision is Decision.ERROR
    assert "the lock holds no energy for these shots and seeds" in outcome.why


def test_what_was_not_measured_is_an_error(make):
    charter = charter_of(make, "qubo_p_opt", "0.1")
    whole = evidence_of(charter)
    last = replace(whole, cells=whole.cells[:-1])
    assert judged(charter, last).why == "the QUBO was not measured at shots 1000, seed 83 [gate/not-computable]"
    assert judged(charter, replace(whole, tables={})).why == "the QUBO was not measured [gate/not-computable]"
    failed = replace(whole, failures=(Failure(part="candidate", message="ZeroDivisionError: division by zero"),))
    assert judged(charter, failed).why == "candidate: ZeroDivisionError: division by zero [gate/not-computable]"
    assert judged(charter, replace(whole, failures=(Failure(part="repetition", message="x"),))).decision is Decision.PASS


def test_a_cell_of_the_candidate_is_never_a_reference(make):
    charter = charter_of(make, "qubo_p_opt", "0.1")
    stray = Cell(key=CellKey(role="baseline:other", split="qubo"), predictions=np.array([4]), scores=np.array([1.0]))
    whole = evidence_of(charter)
    assert judged(charter, replace(whole, cells=(*whole.cells, stray))) == judged(charter, whole)
