"""What a latency gate's name says about its quantile."""

import pytest

from qgate.charter.metrics import quantile_of


@pytest.mark.parametrize(
    ("name", "quantile"),
    [
        ("latency_p50_ms", 0.5),
        ("latency_p5_ms", 0.05),
        ("latency_p95_ms", 0.95),
        ("latency_p99_9_ms", 0.999),
        ("latency_p999_ms", 0.999),
        ("latency_gap_p99_ms_vs_classical", 0.99),
        ("latency_p100_ms", 1.0),
        ("latency_p0_ms", 0.0),
        ("throughput_rps", None),
        ("val_accuracy_gap_vs_classical", None),
    ],
)
def test_a_latency_gate_names_its_quantile(name, quantile):
    assert quantile_of(name) == quantile
