"""The capacity curve: drawn from numbers only, inside its frame, and nothing where there is no curve."""

import re
import xml.etree.ElementTree as ET

import pytest

from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.capacity_plot import capacity_svg

CURVE = {"rps": [5.0, 20.0, 40.0], "lower_ms": [20.0, 30.0, 300.0], "ms": [22.0, 35.0, 900.0], "upper_ms": [24.0, 40.0, 9e9]}


def gate(**details):
    shown = {"curve": CURVE, "limit_ms": 60.0, "today_rps": 10.0} | details
    return GateOutcome(
        name="capacity_rps", decision=Decision.PASS, why="", owner="", value=25.0, threshold={"min": 15.0}, details=shown
    )


def test_the_curve_its_limit_todays_traffic_and_the_capacity_are_drawn():
    root = ET.fromstring(capacity_svg(gate()))  # noqa: S314 -- our own picture
    tag = "{http://www.w3.org/2000/svg}" if root.tag.startswith("{") else ""
    assert [e.get("class") for e in root.findall(f"{tag}polyline")] == ["new", "new", "ci", "threshold", "new"]
    assert [e.text for e in root.findall(f"{tag}text")] == ["60 ms", "today 10", "25 (2.5 times today)"]
    assert root.get("aria-label") == "latency against requests per second: within 60 ms up to 25 a second, today 10"
    points = [float(n) for e in root.findall(f"{tag}polyline") for n in re.findall(r"[\d.]+", e.get("points"))]
    assert all(0 <= n <= 320 for n in points)  # latency that grows without end is cut
    (dot,) = root.findall(f"{tag}circle")
    assert 40 < float(dot.get("cx")) < 312


def test_the_rate_at_which_the_cap_breaks_is_a_line_where_it_is_in_sight_and_words_anywhere():
    near, far = ET.fromstring(capacity_svg(gate(cap_rps=30.0))), ET.fromstring(capacity_svg(gate(cap_rps=3e4)))  # noqa: S314 -- our own pictures
    assert [e.text for e in near.findall("text")][-1] == "cap 30"
    assert [e.get("class") for e in near.findall("polyline")][-1] == "threshold"
    assert near.get("aria-label").endswith("today 10, the monthly cap up to 30")
    assert [e.text for e in far.findall("text")] == ["60 ms", "today 10", "25 (2.5 times today)"]
    assert far.get("aria-label").endswith("the monthly cap up to 3e+04")


def test_another_gate_has_no_curve():
    assert capacity_svg(gate(curve=None)) == ""


def test_what_is_no_number_is_not_drawn():
    with pytest.raises(ValueError, match="could not convert"):
        capacity_svg(gate(curve=CURVE | {"ms": ["<script>", 1.0, 2.0]}))
