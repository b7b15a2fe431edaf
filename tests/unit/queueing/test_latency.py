"""Latency, throughput and capacity from measured times: closed forms where there are any, and common random numbers."""

import math

import numpy as np
import pytest

from qgate.queueing.latency import LOADS, Service, _by_size, at, quantile_tables, saturations, sweep
from qgate.queueing.traffic import read_traffic
from qgate.statistics.quantiles import Latencies, quantile_bounds
from qgate.statistics.replicates import replicate_bounds


def service(times, sizes=(1,), **extra):
    return Service(sizes=sizes, times=np.asarray(times, dtype=np.float64).reshape(-1, len(sizes)).tobytes(), **extra)


def fixed(*seconds, sizes=(1,), **extra):
    return service([seconds] * 20, sizes, **extra)


def traffic(rate=1.0, **extra):
    return read_traffic({"rate_rps": rate, **extra})


def test_a_lone_request_takes_its_service_its_round_trip_and_what_the_processor_takes():
    slow = traffic(0.001, regions=[{"name": "a", "rtt_ms": [20]}], qpu={"queue_ms": [200], "network_ms": [10]})
    local = quantile_tables(fixed(0.05), slow, 0.001, 1, 200)
    remote = quantile_tables(fixed(0.05, remote=True), slow, 0.001, 1, 200)
    assert at(local, 0.5) == pytest.approx(0.07)
    assert at(remote, 0.5) == pytest.approx(0.28)


def test_regions_are_drawn_evenly():
    far = traffic(0.001, regions=[{"name": "a", "rtt_ms": [0]}, {"name": "b", "rtt_ms": [1000]}])
    table = quantile_tables(fixed(0.05), far, 0.001, 1, 4_000)
    assert at(table, 0.45) == pytest.approx(0.05)
    assert at(table, 0.55) == pytest.approx(1.05)


def test_a_batch_size_between_two_measured_ones_lies_on_the_line_through_equal_ranks():
    measured = service([[4.0, 6.0], [1.0, 9.0]], (1, 3))
    assert _by_size(measured, measured.seconds).tolist() == [[1.0, 4.0], [3.5, 6.5], [6.0, 9.0]]


def test_mm1_lies_between_the_bounds():
    times = np.random.default_rng(4).exponential(1.0, 2_000)
    bounds = replicate_bounds(at(quantile_tables(service(times), traffic(0.5), 0.5, 49), 0.95), 0.05)
    true = math.log(20) / 0.5
    assert bounds.lower < true < bounds.upper
    assert bounds.upper - bounds.lower < 0.5 * true


def test_without_load_the_bounds_are_about_those_of_the_order_statistics():
    """The replicates must be as wide as the exact interval: a few hundred requests say little about a p95."""
    times = np.random.default_rng(5).lognormal(0, 0.5, 300)
    found = replicate_bounds(at(quantile_tables(service(times), traffic(1e-6), 1e-6, 99), 0.95), 0.05)
    lower, upper = quantile_bounds(Latencies(values=times), 0.95, 0.05)
    assert found.lower == pytest.approx(lower, rel=0.05)
    assert found.upper == pytest.approx(upper, rel=0.08)


def test_the_same_service_differs_from_itself_by_nothing():
    times = np.random.default_rng(6).lognormal(0, 0.5, 100)
    one = quantile_tables(service(times), traffic(0.6), 0.6, 5, 2_000)
    two = quantile_tables(service(times.copy()), traffic(0.6), 0.6, 5, 2_000)
    np.testing.assert_array_equal(one, two)


def test_throughput_is_that_of_full_batches():
    four = traffic(batch={"max_size": 4, "max_wait_ms": 1}, workers=3, qpu={"queue_ms": [500]})
    times = fixed(1.0, 1.5, sizes=(1, 4))
    assert saturations(times, four, 3) == pytest.approx(3 * 4 / 1.5)
    assert saturations(fixed(1.0, 1.5, sizes=(1, 4), remote=True), four, 3) == pytest.approx(3 * 4 / 2.0)


def test_the_capacity_of_mm1_is_the_rate_at_which_its_quantile_meets_the_limit():
    """p95 = ln 20 / (1 - rate) is 10 at 0.7004; the measured sample of 4,000 and 5,000 requests a rate blur it."""
    times = np.random.default_rng(8).exponential(1.0, 4_000)
    found = sweep(service(times), traffic(), {0.95: 10.0, 0.5: 1e9}, 25)
    assert np.median(found.capacities) == pytest.approx(1 - math.log(20) / 10, rel=0.05)
    assert found.quantiles.shape == (25, len(LOADS), 2)
    assert np.median(found.quantiles[:, 3, 0]) == pytest.approx(math.log(20) / 0.5, rel=0.1)


def test_a_limit_below_the_service_time_leaves_no_capacity_and_a_wide_one_all():
    times = fixed(1.0)
    assert sweep(times, traffic(), {0.95: 0.9}, 3).capacities.tolist() == [0.0] * 3
    assert sweep(times, traffic(), {0.95: 1e6}, 3).capacities == pytest.approx(LOADS[-1])
