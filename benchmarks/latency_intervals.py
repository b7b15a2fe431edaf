"""How often the bounds of latency gates miss: writes benchmarks/latency_intervals.md. Seeded; takes a few minutes.

Run it as `python benchmarks/latency_intervals.py`.
"""

from pathlib import Path

import numpy as np
from scipy import stats

from qgate.queueing.latency import Service, at, quantile_tables
from qgate.queueing.traffic import read_traffic
from qgate.statistics.quantiles import Latencies, quantile_bounds
from qgate.statistics.replicates import replicate_bounds

SERVICE = {
    "normal": (lambda rng, shape: rng.normal(10, 1, shape), lambda q: stats.norm.ppf(q, 10, 1)),
    "lognormal": (lambda rng, shape: rng.lognormal(0, 0.5, shape), lambda q: stats.lognorm.ppf(q, 0.5)),
    "bimodal": (
        lambda rng, shape: np.where(rng.random(shape) < 0.9, rng.uniform(1, 2, shape), rng.uniform(8, 9, shape)),
        lambda q: 1 + q / 0.9 if q <= 0.9 else 8 + (q - 0.9) / 0.1,
    ),
    "heavy-tailed (Pareto 1.5)": (lambda rng, shape: 1 + rng.pareto(1.5, shape), lambda q: (1 - q) ** (-1 / 1.5)),
}
SAMPLES, PAIRS = 10_000, 200


def coverage() -> list[str]:
    """Percent of samples whose upper and lower bound at alpha 0.05 keep the true quantile."""
    lines = ["| service | quantile | requests | upper bound holds | lower bound holds |", "|---|---|---|---|---|"]
    for name, (draw, quantile) in SERVICE.items():
        for q, n in ((0.5, 30), (0.95, 59), (0.95, 153), (0.95, 500), (0.99, 299), (0.99, 1000)):
            rng, upper, lower = np.random.default_rng(n), 0, 0
            for sample in draw(rng, (SAMPLES, n)):
                low, high = quantile_bounds(Latencies(values=sample), q, 0.05)
                upper += high is None or high >= quantile(q)
                lower += low is None or low <= quantile(q)
            lines.append(f"| {name} | p{100 * q:g} | {n:,} | {100 * upper / SAMPLES:.1f} % | {100 * lower / SAMPLES:.1f} % |")
    return lines


def equal_pairs() -> list[str]:
    """Percent of pairs of equal services that a gap gate with a threshold of 0 would fail, with the rounds it asks for."""
    lines = ["| service | rounds | failed |", "|---|---|---|"]
    traffic = read_traffic({"rate_rps": 0.01})
    for name, (draw, _) in SERVICE.items():
        rng, failed = np.random.default_rng(153), 0
        for _ in range(PAIRS):
            pair = [Service(sizes=(1,), times=draw(rng, 153).tobytes()) for _ in range(2)]
            ours, theirs = (at(quantile_tables(service, traffic, 0.01, 99, 1_000), 0.95) for service in pair)
            failed += replicate_bounds(ours - theirs, 0.05).lower > 0
        lines.append(f"| {name} | 153 | {100 * failed / PAIRS:.1f} % |")
    return lines


if __name__ == "__main__":
    text = [
        "# How often the bounds of latency gates miss",
        "",
        "Made by `benchmarks/latency_intervals.py`.",
        "",
        f"Order statistics at alpha 0.05, {SAMPLES:,} samples each (standard error 0.2 points):",
        "",
        *coverage(),
        "",
        f"Simulated gaps of the p95 at alpha 0.05, {PAIRS} pairs of equal services each (standard error 1.5 points):",
        "",
        *equal_pairs(),
        "",
    ]
    Path(__file__).with_suffix(".md").write_text("\n".join(text), encoding="utf-8")
