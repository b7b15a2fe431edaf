"""A curve as a Mermaid chart, which GitHub draws in a comment: where a gate that did not pass has more to show than a number.

A chart holds numbers, dates and our own words only, so nothing in it needs escaping.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from qgate.domain.provenance import PastValue
from qgate.domain.verdict import GateOutcome

_X = TypeVar("_X")
_MOST_POINTS = 12  # a phone has room for so many
_FEWEST_RUNS = 3
_CEILING = 3.0  # latency beyond so many times its limit is cut: it grows without end
# Mermaid's own first colour is hardly seen; these stand out on white and on black.
_COLOURS = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #e5534b"}}}}%%'
_DRIFT = {"calibration_contrast": "contrast", "calibration_flips": "flips"}


def chart_of(gate: GateOutcome, past: Sequence[PastValue] = ()) -> tuple[str, str] | None:
    """A title and the chart's source, of latency by load, of drift by date, or of `past` runs; None where there is no curve."""
    return _latency(gate) or _drift(gate) or _trend(gate, past)


def _latency(gate: GateOutcome) -> tuple[str, str] | None:
    curve = gate.details.get("curve")
    if not curve:
        return None
    limit = float(gate.details["limit_ms"])
    points = _thinned([(float(r), min(float(ms), _CEILING * limit)) for r, ms in zip(curve["rps"], curve["ms"], strict=True)])
    title = f"Latency by load: the level line is the limit, and beyond {_CEILING:g} times of it the curve is cut"
    labels = [f"{rate:.3g}" for rate, _ in points]
    return title, _chart("requests per second", labels, "ms", [ms for _, ms in points], [limit])


def _drift(gate: GateOutcome) -> tuple[str, str] | None:
    key = _DRIFT.get(gate.name)
    snapshots = gate.details.get("drift") or () if key else ()
    points = _thinned(sorted({(date.fromisoformat(s["date"]), float(s[str(key)])) for s in snapshots}))
    if len(points) < 2:  # noqa: PLR2004 -- one date has no curve
        return None
    title = f"{str(key).capitalize()} by the dates of the calibration snapshots: the level line is the threshold"
    values = [value for _, value in points]
    return title, _chart("date", [day.isoformat() for day, _ in points], str(key), values, list(gate.threshold.values()))


def _trend(gate: GateOutcome, past: Sequence[PastValue]) -> tuple[str, str] | None:
    """Only where earlier runs are enough to tell a slide from a jump."""
    if gate.value is None or not gate.threshold or len(past) < _FEWEST_RUNS:
        return None
    runs = [f"{number}" for number in range(-len(past), 0)] + ["this run"]
    points = _thinned(list(zip(runs, [*(one.value for one in past), gate.value], strict=True)))
    title = "The value by run on the default branch, this one last: the level line is the threshold"
    bounds = list(gate.threshold.values())
    return title, _chart("run", [run for run, _ in points], "value", [value for _, value in points], bounds)


def _thinned(points: Sequence[tuple[_X, float]]) -> list[tuple[_X, float]]:
    """At most a dozen, evenly, the first and the last among them."""
    last = len(points) - 1
    if last < _MOST_POINTS:
        return list(points)
    return [points[round(step * last / (_MOST_POINTS - 1))] for step in range(_MOST_POINTS)]


def _chart(x: str, labels: Sequence[str], y: str, values: Sequence[float], levels: Sequence[float]) -> str:
    names = ", ".join(f'"{label}"' for label in labels)
    low, top = 1.1 * min(0.0, *values, *levels), 1.1 * max(*values, *levels)
    lines = [f"  line [{', '.join(f'{value:.5g}' for value in line)}]" for line in (values, *([v] * len(values) for v in levels))]
    return "\n".join([_COLOURS, "xychart-beta", f'  x-axis "{x}" [{names}]', f'  y-axis "{y}" {low:.5g} --> {top:.5g}', *lines])
