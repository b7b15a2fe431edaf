"""The gap of each seed at the deciding shots, on one line with the threshold: do they agree, or does one fall out?"""

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import count_of, plain_number
from qgate.report.pictures.canvas import Picture, Role, dots, strip
from qgate.report.pictures.interval import limits, shade_thresholds

_LANES = (0.3, 0.5, 0.7)


def seeds_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate with a gap for each of several seeds, else None."""
    gaps = [float(gap) for gap in gate.details.get("gaps", ())]
    if len(gaps) < 2 or gate.value is None or not gate.threshold:  # noqa: PLR2004 -- one seed has no spread
        return None
    low, high = limits([*gaps, gate.value, *gate.threshold.values()])

    def paint(axes: Axes) -> None:
        axes.set_xlim(low, high)
        shade_thresholds(axes, gate, low, high)
        # Seeds of one gap would hide each other.
        dots(axes, gaps, [_LANES[number % len(_LANES)] for number in range(len(gaps))], Role.VALUE, 6)

    span = f"from {plain_number(min(gaps))} to {plain_number(max(gaps))}"
    title = f"gaps of {count_of(len(gaps), 'seed')}, {span}"
    return Picture(svg=strip(title, 30, paint), caption=f"The gap of each of {count_of(len(gaps), 'seed')}, {span}.")
