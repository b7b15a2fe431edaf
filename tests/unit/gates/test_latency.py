"""Latency, gap, throughput and capacity gates on service times of known distributions."""

from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import CandidateKind, Threshold
from qgate.domain.evidence import Failure, ServiceTimes
from qgate.domain.verdict import Decision
from qgate.gates import latency
from qgate.gates.registry import JUDGES
from qgate.queueing.latency import quantile_tables

QUIET = np.full(200, 0.001)
NOISY = np.where(np.arange(200) % 10 == 0, 0.004, 0.001)


def times(mean_ms, *, rounds=200, sizes=(1,), seed=0, tail=1.0):
    """Lognormal times around a mean that grows with the batch; `tail` stretches the slowest tenth."""
    drawn = np.random.default_rng(seed).lognormal(0, 0.1, (rounds, len(sizes)))
    slow = drawn > np.quantile(drawn, 0.9)
    return mean_ms / 1000 * (0.5 + 0.5 * np.array(sizes)) * np.where(slow, drawn * tail, drawn)


def judge(make, name, *, candidate, baseline=None, traffic=None, calibration=QUIET, bound=None, sizes=(1,), others=(), **extra):
    gate = make.gate(name=name, threshold=bound or Threshold(maximum=Decimal(50)), alpha=extra.pop("alpha", 0.05))
    seconds = {"candidate": candidate} | ({} if baseline is None else {"baseline:classical": baseline})
    service = ServiceTimes(sizes=sizes, seconds=seconds, calibration=calibration)
    charter = make.charter(gate, *others, sections={"traffic": traffic or {"rate_rps": 10}})
    evidence = make.evidence([0, 1], [0, 1], {(None, None): [0, 1]}, **({"service": service} | extra))
    return JUDGES[parse_metric(name).family](gate, parse_metric(name), charter, evidence)


def test_a_fast_service_passes_with_bounds_about_its_quantile(make):
    outcome = judge(make, "latency_p95_ms", candidate=times(20))
    assert outcome.decision is Decision.PASS
    lower, upper = outcome.interval
    assert 20 < lower < outcome.value < upper < 40
    assert outcome.why.startswith("p95 end to end is ")
    assert "at 10 requests/s; workers are busy 20% of the time; within the 50 ms allowed" in outcome.why
    assert outcome.claim_words == "For the estimator's predict, timed on this runner and simulated under the declared traffic."
    assert outcome.details["rounds"] == 200
    assert outcome.remedy.summary == "drop the entangler"


def test_the_same_evidence_gives_the_same_outcome(make):
    assert judge(make, "latency_p95_ms", candidate=times(20)) == judge(make, "latency_p95_ms", candidate=times(20))


def test_a_slow_one_fails_and_one_at_the_threshold_is_undecided(make):
    assert judge(make, "latency_p95_ms", candidate=times(60)).decision is Decision.FAIL
    median = judge(make, "latency_p95_ms", candidate=times(30)).value
    close = Threshold(maximum=Decimal(str(round(median, 2))))
    assert judge(make, "latency_p95_ms", candidate=times(30), bound=close).decision is Decision.INCONCLUSIVE


def test_the_declared_round_trips_and_the_processors_queue_count(make):
    traffic = {"rate_rps": 1, "regions": [{"name": "far", "rtt_ms": [30]}], "qpu": {"queue_ms": [200]}}
    outcome = judge(make, "latency_p50_ms", candidate=times(20), traffic=traffic)
    assert outcome.decision is Decision.FAIL
    assert outcome.value > 250
    assert "queue and region times are drawn as the charter declares them" in outcome.claim_words


def test_more_traffic_than_the_workers_bear_fails_whatever_the_threshold(make):
    outcome = judge(
        make, "latency_p95_ms", candidate=times(20), traffic={"rate_rps": 100}, bound=Threshold(maximum=Decimal(10**9))
    )
    assert outcome.decision is Decision.FAIL
    assert outcome.why.startswith("the queue grows without end: 100 requests/s arrive and the workers complete 4")


def test_workers_who_may_be_overloaded_pass_nothing(make):
    candidate = times(20)
    traffic = {"rate_rps": float(1 / candidate.mean())}
    outcome = judge(make, "latency_p95_ms", candidate=candidate, traffic=traffic, bound=Threshold(maximum=Decimal(10**9)))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "nothing bounds the queue" in outcome.why


def test_too_few_timings_are_undecided_and_say_how_many_it_takes(make):
    outcome = judge(make, "latency_p99_ms", candidate=times(20))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "a p99 at alpha 0.05 needs 299 timings of each batch size at least, and 200 were made" in outcome.why


def test_a_noisy_runner_fails_nothing_and_passes_what_holds_in_spite_of_it(make):
    failing = judge(make, "latency_p95_ms", candidate=times(60), calibration=NOISY)
    assert failing.decision is Decision.INCONCLUSIVE
    assert "the runner is too noisy: one fixed computation took 300% longer" in failing.why
    assert judge(make, "latency_p95_ms", candidate=times(20), calibration=NOISY).decision is Decision.PASS
    gap = judge(make, "latency_gap_p95_ms_vs_classical", candidate=times(20), baseline=times(20, seed=1), calibration=NOISY)
    assert gap.decision is Decision.INCONCLUSIVE


GAP = "latency_gap_p95_ms_vs_classical"


def test_a_tail_slowed_by_a_fifth_fails_the_gap_gate_and_an_equal_service_does_not(make):
    calm = {"rate_rps": 1}
    most = Threshold(maximum=Decimal("1.0"))  # a fifth of the p95 is about 5 ms
    slowed = judge(make, GAP, candidate=times(20, seed=1, tail=1.2), baseline=times(20, seed=2), bound=most, traffic=calm)
    assert slowed.decision is Decision.FAIL
    assert 3 < slowed.value < 8
    assert "a gap of" in slowed.why
    equal = judge(make, GAP, candidate=times(20, seed=1), baseline=times(20, seed=2), bound=most, traffic=calm)
    assert equal.decision in {Decision.PASS, Decision.INCONCLUSIVE}
    wide = judge(
        make, GAP, candidate=times(20, seed=1), baseline=times(20, seed=2), bound=Threshold(maximum=Decimal(5)), traffic=calm
    )
    assert wide.decision is Decision.PASS


@pytest.fixture
def short(monkeypatch):
    """Simulations of 400 requests in place of 20,000: many pairs are judged."""
    monkeypatch.setattr(latency, "quantile_tables", lambda *asked: quantile_tables(*asked, 400))


def decisions(make, pairs, *, most, tail=1.0):
    """What the gap gate says of seeded pairs of services that differ in their tails at most."""
    rng, calm = np.random.default_rng(9), {"rate_rps": 10}
    found = []
    for _ in range(pairs):
        ours, theirs = rng.lognormal(-4.6, 0.3, (2, 153, 1))
        slowed = np.where(ours > np.quantile(ours, 0.9), tail * ours, ours)
        bound = Threshold(maximum=Decimal(str(most)))
        found.append(judge(make, GAP, candidate=slowed, baseline=theirs, bound=bound, traffic=calm, alpha=0.2).decision)
    return found


@pytest.mark.usefixtures("short")
def test_equal_services_fail_no_more_often_than_alpha_even_at_a_gap_of_nothing(make):
    """60 seeded pairs at a threshold of 0 and alpha 0.2, which takes 24 replicates; its standard error is 5.2 points."""
    found = decisions(make, 60, most=0)
    assert found.count(Decision.FAIL) / len(found) <= 0.2 + 2 * 0.052
    assert found.count(Decision.PASS) / len(found) <= 0.2 + 2 * 0.052  # the mirror image: neither is better


@pytest.mark.usefixtures("short")
def test_a_tail_slowed_by_a_fifth_passes_no_more_often_than_alpha(make):
    """60 seeded pairs, at the half of the 3 ms that a fifth of the p95 is, and alpha 0.2: the standard error is 5.2 points."""
    found = decisions(make, 60, most=1.6, tail=1.2)
    assert found.count(Decision.PASS) / len(found) <= 0.2 + 2 * 0.052
    assert found.count(Decision.FAIL) > len(found) / 3  # 153 timings tell about half of them apart


def test_a_gap_needs_a_few_more_timings_than_a_quantile(make):
    outcome = judge(make, GAP, candidate=times(20, rounds=100), baseline=times(20, rounds=100, seed=1))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "needs 153 timings" in outcome.why


def test_nothing_is_compared_with_a_baseline_that_cannot_keep_up(make):
    outcome = judge(make, GAP, candidate=times(20), baseline=times(200, seed=1))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert "classical itself cannot bear 10 requests/s" in outcome.why


def test_throughput_is_that_of_full_batches(make):
    traffic = {"rate_rps": 10, "batch": {"max_size": 4, "max_wait_ms": 2}, "workers": 2}
    batches = times(20, sizes=(1, 2, 4))  # four take 50 ms: two workers complete 160 a second
    outcome = judge(
        make, "throughput_rps", candidate=batches, sizes=(1, 2, 4), traffic=traffic, bound=Threshold(minimum=Decimal(100))
    )
    assert outcome.decision is Decision.PASS
    assert outcome.value == pytest.approx(160, rel=0.03)
    outcome = judge(
        make, "throughput_rps", candidate=batches, sizes=(1, 2, 4), traffic=traffic, bound=Threshold(minimum=Decimal(200))
    )
    assert outcome.decision is Decision.FAIL


def decided(make, name, count, **extra):
    """The share of seeded services, each exactly on the threshold, that fails, and the share that passes."""
    found = [judge(make, name, candidate=times(20, seed=n), **extra).decision for n in range(count)]
    return found.count(Decision.FAIL) / count, found.count(Decision.PASS) / count


def test_a_service_on_its_throughputs_threshold_fails_no_more_often_than_alpha(make):
    """One request at a time: 1 / the mean of 20 ms x a lognormal of 0.1. Of 100 seeds, 5 % have a standard error of 2.2."""
    bound = Threshold(minimum=Decimal(str(round(50 * float(np.exp(-(0.1**2) / 2)), 3))))
    shares = decided(make, "throughput_rps", 100, bound=bound, traffic={"rate_rps": 1})
    assert max(shares) <= 0.05 + 2 * 0.022


@pytest.mark.usefixtures("short")
def test_a_service_on_its_latencys_threshold_fails_no_more_often_than_alpha(make):
    """Without a queue the p95 is 20 ms x exp(1.645 x 0.1). Of 40 seeds, the 20 % of this alpha have a standard error of 6.3."""
    bound = Threshold(maximum=Decimal(str(round(20 * float(np.exp(0.1 * 1.6448536)), 3))))
    shares = decided(make, "latency_p95_ms", 40, bound=bound, traffic={"rate_rps": 0.01}, alpha=0.2)
    assert max(shares) <= 0.2 + 2 * 0.063


def test_capacity_is_the_rate_at_which_latency_still_holds(make):
    limit = make.gate(name="latency_p95_ms", threshold=Threshold(maximum=Decimal(60)))
    outcome = judge(make, "capacity_rps", candidate=times(20), bound=Threshold(minimum=Decimal(15)), others=(limit,))
    assert outcome.decision is Decision.PASS
    assert 20 < outcome.value < 45  # the worker completes 50 a second
    assert outcome.why.startswith("p95 within 60 ms up to ")
    assert "at least the 15 demanded; today's 10 requests/s are " in outcome.why
    curve = outcome.details["curve"]
    assert curve["rps"] == sorted(curve["rps"])
    assert curve["ms"][0] < 60 < curve["ms"][-1]
    assert outcome.details["knee_rps"] < curve["rps"][-1]
    failing = judge(make, "capacity_rps", candidate=times(20), bound=Threshold(minimum=Decimal(49)), others=(limit,))
    assert failing.decision is Decision.FAIL


@pytest.mark.parametrize(
    ("name", "bound", "extra", "why"),
    [
        ("latency_p95_ms", Threshold(minimum=Decimal(1)), {}, "a latency is bounded from above"),
        ("throughput_rps", Threshold(maximum=Decimal(1)), {}, "a throughput is bounded from below"),
        ("capacity_rps", Threshold(maximum=Decimal(1)), {}, "a capacity is bounded from below"),
        ("capacity_rps", Threshold(minimum=Decimal(1)), {}, "no `latency_pNN_ms` gate"),
        ("latency_p100_ms", None, {}, "no measurement bounds"),
        (GAP, None, {}, "`baseline:classical` are missing"),
        ("latency_p95_ms", None, {"service": None}, "of the kind estimator"),
        ("latency_p95_ms", None, {"failures": (Failure(part="service", message="it died"),)}, "service: it died"),
        ("latency_p95_ms", None, {"traffic": {"rate_rps": 1, "arrivals": "trace"}}, "need `traffic.trace`"),
    ],
)
def test_what_cannot_be_judged_is_an_error(make, name, bound, extra, why):
    outcome = judge(make, name, candidate=times(20), bound=bound, **extra)
    assert outcome.decision is Decision.ERROR
    assert why in outcome.why


def test_a_candidate_of_a_kind_that_is_not_served_says_so(make):
    gate = make.gate(name="latency_p95_ms")
    charter = make.charter(gate, kind=CandidateKind.QUBO, sections={"traffic": {"rate_rps": 1}})
    outcome = JUDGES[parse_metric(gate.name).family](
        gate, parse_metric(gate.name), charter, make.evidence([0], [0], {(None, None): [0]})
    )
    assert (outcome.decision, "estimator, circuit and kernel candidates are served" in outcome.why) == (Decision.ERROR, True)
