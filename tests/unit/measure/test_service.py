"""Service times from a real worker: who is timed how often, and which claims about time are refused."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    DataFile,
    Gate,
    Remediation,
    Rollback,
    Shots,
    Threshold,
)
from qgate.domain.evidence import InputFile
from qgate.domain.limits import Limits
from qgate.domain.source import Position
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure.inputs import Opened
from qgate.measure.service import arrival_times, service_jobs
from qgate.worker.launch import run
from qgate.workloads import service
from qgate.workloads.dataset import Dataset

CODE = """
import time
import pennylane as qml

class Sleeper:
    def __init__(self, each):
        self.each = each
    def predict(self, rows):
        time.sleep(0.002 + self.each * len(rows))
        return [0] * len(rows)

def build(shots=None, seed=None):
    assert (shots, seed) == (50, 3), (shots, seed)
    return Sleeper(0.002)

def classical():
    return Sleeper(0.001)

def feature_map(x):
    qml.RX(x[0], wires="a")
    qml.CNOT(["a", "b"])

def kernel(x, y):
    return abs(x[0] - y[0])

def circuit(x, weights):
    qml.RX(x[0] * weights[0], wires="a")
    qml.CNOT(["a", "b"])
    return qml.expval(qml.Z("b"))
"""
DATA = {"validation": Dataset(features=np.arange(20.0).reshape(10, 2), labels=np.arange(10) % 2)}


def gate(name, alpha=0.05):
    return Gate(
        name=name,
        threshold=Threshold(maximum=Decimal(1)),
        owner="a@example.com",
        remediation=Remediation(summary="x"),
        position=Position(path="c.yml", line=1, column=1),
        alpha=alpha,
    )


def charter(*gates, candidate=None, traffic=None):
    return Charter(
        path="c.yml",
        sha256="c" * 64,
        pilot="p",
        owner="a@example.com",
        candidate=candidate or Candidate(kind=CandidateKind.ESTIMATOR, entrypoint="served:build"),
        baselines=(Baseline(name="classical", estimator="served:classical"), Baseline(name="other", estimator="no:such")),
        data={"validation": DataFile(path="v.npz", sha256="d" * 64)},
        gates=tuple(gate(g) for g in gates),
        rollback=Rollback(traffic="t", approver="a@example.com"),
        shots=Shots(schedule=(10, 50), seeds=(3, 4)),
        sections={"traffic": traffic or {"rate_rps": 5, "batch": {"max_size": 3, "max_wait_ms": 1}}},
    )


def test_only_gates_about_time_are_worth_a_measurement():
    assert service_jobs(charter("val_accuracy_gap_vs_classical", "monthly_cost_usd"), DATA) == ()
    assert [j.alone for j in service_jobs(charter("capacity_rps"), DATA)] == [True]


def test_candidate_and_baseline_take_turns_on_every_batch_size(tmp_path):
    (tmp_path / "served.py").write_text(CODE)
    (job,) = service_jobs(charter("latency_gap_p95_ms_vs_classical"), DATA)
    order = replace(job.order, value={**job.order.value, "rounds": 12})
    (answer,) = run([order], tmp_path, Limits(seconds=60))
    assert answer.error is None, answer.error
    found = service.times(answer, order)
    assert (found.sizes, found.rounds, set(found.seconds)) == ((1, 2, 3), 12, {"candidate", "baseline:classical"})
    for role, each in (("candidate", 0.002), ("baseline:classical", 0.001)):
        expected = 0.002 + each * np.array([1, 2, 3])
        fastest = found.seconds[role].min(axis=0)  # a busy machine only ever adds to a sleep
        assert (fastest >= expected).all()
        assert fastest == pytest.approx(expected, rel=0.5)
    assert found.calibration.shape == (100 + 12,)


def test_a_circuit_is_served_by_its_own_qnode_row_by_row(tmp_path):
    (tmp_path / "served.py").write_text(CODE)
    np.savez(tmp_path / "w.npz", weights=np.array([0.5]))
    candidate = Candidate(kind=CandidateKind.CIRCUIT, entrypoint="served:circuit", weights="w.npz", decision="sign")
    (job,) = service_jobs(charter("latency_p50_ms", candidate=candidate), DATA)
    order = replace(job.order, value={**job.order.value, "rounds": 30})
    (answer,) = run([order], tmp_path, Limits(seconds=60))
    assert answer.error is None, answer.error
    fastest = service.times(answer, order).seconds["candidate"].min(axis=0)
    assert 1.5 < fastest[2] / fastest[0] < 4.5  # three calls against one
    assert "at 50 shots, in the worker, not on a quantum processor" in service.facts(charter(candidate=candidate))["candidate"]


def test_time_runs_out_before_the_rounds_do(tmp_path):
    (tmp_path / "served.py").write_text(CODE)
    (job,) = service_jobs(charter("latency_p95_ms"), DATA)
    order = replace(job.order, value={**job.order.value, "seconds": 0.1})
    (answer,) = run([order], tmp_path, Limits(seconds=60))
    assert 1 <= service.times(answer, order).rounds < 30


@pytest.mark.parametrize(
    ("gates", "rounds"),
    [
        (["throughput_rps"], 100),
        (["latency_p95_ms"], 153),
        (["latency_p50_ms", "latency_gap_p99_ms_vs_classical"], 773),
    ],
)
def test_the_strictest_quantile_says_how_many_rounds(gates, rounds):
    assert service.rounds(charter(*gates)) == rounds


@pytest.mark.parametrize(("largest", "sizes"), [(1, (1,)), (2, (1, 2)), (8, (1, 2, 4, 8)), (24, (1, 2, 4, 8, 16, 24))])
def test_batch_sizes_are_powers_of_two_and_the_largest(largest, sizes):
    assert service.sizes(charter(traffic={"batch": {"max_size": largest}})) == sizes


def test_batches_too_large_to_time_are_refused():
    with pytest.raises(MeasurementError, match="up to 1,024"):
        service_jobs(charter("latency_p95_ms", traffic={"batch": {"max_size": 1025}}), DATA)


GOOD = {"seconds/candidate": np.full((5, 3), 0.01), "calibration": np.full(4, 0.01)}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"seconds/candidate": np.full((5, 2), 0.01)}, "another shape"),
        ({"seconds/candidate": np.full((0, 3), 0.01)}, "missing"),
        ({"seconds/candidate": np.full((5, 3), 1)}, "missing"),
        ({"seconds/candidate": np.full((5, 3), -0.01)}, "not all positive"),
        ({"seconds/candidate": np.full((5, 3), np.nan)}, "not all positive"),
        ({"calibration": np.full(4, 0.0)}, "not all positive"),
        ({"seconds/candidate": np.full((5, 3), 1.0)}, "claims 15 s of service times and ran for 1 s"),
    ],
)
def test_what_a_worker_claims_about_time_is_checked(arrays, message):
    order = service.order(charter("latency_p95_ms"), DATA)
    assert service.times(Answer(arrays=GOOD, seconds=1.0), order).rounds == 5
    with pytest.raises(MeasurementError, match=message):
        service.times(Answer(arrays=GOOD | arrays, seconds=1.0), order)


def trace(content, declared="a" * 64):
    return Opened(file=InputFile(role="trace", path="t.txt", declared_sha256=declared, sha256="a" * 64), content=content)


def test_a_trace_is_one_time_a_line():
    assert arrival_times(None) is None
    assert arrival_times(trace(b"0\n0.25\n1e1\n")).tolist() == [0.0, 0.25, 10.0]
    for broken, message in (
        (trace(b"zero\n"), "one arrival time"),
        (trace(None), "missing"),
        (trace(b"1", "b" * 64), "not what the charter locked"),
    ):
        with pytest.raises(MeasurementError, match=message):
            arrival_times(broken)


def test_a_kernel_is_served_by_a_state_for_each_row_and_its_model(tmp_path):
    (tmp_path / "served.py").write_text(CODE)
    train = Dataset(features=np.arange(12.0).reshape(6, 2), labels=np.arange(6) % 2)
    candidate = Candidate(kind=CandidateKind.KERNEL, entrypoint="served:feature_map")
    asked = charter("latency_p50_ms", candidate=candidate)
    (job,) = service_jobs(asked, DATA | {"train": train})
    order = replace(job.order, value={**job.order.value, "rounds": 10})
    pair = {**order.value["models"][0], "entrypoint": "served:kernel"}
    answer, alone, two = run(
        [
            order,
            replace(order, arrays={"serve.X": order.arrays["serve.X"]}),
            replace(order, value={**order.value, "models": [pair]}),
        ],
        tmp_path,
        Limits(seconds=60),
    )
    assert answer.error is None, answer.error
    assert service.times(answer, order).seconds["candidate"].shape == (10, 3)
    assert alone.error.startswith("MeasurementError: a kernel candidate is fitted on data.train")
    assert two.error.startswith("MeasurementError: served:kernel is a kernel of two samples, and not timed as such")
    assert service.facts(asked)["candidate"].startswith("one state for each row on lightning.qubit, its overlaps with")
