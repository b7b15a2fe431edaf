"""Head against base is judged for every QUBO pilot, written in its charter or not."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.domain.charter import Candidate, CandidateKind, Threshold
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision
from qgate.evidence.lock import lock_entry
from qgate.gates.judge import judge_pilot
from qgate.gates.qubo_regression import NAME, default_gates
from qgate.gates.spending import spent
from qgate.quantum.qubo_values import from_python
from qgate.statistics.sealed import attempt_alpha
from qgate.workloads import qubo

PROBLEM = from_python({(0, 0): -1.0, (1, 1): 1.0, (2, 2): 2.0})
GOOD = np.array([0.2, 0.05, 0.1, 0.05, 0.4, 0.05, 0.1, 0.05])
WORSE = np.array([0.2, 0.05, 0.2, 0.05, 0.2, 0.15, 0.1, 0.05])  # a fifth of the optimum's share on states as good as random
SEEDS = (11, 23, 47, 61, 83)


@pytest.fixture
def charter(make):
    gate = make.gate(name="qubo_p_opt", threshold=Threshold(minimum=Decimal("0.1")))
    written = make.charter(gate, schedule=(1000,), seeds=SEEDS)
    return replace(written, candidate=Candidate(kind=CandidateKind.QUBO, entrypoint="m.json"), data={}, baselines=())


def evidence(charter, probabilities, lock=None) -> PilotEvidence:
    solved = qubo.Solved(qubo=PROBLEM, probabilities=probabilities)
    cells = (*qubo.cells(solved, charter.shots), *qubo.salted_cells(solved, charter.shots))
    return PilotEvidence(pilot="triage", cells=cells, tables=qubo.tables(PROBLEM), facts={"libraries": {}}, lock=lock)


def judged(charter, probabilities, locked=GOOD, attempt=None):
    lock = lock_entry(charter, evidence(charter, locked))
    return judge_pilot(charter, evidence(charter, probabilities, lock), reached_by=(), origin="base", attempt=attempt)


def test_energies_that_rise_fail_although_no_gate_of_the_charter_asks(charter):
    verdict = judged(charter, WORSE)
    by_name = {g.name: g for g in verdict.gates}
    assert by_name["qubo_p_opt"].decision is Decision.PASS
    gap = by_name["qubo_energy_gap"]
    assert (gap.decision, verdict.decision, gap.threshold, gap.owner) == (
        Decision.FAIL,
        Decision.FAIL,
        {"max": 0.02},
        charter.owner,
    )
    assert gap.value == pytest.approx(0.2, abs=0.03)
    assert gap.details["seed_lists_agreeing"] == 20
    assert gap.why.endswith("at most 0.02 is allowed (by default: the charter writes no `qubo_energy_gap`)")
    assert gap.position is None
    assert gap.remedy.actions == (
        "where they are meant to rise, run `qgate lock` and have the change of .qgate/lock.json reviewed",
    )


def test_the_same_energies_and_better_ones_pass(charter):
    for probabilities, locked in ((GOOD, GOOD), (GOOD, WORSE)):
        gaps = [g for g in judged(charter, probabilities, locked).gates if g.name == "qubo_energy_gap"]
        assert [g.decision for g in gaps] == [Decision.PASS]


def test_a_gate_of_the_charter_stands_in_its_place(charter, make):
    own = make.gate(name="qubo_energy_gap", threshold=Threshold(maximum=Decimal("0.5")))
    verdict = judged(replace(charter, gates=(own,)), WORSE)
    assert [(g.name, g.decision) for g in verdict.gates if g.name.startswith("qubo")] == [("qubo_energy_gap", Decision.PASS)]


def test_without_locked_energies_it_is_an_error(charter):
    outcome = judge_pilot(charter, evidence(charter, GOOD), reached_by=(), origin="base").gates[-1]
    assert outcome.decision is Decision.ERROR
    assert "the lock holds no energies of this pilot's candidate; run `qgate lock`" in outcome.why


def test_other_candidates_have_no_such_gate(make):
    assert default_gates(make.charter()) == ()


def test_it_spends_alpha_by_attempts_as_the_charters_gates_do(charter):
    third = attempt_alpha(0.05, 3)
    assert {g.name: g.alpha for g in judged(charter, GOOD, attempt=3).gates if g.alpha is not None} == {
        "qubo_p_opt": third,
        NAME: third,
    }
    assert [alpha for alpha, _ in spent(replace(charter, gates=()), 3)] == [0.05]


def test_its_failure_counts_among_those_of_the_charters_gates(charter):
    gap = judged(charter, WORSE).gates[-1]
    assert (gap.name, gap.decision, gap.details["holm"]["gates"], gap.details["holm"]["stands"]) == (NAME, Decision.FAIL, 2, True)
