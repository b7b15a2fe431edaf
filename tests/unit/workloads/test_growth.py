"""What is timed as a service grows, and which answers are refused."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.domain.charter import Candidate, CandidateKind, Charter, DataFile, Gate, Remediation, Rollback, Shots, Threshold
from qgate.domain.limits import Limits
from qgate.domain.source import Position
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure.growth import growth_jobs
from qgate.worker.launch import run
from qgate.workloads import growth
from qgate.workloads.dataset import Dataset

CODE = """
import time
import pennylane as qml

def circuit(x, *, qubits=2):
    if qubits > 7:
        raise ValueError(f"no {qubits} qubits here")
    for wire in range(qubits):
        qml.RY(x[0], wires=wire)
    return qml.expval(qml.Z(0))

class Sleeper:
    def __init__(self, shots):
        self.shots = shots
    def predict(self, rows):
        time.sleep(0.001 + 1e-4 * self.shots * len(rows))
        return rows[0]

def build(shots=None):
    return Sleeper(shots)
"""
DATA = {"validation": Dataset(features=np.arange(20.0).reshape(10, 2), labels=np.arange(10) % 2)}
TRAFFIC = {"rate_rps": 1, "batch": {"max_size": 8, "max_wait_ms": 1}, "growth": {"option": "qubits", "values": [2, 3, 4, 5]}}


def charter(name="capacity_rps", *, kind=CandidateKind.CIRCUIT, entrypoint="grown:circuit", traffic=TRAFFIC):
    gate = Gate(
        name=name,
        threshold=Threshold(minimum=Decimal(1)),
        owner="a@example.com",
        remediation=Remediation(summary="x"),
        position=Position(path="c.yml", line=1, column=1),
    )
    return Charter(
        path="c.yml",
        sha256="c" * 64,
        pilot="p",
        owner="a@example.com",
        candidate=Candidate(kind=kind, entrypoint=entrypoint),
        baselines=(),
        data={"validation": DataFile(path="v.npz", sha256="d" * 64)},
        gates=(gate,),
        rollback=Rollback(traffic="t", approver="a@example.com"),
        shots=Shots(schedule=(10, 50), seeds=(3, 4)),
        sections={"traffic": traffic},
    )


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "grown.py").write_text(CODE)
    return tmp_path


def measured(tree, asked):
    (job,) = growth_jobs(asked, DATA)
    (answer,) = run([job.order], tree, Limits())
    return {one.name: one for one in job.read(answer).growth}


def test_batches_shots_and_the_named_option_grow_and_each_has_its_floor(tree):
    found = measured(tree, charter())
    assert {name: one.sizes for name, one in found.items()} == {
        "batch": (1, 2, 3, 4, 5, 6, 8),
        "shots": (10, 12, 15, 18, 22, 27, 33, 41, 50),
        "qubits": (2, 3, 4, 5),
    }
    shapes = {name: (one.seconds.shape, one.floor.shape, one.failed) for name, one in found.items()}
    assert shapes == {name: ((growth.ROUNDS, len(one.sizes)), (growth.ROUNDS,), "") for name, one in found.items()}
    assert np.median(found["batch"].seconds[:, -1]) > 4 * np.median(found["batch"].seconds[:, 0])
    assert np.median(found["batch"].floor) < 0.1 * np.median(found["batch"].seconds[:, 0])


def test_what_cannot_be_built_or_served_is_told_and_the_rest_is_measured(tree):
    traffic = TRAFFIC | {"growth": {"option": "qubits", "values": [6, 7, 8, 9]}}
    found = measured(tree, charter(traffic=traffic))
    assert found["qubits"].seconds is None
    assert found["qubits"].failed == "ValueError: no 8 qubits here"
    assert found["batch"].seconds is not None


def test_an_estimator_that_takes_no_empty_batch_has_no_floor_of_batches(tree):
    asked = charter(kind=CandidateKind.ESTIMATOR, entrypoint="grown:build", traffic=TRAFFIC | {"growth": {}})
    found = measured(tree, asked)
    assert found["batch"].floor is None
    assert np.median(found["shots"].seconds[:, -1]) == pytest.approx(0.006, rel=0.5)
    assert np.median(found["shots"].floor) == pytest.approx(0.0011, rel=0.9)


def test_nothing_grows_without_a_capacity_gate():
    assert growth_jobs(charter("latency_p95_ms"), DATA) == ()
    assert growth_jobs(charter(kind=CandidateKind.QUBO), DATA) == ()


def test_one_shot_count_is_grown_up_to_from_a_hundredth_and_a_batch_of_three_not_at_all():
    asked = replace(charter(traffic={"rate_rps": 1, "batch": {"max_size": 3, "max_wait_ms": 1}}), shots=Shots(schedule=(1000,)))
    assert growth.series(asked) == {"shots": (10, 18, 32, 56, 100, 178, 316, 562, 1000)}


def answered(**changed):
    order = growth.order(charter(traffic={"rate_rps": 1}), DATA)
    arrays = {"seconds/shots": np.full((5, 9), 0.01), "floor/shots": np.full(5, 0.01)} | changed
    return growth.times(Answer(value={}, arrays=arrays, seconds=1.0), order)


@pytest.mark.parametrize(
    "changed",
    [
        {"seconds/shots": None},
        {"seconds/shots": np.full((5, 8), 0.01)},
        {"seconds/shots": np.full((5, 9), np.nan)},
        {"seconds/shots": np.full((5, 9), 1.0)},
        {"floor/shots": np.full(4, 0.01)},
        {"floor/shots": np.zeros(5)},
    ],
    ids=["missing", "shape", "nan", "more than the worker ran", "floor of another shape", "floor of nothing"],
)
def test_times_that_cannot_be_are_refused(changed):
    assert [one.name for one in answered()] == ["shots"]
    with pytest.raises(MeasurementError):
        answered(**changed)
