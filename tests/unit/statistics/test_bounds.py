"""Three answers, and counts compared as counts."""

from decimal import Decimal
from fractions import Fraction

import pytest

from qgate.domain.verdict import Decision
from qgate.statistics.bounds import Bounds, decide, decide_exactly


@pytest.mark.parametrize(
    ("lower", "upper", "decision"),
    [
        (-0.01, 0.005, Decision.PASS),
        (-0.01, 0.0051, Decision.INCONCLUSIVE),
        (0.005, 0.02, Decision.INCONCLUSIVE),
        (0.0051, 0.02, Decision.FAIL),
    ],
)
def test_only_a_bound_decides(lower, upper, decision):
    assert decide(Bounds(estimate=0.0, lower=lower, upper=upper), 0.005) is decision


def test_counts_are_compared_without_rounding():
    assert 0.905 - 0.9 > 0.005
    assert decide_exactly(Fraction(181 - 180, 200), Fraction(Decimal("0.005"))) is Decision.PASS
    assert decide_exactly(Fraction(182 - 180, 200), Fraction(Decimal("0.005"))) is Decision.FAIL


@pytest.mark.parametrize(("estimate", "lower", "upper"), [(0, 1, -1), (float("nan"), 0, 0), (0, 0, float("inf"))])
def test_what_is_no_interval_is_refused(estimate, lower, upper):
    with pytest.raises(ValueError, match="not an interval"):
        Bounds(estimate=estimate, lower=lower, upper=upper)
