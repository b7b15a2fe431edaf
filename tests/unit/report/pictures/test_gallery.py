"""Which pictures a gate's numbers make, what each says by ear, and where its marks stand."""

import re
import xml.etree.ElementTree as ET

import pytest

from qgate.report.figures import MINUS
from qgate.report.pictures.gallery import pictures_of

LEVELS = [{"shots": s, "seed": k, "score": 0.9 - 1 / s + k / 1000} for s in (100, 1000) for k in (1, 2, 3)]
SHOTS = {"gap_from_shots": 0.001, "interval": [-0.002, 0.004], "learned_from": "the candidate without shots"}
PARITY = {
    "scorer": "accuracy",
    "baseline_score": 0.95,
    "gaps": [0.05, 0.049, 0.048],
    "levels": [{"shots": None, "seed": None, "score": 0.9}, *LEVELS],
    "shots": SHOTS,
    "variance": {"shares": {"rows": 0.7, "seeds": 0.25, "shots": 0.05}},
    "confusion": {"classes": ["<b>", "benign tumour"], "difference": [[-2.0, 2.0], [-0.2, 0.2]]},
}
SHOTS_TOLD = "The gap against the shots, a grey dot for each seed, the line their mean; at ∞ what shot noise does not explain:"
CONFUSION_TOLD = (
    "Rows of each class (down) by the class they were taken for (across), candidate minus baseline, mean over seeds; "
    "green is better, red worse."
)
CURVE = {"rps": [5.0, 20.0, 40.0], "lower_ms": [20.0, 30.0, 300.0], "ms": [22.0, 35.0, 900.0], "upper_ms": [24.0, 40.0, 9e9]}
CAPACITY = {"curve": CURVE, "limit_ms": 60.0, "today_rps": 10.0}
COST = {"requests_per_day": 100.0, "breaks_above_requests_per_day": 250}
FITS = {
    "power": {"floor_ms": 1.0, "level": -3.0, "rate": 2.0},
    "exponential": {"floor_ms": 1.0, "level": -3.0, "rate": 90.0},
}
SERIES = {"law": "<b>words</b>", "sizes": [4, 8, 12], "ms": [2.0, 4.0, 8.0], "reach": 18.0, "fits": FITS}
DRIFT = [
    {"date": "2026-03-01", "contrast": 0.9, "flips": 0, "accuracy": 0.95},
    {"date": "2026-05-01", "contrast": 0.4, "flips": 3, "accuracy": 0.9},
]
QUBO = {"histogram": {"edges": [-1.0, 0.5, 2.0], "circuit": [0.8, 0.2], "random": [0.4, 0.6]}}


def titles(gate):
    return [svg.find("title").text for svg in parsed(gate)]


def parsed(gate):
    return [ET.fromstring(picture.svg) for picture in pictures_of(gate)]  # noqa: S314 -- our own pictures


def colour(svg, kind, variable):
    return [e for e in svg.findall(kind) if f"var({variable})" in e.get("style")]


def test_a_parity_gate_has_all_of_its_pictures(gate):
    made = pictures_of(gate(value=0.049, interval=(0.045, 0.053), threshold={"max": 0.02}, details=PARITY))
    assert [re.search("<title>(.*?)</title>", p.svg)[1] for p in made] == [
        "measured 0.0490 [0.0450, 0.0530], threshold ≤ 0.0200",
        "gaps of 3 seeds, from 0.048 to 0.05",
        "gap by shots: 0.058 at 100, 0.049 at 1,000, 0.048 without shot noise",
        "variance of the mean gap: rows 70.0%, seeds 25.0%, shots 5.0%",
        "confusion of 2 classes, candidate minus baseline: 4 cells differ",
    ]
    assert [p.caption for p in made[1:]] == [
        "The gap of each of 3 seeds, from 0.048 to 0.05.",
        f"{SHOTS_TOLD} 0.048 [0.045, 0.051], learned from the candidate without shots.",
        "Where its variance comes from: rows 70.0%, seeds 25.0%, shots 5.0%.",
        f"{CONFUSION_TOLD} +2 of <b> taken for benign tumour; {MINUS}0.2 of benign tumour taken for <b>.",
    ]
    assert all("<b>" not in p.svg for p in made)


def test_the_interval_stands_beyond_the_threshold(gate):
    (svg,) = parsed(gate(value=0.021, interval=(0.012, 0.030), threshold={"max": 0.005}, deployment=(-0.001, 0.04)))
    (threshold,), (interval,), (new,) = (colour(svg, "path", name) for name in ("--fail", "--fg", "--dim"))
    (dot,) = svg.findall("circle")
    at, (low, high), (new_low, _) = (xs(line) for line in (threshold, interval, new))
    assert 8 <= new_low < at[0] == at[1] < low < float(dot.get("cx")) < high <= 332
    (beyond,) = colour(svg, "path", "--beyond")
    assert (min(xs(beyond)), max(xs(beyond))) == (at[0], 332.0)


def test_below_a_minimum_is_beyond(gate):
    (svg,) = parsed(gate(value=0.7, threshold={"min": 0.6}))
    (beyond,), (threshold,) = colour(svg, "path", "--beyond"), colour(svg, "path", "--fail")
    assert (min(xs(beyond)), max(xs(beyond))) == (8.0, xs(threshold)[0])


def xs(path):
    return [float(x) for x in re.findall(r"[ML] ([\d.]+) ", path.get("d"))]


@pytest.mark.parametrize("number", [0.0, 5.0, -3e300, 1e-300])
def test_a_value_on_its_threshold_has_a_picture_too(gate, number):
    (svg,) = parsed(gate(value=number, threshold={"max": number}))
    assert svg.find("circle").get("cx") == "170"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"value": 1.0},
        {"threshold": {"max": 1.0}},
        {"value": 1.0, "details": {"growth": {"law": "not measured: it died"}}},
        {"value": 1.0, "details": {"gaps": [0.1], "levels": LEVELS[:1], "variance": {"shares": {}}, "drift": DRIFT[:1]}},
    ],
)
def test_where_there_is_nothing_to_draw_nothing_is_drawn(gate, fields):
    assert pictures_of(gate(**fields)) == []


def test_one_level_of_shots_without_a_limit_is_a_point_and_not_drawn(gate):
    one = PARITY | {"levels": LEVELS[3:], "shots": None}
    assert "gap by shots" not in str(titles(gate(value=0.05, threshold={"max": 0.02}, details=one)))


def test_energies_are_bars_and_random_states_a_line(gate):
    (svg,) = parsed(gate(value=1.0, details=QUBO))
    assert svg.find("title").text == f"energies from {MINUS}1 to 2: bars are this circuit, lines random states"
    assert [len(colour(svg, "path", name)) for name in ("--c", "--fg")] == [1, 1]
    assert [e.text for e in svg.findall("text")] == [f"{MINUS}1", "2", "80%"]


def test_a_capacity_is_drawn_on_its_curve_with_what_grows(gate):
    growth = {"batch": SERIES, "qubits": SERIES | {"ms": [1.0, 1.0, 1.0]}, "shots": {"law": "not measured: x"}}
    gated = gate(value=25.0, details=CAPACITY | {"growth": growth, "cap_rps": 30.0})
    assert titles(gated) == [
        "latency against requests per second: within 60 ms up to 25 a second, today 10, the monthly cap up to 30",
        "growth: 2 ms at 4, 8 ms at 12, drawn up to 18",
        "growth: 1 ms at 4, 1 ms at 12, drawn up to 18",
    ]
    curve, *grown = parsed(gated)
    assert [e.text for e in curve.findall("text")] == ["0", "42/s", "60 ms", " today 10", " cap 30", "25 (2.5 times today)"]
    assert [len(one.findall("circle")) for one in grown] == [3, 3]
    lines = [e for one in (curve, *grown) for e in one.findall("path") if e.get("transform") is None]
    heights = [float(y) for line in lines for y in re.findall(r"[ML] \S+ (\S+)", line.get("d"))]
    assert min(heights) >= 0  # latency that grows without end is cut
    assert max(heights) <= 140
    assert "words" not in str([p.svg for p in pictures_of(gated)])


def test_a_months_cost_is_a_line_with_its_cap_and_today(gate):
    (cost,) = parsed(gate(value=1950.0, threshold={"max": 4875.0}, details=COST))[1:]
    assert cost.find("title").text == "cost of a month by requests a day: $1,950.00 at 100, the cap of $4,875.00 up to 250"
    assert [e.text for e in cost.findall("text")] == ["0", "100 a day", "$4,875"]


@pytest.mark.parametrize(
    ("name", "words", "bounds"),
    [
        ("calibration_contrast", "contrast by date: 0.9 on 2026-03-01, 0.4 on 2026-05-01", 1),
        ("calibration_flips", "flips by date: 0 on 2026-03-01, 3 on 2026-05-01", 1),
        ("calibration_accuracy_drop", "accuracy by date: 0.95 on 2026-03-01, 0.9 on 2026-05-01", 0),
    ],
)
def test_drift_over_the_dates_of_snapshots(gate, name, words, bounds):
    _, svg = parsed(gate(name=name, value=0.4, threshold={"min": 0.6}, details={"drift": [DRIFT[1], *DRIFT]}))
    assert svg.find("title").text == words
    assert len(svg.findall("circle")) == 2
    assert len(colour(svg, "path", "--fail")) == bounds


@pytest.mark.parametrize(
    "details",
    [
        CAPACITY | {"curve": CURVE | {"ms": ["<script>", 1.0, 2.0]}},
        {"growth": {"batch": SERIES | {"ms": ["<script>", 1.0, 2.0]}}},
        PARITY | {"gaps": ["<script>", 0.0]},
    ],
)
def test_what_is_no_number_is_not_drawn(gate, details):
    with pytest.raises(ValueError, match="could not convert"):
        pictures_of(gate(value=1.0, threshold={"max": 2.0}, details=details))
