import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

from qgate.report.escape import clean
from qgate.report.render import render, render_error, render_invalid_charter

VOID = {"meta"}
DRAWN = {"path", "circle", "text"}
PAGE = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "footer"}
TEXT = {"h1", "h2", "h3", "span", "p", "div", "ul", "li", "code", "pre", "dl", "dt", "dd", "strong", "a"}
PARTS = {
    "details",
    "summary",
    "figure",
    "figcaption",
    "svg",
    "path",
    "circle",
    "text",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}


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
    assert not {a for a in attributes if a.startswith("on") or a in {"src", "srcset", "href", "xlink:href", "id"}}
    assert {tag for tag, attrs in page.seen if "style" in attrs} <= DRAWN
    assert "url(" not in render(case(case_name)).files["report.html"]


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


def test_every_number_of_a_gate_is_that_of_the_verdict(case, case_name):
    report = render(case(case_name))
    shown = [attrs for tag, attrs in _Page(report.files["report.html"]).seen if tag == "article" and "data-gate" in attrs]
    told = [gate for pilot in json.loads(report.files["verdict.json"])["pilots"] for gate in pilot["gates"]]
    assert sorted(map(_read, shown), key=str) == sorted(map(_expected, told), key=str)


def _read(attrs):
    numbers = {key: float(attrs[f"data-{key}"]) for key in ("value", "lower", "upper", "min", "max") if f"data-{key}" in attrs}
    return {"name": attrs["data-gate"], "verdict": attrs["data-verdict"]} | numbers


def _expected(gate):
    lower, upper = gate["ci"] or (None, None)
    numbers = {"value": gate["value"], "lower": lower, "upper": upper} | {k: gate["threshold"].get(k) for k in ("min", "max")}
    return {"name": clean(gate["name"]), "verdict": gate["verdict"]} | {k: n for k, n in numbers.items() if n is not None}


def test_one_histogram_of_two_gates_is_drawn_once_and_not_listed(case, gate):
    verdict = case("fail")
    histogram = {"edges": [0.0, 1.0], "circuit": [1.0], "random": [1.0]}
    gates = [gate(name=f"qubo_{n}", value=1.0, details={"histogram": histogram, "exact": 0.5}) for n in ("energy", "ratio")]
    text = render(replace(verdict, pilots=(replace(verdict.pilots[0], gates=tuple(gates)),))).files["report.html"]
    assert text.count("bars are what this circuit gives") == 1
    assert "histogram." not in text
    assert text.count("exact") == 2


def test_the_run_can_be_repeated_where_its_commits_can_be_had(case):
    verdict = case("fail")
    page = render(verdict).files["report.html"]
    assert f"qgate run --base {verdict.base} --head {verdict.head} --forge none" in page
    assert "Reproduce this run" not in render(replace(verdict, head="work tree")).files["report.html"]


def test_where_nothing_is_drawn_matplotlib_is_not_imported():
    code = """
import sys
from qgate.domain.verdict import Verdict
from qgate.report.escape import clean
from qgate.report.render import render
render(Verdict(base="b", head="h", pilots=()))
sys.exit("matplotlib" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
