"""A gate's interval against its threshold, and energies as a histogram: small inline SVGs without script, font or network.

Colours come from the page's classes, so that the picture follows light and dark; the same facts stand beside it as text.
"""

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import row_of

_WIDTH, _HEIGHT = 320, 38
_LEFT, _RIGHT = 8.0, 312.0
_MIDDLE, _DEPLOYMENT = 16.0, 27.0
_MARGIN = 0.15
_TALL, _BASE = 80.0, 86.0


def interval_svg(gate: GateOutcome) -> str:
    """The picture of a gate, or nothing where it has no value or no threshold to stand against.

    The shaded part lies beyond the threshold; the thick bar is the interval that decides, the thin one below it the interval for
    new data. Every character comes from numbers: no text of anybody's is in it.
    """
    if gate.value is None or not gate.threshold:
        return ""
    numbers = [gate.value, *gate.threshold.values(), *(gate.interval or ()), *(gate.deployment or ())]
    scale = _Scale(numbers)
    row = row_of(gate)
    parts = [_beyond(key, bound, scale) for key, bound in sorted(gate.threshold.items())]
    parts += [_bar("new", gate.deployment, _DEPLOYMENT, scale)] if gate.deployment else []
    parts += [_bar("ci", gate.interval, _MIDDLE, scale)] if gate.interval else []
    parts.append(f'<circle class="value" cx="{scale.at(gate.value)}" cy="{_MIDDLE:g}" r="4.5"/>')
    parts += [_line(bound, scale) for bound in gate.threshold.values()]
    words = f"measured {row.measured}, threshold {row.threshold}"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


def histogram_svg(gate: GateOutcome) -> str:
    """The energies of a QUBO gate, or nothing where it has none: bars for the circuit, lines for random states.

    The optimum is at the left. Every character comes from numbers, as above.
    """
    histogram = gate.details.get("histogram")
    if histogram is None:
        return ""
    edges, circuit, random = ([float(x) for x in histogram[name]] for name in ("edges", "circuit", "random"))
    tallest = max([*circuit, *random]) or 1.0
    width = (_RIGHT - _LEFT) / len(circuit)
    parts = []
    for number, (mine, theirs) in enumerate(zip(circuit, random, strict=True)):
        left, height, level = _LEFT + number * width, _TALL * mine / tallest, _BASE - _TALL * theirs / tallest
        parts.append(
            f'<rect class="value" x="{left:.1f}" y="{_BASE - height:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
            f'<line class="ci" x1="{left:.1f}" y1="{level:.1f}" x2="{left + width:.1f}" y2="{level:.1f}"/>'
        )
    words = f"energies from {edges[0]:g} to {edges[-1]:g}: bars are this circuit, lines random states"
    return f'<svg viewBox="0 0 {_WIDTH} {_BASE + 4:g}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


class _Scale:
    """Linear, over all the numbers with a margin on both sides."""

    def __init__(self, numbers: list[float]) -> None:
        low, high = min(numbers), max(numbers)
        span = (high - low) or abs(high) or 1.0
        self._low, self._span = low - _MARGIN * span, (1 + 2 * _MARGIN) * span if high > low else 2 * _MARGIN * span

    def at(self, number: float) -> str:
        share = (number - self._low) / self._span
        return f"{_LEFT + share * (_RIGHT - _LEFT):.1f}"


def _beyond(key: str, bound: float, scale: _Scale) -> str:
    """The side of the threshold where a gate fails: right of a maximum, left of a minimum."""
    at = float(scale.at(bound))
    start, end = (at, _RIGHT) if key == "max" else (_LEFT, at)
    return f'<rect class="beyond" x="{start:.1f}" y="2" width="{max(0.0, end - start):.1f}" height="32"/>'


def _bar(kind: str, interval: tuple[float, float], y: float, scale: _Scale) -> str:
    return f'<line class="{kind}" x1="{scale.at(interval[0])}" y1="{y:g}" x2="{scale.at(interval[1])}" y2="{y:g}"/>'


def _line(bound: float, scale: _Scale) -> str:
    at = scale.at(bound)
    return f'<line class="threshold" x1="{at}" y1="0" x2="{at}" y2="36"/>'
