"""A gate's value, its interval and its threshold on one line: the picture that every decided gate has."""

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import row_of
from qgate.report.pictures.canvas import Picture, Role, dots, strip

_MARGIN = 0.15


def interval_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate, or None where it has no value or no threshold to stand against."""
    value = gate.value
    if value is None or not gate.threshold:
        return None
    low, high = limits([value, *gate.threshold.values(), *(gate.interval or ()), *(gate.deployment or ())])

    def paint(axes: Axes) -> None:
        axes.set_xlim(low, high)
        shade_thresholds(axes, gate, low, high)
        if gate.deployment:
            axes.plot(gate.deployment, (0.2, 0.2), color=Role.DIM, linewidth=1.5)
        if gate.interval:
            axes.plot(gate.interval, (0.52, 0.52), color=Role.FG, linewidth=3)
        dots(axes, [value], [0.52], Role.VALUE, 9)

    row = row_of(gate)
    return Picture(svg=strip(f"measured {row.measured}, threshold {row.threshold}", 38, paint), caption="")


def shade_thresholds(axes: Axes, gate: GateOutcome, low: float, high: float) -> None:
    """The side of each threshold where a gate fails, right of a maximum and left of a minimum, and the threshold itself."""
    for key, bound in sorted(gate.threshold.items()):
        axes.axvspan(*((bound, high) if key == "max" else (low, bound)), color=Role.BEYOND, linewidth=0)
    for bound in gate.threshold.values():
        axes.plot((bound, bound), (0, 1), color=Role.THRESHOLD, linewidth=1.5, dashes=(2, 1.4), dash_capstyle="butt")


def limits(numbers: list[float]) -> tuple[float, float]:
    """From the least to the greatest with a margin on both sides; where all are one, around it."""
    low, high = min(numbers), max(numbers)
    margin = _MARGIN * ((high - low) or abs(high) or 1.0)
    return low - margin, high + margin
