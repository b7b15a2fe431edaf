"""What a load on a service decides, what it leaves to the simulation, and what makes it void."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import CandidateKind, Threshold
from qgate.domain.evidence import LoadedRun, ServiceTimes
from qgate.domain.verdict import Decision
from qgate.gates.registry import JUDGES

GAP = "latency_gap_p95_ms_vs_classical"
QUIET = np.full(200, 0.001)


def run(mean_ms, *, seed, n=5_000, tail=1.0, lag=0.0):
    """A service of lognormal times that are drawn once for each request; `tail` stretches the slowest tenth."""
    drawn = np.random.default_rng(seed).lognormal(0, 0.2, n)
    slow = drawn > np.quantile(drawn, 0.9)
    return LoadedRun(latency=mean_ms / 1000 * np.where(slow, drawn * tail, drawn), lag=np.full(n, lag))


def judged(make, name="latency_p95_ms", *, most=50, runs=None, **other):
    """A gate's outcome for a candidate whose batches take 20 ms alone, at 10 requests a second."""
    alone = np.full((200, 1), 0.020) * np.random.default_rng(1).lognormal(0, 0.05, (200, 1))
    service = ServiceTimes(
        sizes=(1,),
        seconds={"candidate": alone, "baseline:classical": alone},
        calibration=other.get("calibration", QUIET),
        loaded={"candidate": run(30, seed=2)} if runs is None else runs,
        echo=other.get("echo", np.full(300, 0.0002)),
    )
    gate = make.gate(name=name, threshold=Threshold(maximum=Decimal(str(most))))
    sections = {"service": {"command": "bin/serve"}, "traffic": {"rate_rps": 10, **other.get("traffic", {})}}
    charter = make.charter(gate, kind=CandidateKind.COMMAND, sections=sections)
    evidence = replace(make.evidence([0, 1], [0, 1], {(None, None): [0, 1]}), service=service)
    return JUDGES[parse_metric(name).family](gate, parse_metric(name), charter, evidence)


def test_the_run_decides_and_the_simulation_stands_beside_it(make):
    outcome = judged(make)
    lower, upper = outcome.interval
    assert outcome.decision is Decision.PASS
    assert 40 < lower < outcome.value < upper < 45  # 30 ms x exp(1.645 x 0.2) = 41.7 ms; alone a batch takes 20
    assert (
        "in 5,000 requests over HTTP at 10 requests/s; workers are busy 20% of the time; within the 50 ms allowed" in outcome.why
    )
    assert outcome.claim_words.startswith(
        "For the service `bin/serve` over HTTP on loopback, under the declared traffic on this runner."
    )
    assert outcome.details["requests"] == 5_000
    assert 30 < outcome.details["simulated_ms"] < 40
    assert outcome.details["method"].startswith("open-loop run over HTTP")
    assert judged(make, most=35).decision is Decision.FAIL
    assert judged(make, most=round(outcome.value, 1)).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("runs", "traffic"),
    [
        ({}, {}),
        ({"candidate": run(30, seed=2, n=4_980)}, {}),
        ({"candidate": run(30, seed=2)}, {"rate_rps": 30}),  # 60 % of the time: 30,000 are needed
        ({"candidate": run(30, seed=2, n=30_000)}, {"rate_rps": 42}),  # 84 %: none suffice
        ({"candidate": run(30, seed=2)}, {"qpu": {"queue_ms": [1]}}),
    ],
    ids=["none", "few", "busy", "busier", "declared"],
)
def test_where_no_run_can_be_trusted_the_simulated_queue_decides(make, runs, traffic):
    outcome = judged(make, runs=runs, traffic=traffic, most=1_000)
    assert outcome.decision is Decision.PASS
    assert outcome.details["method"].startswith("simulated queue")
    assert "over HTTP at" not in outcome.why


def test_the_declared_round_trips_are_added_to_what_the_run_took(make):
    far = judged(make, traffic={"regions": [{"name": "far", "rtt_ms": [100]}]})
    assert far.value == pytest.approx(judged(make).value + 100)
    assert far.decision is Decision.FAIL


@pytest.mark.parametrize("most", [50, 35])
def test_a_load_that_was_not_the_declared_one_decides_nothing(make, most):
    """5 % of the threshold: 2.5 and 1.75 ms."""
    late = judged(make, most=most, runs={"candidate": run(30, seed=2, lag=0.003)})
    assert late.decision is Decision.INCONCLUSIVE
    assert "undecided: requests left 3 ms late at the p99, and" in late.why
    slow = judged(make, most=most, echo=np.where(np.arange(300) % 50 == 0, 0.004, 0.0002))
    assert slow.decision is Decision.INCONCLUSIVE
    assert "undecided: echoes, which cost nothing, took 4 ms at the p99 and 0.2 ms at the median" in slow.why


def test_a_noisy_runner_fails_nothing_and_passes_what_holds_in_spite_of_it(make):
    noisy = np.where(np.arange(200) % 10 == 0, 0.004, 0.001)
    assert judged(make, calibration=noisy).decision is Decision.PASS
    failing = judged(make, most=35, calibration=noisy)
    assert (failing.decision, "the runner is too noisy" in failing.why) == (Decision.INCONCLUSIVE, True)


def test_a_gap_is_the_difference_of_two_runs_at_half_of_alpha_each(make):
    equal = {"candidate": run(30, seed=2), "baseline:classical": run(30, seed=3)}
    outcome = judged(make, GAP, runs=equal, most=5)
    lower, upper = outcome.interval
    assert outcome.decision is Decision.PASS
    assert lower < 0 < upper < 3
    assert "in 5,000 and 5,000 requests over HTTP at 10 requests/s, a gap of" in outcome.why
    late = {**equal, "baseline:classical": run(30, seed=3, lag=0.003)}
    assert judged(make, GAP, runs=late, most=5).decision is Decision.INCONCLUSIVE


def test_equal_services_fail_no_more_often_than_alpha(make):
    """100 seeded pairs at a gap of nothing; the standard error of 5 % is 2.2 points, two of them are allowed."""
    outcomes = [
        judged(make, GAP, most=0, runs={"candidate": run(30, seed=2 * n), "baseline:classical": run(30, seed=2 * n + 1)})
        for n in range(100)
    ]
    failed = sum(o.decision is Decision.FAIL for o in outcomes)
    assert failed / len(outcomes) <= 0.05 + 2 * 0.022


def test_a_tail_slowed_by_a_fifth_fails(make):
    """30 of 30 seeded pairs, at a quarter of the 8 ms that a fifth of the p95 is: the power is above 90 % (rule of three)."""
    outcomes = [
        judged(
            make,
            GAP,
            most=2,
            runs={"candidate": run(30, seed=2 * n, tail=1.2), "baseline:classical": run(30, seed=2 * n + 1)},
        )
        for n in range(30)
    ]
    assert {o.decision for o in outcomes} == {Decision.FAIL}
