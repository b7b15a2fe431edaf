"""What a device's noise made of the candidate over the dates of its calibration snapshots."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import count_of, plain_number
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks
from qgate.report.pictures.interval import limits

# What each gate reads of a snapshot, and whether its threshold is in the same unit.
_DRAWN: Mapping[str, tuple[str, bool]] = MappingProxyType(
    {
        "calibration_contrast": ("contrast", True),
        "calibration_flips": ("flips", True),
        "calibration_accuracy_drop": ("accuracy", False),
    }
)


def drift_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a calibration gate with several snapshots, else None."""
    key, comparable = _DRAWN.get(gate.name, ("", False))
    snapshots = gate.details.get("drift") or () if key else ()
    points = sorted({(date.fromisoformat(s["date"]), float(s[key])) for s in snapshots})
    if len({day for day, _ in points}) < 2:  # noqa: PLR2004 -- one date has no curve
        return None
    days, values = [float(day.toordinal()) for day, _ in points], [value for _, value in points]
    bounds = dict(gate.threshold) if comparable else {}
    low, high = limits([*values, *bounds.values()])
    first, last = limits(days)

    def paint(axes: Axes) -> None:
        axes.set_xlim(first, last)
        axes.set_ylim(low, high)
        for side, bound in bounds.items():
            axes.axhspan(*((bound, high) if side == "max" else (low, bound)), color=Role.BEYOND, linewidth=0)
            axes.axhline(bound, color=Role.THRESHOLD, linewidth=1.5, dashes=(2, 1.4))
        axes.plot(days, values, color=Role.FG, linewidth=1.5)
        dots(axes, days, values, Role.VALUE, 7)
        shown = {days[0]: points[0][0].isoformat(), days[-1]: points[-1][0].isoformat()}
        ticks(axes, x=shown, y={value: plain_number(value) for value in (*bounds.values(), values[-1])})

    words = ", ".join(f"{plain_number(value)} on {day.isoformat()}" for day, value in points)
    caption = f"The {key} over the dates of {count_of(len(points), 'calibration snapshot')}: {words}."
    return Picture(svg=plot(f"{key} by date: {words}", 120, paint), caption=caption)
