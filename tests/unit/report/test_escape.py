import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qgate.report.escape import clean, clean_lines, html_code, md, md_block, md_code

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

HOSTILE = [
    "</td></table><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- qgate:report id=qgate -->",
    "![i](https://evil.example/p.png)",
    "[click](javascript:alert(1))",
    "[ref]: https://evil.example",
    "<https://evil.example>",
    "**bold** _em_ __strong__ ~~gone~~ *x*",
    "`code` ``two`` ``` three",
    "a|b||c",
    "ends in a backslash\\",
    "\\| \\` \\<b>",
    "# heading",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "2) item",
    "> quote",
    "---",
    "===",
    "```",
    "~~~",
    "    indented",
    "| a | b |\n|---|---|\n| c | d |",
    "a\n\n# b\n\n- c",
    "&lt;b&gt; &#60;b&#62; &amp;",
    "[^1] [x] [ ]",
    "a`b|c`d|`",
]
# Fragments put together by chance find what single cases do not.
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            *"`|\\<>[]()*_~#&!-+=.:@$ \n\t",
            "x",
            "1",
            "a_b",
            "``",
            "```",
            "<b>",
            "</td>",
            "\\|",
            "&#96;",
            "](",
            "<!--",
            "www.",
            "://",
        ]
    ),
    max_size=14,
).map("".join)


class _Elements(HTMLParser):
    """The elements of a rendered document, and its words."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.words, self.comments = [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, *attrs))

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


def rendered(markdown):
    parser = _Elements()
    parser.feed(MARKDOWN.render(markdown))
    parser.close()
    assert parser.comments == []
    return parser.elements, " ".join("".join(parser.words).split())


def without_quotes(text):
    """Words as shown: the back-quotes around a name are not."""
    return re.sub(r"(?<!`)`([^`\s](?:[^`]*[^`\s])?)`(?!`)", r"\1", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_becomes_no_element_and_keeps_its_words(text):
    elements, words = rendered(md(text))
    assert set(elements) <= {("p",), ("code",)}
    assert words == " ".join(without_quotes(clean(text)).split())


@pytest.mark.parametrize("around", ["before {} after", "- {}", "**x:** {}", "> {}"])
@given(text=FRAGMENTS)
@example(text="` `")
@example(text="`a`b`")
def test_no_text_becomes_an_element_wherever_it_stands(around, text):
    elements, _ = rendered(around.format(md(text)))
    assert set(elements) <= {("p",), ("code",), ("ul",), ("li",), ("strong",), ("blockquote",)}
    assert len([e for e in elements if e[0] in {"ul", "li", "strong", "blockquote"}]) <= 2


@given(text=st.text() | FRAGMENTS)
@example(text="\\|`|\\")
def test_a_cell_stays_a_cell(text):
    table = f"| a | b | c |\n|:--|:--|:--|\n| {md(text)} | {md_code(text)} | end |"
    elements, words = rendered(table)
    assert {e[0] for e in elements} <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert [e[0] for e in elements].count("td") == 3
    assert words.endswith("end")


@given(text=st.text() | FRAGMENTS)
def test_a_name_is_shown_as_code_and_word_for_word(text):
    shown = clean(text, 200)
    elements, words = rendered(f"x {md_code(text)} y")
    assert elements == ([("p",), ("code",)] if shown else [("p",)])
    assert words == " ".join(f"x {shown} y".split())


@given(text=st.text() | FRAGMENTS)
def test_a_name_in_html_is_only_text(text):
    elements, words = rendered(f"<details><summary>{html_code(text)}</summary></details>")
    assert elements == [("details",), ("summary",), ("code",)]
    assert words == " ".join(clean(text, 200).split())


@given(text=st.text() | FRAGMENTS)
@example(text="```\n````\n</code></pre><b>")
def test_a_block_holds_everything_inside(text):
    elements, _ = rendered(f"{md_block(text, 'sh')}\n\nend")
    assert [e[0] for e in elements] == ["pre", "code", "p"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ask @octocat, or @org/team!", "ask `@octocat`, or `@org/team!`"),
        ("mail platform@example.com.", "mail `platform@example.com.`"),
        ("see #12 and org/repo#3 (GH-4)", "see `#12` and `org/repo#3` (`GH-4`)"),
        ("at 4f1c0de5a2b39d7786e0c1f2a3b4c5d6e7f80912", "at `4f1c0de5a2b39d7786e0c1f2a3b4c5d6e7f80912`"),
        ("go to https://evil.example now", "go to `https://evil.example` now"),
        ("www.evil.example", "`www.evil.example`"),
        ("costs $4 or $5", "costs `$4` or `$5`"),
        (":tada: and !7 and ~bug", "`:tada:` and `!7` and `~bug`"),
        ("val_accuracy is low", "`val_accuracy` is low"),
        ("run `qgate lock` again", "run `qgate lock` again"),
        ("between 0.012 and 0.030; at 5 %", "between 0.012 and 0.030; at 5 %"),
    ],
)
def test_what_a_forge_would_act_on_is_shown_as_code(text, expected):
    assert md(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x9b31mred", "red"),
        ("a\x1bcb", "ab"),
        ("a\x00b\x07c", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"),
        ("safe\u202egnp.exe", "safe\N{REPLACEMENT CHARACTER}gnp.exe"),
        ("a\u2066b\u200bc\u200dd\ufeffe\u00adf", "a�b�c�d�e�f"),
        ("tag\U000e0041", "tag�"),
        ("blank\u3164here", "blank�here"),
        ("caf\udce9", "caf�"),
        ("not\ufffea character", "not�a character"),
        ("a\u2028b\u00a0c\r\nd\te", "a b c d e"),
        ("z" + "\u0300" * 50, "z" + "\u0300" * 3),
        ("naïve 東京 → ≤ 0.5 ✅", "naïve 東京 → ≤ 0.5 ✅"),
    ],
)
def test_what_hides_or_reorders_is_removed_or_marked(text, expected):
    assert clean(text) == expected


@given(st.text())
def test_clean_text_is_one_printable_line_and_stays_as_it_is(text):
    shown = clean(text)
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()
    assert clean(shown) == shown
    shown.encode("utf-8")


def test_long_text_is_cut_and_says_so():
    assert clean("x" * 1001) == "x" * 999 + "…"
    assert clean("x" * 1000) == "x" * 1000
    assert md_code("y" * 300) == "`" + "y" * 199 + "…`"
    assert md_block("z" * 5000) == "```\n" + "z" * 3999 + "…\n```"


def test_lines_stay_lines_in_a_block():
    assert clean_lines("first \r\n\tsecond\x1b[2J\n\nlast\n") == "first\n second\n\nlast"


def test_nothing_is_shown_for_nothing():
    assert (md(""), md_code(" \n"), clean("")) == ("", "", "")
