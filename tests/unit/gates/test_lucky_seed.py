"""A verdict that other seed lists do not give is undecided, and says so; one that they do give stands."""

from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import SALTS, Shots, salt_role
from qgate.domain.evidence import Cell, CellKey
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot

TRUTH = np.arange(200) % 2
WORSE = np.where(np.arange(200) < 60, 1 - TRUTH, TRUTH)
BASELINE = np.where(np.arange(200) < 10, 1 - TRUTH, TRUTH)
SHOTS = Shots(schedule=(100, 1000), seeds=(1, 2, 3))


def salted(count_worse: int):
    cells = []
    for salt in range(SALTS):
        predictions = WORSE if salt < count_worse else TRUTH
        for shots, seed in SHOTS.salted(salt).planned:
            key = CellKey(role=salt_role(salt), split="validation", shots=shots, seed=seed)
            cells.append(Cell(key=key, predictions=predictions))
    return tuple(cells)


@pytest.fixture
def judged(make):
    def judge(candidate, count_worse, agreement=0.8):
        charter = replace(make.charter(), shots=replace(SHOTS, agreement=agreement))
        evidence = make.evidence(TRUTH, BASELINE, dict.fromkeys(SHOTS.planned, candidate))
        evidence = replace(evidence, cells=evidence.cells + salted(count_worse))
        return judge_pilot(charter, evidence, reached_by=(), origin="base").gates[0]

    return judge


def test_a_verdict_that_other_seeds_give_stands_with_its_share(judged):
    gate = judged(TRUTH, 4)
    assert (gate.decision, gate.details["seed_lists"], gate.details["seed_lists_agreeing"]) == (Decision.PASS, 20, 16)


def test_a_lucky_pass_is_undecided(judged):
    gate = judged(TRUTH, 5)
    assert gate.decision is Decision.INCONCLUSIVE
    assert "15 of 20 re-salted seed lists agree with pass, and 80% must" in gate.why


def test_an_unlucky_fail_is_undecided(judged):
    assert judged(WORSE, 3).decision is Decision.INCONCLUSIVE
    assert judged(WORSE, 20).decision is Decision.FAIL


def test_the_charter_says_how_many_must_agree(judged):
    assert judged(TRUTH, 10, agreement=0.5).decision is Decision.PASS


def test_salted_seeds_follow_from_the_seed_and_the_salt_alone():
    assert SHOTS.salted(3) == Shots(schedule=(1000,), seeds=SHOTS.salted(3).seeds, agreement=0.8)
    lists = {SHOTS.salted(salt).seeds for salt in range(SALTS)}
    assert len(lists) == SALTS
    assert all(0 <= seed < 2**32 for seeds in lists for seed in seeds)
