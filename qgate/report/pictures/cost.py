"""A month's cost against its traffic: the line, the cap, today, and where the cap breaks."""

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks

_BEYOND = 1.2


def cost_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a monthly cost that grows with its traffic, else None."""
    breaks, cap, usd = gate.details.get("breaks_above_requests_per_day"), gate.threshold.get("max"), gate.value
    if breaks is None or not cap or usd is None:
        return None
    today, at = float(gate.details["requests_per_day"]), float(breaks)
    right, top = _BEYOND * max(today, at), _BEYOND * max(usd, cap)

    def paint(axes: Axes) -> None:
        axes.set_xlim(0, right)
        axes.set_ylim(0, top)
        axes.plot((0, right), (cap, cap), color=Role.THRESHOLD, linewidth=1.5, dashes=(2, 1.4))
        reach = min(right, today * top / usd)
        axes.plot((0, reach), (0, usd * reach / today), color=Role.FG, linewidth=2)
        axes.plot((today, today), (0, top), color=Role.DIM, linewidth=1)
        dots(axes, [today], [usd], Role.VALUE, 9)
        ticks(axes, x={0.0: "0", today: f"{today:,.3g} a day"}, y={cap: f"${cap:,.0f}"})

    words = f"cost of a month by requests a day: ${usd:,.2f} at {today:,.0f}, the cap of ${cap:,.2f} up to {at:,.0f}"
    caption = (
        f"A month's cost by requests a day: ${usd:,.2f} at today's {today:,.3g}; the cap of ${cap:,.2f} breaks above {at:,.3g}."
    )
    return Picture(svg=plot(words, 120, paint), caption=caption)
