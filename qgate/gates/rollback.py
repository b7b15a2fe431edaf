"""The gate of the way back: is the classical service that traffic would return to still there, itself, as good, and fast enough?

Its digest first, then what it answered in this run to the whole locked validation set, held to the metrics that the charter
records, and its service times under the charter's traffic, held to every latency gate. Commands of `rollback.verify` reach a
production that no worker may; the charter records the day on which somebody last ran them, and `max_age_days` says until when
that counts.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from qgate.charter.metrics import SCORERS
from qgate.domain.charter import ARTIFACT, ROLLBACK, Charter, Gate, Target, served_command, served_role
from qgate.domain.evidence import Cell, InputFile, PilotEvidence, predictions_digest
from qgate.domain.verdict import Decision, GateOutcome, Remedy, Sizes, worst
from qgate.errors import MeasurementError
from qgate.gates import scorers
from qgate.gates.latency import is_latency, ruled_for
from qgate.gates.service import loaded

NAME = "rollback_rehearsal"
# Digits after the point that a recorded metric is held to at least, where the charter gives no tolerance.
_DIGITS = 4
_CLOSE = 1e-6


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """One thing that the way back lacks, and what to do about it; `fix` is empty for what is as it should be."""

    decision: Decision
    what: str
    fix: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def judge_rollback(charter: Charter, evidence: PilotEvidence, today: date | None) -> GateOutcome | None:
    """Pass where the classical service was rehearsed and meets its record; None where the charter promises no rehearsal."""
    rollback, split = charter.rollback, rehearsal_split(evidence)
    if rollback.target is None and rollback.rehearsed is None and rollback.max_age_days is None:
        return None
    found = [*_rehearsed(charter, rollback.target, evidence, split), *_age(charter, today)]
    rows = len(evidence.truth[split]) if rollback.target and split in evidence.truth else None
    return _outcome(charter, found, None if rows is None else Sizes(rows=rows))


def recorded_rehearsal(charter: Charter, today: date) -> GateOutcome | None:
    """What the recorded day says by itself, where nothing is rehearsed now; None where no day is recorded."""
    found = list(_age(charter, today))
    return _outcome(charter, found, None) if found else None


def _outcome(charter: Charter, found: list[_Finding], sizes: Sizes | None) -> GateOutcome:
    bad = [f for f in found if f.decision is not Decision.PASS]
    decision = worst(f.decision for f in found)
    told = "; ".join(f.what for f in (bad or found))
    return GateOutcome(
        name=NAME,
        decision=decision,
        why=told if bad else f"{told}{_unverified(charter)}",
        owner=charter.rollback.approver,
        sizes=sizes,
        remedy=Remedy(summary="mend the way back before it is needed", actions=tuple(f.fix for f in bad)) if bad else None,
        details={"target": _target_json(charter.rollback.target), **_merged(f.details for f in found)},
    )


def _merged(details: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All details, with the metrics and latencies of each finding side by side."""
    merged: dict[str, Any] = {}
    for key, value in (item for one in details for item in one.items()):
        merged[key] = {**merged.get(key, {}), **value} if isinstance(value, Mapping) else value
    return merged


def rehearsal_split(evidence: PilotEvidence) -> str:
    """The split that the service answers: the validation data, or what the parity gates are about."""
    return "validation" if "validation" in evidence.truth else next(iter(evidence.truth), "")


def answers(charter: Charter, target: Target, evidence: PilotEvidence, split: str) -> Cell | None:
    """What the service answered: in a rehearsal of its own, or as the baseline that it is."""
    own = evidence.of(ROLLBACK, split)
    if not own and target.artifact is None and served_command(charter) is None:
        own = evidence.of(f"baseline:{target.baseline}", split)
    return own[0] if len(own) == 1 else None


def is_locked(charter: Charter, evidence: PilotEvidence) -> bool:
    """Whether the target is a baseline whose answers are those of the lock: then it has been rehearsed by being measured."""
    target, lock = charter.rollback.target, evidence.lock or {}
    if target is None or target.baseline is None or target.artifact is not None:
        return False
    predictions = lock.get("baselines", {}).get(target.baseline, {}).get("predictions", {})
    cells = [(split, evidence.of(f"baseline:{target.baseline}", split)) for split in evidence.truth]
    return bool(cells) and all(
        len(found) == 1 and predictions.get(split, {}).get("sha256") == predictions_digest(found[0]) for split, found in cells
    )


def _target_json(target: Target | None) -> dict[str, str]:
    named = {} if target is None else {"baseline": target.baseline, "artifact": target.artifact, "sha256": target.sha256}
    return {key: value for key, value in named.items() if value is not None}


def _rehearsed(charter: Charter, target: Target | None, evidence: PilotEvidence, split: str) -> Iterator[_Finding]:
    if target is None:
        if charter.rollback.rehearsed is None:
            yield _failed(
                "nothing of the way back can be rehearsed: the charter names no `rollback.target`, and records no rehearsal",
                "declare `rollback.target`, or record in `rollback.rehearsed` the day on which the way back was tried",
            )
        return
    broken = _broken_file(target, evidence)
    if broken is not None:
        yield broken
        return
    problem = next((f.message for f in evidence.failures if f.part in {ROLLBACK, "data"}), None)
    cell = answers(charter, target, evidence, split)
    if problem is not None or cell is None:
        why = problem or (f"it did not answer `{split}`" if split else "there is no data set that it could answer")
        yield _error(f"{_name(target)} could not be rehearsed: {why}", "make it run, and push again")
        return
    started = f", over HTTP from `{command}`" if (command := served_command(charter)) else ""
    answered = f"{_name(target)} answered all {len(cell.predictions):,} rows of `{split}`{started}"
    yield _Finding(decision=Decision.PASS, what=answered)
    yield from _metrics(target, evidence, cell, split)
    yield from _latencies(charter, target, evidence)


def _name(target: Target) -> str:
    return f"the artifact `{target.artifact}`" if target.artifact else f"the baseline `{target.baseline}`"


def _broken_file(target: Target, evidence: PilotEvidence) -> _Finding | None:
    """An artifact that is gone, or another file than the charter's."""
    if target.artifact is None:
        return None
    file: InputFile | None = next((i for i in evidence.inputs if i.role == ARTIFACT), None)
    if file is None:
        return _error(f"the artifact `{target.artifact}` was not hashed", "measure again")
    if file.sha256 is None:
        return _failed(
            f"the artifact `{target.artifact}` is gone: there is nothing to roll back to",
            f"restore `{target.artifact}` (sha256 {target.sha256}), or have another target reviewed",
        )
    if file.sha256 != target.sha256:
        return _failed(
            f"the artifact `{target.artifact}` is not the recorded one and was not loaded: its sha256 is {file.sha256}, "
            f"and {target.sha256} is recorded",
            f"restore `{target.artifact}`, or have its new sha256 and metrics reviewed in the charter",
        )
    return None


def _metrics(target: Target, evidence: PilotEvidence, cell: Cell, split: str) -> Iterator[_Finding]:
    recorded = target.metrics or _locked_metrics(target, evidence, split)
    if not recorded:
        yield _failed(
            f"nothing is recorded of what {_name(target)} achieved, so that nothing can be compared",
            "record `rollback.target.metrics`",
        )
        return
    try:
        now = {name: scorers.score(SCORERS[name], evidence.truth[split], cell) for name in recorded}
    except MeasurementError as problem:
        yield _error(f"{_name(target)}: {problem}", "record metrics that it can be scored by")
        return
    for name, then in recorded.items():
        details = {"metrics": {name: {"recorded": float(then), "now": now[name]}}}
        if _met(then, now[name], target):
            yield _Finding(decision=Decision.PASS, what=f"its {name} is {_digits(now[name])}, as recorded", details=details)
        else:
            yield _failed(
                f"{_name(target)} no longer meets its record: its {name} on `{split}` is {_digits(now[name])}, "
                f"and {then} is recorded{_allowed(target)}",
                "find out what changed in it and mend that, or have the new record reviewed in `rollback.target.metrics`",
                details,
            )


def _digits(value: float) -> str:
    return f"{value:.6g}"


def _allowed(target: Target) -> str:
    return "" if target.tolerance is None else f", within {target.tolerance}"


def _locked_metrics(target: Target, evidence: PilotEvidence, split: str) -> dict[str, Decimal]:
    """A baseline without a record of its own has the lock's."""
    found = (evidence.lock or {}).get("baselines", {}).get(target.baseline, {}).get("metrics", {}).get(split, {})
    return {name: Decimal(repr(float(value))) for name, value in found.items() if name in SCORERS}


def _met(recorded: Decimal, now: float, target: Target) -> bool:
    """Within the tolerance; without one, equal to the digits that are written, four decimals at least."""
    exponent = recorded.as_tuple().exponent
    digits = max(_DIGITS, -exponent if isinstance(exponent, int) else 0)
    allowed = float(target.tolerance) if target.tolerance is not None else 0.5 * 10.0**-digits
    return abs(now - float(recorded)) <= allowed or math.isclose(now, float(recorded), rel_tol=_CLOSE, abs_tol=_CLOSE * allowed)


def _latencies(charter: Charter, target: Target, evidence: PilotEvidence) -> Iterator[_Finding]:
    for gate in charter.gates:
        if is_latency(gate):
            yield _latency(gate, charter, target, evidence)


def _latency(gate: Gate, charter: Charter, target: Target, evidence: PilotEvidence) -> _Finding:
    role, unknown = served_role(charter), f"whether {_name(target)} meets `{gate.name}` is not known"
    if role is None:
        why = "the pilot is timed over HTTP, and nothing says what serves it"
        return _error(f"{unknown}: {why}", f"declare `pilot.service.baselines.{target.baseline or 'NAME'}`")
    try:
        ruling = ruled_for(gate, loaded(charter, evidence), role)
    except MeasurementError as problem:
        return _error(f"{unknown}: {problem}", "make it measurable, and push again")
    bounds = ruling.bounds
    details = {"latency": {gate.name: {"value": bounds.estimate, "ci": [bounds.lower, bounds.upper]}}}
    if ruling.decision is Decision.PASS:
        return _Finding(decision=Decision.PASS, what=f"it meets `{gate.name}`: {ruling.why}", details=details)
    slower = "is slower than its gate" if ruling.decision is Decision.FAIL else "may be slower than its gate"
    return _Finding(
        decision=ruling.decision,
        what=f"{_name(target)} {slower} `{gate.name}`: {ruling.why}",
        fix="give the classical service what it needs to bear the whole traffic before it has to",
        details=details,
    )


def _age(charter: Charter, today: date | None) -> Iterator[_Finding]:
    """The recorded rehearsal, where the service runs: after the charter's days it no longer counts."""
    rollback = charter.rollback
    if rollback.rehearsed is None:
        return
    if today is None:
        yield _error("the day of this run is not known, so nothing says how old the recorded rehearsal is", "measure again")
        return
    days = (today - date.fromisoformat(rollback.rehearsed)).days
    details = {"rehearsed": rollback.rehearsed, "age_days": days}
    again = "run `qgate rollback --rehearse --verify` where the service runs, and have the day reviewed in `rollback.rehearsed`"
    if days < 0:
        yield _failed(f"the recorded rehearsal is of {rollback.rehearsed}, a day that is still to come", again, details)
    elif rollback.max_age_days is not None and days > rollback.max_age_days:
        yield _failed(
            f"the last rehearsal where the service runs is too old to count: it was on {rollback.rehearsed}, {_ago(days)}, "
            f"and after {rollback.max_age_days:,} it no longer counts",
            again,
            details,
        )
    else:
        what = f"it was last rehearsed where it runs on {rollback.rehearsed}, {_ago(days)}"
        yield _Finding(decision=Decision.PASS, what=what, details=details)


def _ago(days: int) -> str:
    return "today" if days == 0 else f"{days:,} day{'s' * (days > 1)} ago"


def _unverified(charter: Charter) -> str:
    """Which part of the way back this run did not try."""
    count = len(charter.rollback.verify)
    if not count or charter.rollback.rehearsed is not None:
        return ""
    reach = "1 command of `rollback.verify` reaches" if count == 1 else f"{count} commands of `rollback.verify` reach"
    return f"; {reach} production and did not run here, and no day is recorded on which that was done"


def _failed(what: str, fix: str, details: Mapping[str, Any] | None = None) -> _Finding:
    return _Finding(decision=Decision.FAIL, what=what, fix=fix, details=details or {})


def _error(what: str, fix: str) -> _Finding:
    return _Finding(decision=Decision.ERROR, what=what, fix=fix)
