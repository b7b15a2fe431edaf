"""A gap against the shots it was measured with, and the gap that no shot noise would leave."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from qgate.charter.metrics import SCORERS
from qgate.domain.verdict import GateOutcome
from qgate.report.figures import plain_number
from qgate.report.pictures.canvas import Picture, Role, dots, plot, ticks
from qgate.report.pictures.interval import limits

_BEYOND = 2.0  # the limit without shot noise stands as far right as so many times the most shots


def shots_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a parity gate that was measured with shots, or None where nothing says how its gap moves with them."""
    gaps, limit = _gaps(gate), gate.details.get("shots")
    if gate.value is None or not gaps or (len(gaps) < 2 and not limit):  # noqa: PLR2004 -- one level and no limit is a point
        return None
    value = gate.value
    counts, means = list(gaps), [sum(found) / len(found) for found in gaps.values()]
    end = _BEYOND * counts[-1]
    bounds = _limit(value, limit)
    low, high = limits([*(gap for found in gaps.values() for gap in found), *gate.threshold.values(), *bounds])

    def paint(axes: Axes) -> None:
        axes.set_xscale("log")
        axes.set_xlim(counts[0] / 1.2, end * 1.1)
        axes.set_ylim(low, high)
        _threshold(axes, gate, low, high)
        for count, found in gaps.items():
            dots(axes, [float(count)] * len(found), found, Role.DIM, 4)
        axes.plot(counts, means, color=Role.FG, linewidth=1.5)
        if bounds:
            middle, least, most = bounds
            axes.plot((counts[-1], end), (means[-1], middle), color=Role.LIMIT, linewidth=1.5, dashes=(2, 2))
            axes.plot((end, end), (least, most), color=Role.LIMIT, linewidth=3)
            dots(axes, [end], [middle], Role.LIMIT, 7)
        dots(axes, [float(counts[-1])], [means[-1]], Role.VALUE, 8)
        ticks(axes, x={float(c): f"{c:,}" for c in counts} | ({end: "∞"} if bounds else {}), y=_levels(gate, means[-1]))

    return Picture(svg=plot(_words(counts, means, bounds), 130, paint), caption=_caption(bounds, limit))


def _gaps(gate: GateOutcome) -> Mapping[int, Sequence[float]]:
    """The gaps by shots, from few to many; positive is worse."""
    scorer, baseline = SCORERS.get(str(gate.details.get("scorer"))), gate.details.get("baseline_score")
    if scorer is None or baseline is None:
        return {}
    sign = 1 if scorer.greater_is_better else -1
    found: dict[int, list[float]] = {}
    for level in gate.details.get("levels", ()):
        if level["shots"] is not None:
            found.setdefault(int(level["shots"]), []).append(sign * (float(baseline) - float(level["score"])))
    return dict(sorted(found.items()))


def _limit(value: float, limit: Mapping[str, Any] | None) -> tuple[()] | tuple[float, float, float]:
    """The gap without shot noise, between its bounds."""
    if not limit:
        return ()
    least, most = (float(bound) for bound in limit["interval"])
    return value - float(limit["gap_from_shots"]), value - most, value - least


def _threshold(axes: Axes, gate: GateOutcome, low: float, high: float) -> None:
    for key, bound in gate.threshold.items():
        axes.axhspan(*((bound, high) if key == "max" else (low, bound)), color=Role.BEYOND, linewidth=0)
        axes.axhline(bound, color=Role.THRESHOLD, linewidth=1.5, dashes=(2, 1.4))


def _levels(gate: GateOutcome, last: float) -> dict[float, str]:
    return {bound: plain_number(bound) for bound in gate.threshold.values()} | {last: plain_number(last)}


def _words(counts: Sequence[int], means: Sequence[float], bounds: tuple[()] | tuple[float, float, float]) -> str:
    told = [f"{plain_number(mean)} at {count:,}" for count, mean in zip(counts, means, strict=True)]
    told += [f"{plain_number(bounds[0])} without shot noise"] if bounds else []
    return f"gap by shots: {', '.join(told)}"


def _caption(bounds: tuple[()] | tuple[float, float, float], limit: Mapping[str, Any] | None) -> str:
    words = "The gap against the shots, a grey dot for each seed, the line their mean"
    if not bounds or not limit:
        return f"{words}."
    middle, least, most = map(plain_number, bounds)
    return f"{words}; at ∞ what shot noise does not explain: {middle} [{least}, {most}], learned from {limit['learned_from']}."
