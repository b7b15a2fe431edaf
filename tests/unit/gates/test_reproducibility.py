"""Reproducibility: each thing that is not as declared, alone, and the words for it."""

from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import Candidate, CandidateKind
from qgate.domain.evidence import CellKey, Failure, InputFile, PilotEvidence, Repetition
from qgate.domain.verdict import Decision, GateOutcome, Remedy, Sizes
from qgate.gates.reproducibility import judge_reproducibility

TRUTH = np.array([0, 1, 0, 1])


@pytest.fixture
def evidence(make):
    return make.evidence(TRUTH, TRUTH, {(None, None): TRUTH})


def judged(charter, evidence):
    outcome = judge_reproducibility(charter, evidence)
    actions = outcome.remedy.actions if outcome.remedy else ()
    return outcome.decision, outcome.why, actions


def test_everything_as_declared_is_a_pass(make, evidence):
    assert judge_reproducibility(make.charter(), evidence) == GateOutcome(
        name="reproducibility",
        decision=Decision.PASS,
        why="2 declared files are there and true, and 1 repeated cell gave the same bits",
        owner="platform@example.com",
        sizes=Sizes(rows=4),
        details={
            "inputs": [
                {"role": "data validation", "path": "data/v.npz", "sha256": make.sha},
                {"role": "lockfile", "path": "requirements.lock", "sha256": "d" * 64},
            ],
            "repetitions": [{"cell": "candidate/validation/shots=None/seed=None", "same": True}],
        },
    )


def test_a_changed_data_file_fails(make, evidence):
    changed = make.replace(evidence.inputs[0], sha256="f" * 64)
    evidence = make.replace(evidence, inputs=(changed, evidence.inputs[1]))
    assert judged(make.charter(), evidence) == (
        Decision.FAIL,
        f"data validation `data/v.npz` is not the declared file: its sha256 is {'f' * 64}, and {make.sha} was declared",
        ("restore `data/v.npz`, or have its new sha256 reviewed in the charter",),
    )


def test_a_missing_file_fails(make, evidence):
    gone = make.replace(evidence.inputs[1], sha256=None)
    evidence = make.replace(evidence, inputs=(evidence.inputs[0], gone))
    assert judged(make.charter(), evidence) == (
        Decision.FAIL,
        "lockfile `requirements.lock` is missing",
        ("commit `requirements.lock`, or correct its path in the charter",),
    )


def test_data_without_a_declared_digest_fails(make, evidence):
    undeclared = make.replace(evidence.inputs[0], declared_sha256=None)
    evidence = make.replace(evidence, inputs=(undeclared, evidence.inputs[1]))
    decision, why, actions = judged(make.charter(), evidence)
    assert (decision, why) == (Decision.FAIL, "data validation `data/v.npz` has no sha256 in the charter")
    assert actions == (f"declare `sha256: {make.sha}` for `data/v.npz`",)


def test_a_charter_without_a_lockfile_fails(make, evidence):
    assert judged(make.charter(lockfile=None), evidence) == (
        Decision.FAIL,
        "the charter declares no lockfile: the bundled environment was used, which nobody can rebuild from the repository",
        ("commit a lockfile with hashes and name it in `pilot.environment.lockfile`",),
    )


@pytest.mark.parametrize("role", ["weights", "data", "lockfile"])
def test_a_declared_file_that_was_not_hashed_is_an_error(make, evidence, role):
    charter = make.charter(weights="w.npz")
    weights = InputFile(role="weights", path="w.npz", declared_sha256=None, sha256="a" * 64)
    inputs = [i for i in (*evidence.inputs, weights) if not i.role.startswith(role)]
    decision, why, _ = judged(charter, make.replace(evidence, inputs=tuple(inputs)))
    assert (decision, why.endswith("was not hashed")) == (Decision.ERROR, True)


def test_shots_without_seeds_cannot_be_repeated(make):
    evidence = make.evidence(TRUTH, TRUTH, {(100, None): TRUTH})
    assert judged(make.charter(schedule=(100,)), evidence)[:2] == (
        Decision.FAIL,
        "shots are declared without seeds, so their noise cannot be repeated",
    )


def test_a_planned_cell_that_is_missing_is_an_error(make):
    evidence = make.evidence(TRUTH, TRUTH, {(100, 1): TRUTH, (1000, 1): TRUTH, (1000, 2): TRUTH})
    assert judged(make.charter(schedule=(100, 1000), seeds=(1, 2)), evidence)[:2] == (
        Decision.ERROR,
        "the candidate was not measured on `validation` at shots 100, seed 2",
    )


def test_an_exact_circuit_needs_one_cell(make, evidence):
    assert judged(make.charter(kind=CandidateKind.CIRCUIT, seeds=(1, 2)), evidence)[0] is Decision.PASS
    assert judged(make.charter(seeds=(1, 2)), evidence)[0] is Decision.ERROR


def test_different_bits_from_the_same_seed_fail(make, evidence):
    key = CellKey(role="candidate", split="validation", shots=100, seed=7)
    evidence = make.replace(evidence, repetitions=(Repetition(key=key, first="a" * 64, second="b" * 64),))
    assert judged(make.charter(), evidence) == (
        Decision.FAIL,
        "candidate/validation/shots=100/seed=7 gave different bits with the same seed",
        ("pass the injected `seed` to every source of randomness in the candidate",),
    )


def test_no_repetition_is_an_error(make, evidence):
    decision, why, _ = judged(make.charter(), make.replace(evidence, repetitions=()))
    assert (decision, why) == (Decision.ERROR, "no cell was measured twice, so that nothing is known of repeatability")


def test_any_failed_measurement_is_an_error_here_whoever_else_reads_it(make, evidence):
    evidence = make.replace(evidence, failures=(Failure(part="baseline other", message="ValueError: no"),))
    decision, why, _ = judged(make.charter(), evidence)
    assert (decision, why) == (Decision.ERROR, "baseline other could not be measured: ValueError: no")


def test_every_finding_is_told_and_a_known_failure_outranks_what_is_not_known(make, evidence):
    evidence = make.replace(evidence, repetitions=())
    decision, why, actions = judged(make.charter(lockfile=None), evidence)
    assert (decision, why.count(";"), len(actions)) == (Decision.FAIL, 1, 2)
    assert judge_reproducibility(make.charter(lockfile=None), evidence).remedy == Remedy(
        summary="make the evidence reproducible", actions=actions
    )


def test_a_qubo_is_reproducible_without_any_data(make):
    candidate = Candidate(kind=CandidateKind.QUBO, entrypoint="m.json")
    charter = make.charter(make.gate(name="qubo_p_opt"), schedule=(10,), seeds=(1, 2))
    charter = replace(charter, candidate=candidate, data={}, baselines=())
    cells = [make.cell("candidate", [0], shots=s, seed=k, split="qubo") for s, k in ((None, None), (10, 1), (10, 2))]
    files = tuple(
        InputFile(role=role, path=path, declared_sha256=None, sha256="a" * 64)
        for role, path in (("qubo", "m.json"), ("lockfile", "requirements.lock"))
    )
    same = (Repetition(key=cells[1].key, first="e" * 64, second="e" * 64),)
    whole = PilotEvidence(pilot="triage", cells=tuple(cells), repetitions=same, inputs=files)
    outcome = judge_reproducibility(charter, whole)
    assert outcome.decision is Decision.PASS, outcome.why
    assert outcome.details["inputs"][0] == {"role": "qubo", "path": "m.json", "sha256": "a" * 64}
    missing = judge_reproducibility(charter, replace(whole, cells=tuple(cells[:-1])))
    assert (missing.decision, missing.why) == (
        Decision.ERROR,
        "the candidate was not measured on `qubo` at shots 10, seed 2",
    )
    unhashed = judge_reproducibility(charter, replace(whole, inputs=files[1:]))
    assert (unhashed.decision, unhashed.why) == (Decision.ERROR, "qubo `m.json` was not hashed")
