"""A gate that may fail until a day: by whose leave, why, and on which evidence. Nothing here makes a failed gate pass.

A waiver lets the change through; the gate stays failed, and says so with its waiver wherever it is shown. What could not be
measured is never waived.
"""

from dataclasses import dataclass, replace
from datetime import date

from qgate.domain.charter import Charter, Waiver
from qgate.domain.verdict import Decision, GateOutcome, Waived

_WAIVABLE = frozenset({Decision.FAIL, Decision.INCONCLUSIVE})


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What waivers are held against: where their charter was read, the day of the run (None: unknown), the evidence's digest."""

    origin: str
    today: date | None
    evidence_sha256: str


def waived(outcomes: tuple[GateOutcome, ...], charter: Charter, occasion: Occasion) -> tuple[GateOutcome, ...]:
    """The outcomes, each with its waiver; one that failed or is undecided does not block while the waiver holds."""
    return tuple(_waived(outcome, charter, occasion) for outcome in outcomes)


def _waived(outcome: GateOutcome, charter: Charter, occasion: Occasion) -> GateOutcome:
    waivers = [_held_against(w, occasion) for w in charter.waivers if w.gate == outcome.name]
    if not waivers:
        return outcome
    waiver = next((w for w in waivers if w.holds), waivers[-1])
    lets_through = waiver.holds and outcome.decision in _WAIVABLE
    return replace(outcome, waiver=waiver, blocks=outcome.blocks and not lets_through)


def _held_against(waiver: Waiver, occasion: Occasion) -> Waived:
    return Waived(reason=waiver.reason, approver=waiver.approver, expires=waiver.expires, void=_why_void(waiver, occasion))


def _why_void(waiver: Waiver, occasion: Occasion) -> str:
    if occasion.origin == "head":
        return "it comes with the change that it is for"
    if occasion.today is None:
        return "the day of the run is not known"
    if date.fromisoformat(waiver.expires) <= occasion.today:
        return f"it ended on {waiver.expires}"
    if waiver.evidence_sha256 not in (None, occasion.evidence_sha256):
        return f"it was granted for the evidence {waiver.evidence_sha256}, and this is {occasion.evidence_sha256}"
    return ""
