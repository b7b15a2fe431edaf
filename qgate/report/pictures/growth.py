"""How a service's time grows: measured times, both laws, and nothing beyond where they may be believed."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks

_DRAWN = 24
_LAWS = {"power": (Role.FG, 2.0), "exponential": (Role.LIMIT, 1.5)}


def growth_pictures(gate: GateOutcome) -> Iterator[Picture]:
    """One picture for each series of a capacity gate, on logarithmic axes."""
    for name, one in sorted((gate.details.get("growth") or {}).items()):
        if isinstance(one, Mapping) and "fits" in one:
            yield _series(str(name), one)


def _series(name: str, one: Mapping[str, Any]) -> Picture:
    sizes, times = ([float(x) for x in one[key]] for key in ("sizes", "ms"))
    start, end = min(sizes), float(one["reach"])
    grid = [start * (end / start) ** (step / (_DRAWN - 1)) for step in range(_DRAWN)]
    laws = {law: [_at(law, one["fits"][law], size) for size in grid] for law in _LAWS}
    every = [*times, *(ms for found in laws.values() for ms in found if 0 < ms <= 10 * max(times))]
    low, high = 0.9 * min(every), 1.1 * max(every)

    def paint(axes: Axes) -> None:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(start, end)
        axes.set_ylim(low, high)
        for law, (role, width) in _LAWS.items():
            axes.plot(grid, [min(max(ms, low), high) for ms in laws[law]], color=role, linewidth=width)
        dots(axes, sizes, times, Role.VALUE, 6)
        shown = {size: f"{size:,g}" for size in (start, max(sizes), end)}
        ticks(axes, x=shown, y={ms: f"{ms:.3g} ms" for ms in (min(times), max(times))})

    words = f"{times[0]:.3g} ms at {start:g}, {times[-1]:.3g} ms at {max(sizes):g}, drawn up to {end:g}"
    laws_told = "dots are measured, the dark line is the power law, the blue one the exponential"
    return Picture(svg=plot(f"growth: {words}", 120, paint), caption=f"Time by {name}: {words}; {laws_told}.")


def _at(law: str, fit: Mapping[str, Any], size: float) -> float:
    """Milliseconds of a law at a size; as much as can be drawn where it is more."""
    exponent = float(fit["level"]) + float(fit["rate"]) * (math.log(size) if law == "power" else size)
    return float(fit["floor_ms"]) + math.exp(min(max(exponent, -700.0), 700.0))
