"""What a change's own version of its charter makes of it, in a sentence: beside the base commit's, which decides."""

from collections.abc import Iterator

from qgate.domain.verdict import PilotVerdict, UnderOwn
from qgate.gates.approval import NAME as APPROVAL
from qgate.report.wording import label

_SHOWN = 5


def own_charter_of(pilot: PilotVerdict) -> str:
    """`pass: latency_p95_ms fail → pass. The base commit's charter decides`; nothing where the change does not edit it."""
    own = pilot.under_own
    if own is None:
        return ""
    if own.decision is None:
        said = f"not known, since it would need measured anew: {', '.join(own.anew)}"
    else:
        moved = list(_moved(pilot, own))
        more = f" and {len(moved) - _SHOWN:,} more" if len(moved) > _SHOWN else ""
        said = f"{label(own.decision)}, " + (f"where {'; '.join(moved[:_SHOWN])}{more}" if moved else "gate by gate the same")
    return f"{said}. The base commit's charter decides."


def _moved(pilot: PilotVerdict, own: UnderOwn) -> Iterator[str]:
    """Each gate whose word is another, or that only one of the two has."""
    base, other = {g.name: g.decision for g in pilot.gates}, {g.name: g.decision for g in own.gates}
    for name, decision in other.items():
        if name not in base:
            yield f"`{name}` is new: {label(decision)}"
        elif base[name] is not decision:
            yield f"`{name}` goes from {label(base[name])} to {label(decision)}"
    judged = [name for name in base if name not in other and name != APPROVAL]
    yield from (f"`{name}` ({label(base[name])}) is gone" for name in judged)
