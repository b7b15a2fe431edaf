"""YAML to plain values and places, without YAML's traps."""

from decimal import Decimal

import pytest
import yaml

from qgate.charter import load as load_module
from qgate.charter.load import MAX_BYTES, load


def read(data):
    """The values, and the problems as `line:column code`."""
    document, problems = load(data, "c.yml")
    found = [f"{p.position.line}:{p.position.column} {p.code}" for p in problems]
    return (document.root if document else None), found


def test_values_are_plain_and_numbers_are_as_written():
    text = b"a: text\nb: 0.10\nc: 7\nd: true\ne: ~\nf: [x, 'no', \"1:30\"]\ng: {h: 2027-01-31}\ni: |\n  two\n  lines\n"
    expected = {
        "a": "text",
        "b": Decimal("0.10"),
        "c": 7,
        "d": True,
        "e": None,
        "f": ["x", "no", "1:30"],
        "g": {"h": "2027-01-31"},
        "i": "two\nlines\n",
    }
    assert read(text) == (expected, [])


def test_every_key_and_value_has_its_place():
    document, _ = load("ä: {ö: [1, ü]}\nb:\n  - c: 1\n".encode(), "c.yml")
    assert document.names == {("ä",): (1, 1), ("ä", "ö"): (1, 5), ("b",): (2, 1), ("b", 0, "c"): (3, 5)}
    assert document.values == {
        (): (1, 1),
        ("ä",): (1, 4),
        ("ä", "ö"): (1, 8),
        ("ä", "ö", 0): (1, 9),
        ("ä", "ö", 1): (1, 12),
        ("b",): (3, 3),
        ("b", 0): (3, 5),
        ("b", 0, "c"): (3, 8),
    }


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order mark"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_byte_order_mark_and_line_ends_do_not_move_places(prefix, newline):
    assert read(prefix + b"a: no" + newline + b"b:" + newline + b"  c: no" + newline) == (
        {"a": None, "b": {"c": None}},
        ["1:4 ambiguous", "3:6 ambiguous"],
    )


def test_too_large_is_one_problem():
    assert read(b"#" * (MAX_BYTES + 1)) == (None, ["1:1 too-large"])
    assert read(b"a: 1 #" + b"#" * (MAX_BYTES - 6)) == ({"a": 1}, [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\nb: \xe9t\xe9\n", "byte 0xE9 at offset 8 is not UTF-8"),
        (b"\xef\xbb\xbfa: 1\nb: \xe9\n", "byte 0xE9 at offset 11 is not UTF-8"),
        ("ä: 1\nü: ".encode() + b"\xff", "byte 0xFF at offset 10 is not UTF-8"),
    ],
)
def test_a_byte_that_is_not_utf8_is_named(data, message):
    document, (problem,) = load(data, "c.yml")
    assert (document, problem.message, str(problem.position)) == (None, message, "c.yml:2:4")


def test_utf16_is_recognised():
    _, (problem,) = load("a: 1".encode("utf-16"), "c.yml")
    assert problem.message == "byte 0xFF at offset 0 is not UTF-8; the file looks like UTF-16"


def test_a_billion_laughs_stay_where_they_are():
    lines = ["a: &a [lol, lol]"] + [f"{new}: &{new} [*{old}, *{old}]" for old, new in zip("abcdefg", "bcdefgh", strict=True)]
    root, found = read("\n".join(lines).encode())
    assert root == {"a": ["lol", "lol"], **{name: [None, None] for name in "bcdefgh"}}
    assert [line for line in found if "alias" in line] == [f"{n}:{c} alias" for n in range(2, 9) for c in (8, 12)]


def test_a_value_that_was_refused_is_marked_as_unread():
    document, _ = load(b"a: no\nb: &x 1\nc: *x\nd: {<<: {e: 1}, f: 2}\n", "c.yml")
    assert document.unread == {("a",), ("c",), ("d",)}
    assert document.partial


def test_an_ambiguous_value_hides_nothing_else():
    document, _ = load(b"a: no\n", "c.yml")
    assert not document.partial


def test_the_first_of_two_keys_is_kept_with_its_place():
    document, (problem,) = load(b"a: {b: 1}\na: {b: 2, c: no}\n", "c.yml")[0], load(b"a: 1\na: 2\n", "c.yml")[1]
    assert (document.root, document.values["a", "b"]) == ({"a": {"b": 1}}, (1, 8))
    assert (problem.code, problem.message) == ("duplicate-key", "`a` stands here a second time; the first is on line 1")


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader], ids=["Python", "libyaml"])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"pilot:\n\towner: x\n", "2:1 tab"),
        (b"pilot:\n  owner: x\n\tname: y\n", "3:1 tab"),
        (b"pilot:\n  a:\n  \t- b\n", "3:3 tab"),
        (b"a: @x/y\n", "1:4 yaml-syntax"),
        (b"a: [1,2\nb: 3\n", "1:4 yaml-syntax"),
        (b"a: 'x\nb: 3\n", "1:4 yaml-syntax"),
        (b"a: b: c\n", "1:5 yaml-syntax"),
        (b"a: 1\na\n", "2:1 yaml-syntax"),
        (b"a: {b: 1}}\n", "1:10 yaml-syntax"),
        (b"a: !foo!bar 1\n", "1:4 yaml-syntax"),
    ],
)
def test_both_parsers_give_the_same_place(monkeypatch, loader, data, place):
    monkeypatch.setattr(load_module, "_LOADER", loader)
    assert read(data) == (None, [place])


@pytest.mark.parametrize("unit", [b"[", b"{a: ", b"- ", b"? "])
def test_deep_nesting_ends_at_once(unit):
    root, (problem,) = read(unit * 100_000)
    assert root is None
    assert problem.endswith(" too-deep")
