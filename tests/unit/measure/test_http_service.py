"""Services over HTTP for real: started, asked in turns, put under load and ended; and which claims about time are refused."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Gate,
    Remediation,
    Rollback,
    Shots,
    Threshold,
)
from qgate.domain.limits import Limits
from qgate.domain.source import Position
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure.service import service_jobs, with_arrivals
from qgate.statistics.quantiles import BATCHES, ENOUGH_UNDER_LOAD
from qgate.worker.launch import run
from qgate.worker.sandbox import open_to_workers
from qgate.workloads import http_service
from qgate.workloads.dataset import Dataset

# Two requests are served at the same time; whoever comes meanwhile waits. A stall stops everything for 0.3 s.
SERVE = """
import json, os, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

room, count, lock = threading.Semaphore(2), 0, threading.Lock()
told = {name: os.environ.get(name) for name in ("QGATE_ROLE", "QGATE_OPTIONS", "QGATE_SHOTS", "QGATE_SEED")}
said = json.loads(told["QGATE_OPTIONS"])
assert open(os.environ["QGATE_TRAIN"]).readline().strip() == "x0,x1,y"
assert told["QGATE_ROLE"] != "candidate" or (told["QGATE_SHOTS"], told["QGATE_SEED"]) == ("50", "3"), told
ready = time.monotonic() + 0.3

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        self.answer(200 if time.monotonic() > ready else 503, {})
    def do_POST(self):
        global count
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        with lock:
            count += 1
            time.sleep(0.3 if count == said.get("stall") else 0)
        with room:
            time.sleep(said["seconds"])
        self.answer(said.get("status", 200), {"predictions": [said.get("prediction", 0.5)] * len(rows)})
    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
DATA = {
    "train": Dataset(features=np.arange(8.0).reshape(4, 2), labels=np.arange(4) % 2),
    "validation": Dataset(features=np.arange(20.0).reshape(10, 2), labels=np.arange(10) % 2),
}


def gate(name):
    return Gate(
        name=name,
        threshold=Threshold(maximum=Decimal(100)),
        owner="a@example.com",
        remediation=Remediation(summary="halve the batch"),
        position=Position(path="c.yml", line=1, column=1),
    )


def charter(**options):
    return Charter(
        path="c.yml",
        sha256="0" * 64,
        pilot="served",
        owner="a@example.com",
        candidate=Candidate(kind=CandidateKind.COMMAND, entrypoint="bin/predict", options=options),
        baselines=(Baseline(name="classical", estimator="m:build", options={"seconds": 0.002}),),
        data={},
        gates=(gate("latency_gap_p95_ms_vs_classical"),),
        rollback=Rollback(traffic="t", approver="b@example.com"),
        shots=Shots(schedule=(50,), seeds=(3,)),
        sections={
            "traffic": {"rate_rps": 100, "batch": {"max_size": 2, "max_wait_ms": 0}, "workers": 4},
            "service": {"command": "bin/serve.py", "baselines": {"classical": "bin/serve.py"}},
        },
    )


def asked(charter, *, rounds=20, enough=((0.5, 80), (0.8, 160))):
    """The job with shorter rounds and loads."""
    [job] = service_jobs(charter, DATA)
    job = with_arrivals(job, charter, None)
    load = {**job.order.value["load"], "enough": [list(pair) for pair in enough]}
    return replace(job.order, value={**job.order.value, "rounds": rounds, "load": load})


@pytest.fixture(scope="module")
def tree():
    with TemporaryDirectory(prefix="qgate-test-") as scratch:
        tree = Path(scratch)
        (tree / "bin").mkdir()
        (tree / "bin/serve.py").write_text(SERVE)
        for directory in (tree, tree / "bin"):
            open_to_workers(directory)
        yield tree


@pytest.fixture(scope="module")
def served(tree):
    order = asked(charter(seconds=0.004))
    [answer] = run([order], tree, Limits(seconds=58))
    return order, answer


def test_services_take_turns_on_every_batch_size_and_under_load(served):
    order, answer = served
    assert answer.error is None, answer.error
    times = http_service.times(answer, order)
    assert times.sizes == (1, 2)
    assert {role: t.shape for role, t in times.seconds.items()} == {"candidate": (20, 2), "baseline:classical": (20, 2)}
    assert times.seconds["candidate"].min() >= 0.004
    assert 0.002 <= times.seconds["baseline:classical"].min() < times.seconds["candidate"].min()
    assert {role: (len(r.latency), len(r.lag)) for role, r in times.loaded.items()} == {
        "candidate": (80, 80),
        "baseline:classical": (80, 80),
    }
    assert times.loaded["candidate"].latency.min() >= 0.004
    assert (times.loaded["candidate"].lag >= 0).all()
    assert len(times.echo) > 200
    assert np.median(times.echo) < np.median(times.loaded["candidate"].latency)


@pytest.mark.usefixtures("served")
def test_nothing_of_a_service_is_left(tree):
    lines = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines.append((process / "cmdline").read_bytes())
    assert [line for line in lines if b"bin/serve.py" in line and str(tree).encode() in line] == []


def test_a_stall_is_not_hidden_from_the_requests_behind_it(tree):
    """One request in 80 stalls everything for 0.3 s; at 100 a second some thirty are due meanwhile, and wait."""
    stalled = replace(charter(seconds=0.004, stall=60), gates=(gate("latency_p95_ms"),))
    order = asked(stalled, rounds=5)
    [answer] = run([order], tree, Limits(seconds=58))
    assert answer.error is None, answer.error
    latency = http_service.times(answer, order).loaded["candidate"].latency
    assert latency.max() >= 0.3
    assert (latency > 0.1).sum() >= 8  # a loop that waits for each answer before it sends the next would see one


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seconds": 0.0, "status": 500}, "MeasurementError: the service answered 'HTTP/1.1 500 Internal Server Error': {\"pred"),
        (
            {"seconds": 0.0, "prediction": None},
            'MeasurementError: `POST /predict` must answer {"predictions": […]}, one for each of 1 rows',
        ),
        ({}, "MeasurementError: the service closed a connection that is to be kept alive (IncompleteReadError)"),
    ],
)
def test_a_wrong_answer_is_an_error_in_words(tree, options, said):
    [answer] = run([asked(charter(**options), rounds=1)], tree, Limits(seconds=58))
    assert answer.error.startswith(said), answer.error


def test_a_service_that_is_not_there_is_named(tree):
    away = replace(charter(seconds=0), sections={**charter().sections, "service": {"command": "bin/away"}})
    [answer] = run([asked(replace(away, gates=(gate("latency_p95_ms"),)))], tree, Limits(seconds=58))
    assert answer.error.startswith("MeasurementError: bin/away is not in the repository")


def test_no_load_is_put_on_what_no_run_could_decide(tree):
    """At 99 % of two workers' time; and where 80 requests do not fit into the time."""
    busy = replace(charter(seconds=0.0195), gates=(gate("latency_p95_ms"),))
    sections = {**busy.sections, "traffic": {"rate_rps": 100, "workers": 2}}
    slow = {**busy.sections, "traffic": {"rate_rps": 0.1, "workers": 2}}
    orders = [asked(replace(busy, sections=s), rounds=3) for s in (sections, slow)]
    for answer, order in zip(run(orders, tree, Limits(seconds=58)), orders, strict=True):
        assert http_service.times(answer, order).loaded == {}


def claimed(order, **arrays):
    """An answer whose services took no time worth speaking of."""
    rounds = {f"seconds/{role}": np.full((3, 2), 0.001) for role in ("candidate", "baseline:classical")}
    whole = rounds | {"calibration": np.full(9, 0.001), "echo": np.full(9, 0.001)} | arrays
    return http_service.times(Answer(arrays=whole, seconds=2.0), order)


def test_claims_about_load_are_checked():
    order, ones = asked(charter(seconds=0.004)), np.full(80, 0.01)
    assert claimed(order, **{"latency/candidate": ones, "lag/candidate": ones * 0}).loaded["candidate"].latency.sum() > 0
    for wrong, why in (
        ({"latency/candidate": ones[:79], "lag/candidate": ones[:79]}, "another number of requests"),
        ({"latency/candidate": ones}, "another number of requests"),
        ({"latency/candidate": ones, "lag/candidate": -ones}, "are no times"),
        ({"latency/candidate": ones * np.nan, "lag/candidate": ones}, "not all positive"),
        ({"echo": np.zeros(0)}, "the echo"),
    ):
        with pytest.raises(MeasurementError, match=why):
            claimed(order, **wrong)
    long = replace(order, value={**order.value, "load": {**order.value["load"], "rate": 10.0}})
    with pytest.raises(MeasurementError, match=r"claims to have served for 4.01 s and ran for 2 s"):
        claimed(long, **{"latency/candidate": ones, "lag/candidate": ones})


@pytest.mark.parametrize(("_", "requests"), ENOUGH_UNDER_LOAD)
def test_as_many_requests_are_taken_as_batch_means_ask_for(_, requests):
    [job] = service_jobs(charter(seconds=0.004), DATA)
    fast = replace(job.order, value={**job.order.value, "load": {**job.order.value["load"], "rate": 100_000.0}})
    ones = np.full(requests, 0.01)
    assert len(claimed(fast, **{"latency/candidate": ones, "lag/candidate": ones}).loaded["candidate"].latency) == requests
    assert (requests % BATCHES, BATCHES % http_service.BLOCKS) == (0, 0)  # a batch lies within one block


def test_recorded_arrivals_are_sent_as_they_were():
    recorded = replace(charter(), sections={**charter().sections, "traffic": {"rate_rps": 2, "arrivals": "trace"}})
    [job] = service_jobs(recorded, DATA)
    due = with_arrivals(job, recorded, np.array([0.0, 0.1, 0.2, 1.5])).order.arrays["load.due"]
    assert sorted(set(np.round(np.diff(due), 6))) == [0.1, 1.3]
    with pytest.raises(MeasurementError, match=r"pilot\.traffic: arrivals from a trace need `traffic\.trace`"):
        with_arrivals(job, recorded, None)


def test_a_gap_without_a_service_of_its_baseline_is_an_error():
    alone = replace(charter(), sections={**charter().sections, "service": {"command": "bin/serve.py"}})
    with pytest.raises(MeasurementError, match=r"needs its service: `service\.baselines\.classical`"):
        service_jobs(alone, DATA)
