"""A change that edits its charter, judged by its own version too: on the same evidence, where that is enough. Nothing follows."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from qgate.charter.metrics import Family, Metric, parse_metric
from qgate.domain.charter import Charter, DataFile, Gate, Shots, Target
from qgate.domain.scope import SourcedCharter
from qgate.domain.verdict import GateWord, PilotVerdict, UnderOwn

# What is computed from the charter and needs no measurement of its own.
_COMPUTED = "budget"


def under_own(sourced: SourcedCharter, judge: Callable[[Charter], PilotVerdict]) -> UnderOwn | None:
    """What the head's version of the charter makes of the evidence; None where the change does not edit it.

    `judge` judges the pilot's evidence by a charter of the head commit, whose waivers hold for nothing.
    """
    if sourced.proposed is None:
        return None
    base, own = sourced.charter, sourced.proposed.charter
    anew = tuple(_anew(base, own))
    if anew:
        return UnderOwn(anew=anew)
    verdict = judge(replace(own, shots=base.shots))  # the seeds that were drawn
    words = tuple(GateWord(name=g.name, decision=g.decision, why=g.why) for g in verdict.gates)
    return UnderOwn(decision=verdict.decision, gates=words)


def _anew(base: Charter, own: Charter) -> Iterator[str]:
    """What the own charter would need measured, in words; nothing where the evidence has all of it."""
    pairs = (
        ("the pilot under another name", base.pilot, own.pilot),
        ("another candidate", base.candidate, own.candidate),
        ("other baselines", base.baselines, own.baselines),
        ("other data", _rows(base), _rows(own)),
        ("other shots or seeds", _declared(base.shots), _declared(own.shots)),
        ("another lockfile", base.lockfile, own.lockfile),
        ("another classical service to return to", _returned_to(base), _returned_to(own)),
    )
    yield from (what for what, then, now in pairs if then != now)
    names = sorted((base.sections.keys() | own.sections.keys()) - {_COMPUTED})
    yield from (f"another `{name}`" for name in names if base.sections.get(name) != own.sections.get(name))
    if base.sequential or own.sequential:
        yield "how much of the candidate its gates would have asked for, part by part"
    known = {g.name for g in base.gates}
    yield from (f"`{g.name}`" for g in own.gates if g.name not in known and not _in_evidence(g, base.gates))


def _returned_to(charter: Charter) -> Target | None:
    """The rollback's target itself: what is recorded of it is judged from the charter alone."""
    target = charter.rollback.target
    return target and replace(target, metrics={}, tolerance=None)


def _rows(charter: Charter) -> dict[str, DataFile]:
    """The data but for where it may be processed, which is judged from the charter alone."""
    return {split: replace(data, residency=None) for split, data in charter.data.items()}


def _declared(shots: Shots) -> Shots:
    """As the charter writes them: sealed seeds are counted, and follow from its bytes."""
    return replace(shots, seeds=()) if shots.sealed else shots


def _in_evidence(gate: Gate, measured: tuple[Gate, ...]) -> bool:
    """Whether a new gate reads what the base's gates had measured: the same answers by another score, or a cost."""
    metric = parse_metric(gate.name)
    known = [m for g in measured if (m := parse_metric(g.name)) is not None]
    return metric is not None and any(_same_answers(metric, other) for other in known)


def _same_answers(metric: Metric, other: Metric) -> bool:
    if metric.family is not other.family or metric.family not in {Family.PARITY, Family.COST}:
        return False
    return (metric.split, metric.baseline) == (other.split, other.baseline)
