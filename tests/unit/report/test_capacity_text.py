"""The capacity curve as text: bars about the limit, with today, the capacity and the cap where they belong."""

from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.capacity_text import capacity_lines

CURVE = {"rps": [5.0, 20.0, 40.0], "lower_ms": [20.0, 30.0, 300.0], "ms": [15.0, 45.0, 900.0], "upper_ms": [24.0, 40.0, 9e9]}


def gate(value=25.0, **details):
    shown = {"curve": CURVE, "limit_ms": 60.0, "quantile": 0.95, "today_rps": 10.0, "knee_rps": 22.0, "cap_rps": 30.0} | details
    return GateOutcome(name="capacity_rps", decision=Decision.PASS, why="", owner="", value=value, details=shown)


def test_every_rate_has_its_bar_and_what_matters_stands_between_them():
    assert capacity_lines(gate()) == (
        "p95 latency by requests per second; the upright line is the limit of 60 ms",
        "        5 #####               |                      15 ms",
        "       10 -- today's traffic",
        "       20 ############### " + "    |                      45 ms",
        "       22 -- knee: latency is twice that of an idle service",
        "       25 -- capacity: 2.5 times today's traffic",
        "       30 -- above it, all month long, the monthly cap breaks",
        "       40 ####################|####################> 900 ms",
    )


def test_without_capacity_knee_or_cap_that_is_told_or_left_out():
    lines = capacity_lines(gate(value=0.0, knee_rps=None, cap_rps=None))
    assert lines[1] == "        0 -- capacity: none"
    assert len(lines) == 6


def test_another_gate_has_no_lines():
    assert capacity_lines(GateOutcome(name="x", decision=Decision.PASS, why="", owner="", value=1.0)) == ()
