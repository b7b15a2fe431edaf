"""Two one-sided bounds and the three-way decision that they allow."""

import math
from dataclasses import dataclass
from fractions import Fraction

from qgate.domain.verdict import Decision


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """An estimate between two one-sided bounds: each is wrong with probability alpha at most, so both with 2 alpha."""

    estimate: float
    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) for x in (self.estimate, self.lower, self.upper)) or self.lower > self.upper:
            raise ValueError(f"not an interval: {self.estimate} in [{self.lower}, {self.upper}]")


def decide(bounds: Bounds, threshold: float) -> Decision:
    """Pass when even the upper bound keeps the threshold, fail when even the lower one breaks it, else inconclusive.

    That is a test of non-inferiority and its mirror image: a false pass and a false fail each have probability alpha at most.
    """
    if bounds.upper <= threshold:
        return Decision.PASS
    return Decision.FAIL if bounds.lower > threshold else Decision.INCONCLUSIVE


def decide_exactly(value: Fraction, threshold: Fraction) -> Decision:
    """Compare without rounding, where nothing is random: `0.905 - 0.9 > 0.005` is true for doubles, and false for numbers."""
    return Decision.PASS if value <= threshold else Decision.FAIL
