"""Quantile bounds: exact sizes, coverage whatever the distribution, and no independent interval for requests under load."""

import numpy as np
import pytest
from scipy import stats

from qgate.domain.verdict import Decision
from qgate.statistics.quantiles import Latencies, batch_bounds, batch_means, quantile_bounds, requests_needed

# Each distribution with its exact quantile function.
SERVICE = {
    "normal": (lambda rng, shape: rng.normal(10, 1, shape), lambda q: stats.norm.ppf(q, 10, 1)),
    "lognormal": (lambda rng, shape: rng.lognormal(0, 0.5, shape), lambda q: stats.lognorm.ppf(q, 0.5)),
    "bimodal": (
        lambda rng, shape: np.where(rng.random(shape) < 0.9, rng.uniform(1, 2, shape), rng.uniform(8, 9, shape)),
        lambda q: 1 + q / 0.9 if q <= 0.9 else 8 + (q - 0.9) / 0.1,
    ),
    "heavy-tailed": (lambda rng, shape: rng.pareto(1.5, shape), lambda q: (1 - q) ** (-1 / 1.5) - 1),
}
RUNS = 2_000


@pytest.mark.parametrize(
    ("q", "needed"), [(0.95, [59, 93, 124, 153]), (0.99, [299, 473, 628, 773]), (0.999, [2995, 4742])], ids=str
)
def test_the_fewest_requests_are_the_exact_ones(q, needed):
    assert [requests_needed(q, 0.05, k) for k in range(len(needed))] == needed


@pytest.mark.parametrize(("q", "n"), [(0.5, 30), (0.95, 59), (0.95, 500), (0.99, 299), (0.99, 1000)])
@pytest.mark.parametrize("name", SERVICE)
def test_each_bound_misses_the_true_quantile_at_most_as_often_as_allowed(name, q, n):
    """Of 2,000 samples; the standard error of a 5 % miss rate is 0.49 points, three of them are allowed."""
    draw, quantile = SERVICE[name]
    samples = draw(np.random.default_rng(n), (RUNS, n))
    bounds = [quantile_bounds(Latencies(values=s), q, 0.05) for s in samples]
    missed_above = np.mean([upper is not None and upper < quantile(q) for _, upper in bounds])
    missed_below = np.mean([lower is not None and lower > quantile(q) for lower, _ in bounds])
    assert max(missed_above, missed_below) <= 0.05 + 3 * 0.0049
    assert all(upper is not None for _, upper in bounds)  # enough requests: a bound there is


def test_below_the_fewest_requests_there_is_no_upper_bound():
    values = np.arange(58.0)
    assert quantile_bounds(Latencies(values=values), 0.95, 0.05)[1] is None
    assert quantile_bounds(Latencies(values=np.arange(59.0)), 0.95, 0.05)[1] == 58.0


def test_requests_under_load_are_refused_the_interval_for_independent_ones():
    with pytest.raises(ValueError, match="under load are not independent"):
        quantile_bounds(Latencies(values=np.arange(500.0), utilisation=0.3), 0.95, 0.05)


def sojourns(rng, utilisation, count):
    """Consecutive times in an M/M/1 queue of unit service, from its steady state: Lindley's recursion."""
    steps = np.concatenate([[0.0], rng.exponential(1, count - 1) - rng.exponential(1 / utilisation, count - 1)])
    first = rng.exponential(1 / (1 - utilisation)) if rng.random() < utilisation else 0.0
    walk = first + np.cumsum(steps)
    return walk - np.minimum(np.minimum.accumulate(walk), 0.0) + rng.exponential(1, count)


@pytest.mark.parametrize(("utilisation", "n", "most"), [(0.5, 5_000, 0.10), (0.8, 30_000, 0.11)])
def test_batch_means_keep_their_errors_on_a_queue(utilisation, n, most):
    """At the true p95, 1,000 runs: the standard error is below one point, two of them are allowed."""
    rng, threshold = np.random.default_rng(7), np.log(20) / (1 - utilisation)
    runs = [Latencies(values=sojourns(rng, utilisation, n), utilisation=utilisation) for _ in range(1_000)]
    found = [batch_means(run, threshold, 0.95, 0.05) for run in runs]
    bounds = [batch_bounds(run, 0.95, 0.05) for run in runs[:100]]
    assert [b.upper < threshold for b in bounds] == [f is Decision.PASS for f in found[:100]]
    assert found.count(Decision.PASS) / len(found) <= most + 0.02
    assert found.count(Decision.FAIL) / len(found) <= most + 0.02
    naive = np.mean([quantile_bounds(Latencies(values=run.values), 0.95, 0.05)[1] < threshold for run in runs[:300]])
    assert naive > 0.2  # the control: the interval for independent requests would pass that often


@pytest.mark.parametrize(("utilisation", "n"), [(0.5, 4_999), (0.8, 29_999), (0.81, 1_000_000)])
def test_too_few_requests_or_too_much_load_decide_nothing(utilisation, n):
    assert batch_means(Latencies(values=np.zeros(n), utilisation=utilisation), 1.0, 0.95, 0.05) is Decision.INCONCLUSIVE


def test_batch_means_decide_what_is_clear():
    rng = np.random.default_rng(3)
    run = Latencies(values=sojourns(rng, 0.5, 6_001), utilisation=0.5)
    assert batch_means(run, 20.0, 0.95, 0.05) is Decision.PASS
    assert batch_means(run, 2.0, 0.95, 0.05) is Decision.FAIL


def test_the_bounds_under_load_are_where_the_decision_turns():
    run = Latencies(values=sojourns(np.random.default_rng(3), 0.5, 6_000), utilisation=0.5)
    bounds = batch_bounds(run, 0.95, 0.05)
    assert bounds.lower < bounds.estimate < bounds.upper
    assert [batch_means(run, at, 0.95, 0.05) for at in (bounds.lower - 1e-9, bounds.estimate, bounds.upper)] == [
        Decision.FAIL,
        Decision.INCONCLUSIVE,
        Decision.PASS,
    ]
    independent = quantile_bounds(Latencies(values=run.values), 0.999, 0.05)
    rare = batch_bounds(run, 0.999, 0.05)  # six exceed it, in six of twenty batches
    assert (rare.lower <= independent[0], rare.upper >= independent[1]) == (True, True)


def test_what_no_run_can_bound_has_no_bounds():
    run = Latencies(values=sojourns(np.random.default_rng(3), 0.5, 4_000), utilisation=0.5)
    assert batch_bounds(run, 0.95, 0.05) is None
    long = Latencies(values=sojourns(np.random.default_rng(3), 0.5, 6_000), utilisation=0.5)
    assert batch_bounds(long, 0.9999, 0.05) is None
