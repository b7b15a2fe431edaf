"""Numbers for people: one row's value, interval and threshold with the same decimals, so that they compare at a glance.

Three or four significant digits are enough to read and too few to judge by: where rounding would put a number onto its
threshold, or onto the wrong side of a gate's decision, decimals are added until the row says what the decision says.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from qgate.domain.verdict import GateOutcome, Sizes

NONE = "—"
MINUS = "\N{MINUS SIGN}"
ALPHA = "\N{GREEK SMALL LETTER ALPHA}"
_SIGNIFICANT = 3
# Beyond these magnitudes fixed decimals are longer than they are clear.
_FIXED = (1e-5, 1e9)
_MOST_DECIMALS = 17

_SIGNS = {"max": "≤", "min": "≥"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A gate's numbers as text; `—` where there is none."""

    value: str
    interval: str
    threshold: str
    deployment: str

    @property
    def measured(self) -> str:
        """Value and interval in one."""
        return self.value if self.interval == NONE else f"{self.value} {self.interval}"


def row_of(gate: GateOutcome) -> Row:
    """The numbers of a gate, formatted together."""
    write = _writer(gate)
    bounds = [f"{_SIGNS.get(key, key)} {write(bound)}" for key, bound in sorted(gate.threshold.items())]
    return Row(
        value=NONE if gate.value is None else write(gate.value),
        interval=_interval(gate.interval, write),
        threshold=", ".join(bounds) or NONE,
        deployment=_interval(gate.deployment, write),
    )


def _interval(interval: tuple[float, float] | None, write: Callable[[float], str]) -> str:
    return f"[{write(interval[0])}, {write(interval[1])}]" if interval else NONE


def _writer(gate: GateOutcome) -> Callable[[float], str]:
    """How this gate's numbers are written: the fewest digits that keep each of them apart from the thresholds."""
    measured = [x for x in (gate.value, *(gate.interval or ()), *(gate.deployment or ())) if x is not None]
    thresholds = list(gate.threshold.values())
    every = measured + thresholds
    largest = max((abs(x) for x in every), default=0.0)
    if largest and not _FIXED[0] <= largest < _FIXED[1]:
        return _first_that_tells_apart([_scientific(d) for d in range(_SIGNIFICANT - 1, _MOST_DECIMALS)], measured, thresholds)
    least = _decimals(largest if any(measured) else 0.0, thresholds, every)
    return _first_that_tells_apart([_fixed(d) for d in range(least, _MOST_DECIMALS + 1)], measured, thresholds)


def _decimals(largest: float, thresholds: list[float], every: list[float]) -> int:
    """Enough for three significant digits of the largest number and for every threshold as it was written."""
    if all(float(x).is_integer() for x in every):
        return 0
    significant = _SIGNIFICANT - 1 - math.floor(math.log10(largest)) if largest else 0
    written = max((_written_decimals(t) for t in thresholds), default=0)
    return min(max(0, significant, written), _MOST_DECIMALS)


def _written_decimals(number: float) -> int:
    exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _first_that_tells_apart(
    writers: list[Callable[[float], str]], measured: list[float], thresholds: list[float]
) -> Callable[[float], str]:
    apart = (w for w in writers if all(w(x) != w(t) for x in measured for t in thresholds if x != t))
    return next(apart, repr)


def _fixed(decimals: int) -> Callable[[float], str]:
    return lambda x: f"{x + 0.0:,.{decimals}f}".replace("-", MINUS) if float(f"{x:.{decimals}f}") else f"{0:.{decimals}f}"


def _scientific(decimals: int) -> Callable[[float], str]:
    return lambda x: f"{x:.{decimals}e}".replace("-", MINUS)


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """`1 gate`, `4,000 gates`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def sizes_of(sizes: Sizes | None) -> str:
    """How much was measured: `569 rows, 5 seeds, 1,000 shots`, rows only where there are some; nothing when nothing was."""
    if sizes is None:
        return ""
    parts = [count_of(sizes.rows, "row")] if sizes.rows else []
    parts += [count_of(sizes.seeds, "seed")] if sizes.seeds else []
    parts += [count_of(sizes.shots, "shot")] if sizes.shots is not None else []
    return ", ".join(parts)


def plain_number(value: float) -> str:
    """A lone number, to four significant digits."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}".replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)
