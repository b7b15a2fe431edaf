"""What a rehearsed remediation came to, in a sentence.

`with *one layer*: gap 0.001 [0.000, 0.006], pass`, or that it does not help, or could not be tried.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.escape import clean
from qgate.report.figures import row_of

Write = Callable[[str], str]
_UNITS = {"ms": " ms", "rps": " requests/s"}
_PAIR = 2
_OTHERS = 3


def rehearsal_of(gate: GateOutcome, *, write: Write = clean, emphasise: Write = clean) -> str:
    """The sentence about a gate's rehearsal, or nothing where there was none; the two arguments escape for a surface."""
    if gate.remedy is None or gate.remedy.rehearsed is None:
        return ""
    told = gate.remedy.rehearsed
    verdict = clean(str(told.get("verdict", "no verdict"))).replace("_", " ")
    if verdict == Decision.ERROR:
        return f"it could not be tried: {write(str(told.get('why', '')))}"
    script = told.get("run")
    subject = f"{emphasise(str(script))} run" if script else emphasise(gate.remedy.summary)
    measured = ", ".join([*([write(numbers)] if (numbers := _measured(gate, told)) else []), write(verdict)])
    beside = write(_beside(told.get("gates")))
    if verdict == Decision.FAIL:
        return f"{subject} does not help: {measured}{beside}"
    return f"with {subject}: {measured}{beside}"


def _measured(gate: GateOutcome, told: Mapping[str, Any]) -> str:
    """The quantity with its numbers, written with the decimals that the gate's own have: `latency p95 96 ms`."""
    value, interval = told.get("value"), told.get("ci")
    if not _is_number(value):
        return ""
    bounds = tuple(interval) if isinstance(interval, list | tuple) and all(map(_is_number, interval)) else ()
    pair = (bounds[0], bounds[1]) if len(bounds) == _PAIR else None
    row = row_of(replace(gate, value=value, interval=pair, deployment=gate.interval))  # with the decimals of what failed
    quantity, unit = _quantity(gate.name)
    numbers = row.value + unit if row.interval == "—" else f"{row.value}{unit} {row.interval}"
    return f"{quantity} {numbers}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _quantity(name: str) -> tuple[str, str]:
    """A gate's quantity and unit in words: `latency_p95_ms` → latency p95, ms."""
    words = re.sub(r"_vs_.*", "", clean(name))
    if "_gap_vs_" in name:
        return "gap", ""
    stem, _, last = words.rpartition("_")
    return (stem.replace("_", " "), _UNITS[last]) if last in _UNITS else (words.replace("_", " "), "")


def _beside(gates: object) -> str:
    """What became of the other gates that were run again."""
    others = [g for g in gates if isinstance(g, Mapping)] if isinstance(gates, list | tuple) else []
    bad = [g for g in others if g.get("verdict") != Decision.PASS]
    if not others:
        return ""
    if not bad:
        return f"; beside it {_named(others)} {'passes' if len(others) == 1 else 'pass'}"
    return f"; beside it {_named(bad)} {'does' if len(bad) == 1 else 'do'} not pass"


def _named(gates: list[Mapping[str, Any]]) -> str:
    names = [clean(str(g.get("name", ""))) for g in gates]
    more = len(names) - _OTHERS
    return ", ".join(names[:_OTHERS]) + (f" and {more} more" if more > 0 else "")
