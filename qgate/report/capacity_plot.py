"""A service's latency against its load, as a small inline SVG that needs no script, font or network."""

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import plain_number

_WIDTH, _HEIGHT = 320, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 312.0, 8.0, 108.0
_CEILING = 3.0  # latency beyond so many times its limit is cut: it grows without end


def capacity_svg(gate: GateOutcome) -> str:
    """Latency against load where a gate's details hold such a curve, else nothing.

    The thick line is the latency, the thin ones around it where nine of ten replicates lie; the dashed line is its limit, the dot
    the capacity with its headroom on today's traffic, which is the thin upright line; another one stands where a month breaks its
    cap, if that is in sight. Every character comes from numbers.
    """
    curve = gate.details.get("curve")
    if not curve or gate.value is None:
        return ""
    limit, today, capacity = float(gate.details["limit_ms"]), float(gate.details["today_rps"]), float(gate.value)
    rates = [float(rate) for rate in curve["rps"]]
    right, ceiling = 1.05 * max(*rates, today), _CEILING * limit

    def point(rate: float, latency: float) -> str:
        x = _LEFT + (_RIGHT - _LEFT) * rate / right
        return f"{x:.1f},{_BOTTOM - (_BOTTOM - _TOP) * min(latency, ceiling) / ceiling:.1f}"

    def line(kind: str, points: list[tuple[float, float]]) -> str:
        return f'<polyline class="{kind}" fill="none" points="{" ".join(point(*p) for p in points)}"/>'

    lines = [("new", "lower_ms"), ("new", "upper_ms"), ("ci", "ms")]
    parts = [line(kind, [(r, float(y)) for r, y in zip(rates, curve[key], strict=True)]) for kind, key in lines]
    parts += [line("threshold", [(0.0, limit), (right, limit)]), line("new", [(today, 0.0), (today, ceiling)])]
    cap = gate.details.get("cap_rps")
    seen = cap is not None and float(cap) <= right
    parts += [line("threshold", [(float(cap), 0.0), (float(cap), ceiling)])] if cap is not None and seen else []
    x, y = point(capacity, limit).split(",")
    parts.append(f'<circle class="value" cx="{x}" cy="{y}" r="4.5"/>')
    labels = [
        (point(0.0, limit), "end", -4, 3, f"{plain_number(limit)} ms"),
        (point(today, 0.0), "middle", 0, 12, f"today {today:.3g}"),
    ]
    labels.append((f"{x},{y}", "middle", 0, -8, f"{capacity:.3g} ({capacity / today:.2g} times today)"))
    labels += [(point(float(cap), ceiling), "start", 3, 8, f"cap {float(cap):.3g}")] if cap is not None and seen else []
    parts += [_label(*label) for label in labels]
    words = (
        f"latency against requests per second: within {plain_number(limit)} ms up to {capacity:.3g} a second, today {today:.3g}"
    )
    words += f", the monthly cap up to {float(cap):.3g}" if cap is not None else ""
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


def _label(at: str, anchor: str, right: int, down: int, text: str) -> str:
    x, y = (float(number) for number in at.split(","))
    return f'<text fill="currentColor" font-size="9" text-anchor="{anchor}" x="{x + right:.1f}" y="{y + down:.1f}">{text}</text>'
