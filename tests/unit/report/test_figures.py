import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgate.domain.verdict import Sizes
from qgate.report.figures import MINUS, Row, count_of, plain_number, row_of, sizes_of

NUMBERS = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


def read(text):
    return float(text.replace(MINUS, "-").replace(",", "").removeprefix("≤ ").removeprefix("≥ "))


@pytest.mark.parametrize(
    ("value", "interval", "threshold", "expected"),
    [
        (0.021, (0.012, 0.030), {"max": 0.005}, ("0.0210", "[0.0120, 0.0300]", "≤ 0.0050")),
        (0.00504, None, {"max": 0.005}, ("0.00504", "—", "≤ 0.00500")),
        (0.0049999, None, {"max": 0.005}, ("0.0049999", "—", "≤ 0.0050000")),
        (120.0004, None, {"max": 120.0}, ("120.0004", "—", "≤ 120.0000")),
        (118.34, (110.2, 131.9), {"max": 120.0}, ("118", "[110, 132]", "≤ 120")),
        (4123.5, None, {"max": 4000.0}, ("4,124", "—", "≤ 4,000")),
        (0.0, (0.0, 0.0), {"max": 0.005}, ("0.000", "[0.000, 0.000]", "≤ 0.005")),
        (-0.0004, (-0.012, -0.0), {"max": 0.005}, ("-0.0004", "[-0.0120, 0.0000]", "≤ 0.0050")),
        (0.61, None, {"min": 0.6}, ("0.610", "—", "≥ 0.600")),
        (5, None, {"max": 5.0}, ("5", "—", "≤ 5")),
        (0.005, None, {"max": 0.005}, ("0.00500", "—", "≤ 0.00500")),
        (3e-7, None, {"max": 1e-7}, ("3.00e-07", "—", "≤ 1.00e-07")),
        (3e12, None, {"max": 1e9}, ("3.00e+12", "—", "≤ 1.00e+09")),
        (None, None, {"max": 0.005}, ("—", "—", "≤ 0.005")),
        (0.25, None, {}, ("0.250", "—", "—")),
    ],
)
def test_the_numbers_of_a_row(gate, value, interval, threshold, expected):
    row = row_of(gate(value=value, interval=interval, threshold=threshold))
    figures = [text.replace("-", MINUS) for text in expected]
    assert row == Row(value=figures[0], interval=figures[1], threshold=figures[2], deployment="—")


def test_value_and_interval_in_one(gate):
    assert row_of(gate(value=0.021, interval=(0.012, 0.030))).measured == "0.0210 [0.0120, 0.0300]"
    assert row_of(gate(value=0.021)).measured == "0.0210"
    assert row_of(gate()).measured == "—"


@given(value=NUMBERS, threshold=NUMBERS)
def test_a_row_never_contradicts_itself(gate, value, threshold):
    row = row_of(gate(value=value, threshold={"max": threshold}))
    shown, bound = read(row.value), read(row.threshold)
    assert (shown > bound) == (value > threshold)
    assert (shown < bound) == (value < threshold)


@given(value=NUMBERS, low=NUMBERS, high=NUMBERS, threshold=NUMBERS)
def test_an_interval_lies_on_the_side_of_the_threshold_where_it_lay(gate, value, low, high, threshold):
    row = row_of(gate(value=value, interval=(low, high), threshold={"min": threshold}))
    shown = [read(bound) for bound in row.interval.strip("[]").split(", ")]
    for bound, number in zip(shown, (low, high), strict=True):
        assert (bound > read(row.threshold)) == (number > threshold)


def test_counts_and_sizes():
    assert (count_of(1, "gate"), count_of(0, "gate"), count_of(4000, "row")) == ("1 gate", "0 gates", "4,000 rows")
    assert sizes_of(Sizes(rows=569, seeds=5, shots=1000)) == "569 rows, 5 seeds, 1,000 shots"
    assert sizes_of(Sizes(rows=1)) == "1 row"
    assert sizes_of(Sizes(rows=0, seeds=5, shots=1000)) == "5 seeds, 1,000 shots"
    assert sizes_of(None) == ""


def test_a_lone_number():
    assert [plain_number(x) for x in (0.001, 1234567, 2.0, -3.0, -0.123456)] == [
        "0.001",
        "1,234,567",
        "2",
        f"{MINUS}3",
        f"{MINUS}0.1235",
    ]
