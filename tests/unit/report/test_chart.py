"""Charts for a comment: few points, cut where a curve grows without end, numbers and dates only."""

from datetime import date

import pytest

from qgate.domain.provenance import PastValue, Provenance
from qgate.domain.verdict import Decision
from qgate.report.chart import chart_of
from qgate.report.render import render

CURVE = {"rps": [5.0, 20.0, 40.0], "ms": [22.0, 35.0, 9e9]}
BAND = {"lower_ms": [20.0, 30.0, 300.0], "upper_ms": [24.0, 40.0, 9e9]}
CAPACITY = {"curve": CURVE | BAND, "limit_ms": 60.0, "today_rps": 10.0}
DRIFT = [{"date": "2026-05-01", "contrast": 0.4, "flips": 3}, {"date": "2026-03-01", "contrast": 0.9, "flips": 0}]


def test_latency_by_load_is_cut_where_it_grows_without_end(gate):
    title, source = chart_of(gate(details={"curve": CURVE, "limit_ms": 60.0}))
    assert title == "Latency by load: the level line is the limit, and beyond 3 times of it the curve is cut"
    assert source.splitlines() == [
        '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #e5534b"}}}}%%',
        "xychart-beta",
        '  x-axis "requests per second" ["5", "20", "40"]',
        '  y-axis "ms" 0 --> 198',
        "  line [22, 35, 180]",
        "  line [60, 60, 60]",
    ]


def test_drift_stands_in_the_order_of_its_dates(gate):
    _, source = chart_of(gate(name="calibration_contrast", threshold={"min": 0.6}, details={"drift": DRIFT}))
    assert source.splitlines()[2:] == [
        '  x-axis "date" ["2026-03-01", "2026-05-01"]',
        '  y-axis "contrast" 0 --> 0.99',
        "  line [0.9, 0.4]",
        "  line [0.6, 0.6]",
    ]


def test_a_long_curve_is_thinned_and_keeps_its_ends(gate):
    rates = [float(r) for r in range(1, 101)]
    _, source = chart_of(gate(details={"curve": {"rps": rates, "ms": rates}, "limit_ms": 60.0}))
    labels = source.splitlines()[2].partition("[")[2].rstrip("]").split(", ")
    assert (len(labels), labels[0], labels[-1]) == (12, '"1"', '"100"')


@pytest.mark.parametrize("details", [{}, {"drift": DRIFT[:1]}, {"drift": [DRIFT[0], DRIFT[0]]}])
def test_where_there_is_no_curve_there_is_no_chart(gate, details):
    assert chart_of(gate(name="calibration_flips", threshold={"max": 2.0}, details=details)) is None


def test_a_gate_that_did_not_pass_folds_its_chart_away(gate, verdict_of):
    failed = gate(Decision.FAIL, name="capacity_rps", value=1.0, details=CAPACITY)
    comment = render(verdict_of(failed, decision=Decision.FAIL)).comment
    assert "</summary>\n\n```mermaid\n%%{init: " in comment
    assert "\n```\n\n</details>" in comment
    assert "mermaid" not in render(verdict_of(gate(Decision.PASS, details=dict(failed.details)))).comment


PAST = tuple(PastValue(day=date(2026, 5, n), decision=Decision.PASS, value=v) for n, v in ((1, -0.01), (2, 0.0), (3, 0.01)))


def test_a_gate_without_a_curve_shows_the_runs_before_where_they_are_enough(gate):
    failed = gate(value=0.03, threshold={"max": 0.02})
    title, source = chart_of(failed, PAST)
    assert title == "The value by run on the default branch, this one last: the level line is the threshold"
    assert source.splitlines()[2:] == [
        '  x-axis "run" ["-3", "-2", "-1", "this run"]',
        '  y-axis "value" -0.011 --> 0.033',
        "  line [-0.01, 0, 0.01, 0.03]",
        "  line [0.02, 0.02, 0.02, 0.02]",
    ]
    assert chart_of(failed, PAST[:2]) is None
    assert chart_of(gate(value=None, threshold={"max": 0.02}), PAST) is None


def test_the_comment_has_it_for_the_pilot_whose_history_it_is(gate, verdict_of):
    failed = gate(decision=Decision.FAIL, value=0.03, threshold={"max": 0.02})
    verdict = verdict_of(failed)
    name = verdict.pilots[0].name
    with_history = render(verdict, provenance=Provenance(history={(name, failed.name): PAST}))
    assert "The value by run on the default branch" in with_history.comment
    assert (
        "The value by run on the default branch"
        not in render(verdict, provenance=Provenance(history={("another", failed.name): PAST})).comment
    )
