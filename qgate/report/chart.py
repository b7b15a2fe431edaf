"""A curve as a Mermaid chart, which GitHub draws in a comment: where a gate that did not pass has more to show than a number.

A chart holds numbers, dates and our own words only, so nothing in it needs escaping.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from qgate.domain.verdict import GateOutcome

_X = TypeVar("_X")
_MOST_POINTS = 12  # a phone has room for so many
_CEILING = 3.0  # latency beyond so many times its limit is cut: it grows without end
# Mermaid's own first colour is hardly seen; these stand out on white and on black.
_COLOURS = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7, #e5534b"}}}}%%'
_DRIFT = {"calibration_contrast": "contrast", "calibration_flips": "flips"}


def chart_of(gate: GateOutcome) -> tuple[str, str] | None:
    """A title and the chart's source, of latency by load or of drift by date; None where the gate has no curve."""
    return _latency(gate) or _drift(gate)


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


def _thinned(points: Sequence[tuple[_X, float]]) -> list[tuple[_X, float]]:
    """At most a dozen, evenly, the first and the last among them."""
    last = len(points) - 1
    if last < _MOST_POINTS:
        return list(points)
    return [points[round(step * last / (_MOST_POINTS - 1))] for step in range(_MOST_POINTS)]


def _chart(x: str, labels: Sequence[str], y: str, values: Sequence[float], levels: Sequence[float]) -> str:
    names = ", ".join(f'"{label}"' for label in labels)
    top = 1.1 * max(*values, *levels)
    lines = [f"  line [{', '.join(f'{value:.5g}' for value in line)}]" for line in (values, *([v] * len(values) for v in levels))]
    return "\n".join([_COLOURS, "xychart-beta", f'  x-axis "{x}" [{names}]', f'  y-axis "{y}" 0 --> {top:.5g}', *lines])
