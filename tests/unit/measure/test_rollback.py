"""The rollback's artifact: what the worker is given of it, and when it is given nothing."""

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from qgate.charter.read import read_charter
from qgate.domain.charter import ARTIFACT, ROLLBACK
from qgate.domain.evidence import InputFile
from qgate.measure.inputs import Opened
from qgate.measure.known_good import target_jobs
from qgate.measure.rollback import answer_jobs, with_artifact
from qgate.workloads.dataset import Dataset

PATH = Path("examples/wine-cultivars/.qgate/wine-cultivars.yml")
MODEL = b"a fitted model"


@pytest.fixture
def charter():
    return read_charter(PATH.read_bytes(), PATH.name, today=date(2026, 6, 1)).charter


@pytest.fixture
def data():
    return {
        split: Dataset(features=np.full((4, 5), value), labels=np.array([0, 1, 2, 0]))
        for split, value in (("train", 0.5), ("validation", 0.25))
    }


def opened(content, declared):
    found = None if content is None else hashlib.sha256(content).hexdigest()
    return Opened(file=InputFile(role=ARTIFACT, path="m.joblib", declared_sha256=declared, sha256=found), content=content)


def test_the_worker_gets_the_bytes_that_were_hashed_and_no_label(charter, data):
    (job,) = with_artifact(answer_jobs(charter, data), opened(MODEL, hashlib.sha256(MODEL).hexdigest()))
    assert (job.part, job.order.kind, job.order.value) == (ROLLBACK, "artifact", {"splits": ["validation"]})
    assert sorted(job.order.arrays) == ["artifact", "validation.X"]
    assert job.order.arrays["artifact"].tobytes() == MODEL


@pytest.mark.parametrize(("content", "declared"), [(None, "0" * 64), (b"another", hashlib.sha256(MODEL).hexdigest())])
def test_what_is_gone_or_another_file_is_loaded_by_nobody(charter, data, content, declared):
    assert with_artifact(answer_jobs(charter, data), opened(content, declared)) == ()


def test_a_rehearsal_on_its_own_asks_the_service_and_nobody_else(charter, data):
    assert [job.part for job in target_jobs(charter, data)] == [ROLLBACK]


def test_a_baseline_is_asked_as_one_and_timed_alone_where_a_latency_gate_is_to_be_met(data):
    path = Path("examples/calibrated-iris/.qgate/calibrated-iris.yml")
    iris = read_charter(path.read_bytes(), path.name, today=date(2026, 6, 1)).charter
    jobs = target_jobs(iris, data)
    assert [(job.part, job.alone) for job in jobs] == [("baseline classical", False), ("service", True)]
    assert [model["role"] for model in jobs[1].order.value["models"]] == ["baseline:classical"]
