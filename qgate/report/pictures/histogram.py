"""The energies of a QUBO's states: what the circuit gives, against random states."""

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import plain_number
from qgate.report.pictures.canvas import Picture, Role, plot, ticks

_CAPTION = "Energies, the least at the left, all above in the last bar: bars are what this circuit gives, the line random states."


def histogram_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate whose details hold a histogram, else None."""
    histogram = gate.details.get("histogram")
    if histogram is None:
        return None
    edges, circuit, random = ([float(x) for x in histogram[name]] for name in ("edges", "circuit", "random"))
    tallest = max([*circuit, *random]) or 1.0

    def paint(axes: Axes) -> None:
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, 1.08 * tallest)
        axes.stairs(circuit, edges, fill=True, color=Role.VALUE, alpha=0.55, linewidth=0)
        axes.stairs(random, edges, color=Role.FG, linewidth=1.5)
        ticks(axes, x={edge: plain_number(edge) for edge in (edges[0], edges[-1])}, y={tallest: f"{tallest:.0%}"})

    words = f"energies from {plain_number(edges[0])} to {plain_number(edges[-1])}: bars are this circuit, lines random states"
    return Picture(svg=plot(words, 130, paint), caption=_CAPTION)
