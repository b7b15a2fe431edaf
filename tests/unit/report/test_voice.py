"""Hostile text in every field that can hold somebody's: on every surface it is read, and is nothing but text."""

import dataclasses
import io
import json
import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt
from rich.console import Console

from entrypoint.surfaces import annotation_commands, error_command, no_verdict_summary, refusals
from qgate.domain.provenance import Provenance, Reused
from qgate.domain.report import Outcome, Publication
from qgate.domain.source import Position, Problem
from qgate.report.escape import clean
from qgate.report.render import render, render_error, render_invalid_charter
from qgate.report.terminal import print_problems, print_verdict

RUN = "https://github.test/octo/pilots/actions/runs/5"
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
SARIF = Draft7Validator(json.loads((Path(__file__).parent / "data/sarif-2.1.0.schema.json").read_text()))
CASES = ["fail", "waived", "loosened_charter", "new_charter", "uncovered", "inconclusive", "error"]

PIECES = [
    *"`|\\<>[]()*_~#&!-+=.:@$ \n\r\t'\"",
    *("x", "1", "@octocat", "@org/team", "#12", "GH-4", "octo/pilots#3", "4f1c0de5a2b3", ":tada:", "$x$"),
    *("https://evil.example", "www.evil.example", "![i](https://evil.example/p.png)", "[x](javascript:alert(1))"),
    *("<b>", "</td>", "</table>", "</details>", "</code>", "</script>", "<img src=x onerror=alert(1)>", "<!--", "-->", "]]>"),
    *("```", "~~~", "\n\n", "\n# h", "\n- i", "\n| a | b |\n|---|---|\n", "\n::error::x", "::stop-commands::x\n", "%0A::error::"),
    *("\x1b[31m", "\x1b]8;;https://evil.example\x07", "\x9b2J", "\x00", "\x07", "\x08", "\x85"),
    *("\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\U000e0041", "\udce9", "\ufffe", "e\u0301\u0301\u0301\u0301"),
    "<!-- qgate:report id=qgate -->",
    "<!-- qgate:record AAAA -->",
]
ALL_OF_IT = "".join(PIECES)
# Nothing at all, or nothing but white space, is left out of a report: that is another report, and not a hostile one.
TEXTS = (st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)).filter(lambda t: clean(t).strip())

# GitHub looks for these in what is rendered, outside of code.
ACTED_ON = re.compile(
    r"@\w|(?<!&)#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|://|\bwww\.|:[\w+-]+:(?!\S)|\$\S.*\S\$",
    re.IGNORECASE,
)
ELEMENTS = {
    *("p", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "blockquote", "pre"),
    *("strong", "em", "code", "details", "summary", "br", "sub", "a"),
}
VOID = {"br", "meta", "hr"}


def planted(value, text):
    """The same value with the text for every string in it, names of fields and words of our own apart."""
    if isinstance(value, str):
        return value if isinstance(value, Enum) else text
    if dataclasses.is_dataclass(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: planted(field, text) for name, field in fields.items()})
    if isinstance(value, Mapping):
        return {key: planted(item, text) for key, item in value.items()}
    return type(value)(planted(item, text) for item in value) if isinstance(value, list | tuple) else value


class Page(HTMLParser):
    """Every element that a document opens, with its attributes, and the words that stand outside of code."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.comments, self.words, self.open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if not {"code", "pre", "style"} & set(self.open):
            self.words.append(data)

    def handle_comment(self, data):
        self.comments.append(data)

    @property
    def structure(self):
        """Which elements stand in which order; whether a word is shown as code is the words' own matter."""
        return [tag for tag, _ in self.elements if tag != "code"]


def check_visible(text, *, lines=True):
    """No character that a terminal obeys, that hides, or that turns the text beside it."""
    shown = text.replace("\n", "") if lines else text
    assert shown.isprintable(), ascii(shown)
    text.encode("utf-8")


def check_markdown(markdown, marker=""):
    text = markdown.removeprefix(marker)
    check_visible(text)
    page = Page(MARKDOWN.render(text))
    assert page.comments == []
    assert {tag for tag, _ in page.elements} <= ELEMENTS
    for tag, attributes in page.elements:
        allowed = {"a": {"href"}, "ol": {"start"}, "code": {"class"}}.get(tag, {"style"} if tag in {"td", "th"} else set())
        assert set(attributes) <= allowed, (tag, attributes)
        assert attributes.get("href", RUN) == RUN
        assert attributes.get("style", "text-align:left") == "text-align:left"
        assert attributes.get("class", "language-sh") in {"language-sh", "language-text"}
    assert [found[0] for words in page.words if (found := ACTED_ON.search(words))] == []
    return page.structure


def check_html(html):
    check_visible(html)
    page = Page(html)
    assert page.comments == []
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "object", "form", "link", "base"})
    assert {a["href"] for _, a in page.elements if "href" in a} <= {RUN}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    return page.structure


def check_machine_files(report):
    log = json.loads(report.files["qgate.sarif"])
    SARIF.validate(log)
    for result in log["runs"][0]["results"]:
        check_visible(result["message"]["text"])
        assert not re.search(r"(?<!\\)(?:\\\\)*\[", result["message"]["text"])
    suites = ET.fromstring(report.files["junit.xml"])  # noqa: S314 -- our own text: that it parses is the point
    for element in suites.iter():
        for text in [*element.attrib.values(), element.text or ""]:
            check_visible(text)
    for entry in json.loads(report.files["codequality.json"]):
        check_visible(entry["description"], lines=False)
    return len(list(suites.iter()))


def check_runner(report):
    commands = annotation_commands(report.check.annotations)
    check_visible(commands)
    assert len(re.findall(r"^::(?:error|warning|notice) ", commands, flags=re.MULTILINE)) == len(commands.splitlines())
    assert len(commands.splitlines()) == len(report.check.annotations)


def check(report):
    """What every report must be; how it is built, for comparison with one of plain words."""
    for text in (report.check.name, report.check.title, *(t for s in report.statuses for t in (s.context, s.description))):
        check_visible(text, lines=False)
    assert all(len(status.description) <= 140 for status in report.statuses)
    assert report.comment.startswith(f"{report.marker}\n")
    check_runner(report)
    return (
        check_markdown(report.comment, report.marker),
        check_markdown(report.summary),
        check_markdown(report.check.summary),
        check_markdown(report.check.text),
        check_html(report.files["report.html"]),
        check_machine_files(report),
        [(note.line, note.level) for note in report.check.annotations],
        [status.state for status in report.statuses],
    )


def reused(text):
    return Provenance(reused=(Reused(pilot=text, planned=3, parts={text: text}),))


def said(printed):
    out = io.StringIO()
    printed(Console(file=out, width=100, color_system=None))
    return out.getvalue()


@cache
def built(case, problem, name, words):
    """How the report of a verdict is built whose every word is this."""
    verdict = planted(case(name), words)
    check_visible(said(lambda console: print_verdict(verdict, console)))
    problems = [planted(problem(), words)]
    return check(render(verdict, directory=words, run_url=RUN, problems=problems, provenance=reused(words)))


@pytest.mark.parametrize("name", CASES)
def test_a_verdict_of_hostile_words_is_built_like_one_of_plain_words(case, problem, name):
    assert built(case, problem, name, ALL_OF_IT) == built(case, problem, name, "plain words")


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(CASES), text=TEXTS)
def test_so_it_is_with_words_put_together_by_chance(case, problem, name, text):
    assert built(case, problem, name, text) == built(case, problem, name, "plain words")


@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
@example(text=ALL_OF_IT)
def test_a_run_without_a_verdict_speaks_in_its_own_voice(text):
    wrong = Problem(code=text, message=text, fix=text, key=text, position=Position(path=text, line=1, column=1))
    where = {"base": text, "head": text, "directory": text, "run_url": RUN}
    check(render_error(text, **where))
    check(render_invalid_charter([wrong], **where))
    check_visible(said(lambda console: print_problems([wrong], console)))


@settings(max_examples=40, deadline=None)
@given(text=TEXTS)
@example(text=ALL_OF_IT)
def test_what_the_runner_is_told_holds_one_command_at_most(text):
    check_markdown(no_verdict_summary(text))
    check_markdown(refusals([Publication(surface=text, outcome=Outcome.REFUSED, detail=text)]))
    command = error_command(text)
    check_visible(command)
    assert re.fullmatch(r"::error title=qgate::.*\n", command)


@pytest.mark.parametrize(
    "harm",
    ["<b>x</b>", "[x](https://evil.example)", "![x](https://evil.example/p.png)", "@octocat", "#12", "<!-- x -->", "\x1b[31m"],
)
def test_the_checks_see_what_is_not_escaped(harm):
    """The control: unescaped, each kind is found."""
    with pytest.raises(AssertionError):
        check_markdown(f"| a |\n|:--|\n| {harm} |")
