"""What one row of the acceptance table says, and how it is printed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ALPHA = 0.05
Map = Callable[[Callable[[Any], Any], Iterable[Any]], list[Any]]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is simulated."""

    fast: bool = False

    def runs(self, full: int) -> int:
        """A tenth of the runs where it must be fast."""
        return full // 10 if self.fast else full

    def slack(self, rate: float, runs: int) -> float:
        """What a measured rate may exceed its demand by: nothing, or three standard errors of the fewer runs."""
        return 3 * float(np.sqrt(rate * (1 - rate) / runs)) if self.fast else 0.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A row: the demand, what was measured, whether it holds, and the lines of its own table (the first is the header)."""

    number: int
    demand: str
    measured: str
    holds: bool
    table: tuple[str, ...] = field(default=())

    @property
    def line(self) -> str:
        """For a terminal."""
        return f"{'ok  ' if self.holds else 'FAIL'} row {self.number:2d}: {self.demand}\n      measured: {self.measured}"


def percent(rate: float, runs: int | None = None) -> str:
    """A rate with its Monte Carlo standard error; enumerated ones have no runs."""
    if runs is None:
        return f"{100 * rate:.2f} %"
    return f"{100 * rate:.2f} ± {100 * float(np.sqrt(max(rate * (1 - rate), 1e-9) / runs)):.2f} %"


def markdown(findings: Sequence[Finding]) -> str:
    """The acceptance table, and each row's own below."""
    lines = ["", "| row | demand | measured | holds |", "|---|---|---|---|"]
    lines += [f"| {f.number} | {f.demand} | {f.measured} | {'yes' if f.holds else '**no**'} |" for f in findings]
    for finding in findings:
        if finding.table:
            header, *rest = finding.table
            columns = header.count(" | ") + 1
            lines += [
                "",
                f"Row {finding.number}:",
                "",
                f"| {header} |",
                "|" + "---|" * columns,
                *(f"| {line} |" for line in rest),
            ]
    return "\n".join([*lines, ""])
