import numpy as np
import pytest

from qgate.domain.charter import OnInconclusive
from qgate.domain.evidence import Look
from qgate.domain.verdict import Decision
from qgate.gates import looks
from qgate.gates.judge import judge_pilot

ROWS = 1000
NEW = "deployment/artifact"


@pytest.fixture
def seen(make):
    """What was measured at `taken` looks of a candidate that is wrong, and its baseline right, on some rows."""

    def measured(charter, wrong, taken, seeds=(None,), rows=ROWS):
        truth = np.zeros(rows, dtype=np.int64)
        whole = make.evidence(truth, truth, {(None, seed): truth for seed in seeds})
        plan = looks.plan(charter, {"validation": np.arange(rows)})
        kept = plan.seen("validation", taken) if plan.part else np.ones(rows, dtype=bool)
        answers = wrong if isinstance(wrong, dict) else dict.fromkeys(seeds, wrong)
        used = seeds if seeds == (None,) else seeds[: plan.looks[taken - 1].seeds]
        cells = [c for c in whole.cells if c.key.role != "candidate"]
        cells += [make.cell("candidate", answers[s][kept].astype(np.int64), seed=s) for s in used]
        repeated = make.replace(whole.repetitions[0], key=cells[1].key)
        return make.replace(whole, cells=tuple(cells), looks=plan.looks[:taken], repetitions=(repeated,))

    return measured


def by_rows(make, **extra):
    return make.charter(make.gate(maximum="0.03", claim=NEW, **extra), sequential=True)


def by_seeds(make, *gates, seeds=tuple(range(1, 11))):
    return make.charter(*(gates or (make.gate(maximum="0.02"),)), seeds=seeds, sequential=True)


def gate_of(charter, evidence):
    return judge_pilot(charter, evidence, reached_by=(), origin="base").gates[0]


def reproducible(charter, evidence):
    found = judge_pilot(charter, evidence, reached_by=(), origin="base").gates
    return next(g for g in found if g.name == "reproducibility").decision


def test_a_clear_pass_is_decided_at_the_first_look_over_rows(make, seen):
    charter = by_rows(make)
    evidence = seen(charter, np.zeros(ROWS), taken=1)
    outcome = gate_of(charter, evidence)
    assert (outcome.decision, outcome.alpha, outcome.sizes.rows) == (Decision.PASS, 0.05, 200)
    assert outcome.details["sequential"] == {
        "over": "rows",
        "look": 1,
        "taken": 1,
        "looks": 5,
        "level": pytest.approx(0.014770, abs=1e-6),
        "alpha_spent": pytest.approx(0.014770, abs=1e-6),
        "rows": [200, 1000],
        "cells": [1, 1],
        "saved": pytest.approx(0.8),
    }
    assert reproducible(charter, evidence) is Decision.PASS


def test_a_clear_fail_is_decided_at_the_first_look_over_rows(make, seen):
    charter = by_rows(make)
    wrong = np.random.default_rng(1).random(ROWS) < 0.2
    assert gate_of(charter, seen(charter, wrong, taken=1)).decision is Decision.FAIL


def test_rows_measured_after_the_decision_change_nothing(make, seen):
    charter = by_rows(make)
    plan = looks.plan(charter, {"validation": np.arange(ROWS)})
    good_then_bad = ~plan.seen("validation", 1)
    outcome = gate_of(charter, seen(charter, good_then_bad, taken=5))
    assert (outcome.decision, outcome.sizes.rows, outcome.details["sequential"]["look"]) == (Decision.PASS, 200, 1)


def borderline(charter):
    """About as many more wrong rows as are allowed, in every part."""
    part = looks.plan(charter, {"validation": np.arange(ROWS)}).part["validation"]
    wrong = np.zeros(ROWS, dtype=bool)
    for look in range(1, 6):
        wrong[np.flatnonzero(part == look)[:6]] = True
    return wrong


def test_measuring_that_stops_undecided_is_an_error_and_no_pass(make, seen):
    charter = by_rows(make)
    outcome = gate_of(charter, seen(charter, borderline(charter), taken=2))
    assert outcome.decision is Decision.ERROR
    assert outcome.why.startswith(
        "measuring stopped at look 2 of 5, before this gate was decided at an error rate of 0.05: measure again; candidate 0.97"
    )


def test_stopping_undecided_blocks_also_where_an_undecided_gate_only_warns(make, seen):
    charter = by_rows(make, on_inconclusive=OnInconclusive.WARN)
    evidence = seen(charter, borderline(charter), taken=2)
    assert (gate_of(charter, evidence).decision, gate_of(charter, evidence).blocks) == (Decision.ERROR, True)
    whole = gate_of(charter, seen(charter, borderline(charter), taken=5))
    assert (whole.decision, whole.blocks) == (Decision.INCONCLUSIVE, False)


def test_undecided_after_all_looks_is_inconclusive(make, seen):
    charter = by_rows(make)
    outcome = gate_of(charter, seen(charter, borderline(charter), taken=5))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert (outcome.details["sequential"]["alpha_spent"], outcome.details["sequential"]["saved"]) == (pytest.approx(0.05), 0.0)


@pytest.mark.parametrize(
    "taken",
    [
        (),
        (Look(rows={"validation": 400}, seeds=0),),
        (Look(rows={"validation": 200}, seeds=0), Look(rows={"validation": 600}, seeds=0)),
        (Look(rows={"validation": 200}, seeds=1),),
    ],
)
def test_other_looks_than_the_plans_are_an_error(make, seen, taken):
    charter = by_rows(make)
    outcome = gate_of(charter, make.replace(seen(charter, np.zeros(ROWS), taken=1), looks=taken))
    assert outcome.decision is Decision.ERROR
    assert outcome.why.startswith("the looks in the evidence are not those that the charter and its data give")


def test_cells_with_other_rows_than_the_look_had_are_an_error(make, seen):
    charter = by_rows(make)
    first = seen(charter, np.zeros(ROWS), taken=1)
    outcome = gate_of(charter, make.replace(first, looks=seen(charter, np.zeros(ROWS), taken=2).looks))
    assert outcome.decision is Decision.ERROR
    assert outcome.why == (
        "candidate/validation/shots=None/seed=None holds 200 rows, and 400 had been measured by then [gate/not-computable]"
    )


def test_a_stricter_alpha_is_spent_by_the_same_looks(make, seen):
    charter = by_rows(make, alpha=0.01)
    told = gate_of(charter, seen(charter, np.zeros(ROWS), taken=5)).details["sequential"]
    assert (told["look"], told["alpha_spent"]) == (2, pytest.approx(0.01 * np.log1p((np.e - 1) * 0.4)))


def test_few_rows_are_looked_at_once(make, seen):
    charter = by_rows(make)
    outcome = gate_of(charter, seen(charter, np.zeros(150), taken=1, rows=150))
    told = outcome.details["sequential"]
    assert (outcome.decision, told["looks"], told["level"]) == (Decision.PASS, 1, pytest.approx(0.05))


def test_a_slice_is_looked_at_once_enough_of_its_rows_are_there(make, seen):
    charter = make.charter(make.gate("val_accuracy_gap_vs_classical/tail", maximum="0.05", claim=NEW), sequential=True)
    mask = np.arange(ROWS) < 120
    evidence = make.replace(seen(charter, np.zeros(ROWS), taken=5), tables={"rows:validation/slice:tail": mask})
    outcome = gate_of(charter, evidence)
    part = looks.plan(charter, {"validation": np.arange(ROWS)}).part["validation"][mask]
    first = next(k for k in range(1, 6) if (part <= k).sum() >= 50)
    assert outcome.decision is Decision.PASS
    assert outcome.sizes.rows == (part <= outcome.details["sequential"]["look"]).sum() >= 50
    assert outcome.details["sequential"]["look"] >= first > 1


def test_clusters_are_never_parted_and_count_as_units(make):
    charter = by_rows(make)
    clusters = np.repeat(np.arange(250), 4)
    plan = looks.plan(charter, {"validation": clusters})
    assert [look.rows["validation"] for look in plan.looks] == [500, 1000]
    assert (plan.part["validation"].reshape(250, 4) == plan.part["validation"].reshape(250, 4)[:, :1]).all()


def test_the_order_follows_from_charter_and_data_alone(make):
    charter = by_rows(make)
    units = {"validation": np.arange(ROWS)}
    part = looks.plan(charter, units).part["validation"]
    assert np.array_equal(part, looks.plan(charter, units).part["validation"])
    assert not np.array_equal(part, looks.plan(make.replace(charter, sha256="d" * 64), units).part["validation"])
    assert [int((part == k).sum()) for k in range(1, 6)] == [200] * 5


def noisy(seeds, share):
    rng = np.random.default_rng(3)
    return {seed: rng.random(ROWS) < share for seed in seeds}


def test_a_clear_pass_is_decided_after_three_seeds(make, seen):
    charter = by_seeds(make)
    evidence = seen(charter, noisy(charter.shots.seeds, 0.002), taken=1, seeds=charter.shots.seeds)
    outcome = gate_of(charter, evidence)
    assert (outcome.decision, outcome.sizes.seeds) == (Decision.PASS, 3)
    assert outcome.details["sequential"] == {
        "over": "seeds",
        "look": 1,
        "taken": 1,
        "looks": 3,
        "level": 0.01,
        "alpha_spent": 0.01,
        "rows": [ROWS, ROWS],
        "cells": [3, 10],
        "saved": pytest.approx(0.7),
    }
    assert reproducible(charter, evidence) is Decision.PASS


def test_seeds_that_are_missing_at_a_look_are_an_error(make, seen):
    charter = by_seeds(make)
    evidence = seen(charter, noisy(charter.shots.seeds, 0.002), taken=1, seeds=charter.shots.seeds)
    fewer = make.replace(evidence, cells=evidence.cells[:-1])
    assert gate_of(charter, fewer).why == "the candidate was not measured on `validation` at seed 3 [gate/not-computable]"
    assert reproducible(charter, fewer) is Decision.ERROR


def test_gates_about_rows_and_about_seeds_are_all_looked_at_over_seeds(make, seen):
    charter = by_seeds(make, make.gate(maximum="0.02"), make.gate("val_f1_gap_vs_classical", maximum="0.02", claim=NEW))
    plan = looks.plan(charter, {"validation": np.arange(ROWS)})
    assert (plan.over, [look.seeds for look in plan.looks]) == (looks.Over.SEEDS, [3, 5, 10])
