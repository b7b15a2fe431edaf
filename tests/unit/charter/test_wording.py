"""How problems name keys and values."""

from decimal import Decimal

import pytest

from qgate.charter.wording import key_text, listed, named, nearest, shown, written


@pytest.mark.parametrize(
    ("key", "text"),
    [((), "the charter"), (("pilot",), "`pilot`"), (("pilot", "success_metrics", 0, "max"), "`pilot.success_metrics[0].max`")],
)
def test_key_paths(key, text):
    assert named(key) == text


def test_a_list_at_the_top_needs_no_dot():
    assert key_text((0, "a")) == "[0].a"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        ("x", "`x`"),
        ("", '`""`'),
        (" ", '`" "`'),
        ("a\nb\x07\u202e", "`a\\nb\\x07\\u202e`"),
        ("a" * 61, f"`{'a' * 59}…`"),
        (Decimal("0.005"), "`0.005`"),
        (True, "`true`"),
        ({"a": 1}, "a mapping"),
        ([1], "a list"),
    ],
)
def test_values(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ("@octocat", '"@octocat"'),
        ("a:b", '"a:b"'),
        ({"a": [1, "x", Decimal("0.5")], "b": None}, "{a: [1, x, 0.5], b: null}"),
    ],
)
def test_values_as_yaml(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("sucess_metrics", "success_metrics"),
        ("success-metrics", "success_metrics"),
        ("Success_Metrics", "success_metrics"),
        ("maximum", "max"),
        ("metrics", None),
        ("colour", None),
        ("success_metrics" * 10, None),
    ],
)
def test_the_nearest_word(word, found):
    assert nearest(word, ["success_metrics", "max", "owner"]) == found


@pytest.mark.parametrize(("words", "text"), [(["a"], "`a`"), (["a", "b"], "`a` and `b`"), (["a", "b", "c"], "`a`, `b` and `c`")])
def test_lists(words, text):
    assert listed(words) == text
