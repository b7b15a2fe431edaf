"""A gate over the runs on the default branch: what is drawn, and what is said for those who do not see it."""

import re
import xml.etree.ElementTree as ET
from datetime import date

from qgate.domain.provenance import PastValue, Provenance
from qgate.domain.verdict import Decision
from qgate.report.pictures.trend import trend_picture
from qgate.report.render import render


def past(day, value, decision=Decision.PASS, maximum=0.05):
    return PastValue(
        day=date(2026, 5, day), decision=decision, value=value, interval=(value - 0.01, value + 0.01), threshold={"max": maximum}
    )


HISTORY = (past(1, 0.01), past(2, 0.06, Decision.FAIL), past(3, 0.02, maximum=0.02))


def strokes(picture, variable):
    svg = ET.fromstring(picture.svg)  # noqa: S314 -- our own picture
    return [e for e in svg.iter() if f"var({variable})" in e.get("style", "") and "stroke" in e.get("style", "")]


def test_each_run_stands_with_its_interval_against_its_own_threshold(gate):
    picture = trend_picture(gate(value=0.03, interval=(0.02, 0.04), threshold={"max": 0.02}), HISTORY)
    assert picture.caption == (
        "Over 3 earlier runs on the default branch, of which 2 passed, and this one: "
        "0.01 on 2026-05-01, 0.06 on 2026-05-02, 0.02 on 2026-05-03, 0.03 now."
    )
    levels = [e.get("d").split()[2] for e in strokes(picture, "--fail")]
    assert len(levels) == 4
    assert (levels[0] == levels[1], levels[1] == levels[2], levels[2] == levels[3]) == (True, False, True)
    assert re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg)[:2] == ["2026-05-01", "this run"]
    assert picture.svg.count("<circle") == 4


def test_a_number_that_would_cover_the_threshold_s_is_left_to_the_words(gate):
    near, far = (trend_picture(gate(value=value, threshold={"max": 0.05}), HISTORY[:1]) for value in (0.049, 0.02))
    written = [re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg)[2:] for picture in (near, far)]
    assert written == [["0.05"], ["0.05", "0.02"]]


def test_without_a_value_or_a_past_there_is_no_trend(gate):
    assert trend_picture(gate(value=0.03, threshold={"max": 0.02}), ()) is None
    assert trend_picture(gate(value=None, threshold={"max": 0.02}), HISTORY) is None


def test_of_a_long_past_the_end_is_drawn(gate):
    picture = trend_picture(gate(value=0.03, threshold={"max": 0.02}), HISTORY * 100)
    assert picture.svg.count("<circle") == 60
    assert picture.caption.startswith("Over 59 earlier runs")


def test_the_page_has_the_trend_of_its_own_pilot_alone(gate, verdict_of):
    verdict = verdict_of(gate(value=0.03, interval=(0.02, 0.04), threshold={"max": 0.05}))
    (pilot,) = verdict.pilots
    name = pilot.gates[0].name
    page = render(verdict, provenance=Provenance(history={(pilot.name, name): HISTORY})).files["report.html"]
    assert page.count("Over 3 earlier runs on the default branch") == 1
    other = render(verdict, provenance=Provenance(history={("another", name): HISTORY})).files["report.html"]
    assert "earlier runs on the default branch" not in other
