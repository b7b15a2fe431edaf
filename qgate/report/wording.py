"""The words that every surface shares: what a verdict is called, and how its gates are counted."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from qgate.domain.attempt import Earlier
from qgate.domain.charter import Population
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.provenance import Reused
from qgate.domain.source import Problem, Severity
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.report.escape import clean
from qgate.report.figures import NONE, count_of, plain_number, row_of

ICONS = MappingProxyType(
    {
        Decision.PASS: "✅",
        Decision.FAIL: "❌",
        Decision.INCONCLUSIVE: "⚠️",
        Decision.ERROR: "🚫",
        Decision.NOT_APPLICABLE: "\N{HEAVY MINUS SIGN}",
    }
)
_RANK = (Decision.FAIL, Decision.ERROR, Decision.INCONCLUSIVE, Decision.PASS, Decision.NOT_APPLICABLE)
_OUTCOMES = MappingProxyType(
    {
        Decision.FAIL: "failed",
        Decision.ERROR: "could not be measured",
        Decision.INCONCLUSIVE: "could not be decided",
        Decision.PASS: "passed",
        Decision.NOT_APPLICABLE: "did not apply",
    }
)

# More gates than this show those that passed folded away: on a phone each of them is a swipe.
_FOLD_ABOVE = 12

NOT_APPLICABLE = "Nothing in this change reaches a pilot; no gate was evaluated because none applies."
INVALID_CHARTER = "No gate was evaluated: the charter is invalid"
NOT_EVALUATED = "No gate was evaluated: qgate stopped with an error"
_UNSIGNED = "not signed: it shows which files belong together, not who judged"
UNCOVERED_FIX = "list it under `pilot.paths` of a charter, or write a charter for it with `qgate init`"


def label(decision: Decision) -> str:
    """The decision as a word for people."""
    return decision.replace("_", " ")


def worst_first(gates: tuple[GateOutcome, ...]) -> tuple[GateOutcome, ...]:
    """The gates by weight of their decision, and in charter order within one."""
    return tuple(sorted(gates, key=lambda g: _RANK.index(g.decision)))


def not_passed(gates: tuple[GateOutcome, ...]) -> tuple[GateOutcome, ...]:
    """The gates that a reviewer must look at, worst first."""
    return tuple(g for g in worst_first(gates) if g.decision not in {Decision.PASS, Decision.NOT_APPLICABLE})


def fold_passed(gates: tuple[GateOutcome, ...]) -> tuple[tuple[GateOutcome, ...], tuple[GateOutcome, ...]]:
    """The gates to show, worst first, and those that passed and are folded away where there are many."""
    ordered, missed = worst_first(gates), not_passed(gates)
    return (missed, ordered[len(missed) :]) if len(ordered) > _FOLD_ABOVE else (ordered, ())


def folded_title(folded: Sequence[GateOutcome]) -> str:
    """What is folded away: `57 passed gates`."""
    applied = all(g.decision is Decision.PASS for g in folded)
    return f"{len(folded):,} {'passed' if applied else 'passed or not applicable'} {'gate' if len(folded) == 1 else 'gates'}"


def headline(verdict: Verdict) -> str:
    """The verdict's reason in a few words: `1 of 4 gates failed`."""
    if verdict.decision is Decision.NOT_APPLICABLE and not verdict.pilots:
        return "nothing in this change reaches a pilot"
    parts = [_counted(p_gates)] if (p_gates := tuple(g for p in verdict.pilots for g in p.gates)) else []
    empty = sum(not p.gates for p in verdict.pilots)
    parts += [f"no gate was evaluated for {count_of(empty, 'pilot')}"] if empty else []
    uncovered = len(verdict.uncovered)
    parts += [f"{count_of(uncovered, 'file')} of quantum code without a charter"] if uncovered else []
    parts += ["self-reported"] if verdict.self_reported else []
    return "; ".join(parts)


def pilot_headline(pilot: PilotVerdict) -> str:
    """As `headline`, for one pilot."""
    return _counted(pilot.gates) if pilot.gates else "no gate was evaluated"


def _counted(gates: tuple[GateOutcome, ...]) -> str:
    total = len(gates)
    counts = [(outcome, sum(_outcome(g) == outcome for g in gates)) for outcome in _every_outcome()]
    present = [(outcome, n) for outcome, n in counts if n]
    if len(present) == 1:
        return f"{'all ' if total > 1 else ''}{count_of(total, 'gate')} {present[0][0]}"
    shown = [(outcome, n) for outcome, n in present if outcome != _OUTCOMES[Decision.PASS]] or present
    if not any(outcome in _BLOCKING for outcome, _ in shown):
        # Nothing stands in the way: what passed is the news, and the rest is said after it.
        shown = [*(p for p in present if p not in shown), *shown]
    first, *rest = shown
    words = [f"{first[1]:,} of {count_of(total, 'gate')} {first[0]}"]
    return ", ".join(words + [f"{n:,} {outcome}" for outcome, n in rest])


_HARMLESS, _WAIVED = " (does not block)", " (waived)"
_BLOCKING = frozenset({_OUTCOMES[d] for d in (Decision.FAIL, Decision.ERROR, Decision.INCONCLUSIVE)})


def _every_outcome() -> list[str]:
    return [_OUTCOMES[d] + suffix for d in _RANK for suffix in ("", _HARMLESS, _WAIVED)]


def _outcome(gate: GateOutcome) -> str:
    if gate.blocks or gate.decision in {Decision.PASS, Decision.NOT_APPLICABLE}:
        return _OUTCOMES[gate.decision]
    return _OUTCOMES[gate.decision] + (_WAIVED if gate.waiver and gate.waiver.holds else _HARMLESS)


def waiver_of(gate: GateOutcome) -> str:
    """A gate's waiver in a sentence, whether it holds or not; nothing where there is none."""
    waiver = gate.waiver
    if waiver is None:
        return ""
    if waiver.void:
        return f"the waiver by {waiver.approver} does not hold: {waiver.void} (its reason: {waiver.reason})"
    unneeded = ""
    if gate.decision is Decision.PASS:
        unneeded = "; the gate passed, so that it is not needed"
    elif gate.blocks:
        unneeded = "; what could not be measured is not waived"
    return f"waived by {waiver.approver} until {waiver.expires}: {waiver.reason}{unneeded}"


def claim_of(gate: GateOutcome) -> str:
    """The claim in words, or its short form where no words were given."""
    return gate.claim_words or gate.claim or ""


def rows_to_decide(gate: GateOutcome) -> str:
    """What an undecided gate needs: `2,350 rows (measured on 200)`; nothing for a decided one, or where rows decide nothing."""
    if gate.decision is not Decision.INCONCLUSIVE or not gate.required_rows or _of_locked_rows(gate):
        return ""
    return count_of(gate.required_rows, "row") + (f" (measured on {gate.sizes.rows:,})" if gate.sizes else "")


def attempt_of(pilot: PilotVerdict) -> str:
    """How often the pull request has tried: `attempt 3 of this pull request, alpha spent 0.041 of 0.05`; nothing uncounted."""
    if pilot.attempt is None:
        return ""
    spent = " and ".join(f"{total:.3f} of {alpha:g}" for alpha, total in pilot.spent)
    return f"attempt {pilot.attempt.number:,} of this pull request" + (f", alpha spent {spent}" if spent else "")


def earlier_of(pilot: PilotVerdict) -> tuple[str, ...]:
    """What the attempts before came to, a line each: `attempt 1: val_f1_gap_vs_classical 0.012 (inconclusive)`."""
    return () if pilot.attempt is None else tuple(_earlier(e) for e in pilot.attempt.earlier)


def _earlier(earlier: Earlier) -> str:
    told = [f"`{e.gate}` {NONE if e.value is None else plain_number(e.value)} ({label_of(e.verdict)})" for e in earlier.estimates]
    return f"attempt {earlier.number:,}: {', '.join(told) or 'nothing was measured'}"


def label_of(word: str) -> str:
    """A word of the machine's as one for people: `not_rehearsed` → `not rehearsed`."""
    return word.replace("_", " ")


def ways_out_of(gate: GateOutcome) -> tuple[str, ...]:
    """What decides an undecided gate honestly, the best first; nothing for a decided one."""
    ways = gate.details.get("ways_out", ()) if gate.decision is Decision.INCONCLUSIVE else ()
    return tuple(_text_of(way) for way in ways)


def new_data_of(gate: GateOutcome) -> str:
    """The interval for new data, and the rows that would decide there where they do not decide the gate itself."""
    if not gate.deployment:
        return ""
    beside = gate.required_rows and (gate.decision is not Decision.INCONCLUSIVE or _of_locked_rows(gate))
    needed = f"; {count_of(gate.required_rows or 0, 'row')} would decide the gate for them" if beside else ""
    return row_of(gate).deployment + needed


def _of_locked_rows(gate: GateOutcome) -> bool:
    """Whether the gate claims something about the locked rows alone, which more rows would not decide."""
    return (gate.claim or "").startswith(f"{Population.LOCKED_SET}/")


def pairs_of(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts as names and one-line values, nested ones under dotted names, in the order of their names."""
    pairs: list[tuple[str, str]] = []
    for key, value in sorted(facts.items()):
        if isinstance(value, Mapping):
            pairs += [(f"{key}.{inner}", text) for inner, text in pairs_of(value)]
        else:
            pairs.append((str(key), _text_of(value)))
    return pairs


def _text_of(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return plain_number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_text_of(item) for item in value)
    return clean(str(value))


def problems_headline(problems: Sequence[Problem]) -> str:
    """`3 errors, 1 warning`."""
    errors = sum(p.severity is Severity.ERROR for p in problems)
    warnings = len(problems) - errors
    parts = [count_of(errors, "error")] if errors else []
    parts += [count_of(warnings, "warning")] if warnings else []
    return ", ".join(parts)


def reused_of(reused: Reused) -> str:
    """What came from a cache, how it was verified, and whether the entries carried this run's seal."""
    parts = ", ".join(f"{part} from {key}" for part, key in sorted(reused.parts.items()))
    how = [word for word, is_in in (("by repetition", "candidate" in reused.parts), ("by the lock", _baselines(reused))) if is_in]
    seal = "sealed with this run's key" if reused.sealed else "sealed with no key"
    count = f"{len(reused.parts)} of {reused.planned} measurements"
    return f"{count} reused ({parts}), verified {' and '.join(how)}; {seal}"


def _baselines(reused: Reused) -> bool:
    return any(part.startswith("baseline ") for part in reused.parts)


def attested_by(signed_by: str | None) -> str:
    """Who vouches for the attestation: `signed by the key 5f70…`, or that nobody does."""
    return f"signed by the key {signed_by}" if signed_by else _UNSIGNED


EFFECTS = MappingProxyType({Effect.LOOSENED: "🔓", Effect.TIGHTENED: "🔒", Effect.NEUTRAL: "\N{MIDDLE DOT}"})


def changes_headline(changes: Sequence[CharterChange]) -> str:
    """How a change edits its own contract, in a sentence: `… loosens it in 2 places …`."""
    loosened = sum(c.effect is Effect.LOOSENED for c in changes)
    rest = "the base commit's has judged, and this one will judge from the next change on"
    if loosened:
        return f"This change loosens its charter in {count_of(loosened, 'place')}: {rest}. Whoever approves it approves that."
    return f"This change edits its charter and loosens nothing: {rest}."


def short_sha(commit: str) -> str:
    """A commit's first seven digits; other words (a work tree) as they are."""
    whole = 40
    return commit[:7] if len(commit) >= whole and all(c in "0123456789abcdef" for c in commit) else commit
