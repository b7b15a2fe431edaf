"""A month's cost by its traffic: drawn from numbers only, and nothing where nothing grows."""

import xml.etree.ElementTree as ET

from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.cost_plot import cost_svg


def gate(**details):
    shown = {"requests_per_day": 100.0, "breaks_above_requests_per_day": 250} | details
    return GateOutcome(
        name="monthly_cost_usd", decision=Decision.PASS, why="", owner="", value=1950.0, threshold={"max": 4875.0}, details=shown
    )


def test_the_line_the_cap_today_and_where_the_cap_breaks_are_drawn():
    root = ET.fromstring(cost_svg(gate()))  # noqa: S314 -- our own picture
    assert [e.get("class") for e in root.findall("polyline")] == ["ci", "threshold", "new"]
    assert [e.text for e in root.findall("text")] == ["cap $4,875", "today 100 a day", "breaks at 250"]
    assert root.get("aria-label") == "cost of a month by requests a day: $1,950.00 at 100, the cap of $4,875.00 up to 250"


def test_what_costs_nothing_or_is_no_month_is_not_drawn():
    assert cost_svg(gate(breaks_above_requests_per_day=None)) == ""
    other = GateOutcome(name="latency_p95_ms", decision=Decision.PASS, why="", owner="", value=1.0, threshold={"max": 2.0})
    assert cost_svg(other) == ""
