"""Growth's pictures: numbers only, inside their frame, and nothing where there are none."""

import re
import xml.etree.ElementTree as ET

import pytest

from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.growth_plot import growth_svg

FITS = {
    "power": {"floor_ms": 1.0, "level": -3.0, "rate": 2.0, "aicc": -10.0},
    "exponential": {"floor_ms": 1.0, "level": -3.0, "rate": 90.0, "aicc": -50.0},
}
SERIES = {"law": "<b>words</b>", "sizes": [4, 8, 12], "ms": [2.0, 4.0, 8.0], "floor_ms": 1.0, "reach": 18.0, "fits": FITS}


def gate(growth):
    return GateOutcome(name="capacity_rps", decision=Decision.PASS, why="", owner="", value=1.0, details={"growth": growth})


def test_each_series_is_drawn_with_both_laws_inside_its_frame():
    drawn = growth_svg(gate({"batch": SERIES, "qubits": SERIES | {"ms": [1.0, 1.0, 1.0]}, "shots": {"law": "not measured: x"}}))
    pictures = [ET.fromstring(f"{svg}</svg>") for svg in drawn.split("</svg>")[:-1]]  # noqa: S314 -- our own pictures
    assert [[e.get("class") for e in one.findall("polyline")] for one in pictures] == [["ci", "new"]] * 2
    assert [len(one.findall("circle")) for one in pictures] == [3, 3]
    assert pictures[0].get("aria-label") == "growth: 2 ms at 4, 8 ms at 12, drawn up to 18"
    points = [float(n) for one in pictures for e in one.findall("polyline") for n in re.findall(r"[\d.]+", e.get("points"))]
    assert all(0 <= n <= 320 for n in points)
    assert "words" not in drawn


@pytest.mark.parametrize("growth", [None, {}, {"law": "not measured: it died"}])
def test_where_nothing_was_measured_nothing_is_drawn(growth):
    assert growth_svg(gate(growth)) == ""


def test_what_is_no_number_is_not_drawn():
    with pytest.raises(ValueError, match="could not convert"):
        growth_svg(gate({"batch": SERIES | {"ms": ["<script>", 1.0, 2.0]}}))
