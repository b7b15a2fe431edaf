"""Calibration gates: what a device's noise makes of the candidate, on the day's snapshot, and how old that snapshot is.

Depolarising noise shrinks every score towards the middle, so that accuracy hardly moves until little is left. Contrast, the slope
of the noisy against the ideal scores, warns earlier, and says how many more shots are needed (1/contrast²); then decisions flip,
and accuracy drops last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from qgate.charter.metrics import Metric
from qgate.domain.calibration import AGE, PART, reviewed_name
from qgate.domain.charter import CandidateKind, Charter, Gate, Population, Subject
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome, Sizes, worst
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.noise_effect import Effect, Reading, contrast, dropped, effect_of, flipped
from qgate.statistics.bounds import Bounds, decide, decide_exactly

_MOST_DECIMALS = 9
# Each metric: how it is read, and whether its threshold is a `min`.
_READINGS: Mapping[str, tuple[Callable[[Effect, float, Decimal], Reading], bool]] = MappingProxyType(
    {
        "calibration_contrast": (contrast, True),
        "calibration_flips": (flipped, False),
        "calibration_accuracy_drop": (dropped, False),
    }
)


def judge_calibration(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide one gate on the snapshot that the charter declares; what was not measured is an error with its reason.

    Where the change has another snapshot than the base commit the gate has to hold by both, and the worse is told: a better
    device lets nothing more through, and a device that got worse is found out. Where they agree the change's own is told.
    """
    try:
        snapshots = _Judged.all_of(charter, evidence)
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    judged = [_judge(gate, metric, charter, evidence, snapshot) for snapshot in snapshots]
    decision = worst(outcome.decision for outcome in judged)
    return next(outcome for outcome in judged if outcome.decision is decision)


def _judge(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence, judged: "_Judged") -> GateOutcome:
    try:
        return _age(gate, judged) if metric.name == AGE else _effect(gate, metric, charter, evidence, judged)
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """The judged snapshot's facts, checked."""

    facts: Mapping[str, Any]
    path: str
    snapshot: Mapping[str, Any]
    age: int
    origin: str

    @classmethod
    def all_of(cls, charter: Charter, evidence: PilotEvidence) -> "list[_Judged]":
        """The change's own, and where the base commit has another, that."""
        if charter.candidate.kind is not CandidateKind.CIRCUIT:
            raise MeasurementError(
                f"the candidate's kind is `{charter.candidate.kind}`, and noise can only enter a circuit that qgate simulates"
            )
        mine = [f for f in evidence.failures if f.part in {PART, "candidate", "data"}]
        if mine:
            raise MeasurementError("; ".join(f"{f.part}: {f.message}" for f in mine))
        facts: Mapping[str, Any] = evidence.facts.get(PART, {})
        path = str(charter.sections.get("noise", {}).get("calibration"))
        found = facts.get("snapshots", {})
        if path not in found:
            raise MeasurementError(f"the candidate was not measured under the calibration `{path}`")
        both = [name for name in (path, reviewed_name(path)) if name in found]
        return [
            cls(
                facts=facts,
                path=name,
                snapshot=found[name],
                age=_age_of(name, found[name]["at"], facts["day"]),
                origin=", the base commit's" if name != path else "",
            )
            for name in both
        ]

    @property
    def name(self) -> str:
        """The snapshot in words."""
        return f"{self.facts['device']}'s calibration of {self.snapshot['at'][:10]}{self.origin}"


def _age_of(path: str, at: str, day: str) -> int:
    """Whole days from the snapshot to the day of the run, both in UTC."""
    age = (date.fromisoformat(day) - datetime.fromisoformat(at).date()).days
    if age < 0:
        raise MeasurementError(f"{path} is dated {at[:10]}, and today is {day}: correct its date")
    return age


def _age(gate: Gate, judged: _Judged) -> GateOutcome:
    allowed = gate.threshold.maximum
    if allowed is None:
        return outcomes.error(gate, "an age is bounded from above, and this gate has no `max`")
    decision = decide_exactly(Fraction(judged.age), Fraction(allowed))
    days = f"{judged.age:,} {'day' if judged.age == 1 else 'days'} old on {judged.facts['day']}"
    verdict = f"within the {allowed} allowed" if decision is Decision.PASS else f"older than the {allowed} allowed"
    why = f"{judged.name} is {days}, {verdict}"
    return replace(_outcome(gate, decision, why, float(judged.age)), details={"day": judged.facts["day"]})


def _effect(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence, judged: _Judged) -> GateOutcome:
    read, from_below = _READINGS[metric.name]
    bound = gate.threshold.minimum if from_below else gate.threshold.maximum
    if bound is None:
        side, key = ("below", "min") if from_below else ("above", "max")
        return outcomes.error(gate, f"`{gate.name}` is bounded from {side}, and this gate has no `{key}`")
    oldest = charter.sections["noise"].get("max_age_days")
    if oldest is not None and judged.age > oldest:
        raise MeasurementError(
            f"{judged.name} is {judged.age:,} days old and no longer counts after {oldest:,} (`noise.max_age_days`):"
            " commit a newer snapshot"
        )
    effect = effect_of(evidence, judged.facts["split"], judged.path, judged.snapshot["standard_error"])
    reading = read(effect, gate.alpha, bound)
    decision = _decide(gate, reading, bound, from_below=from_below)
    new = gate.claim.population is Population.DEPLOYMENT
    where = f"For new data like these {effect.rows:,} rows" if new else f"For exactly these {effect.rows:,} rows"
    shown = reading.deployment if new else reading.locked
    return replace(
        _outcome(gate, decision, _why(gate, reading, bound, judged, decision), reading.value),
        interval=(shown.lower, shown.upper),
        alpha=gate.alpha,
        claim=str(gate.claim),
        claim_words=f"{where}, without shot noise, and this candidate on the qubits {_qubits(judged)} of that day.",
        sizes=Sizes(rows=effect.rows),
        deployment=(reading.deployment.lower, reading.deployment.upper),
        details={key: judged.facts[key] for key in ("day", "device", "layout", "layout_from", "split")}
        | {"calibration": {"path": judged.path, "age_days": judged.age, **judged.snapshot}}
        | {"drift": drift(judged.facts, evidence)},
    )


def _qubits(judged: _Judged) -> str:
    return ", ".join(map(str, judged.facts["layout"]))


def _decide(gate: Gate, reading: Reading, bound: Decimal, *, from_below: bool) -> Decision:
    if gate.claim.subject is Subject.PROCEDURE:
        return Decision.INCONCLUSIVE
    bounds = reading.deployment if gate.claim.population is Population.DEPLOYMENT else reading.locked
    sign = -1 if from_below else 1
    if bounds.lower == bounds.upper:
        return decide_exactly(sign * reading.exact, sign * Fraction(bound))
    upright = bounds if sign > 0 else Bounds(estimate=-bounds.estimate, lower=-bounds.upper, upper=-bounds.lower)
    return decide(upright, sign * float(bound))


def _why(gate: Gate, reading: Reading, bound: Decimal, judged: _Judged, decision: Decision) -> str:
    """One sentence: what noise does, and what the gate makes of it."""
    told = reading.words.format(value=_written(reading.value, bound), calibration=judged.name)
    if gate.claim.subject is Subject.PROCEDURE:
        return f"{told}; undecided: weights and calibration are fixed, so nothing of the training recipe shows: claim `artifact`"
    if decision is Decision.INCONCLUSIVE:
        return f"{told}; the interval holds the bound of {bound}, so that these rows do not decide it"
    if gate.threshold.minimum is not None:
        return f"{told}; {bound} is required" if decision is Decision.PASS else f"{told}; less than the {bound} required"
    return f"{told}; within the {bound} allowed" if decision is Decision.PASS else f"{told}; more than the {bound} allowed"


def _written(value: float, bound: Decimal) -> str:
    """With the decimals that keep it apart from the bound."""
    decimals = 0 if float(value).is_integer() else 3
    while decimals < _MOST_DECIMALS and value != float(bound) and f"{value:.{decimals}f}" == f"{float(bound):.{decimals}f}":
        decimals += 1
    return f"{value:,.{decimals}f}"


def drift(facts: Mapping[str, Any], evidence: PilotEvidence) -> list[dict[str, Any]]:
    """The same circuit under every declared snapshot, from the oldest to the newest."""
    curve = []
    for path, snapshot in sorted(facts["snapshots"].items(), key=lambda item: (item[1]["at"], item[0])):
        point = {"date": snapshot["at"][:10], "path": path}
        if "problem" in snapshot:
            curve.append(point | {"problem": snapshot["problem"]})
        else:
            curve.append(point | effect_of(evidence, facts["split"], path, snapshot["standard_error"]).summary())
    return curve


def _outcome(gate: Gate, decision: Decision, why: str, value: float) -> GateOutcome:
    return GateOutcome(
        name=gate.name,
        decision=decision,
        why=why,
        owner=gate.owner,
        value=value,
        threshold=gate.threshold.as_json(),
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
    )
