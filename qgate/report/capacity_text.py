"""A service's latency against its load as lines of text, where a picture cannot go."""

from collections.abc import Iterator

from qgate.domain.verdict import GateOutcome
from qgate.report.figures import plain_number

_WIDTH = 40
_CEILING = 2.0  # latency beyond so many times its limit is cut


def capacity_lines(gate: GateOutcome) -> tuple[str, ...]:
    """One bar for each simulated rate, the limit an upright line, today's traffic and the capacity between them; else nothing."""
    curve = gate.details.get("curve")
    if not curve or gate.value is None:
        return ()
    limit, today, capacity = (float(x) for x in (gate.details["limit_ms"], gate.details["today_rps"], gate.value))
    quantile = 100 * float(gate.details["quantile"])
    rows = [(float(rate), _bar(float(ms), limit)) for rate, ms in zip(curve["rps"], curve["ms"], strict=True)]
    rows += [(today, "-- today's traffic"), (capacity, f"-- capacity: {_times(capacity, today)}")]
    rows += _optional(gate)
    head = f"p{quantile:g} latency by requests per second; the upright line is the limit of {plain_number(limit)} ms"
    return (head, *(f"{rate:>9.3g} {words}" for rate, words in sorted(rows, key=lambda row: row[0])))


def _times(capacity: float, today: float) -> str:
    return f"{capacity / today:.2g} times today's traffic" if capacity else "none"


def _optional(gate: GateOutcome) -> Iterator[tuple[float, str]]:
    knee, cap = gate.details.get("knee_rps"), gate.details.get("cap_rps")
    if knee is not None:
        yield float(knee), "-- knee: latency is twice that of an idle service"
    if cap is not None:
        yield float(cap), "-- above it, all month long, the monthly cap breaks"


def _bar(latency: float, limit: float) -> str:
    """A bar that is as long as the latency; the limit stands in the middle."""
    most, at = _WIDTH, round(_WIDTH / _CEILING)
    length = min(most, round(latency / limit * at))
    drawn = "#" * length + " " * (most - length)
    cut = ">" if latency > _CEILING * limit else " "
    return f"{drawn[:at]}|{drawn[at:]}{cut} {plain_number(float(f'{latency:.3g}'))} ms"
