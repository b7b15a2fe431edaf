"""A month's cost against its traffic, as a small inline SVG: the line, the cap, today, and where the cap breaks."""

from qgate.domain.verdict import GateOutcome

_WIDTH, _HEIGHT = 320, 110
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 312.0, 14.0, 90.0
_BEYOND = 1.2


def cost_svg(gate: GateOutcome) -> str:
    """The picture of a monthly cost that grows with its traffic, or nothing. Every character comes from numbers."""
    breaks, cap = gate.details.get("breaks_above_requests_per_day"), gate.threshold.get("max")
    if breaks is None or not cap or gate.value is None:
        return ""
    today, at = float(gate.details["requests_per_day"]), float(breaks)
    right, top = _BEYOND * max(today, at), _BEYOND * max(gate.value, cap)

    def point(requests: float, usd: float) -> str:
        return f"{_LEFT + (_RIGHT - _LEFT) * requests / right:.1f},{_BOTTOM - (_BOTTOM - _TOP) * usd / top:.1f}"

    lines = [("ci", (0.0, 0.0), (right, gate.value * right / today)), ("threshold", (0.0, cap), (right, cap))]
    lines.append(("new", (today, 0.0), (today, top)))
    parts = [f'<polyline class="{kind}" fill="none" points="{point(*a)} {point(*b)}"/>' for kind, a, b in lines]
    x, y = point(at, cap).split(",")
    parts.append(f'<circle class="value" cx="{x}" cy="{y}" r="4.5"/>')
    labels = [
        (point(0.0, cap), "start", -4.0, f"cap ${cap:,.0f}"),
        (point(today, 0.0), "middle", 12.0, f"today {today:,.3g} a day"),
    ]
    labels.append((f"{x},{y}", "middle", 14.0, f"breaks at {at:,.3g}"))
    parts += [_label(*label) for label in labels]
    words = f"cost of a month by requests a day: ${gate.value:,.2f} at {today:,.0f}, the cap of ${cap:,.2f} up to {at:,.0f}"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{words}">{"".join(parts)}</svg>'


def _label(at: str, anchor: str, down: float, text: str) -> str:
    x, y = (float(number) for number in at.split(","))
    return f'<text fill="currentColor" font-size="9" text-anchor="{anchor}" x="{x:.1f}" y="{y + down:.1f}">{text}</text>'
