"""A gate over the runs on the default branch, this one last: where the value drifts to before it meets its threshold."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from qgate.domain.provenance import PastValue
from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.figures import count_of, plain_number
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks
from qgate.report.pictures.interval import limits

_MOST_RUNS = 60  # a phone has room for so many dots
_MOST_TOLD = 12
_APART = 0.15  # of the height: nearer to each other, two numbers at the axis could not be read


def trend_picture(gate: GateOutcome, past: Sequence[PastValue]) -> Picture | None:
    """The picture of a gate that earlier runs judged too, else None. Each run has the threshold that it was judged by."""
    if gate.value is None or not past:
        return None
    earlier = list(past)[-(_MOST_RUNS - 1) :]
    values = [*(one.value for one in earlier), gate.value]
    intervals = [*(one.interval for one in earlier), gate.interval]
    thresholds = [*(one.threshold for one in earlier), gate.threshold]
    runs = [float(number) for number in range(len(values))]
    bounds = [b for threshold in thresholds for b in threshold.values()]
    low, high = limits([*values, *bounds, *(b for interval in intervals if interval for b in interval)])

    def paint(axes: Axes) -> None:
        axes.set_xlim(-0.5, runs[-1] + 0.5)
        axes.set_ylim(low, high)
        for side in ("min", "max"):
            for run, threshold in zip(runs, thresholds, strict=True):
                if side in threshold:
                    edges, bound = (run - 0.5, run + 0.5), threshold[side]
                    axes.fill_between(edges, bound, high if side == "max" else low, color=Role.BEYOND, linewidth=0)
                    axes.plot(edges, (bound, bound), color=Role.THRESHOLD, linewidth=1.5)
        for run, interval in zip(runs, intervals, strict=True):
            if interval:
                axes.plot((run, run), interval, color=Role.FG, linewidth=1.5)
        dots(axes, runs[:-1], values[:-1], Role.FG, 5)
        dots(axes, runs[-1:], values[-1:], Role.VALUE, 7)
        bounds_now = list(gate.threshold.values())
        beside = [v for v in values[-1:] if all(abs(v - bound) > _APART * (high - low) for bound in bounds_now)]
        shown = {value: plain_number(value) for value in (*bounds_now, *beside)}
        ticks(axes, x={0.0: earlier[0].day.isoformat(), runs[-1]: "this run"}, y=shown)

    told = [f"{plain_number(one.value)} on {one.day.isoformat()}" for one in earlier[-_MOST_TOLD:]]
    words = ", ".join([*told, f"{plain_number(gate.value)} now"])
    passed = sum(one.decision is Decision.PASS for one in earlier)
    caption = (
        f"Over {count_of(len(earlier), 'earlier run')} on the default branch, of which {passed:,} passed, and this one: {words}."
    )
    return Picture(svg=plot(f"{gate.name} by run: {words}", 120, paint), caption=caption)
