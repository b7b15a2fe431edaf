"""Measuring part by part, with the worker's answers made here: what it was asked for, and what became of it."""

from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Claim,
    DataFile,
    Gate,
    Population,
    Remediation,
    Rollback,
    Shots,
    Threshold,
)
from qgate.domain.evidence import Failure, Look, PilotEvidence
from qgate.domain.limits import Limits
from qgate.domain.source import Position
from qgate.domain.work import Answer
from qgate.measure import looks
from qgate.measure.pilot import Trees
from qgate.workloads.dataset import Dataset

ROWS = 300
FEATURES = np.arange(ROWS, dtype=np.float64)[:, None]
DATA = {"validation": Dataset(features=FEATURES, labels=(np.arange(ROWS) % 2).astype(np.int64))}


def charter(population="deployment", seeds=(1,), schedule=()):
    gate = Gate(
        name="val_accuracy_gap_vs_classical",
        threshold=Threshold(maximum=Decimal("0.02")),
        owner="o@example.com",
        remediation=Remediation(summary="s"),
        position=Position(path="c.yml", line=1, column=1),
        claim=Claim(population=Population(population)),
    )
    return Charter(
        path="c.yml",
        sha256="c" * 64,
        pilot="triage",
        owner="o@example.com",
        candidate=Candidate(kind=CandidateKind.ESTIMATOR, entrypoint="a:b"),
        baselines=(Baseline(name="classical", estimator="c:d"),),
        data={"validation": DataFile(path="v.npz", sha256="d" * 64)},
        gates=(gate,),
        rollback=Rollback(traffic="t", approver="a@example.com"),
        shots=Shots(schedule=schedule, seeds=seeds),
        sequential=True,
    )


@pytest.fixture
def worker(monkeypatch):
    """Answers each row with whether its number is odd; `asked` are the candidate's orders, in their order."""
    said = SimpleNamespace(asked=[], scores_until=0, broken=None)

    def measure_pilot(charter, _trees, lock, *, limits, jobs):
        assert limits == Limits()
        cells, failures = [], []
        for job in jobs(charter, DATA):
            arrays = {}
            for position, _ in enumerate(job.order.value["cells"]):
                features = job.order.arrays["validation.X"][:, 0]
                arrays[f"{position}.validation.predictions"] = (features % 2).astype(np.int64)
            if job.part == "candidate":
                said.asked.append(job.order)
                if len(said.asked) == said.broken:
                    failures.append(Failure(part="candidate", message="it fell"))
                    continue
            if job.part != "repetition":
                cells += job.read(Answer(value={"takes": ["seed", "shots"], "cells": []}, arrays=arrays)).cells
        return PilotEvidence(
            pilot=charter.pilot,
            truth={"validation": DATA["validation"].labels},
            cells=tuple(cells),
            lock=lock,
            failures=tuple(failures),
            timings={"candidate": 1.0, "baseline classical": 3.0},
        )

    monkeypatch.setattr(looks, "measure_pilot", measure_pilot)
    return said


def measured(charter, undecided):
    trees = Trees(root=None, worker=None)
    return looks.measure_in_looks(charter, trees, {"data": {}}, limits=Limits(), undecided=undecided)


def until(look):
    return lambda evidence: len(evidence.looks) < look


def test_the_worker_sees_the_rows_of_the_looks_and_no_other(worker):
    evidence = measured(charter(), until(2))
    asked = [order.arrays["validation.X"][:, 0].astype(int) for order in worker.asked]
    assert [len(rows) for rows in asked] == [100, 100]
    assert not set(asked[0]) & set(asked[1])
    assert evidence.looks == (Look(rows={"validation": 100}, seeds=1), Look(rows={"validation": 200}, seeds=1))
    candidate, baseline = evidence.of("candidate", "validation")[0], evidence.of("baseline:classical", "validation")[0]
    assert np.array_equal(candidate.predictions, np.sort(np.concatenate(asked)) % 2)
    assert len(baseline.predictions) == ROWS
    assert (evidence.timings, evidence.lock) == ({"candidate": 2.0, "baseline classical": 3.0}, {"data": {}})


def test_all_looks_give_what_one_measurement_gives(worker):
    evidence = measured(charter(), lambda _: True)
    assert [look.rows["validation"] for look in evidence.looks] == [100, 200, 300]
    assert np.array_equal(evidence.of("candidate", "validation")[0].predictions, np.arange(ROWS) % 2)


def test_seeds_are_added_by_the_charters_order_and_no_cell_is_asked_for_twice(worker):
    evidence = measured(charter("locked_set", seeds=(9, 7, 5, 3), schedule=(10, 100)), lambda _: True)
    assert worker.asked[0].value["cells"] == [[None, 9], *([s, k] for s in (10, 100) for k in (9, 7, 5))]
    assert worker.asked[1].value["cells"] == [[10, 3], [100, 3]]
    assert all(len(order.arrays["validation.X"]) == ROWS for order in worker.asked)
    assert [look.seeds for look in evidence.looks] == [3, 4]
    assert len(evidence.of("candidate", "validation")) == 9


def test_a_worker_that_fails_at_a_later_look_ends_the_looks(worker):
    worker.broken = 2
    evidence = measured(charter(), lambda _: True)
    assert evidence.failures == (Failure(part="candidate", message="it fell"),)
    assert (len(evidence.looks), len(worker.asked)) == (1, 2)
    assert len(evidence.of("candidate", "validation")[0].predictions) == 100


def test_a_worker_that_fails_at_once_is_not_asked_again(worker):
    worker.broken = 1
    evidence = measured(charter(), lambda _: True)
    assert (len(worker.asked), evidence.of("candidate", "validation")) == (1, ())


@pytest.mark.parametrize(
    "found",
    [
        PilotEvidence(pilot="triage", failures=(Failure(part="data", message="missing"),)),
        PilotEvidence(pilot="triage", truth={"validation": DATA["validation"].labels}),
    ],
)
def test_data_that_cannot_be_read_and_a_candidate_that_nobody_asked_leave_no_looks(monkeypatch, found):
    monkeypatch.setattr(looks, "measure_pilot", partial(lambda evidence, *_, **__: evidence, found))
    assert measured(charter(), lambda _: True) is found
