"""How a service's time grows, as small inline SVGs: measured times, both laws, and nothing beyond where they may be believed."""

import math
from collections.abc import Mapping
from typing import Any

from qgate.domain.verdict import GateOutcome

_WIDTH, _HEIGHT = 320, 96
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 312.0, 8.0, 78.0
_DRAWN = 24
_LAWS = {"power": "ci", "exponential": "new"}


def growth_svg(gate: GateOutcome) -> str:
    """One picture for each series of a capacity gate, on logarithmic axes; nothing where there is none.

    Dots are measured medians, the thick line the power law, the thin one the exponential, up to 1.5 times the largest size.
    Every character comes from numbers; the words beside it say which series is which, in the same order.
    """
    growth = gate.details.get("growth") or {}
    return "".join(_series(one) for _, one in sorted(growth.items()) if isinstance(one, Mapping) and "fits" in one)


def _series(one: Mapping[str, Any]) -> str:
    sizes, times = ([float(x) for x in one[key]] for key in ("sizes", "ms"))
    start, end = min(sizes), float(one["reach"])
    grid = [start * (end / start) ** (step / (_DRAWN - 1)) for step in range(_DRAWN)]
    laws = {law: [_at(law, one["fits"][law], size) for size in grid] for law in _LAWS}
    every = [*times, *(ms for ms in laws["power"] + laws["exponential"] if ms <= 10 * max(times))]
    low, high = min(every), max(every)

    def point(size: float, ms: float) -> tuple[float, float]:
        x = _LEFT + (_RIGHT - _LEFT) * math.log(size / start) / math.log(end / start)
        share = math.log(min(max(ms, low), high) / low) / (math.log(high / low) or 1.0)
        return x, _BOTTOM - (_BOTTOM - _TOP) * share

    parts = [_line(kind, [point(*pair) for pair in zip(grid, laws[law], strict=True)]) for law, kind in _LAWS.items()]
    parts += [f'<circle class="value" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in map(point, sizes, times)]
    words = f"{times[0]:.3g} ms at {start:g}, {times[-1]:.3g} ms at {max(sizes):g}, drawn up to {end:g}"
    text = f'<text fill="currentColor" font-size="9" x="{_LEFT:g}" y="{_HEIGHT - 5}">{words}</text>'
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="growth: {words}">{"".join(parts)}{text}</svg>'


def _at(law: str, fit: Mapping[str, Any], size: float) -> float:
    """Milliseconds of a law at a size; as much as can be drawn where it is more."""
    exponent = float(fit["level"]) + float(fit["rate"]) * (math.log(size) if law == "power" else size)
    return float(fit["floor_ms"]) + math.exp(min(max(exponent, -700.0), 700.0))


def _line(kind: str, points: list[tuple[float, float]]) -> str:
    return f'<polyline class="{kind}" fill="none" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
