"""A service's latency against its load, as a small inline SVG that needs no script, font or network."""

from qgate.domain.verdict import GateOutcome

_WIDTH, _HEIGHT = 320, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 312.0, 8.0, 108.0
_CEILING = 3.0  # latency beyond so many times its limit is cut: it grows without end


def capacity_svg(gate: GateOutcome) -> str:
    """Latency against load where a gate's details hold such a curve, else nothing.

    The thick line is the latency, the thin ones around it where nine of ten replicates lie; the dashed line is its limit, the dot
    the capacity, the thin upright line today's traffic. Every character comes from numbers.
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
    x, y = point(capacity, limit).split(",")
    parts.append(f'<circle class="value" cx="{x}" cy="{y}" r="4.5"/>')
    labels = [(point(0.0, limit), "end", -4, 3, f"{limit:.3g} ms"), (point(today, 0.0), "middle", 0, 12, f"today {today:.3g}")]
    labels.append((f"{x},{y}", "middle", 0, -8, f"{capacity:.3g}"))
    parts += [_label(*label) for label in labels]
    words = f"latency against requests per second: within {limit:.3g} ms up to {capacity:.3g} a second, today {today:.3g}"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


def _label(at: str, anchor: str, right: int, down: int, text: str) -> str:
    x, y = (float(number) for number in at.split(","))
    return f'<text fill="currentColor" font-size="9" text-anchor="{anchor}" x="{x + right:.1f}" y="{y + down:.1f}">{text}</text>'
