"""A service's latency against its load: where it still holds, today's traffic, and where a month breaks its cap."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import plain_number
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks

_CEILING = 3.0  # latency beyond so many times its limit is cut: it grows without end
_CAPTION = (
    "Latency against requests per second: the line, with nine of ten replicates in its band; the dashed line is what must be "
    "kept, the dot the capacity, with its headroom on today's traffic."
)


def capacity_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate whose details hold such a curve, else None."""
    curve, capacity = gate.details.get("curve"), gate.value
    if not curve or capacity is None:
        return None
    limit, today = float(gate.details["limit_ms"]), float(gate.details["today_rps"])
    cap = None if gate.details.get("cap_rps") is None else float(gate.details["cap_rps"])
    right, ceiling = 1.05 * max(*map(float, curve["rps"]), today), _CEILING * limit

    def paint(axes: Axes) -> None:
        axes.set_xlim(0, right)
        axes.set_ylim(0, ceiling)
        _curve(axes, curve, ceiling)
        _across(axes, limit, right)
        _upright(axes, today, ceiling, Role.DIM, "today")
        if cap is not None and cap <= right:
            _upright(axes, cap, ceiling, Role.THRESHOLD, "cap")
        dots(axes, [capacity], [limit], Role.VALUE, 9)
        side = "right" if capacity > right / 2 else "left"
        axes.text(capacity, 1.15 * limit, f"{capacity:.3g} ({capacity / today:.2g} times today)", ha=side, va="bottom")
        ticks(axes, x={0.0: "0", right: f"{right:.3g}/s"}, y={limit: f"{plain_number(limit)} ms"})

    words = (
        f"latency against requests per second: within {plain_number(limit)} ms up to {capacity:.3g} a second, today {today:.3g}"
    )
    words += f", the monthly cap up to {cap:.3g}" if cap is not None else ""
    return Picture(svg=plot(words, 140, paint), caption=_CAPTION)


def _curve(axes: Axes, curve: Mapping[str, Sequence[Any]], ceiling: float) -> None:
    rates = [float(rate) for rate in curve["rps"]]
    low, middle, high = ([min(float(ms), ceiling) for ms in curve[key]] for key in ("lower_ms", "ms", "upper_ms"))
    axes.fill_between(rates, low, high, color=Role.LINE, linewidth=0)
    axes.plot(rates, middle, color=Role.FG, linewidth=2)


def _across(axes: Axes, limit: float, right: float) -> None:
    axes.plot((0, right), (limit, limit), color=Role.THRESHOLD, linewidth=1.5, dashes=(2, 1.4))


def _upright(axes: Axes, rate: float, ceiling: float, role: str, name: str) -> None:
    axes.plot((rate, rate), (0, ceiling), color=role, linewidth=1.5)
    axes.text(rate, ceiling, f" {name} {rate:.3g}", ha="left", va="top", color=Role.DIM)
