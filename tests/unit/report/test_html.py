import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from qgate.domain.verdict import Decision
from qgate.report.plots import histogram_svg, interval_svg
from qgate.report.render import render, render_error, render_invalid_charter

VOID = {"meta", "circle", "line", "rect"}
PAGE = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "footer"}
TEXT = {"h1", "h2", "h3", "span", "p", "div", "ul", "li", "code", "pre", "dl", "dt", "dd", "strong", "a"}
PARTS = {"details", "summary", "svg", "circle", "line", "rect", "table", "thead", "tbody", "tr", "th", "td"}


class _Page(HTMLParser):
    """The page's elements; fails when they are not properly nested."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_page_is_well_formed_and_loads_and_runs_nothing(case, case_name):
    page = _Page(render(case(case_name)).files["report.html"])
    assert page.open == []
    assert {tag for tag, _ in page.seen} <= PAGE | TEXT | PARTS
    attributes = {key for _, attrs in page.seen for key in attrs}
    assert not {a for a in attributes if a.startswith("on") or a in {"src", "srcset", "href", "style"}}


def test_a_page_says_its_language_and_names_its_parts(case):
    text = render(case("fail")).files["report.html"]
    seen = _Page(text).seen
    assert ("html", {"lang": "en"}) in seen
    assert sum(tag == "h1" for tag, _ in seen) == 1
    assert {attrs.get("role") for tag, attrs in seen if tag == "svg"} == {"img"}
    assert "default-src 'none'" in text
    assert "prefers-color-scheme:dark" in text


def test_the_run_is_linked(case):
    page = _Page(render(case("fail"), run_url="https://github.com/example/triage/actions/runs/7").files["report.html"])
    assert [attrs["href"] for tag, attrs in page.seen if tag == "a"] == ["https://github.com/example/triage/actions/runs/7"]


def test_the_pages_without_a_verdict(problem):
    invalid = render_invalid_charter([problem(message="<b>x</b>")], base="b", head="h").files["report.html"]
    assert "No gate was evaluated: the charter is invalid (1 error)." in invalid
    assert "&lt;b&gt;x&lt;/b&gt;" in invalid
    stopped = render_error("<i>boom</i>\nline two", base="b", head="h").files["report.html"]
    assert "<pre>&lt;i&gt;boom&lt;/i&gt;\nline two</pre>" in stopped
    assert all(_Page(text).open == [] for text in (invalid, stopped))


def _xs(svg, kind):
    (line,) = re.findall(rf'<line class="{kind}" x1="([\d.]+)" y1="[\d.]+" x2="([\d.]+)"', svg)
    return [float(x) for x in line]


def test_the_picture_shows_the_interval_beyond_the_threshold(gate):
    svg = interval_svg(
        gate(Decision.FAIL, value=0.021, interval=(0.012, 0.030), threshold={"max": 0.005}, deployment=(-0.001, 0.04))
    )
    threshold = _xs(svg, "threshold")[0]
    low, high = _xs(svg, "ci")
    dot = float(re.search(r'cx="([\d.]+)"', svg)[1])
    assert 8 <= threshold < low < dot < high <= 312
    assert _xs(svg, "new")[0] < threshold
    assert f'<rect class="beyond" x="{threshold}" y="2" width="{312 - threshold:.1f}"' in svg
    assert 'aria-label="measured 0.0210 [0.0120, 0.0300], threshold ≤ 0.0050"' in svg


def test_below_a_minimum_is_beyond(gate):
    svg = interval_svg(gate(value=0.7, threshold={"min": 0.6}))
    threshold = _xs(svg, "threshold")[0]
    assert f'<rect class="beyond" x="8.0" y="2" width="{threshold - 8:.1f}"' in svg


@pytest.mark.parametrize("number", [0.0, 5.0, -3e300, 1e-300])
def test_a_value_on_its_threshold_has_a_picture_too(gate, number):
    svg = interval_svg(gate(value=number, threshold={"max": number}))
    assert 'cx="160.0"' in svg


@pytest.mark.parametrize("fields", [{}, {"value": 1.0}, {"threshold": {"max": 1.0}}])
def test_without_value_or_threshold_there_is_no_picture(gate, fields):
    assert interval_svg(gate(**fields)) == ""


def test_the_energies_of_a_qubo_are_bars_over_the_lines_of_random_states(gate):
    histogram = {"edges": [-1.0, 0.5, 2.0], "circuit": [0.8, 0.2], "random": [0.4, 0.6], "annealing": [1.0, 0.0]}
    svg = histogram_svg(gate(details={"histogram": histogram}))
    assert svg == (
        '<svg viewBox="0 0 320 90" role="img" aria-label="energies from -1 to 2: bars are this circuit, lines random states">'
        '<rect class="value" x="8.0" y="6.0" width="152.0" height="80.0"/>'
        '<line class="ci" x1="8.0" y1="46.0" x2="160.0" y2="46.0"/>'
        '<rect class="value" x="160.0" y="66.0" width="152.0" height="20.0"/>'
        '<line class="ci" x1="160.0" y1="26.0" x2="312.0" y2="26.0"/></svg>'
    )
    assert histogram_svg(gate()) == ""


def test_a_histogram_is_drawn_and_not_listed(case, gate):
    verdict = case("fail")
    histogram = {"edges": [0.0, 1.0], "circuit": [1.0], "random": [1.0]}
    qubo = gate(name="qubo_random_ratio", details={"histogram": histogram, "exact": 0.5})
    pilot = replace(verdict.pilots[0], gates=(qubo,))
    text = render(replace(verdict, pilots=(pilot,))).files["report.html"]
    assert text.count("bars are this circuit") == 1
    assert "histogram." not in text
    assert "exact" in text
