import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgate.report.budget import CHECK_BYTES, COMMENT_CHARACTERS, Section, fit, shorten, utf8_bytes, utf16_units

FIRST = Section(name="verdict", priority=0, head="# fail", essential=True)
LAST = Section(name="footer", priority=0, head="the end", essential=True)


def table(name, priority, rows, width=100):
    return Section(name=name, priority=priority, head="| head |", items=tuple(f"| {i:04} {'x' * width} |" for i in range(rows)))


def test_what_fits_is_whole():
    text = fit([FIRST, table("gates", 1, 2, 1), LAST], limit=1000, measure=len, elsewhere="See the file.")
    assert text == "# fail\n\n| head |\n| 0000 x |\n| 0001 x |\n\nthe end\n"


def test_what_does_not_fit_is_cut_and_named_with_the_place_of_the_rest():
    text = fit([FIRST, table("gates", 1, 100), LAST], limit=8000, measure=len, elsewhere="See the file.")
    kept = text.count("xxx |")
    assert 30 < kept < 40
    assert text.startswith(
        f"# fail\n\n✂️ **Left out here for its size:** {100 - kept} of 100 gates. See the file.\n\n| head |\n| 0000 x"
    )
    assert text.endswith("the end\n")


def test_the_important_is_kept_wherever_it_stands():
    sections = [FIRST, table("claims", 5, 100), table("failed gates", 1, 30), LAST]
    text = fit(sections, limit=8000, measure=len, elsewhere="")
    assert "of 30 failed gates" not in text
    assert " of 100 claims" in text


def test_a_section_that_does_not_fit_at_all_is_named():
    sections = [FIRST, table("gates", 1, 60), Section(name="rollback of triage", priority=2, head="y" * 5000), LAST]
    text = fit(sections, limit=10_500, measure=len, elsewhere="")
    assert "rollback of triage. " in text
    assert "yyy" not in text


def test_many_cut_sections_are_counted():
    sections = [FIRST, *(table(f"gates of pilot {i}", 1, 10) for i in range(50)), LAST]
    text = fit(sections, limit=8000, measure=len, elsewhere="")
    assert "10 of 10 gates of pilot 4; " in text
    assert "; and parts of 37 more sections. " in text


@given(
    rows=st.lists(st.text(max_size=400), max_size=60),
    more=st.lists(st.text(alphabet="é𝒳→", max_size=400), max_size=60),
    limit=st.integers(min_value=5000, max_value=12_000),
    measure=st.sampled_from([len, utf8_bytes, utf16_units]),
)
def test_a_document_is_never_larger_than_its_limit(rows, more, limit, measure):
    sections = [
        FIRST,
        Section(name="a", priority=2, head="A", items=tuple(rows), tail="Z", between="\n\n"),
        Section(name="b", priority=1, items=tuple(more)),
        LAST,
    ]
    text = fit(sections, limit=limit, measure=measure, elsewhere="See the file.")
    assert measure(text) <= limit
    assert text.startswith("# fail\n")
    assert text.endswith("the end\n")
    assert "Left out" in text or all(item in text for item in (*rows, *more))


def test_characters_and_bytes_are_told_apart():
    assert (utf16_units("a→😀"), utf8_bytes("a→😀")) == (4, 8)
    assert (COMMENT_CHARACTERS, CHECK_BYTES) == (65_536, 65_535)


@pytest.mark.parametrize(("text", "expected"), [("short", "short"), ("x" * 141, "x" * 139 + "…"), ("a\nb", "a b")])
def test_one_short_line(text, expected):
    assert shorten(text, 140) == expected
