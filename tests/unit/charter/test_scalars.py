"""Bare values mean the same to every reader, or are refused."""

from decimal import Decimal

import pytest

from qgate.charter.scalars import ScalarError, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0.005", Decimal("0.005")),
        (".5", Decimal("0.5")),
        ("1.", Decimal(1)),
        ("1e-3", Decimal("0.001")),
        ("-1.5E+3", Decimal(-1500)),
        ("text", "text"),
        ("2027-01-31", "2027-01-31"),
        ("2001-12-14 21:59:43.10", "2001-12-14 21:59:43.10"),
        ("v1:30", "v1:30"),
        ("nan", "nan"),
        ("Infinity", "Infinity"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("yesterday", "yesterday"),
        ("y", "y"),
    ],
)
def test_clear_values(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["yes", "Yes", "NO", "on", "Off", "010", "-07", "0o17", "0b11", "0x1F", "1_000", "1_0.5", "1:30", "190:20:30.15"]
)
def test_ambiguous_values(text):
    with pytest.raises(ScalarError) as refused:
        resolve(text)
    assert refused.value.code == "ambiguous"
    assert f'"{text}"' in refused.value.fix


@pytest.mark.parametrize("text", [".nan", ".NaN", ".inf", "-.Inf", "+.INF"])
def test_values_that_are_not_finite(text):
    with pytest.raises(ScalarError) as refused:
        resolve(text)
    assert refused.value.code == "not-finite"


@pytest.mark.parametrize("text", ["1e309", "-1e999", "1e" + "9" * 30, "1" * 41, "0." + "1" * 40])
def test_numbers_beyond_reason(text):
    with pytest.raises(ScalarError) as refused:
        resolve(text)
    assert refused.value.code == "number"


def test_forty_digits_are_within_reason():
    assert resolve("1" * 40) == int("1" * 40)
