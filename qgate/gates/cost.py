"""Cost gates: circuits times price, exact to the cent's last digit. Nothing is random, so there is no interval and no undecided.

Each circuit is one task; a circuit whose measurements need several bases is several circuits. Circuits are counted from what the
candidate described; a kind that describes none declares `budget.circuits_per_request`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qgate.charter.metrics import Metric
from qgate.domain.charter import CandidateKind, Charter, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.pairing import CANDIDATE

DAYS = 30
_SECONDS_PER_DAY = 86_400
_PER = 1000


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What one circuit costs, in US dollars."""

    shot: Decimal
    task: Decimal
    second: Decimal
    seconds: Decimal

    def circuit(self, shots: int | None) -> Decimal:
        """One circuit with its shots.

        Raises:
            MeasurementError: shots have a price and the charter no schedule.
        """
        if self.shot and shots is None:
            raise MeasurementError("budget.usd_per_shot prices shots, and the charter has no shots.schedule")
        return self.task + self.shot * (shots or 0) + self.second * self.seconds


def judge_cost(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide one of the three cost gates; what is neither counted nor declared is an error."""
    most = gate.threshold.maximum
    if most is None:
        return outcomes.error(gate, "a cost is bounded from above, and this gate has no `max`")
    try:
        bill = _BILLS[metric.name](charter, evidence, most)
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    decision = Decision.PASS if bill.cost <= most else Decision.FAIL
    side = "within" if decision is Decision.PASS else "more than"
    return GateOutcome(
        name=gate.name,
        decision=decision,
        why=f"{bill.words}: USD {_money(bill.cost)}, {side} the USD {_money(most)} allowed{bill.beyond}",
        owner=gate.owner,
        value=float(bill.cost),
        claim_words="Counted and priced by the charter's table, without rounding; nothing about it is random.",
        threshold=gate.threshold.as_json(),
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details=bill.details,
    )


@dataclass(frozen=True, kw_only=True)
class _Bill:
    """A cost, what it is for, and what lies beyond it."""

    cost: Decimal
    words: str
    details: Mapping[str, Any]
    beyond: str = ""


def _per_thousand(charter: Charter, evidence: PilotEvidence, _most: Decimal) -> _Bill:
    each, words, details = _request(charter, evidence)
    return _Bill(cost=_PER * each, words=f"1,000 requests, {words}", details=details)


def _monthly(charter: Charter, evidence: PilotEvidence, most: Decimal) -> _Bill:
    each, words, details = _request(charter, evidence)
    daily = _declared(charter, "requests_per_day")
    if daily is None:
        raise MeasurementError("the cost of a month needs budget.requests_per_day")
    beyond, breaks = "", None
    if each:
        breaks = int(most / (DAYS * each))
        beyond = f"; the cap breaks above {breaks:,} requests a day"
    details = {
        **details,
        "requests_per_day": float(daily),
        "days": DAYS,
        "usd_per_request": float(each),
        "breaks_above_requests_per_day": breaks,
    }
    return _Bill(
        cost=DAYS * daily * each, words=f"{DAYS} days of {_number(daily)} requests, {words}", details=details, beyond=beyond
    )


def cap_rate(charter: Charter, evidence: PilotEvidence) -> float | None:
    """Requests a second, all month long, above which the strictest monthly cap breaks; None where there is no cap or no price."""
    caps = [g.threshold.maximum for g in charter.gates if g.name == "monthly_cost_usd"]
    caps.append(_declared(charter, "monthly_cap_usd"))
    try:
        each, _, _ = _request(charter, evidence)
    except MeasurementError:
        return None
    known = [cap for cap in caps if cap is not None]
    return float(min(known) / (DAYS * _SECONDS_PER_DAY * each)) if known and each else None


def _evaluation(charter: Charter, evidence: PilotEvidence, _most: Decimal) -> _Bill:
    """This measurement, had it been made on the priced device: every row at every shot count and seed of the schedule."""
    prices, circuits = _prices(charter), _evaluated(charter, evidence)
    runs = [shots for shots, _ in charter.shots.planned]
    cost = sum((circuits * prices.circuit(shots) for shots in runs), start=Decimal(0))
    words = f"one evaluation, {_number(circuits)} circuit{'s' * (circuits != 1)} at {len(runs):,} (shots, seed)"
    return _Bill(cost=cost, words=words, details={"circuits": float(circuits), "runs": len(runs)})


def _request(charter: Charter, evidence: PilotEvidence) -> tuple[Decimal, str, dict[str, Any]]:
    """What a request costs at the deciding shots, in dollars, in words and in parts."""
    prices, circuits, (shots, _) = _prices(charter), _circuits(charter, evidence), charter.shots.deciding[0]
    each = prices.circuit(shots)
    at_shots = f" of {shots:,} shots" if shots is not None else ""
    words = f"{_number(circuits)} circuit{'s' * (circuits != 1)}{at_shots} each at USD {_money(each)}"
    levels = charter.shots.schedule
    grown = {f"{level}": float(_PER * circuits * prices.circuit(level)) for level in levels} if len(levels) > 1 else {}
    details: dict[str, Any] = {"circuits_per_request": float(circuits), "shots": shots, "usd_per_circuit": float(each)}
    details |= {"usd_per_1k_requests_by_shots": grown} if grown else {}
    return circuits * each, words, details


def _prices(charter: Charter) -> Prices:
    shot, task, second, seconds = (
        _declared(charter, key) for key in ("usd_per_shot", "usd_per_task", "usd_per_second", "seconds_per_circuit")
    )
    if shot is None and task is None and second is None:
        raise MeasurementError("the charter's budget has no price: declare usd_per_shot, usd_per_task or usd_per_second")
    zero = Decimal(0)
    return Prices(shot=shot or zero, task=task or zero, second=second or zero, seconds=seconds or zero)


def _declared(charter: Charter, key: str) -> Decimal | None:
    """The number as it is written in the charter: a double's shortest text is that of the decimal it was read from."""
    value = charter.sections.get("budget", {}).get(key)
    return None if value is None else Decimal(repr(value))


def _circuits(charter: Charter, evidence: PilotEvidence) -> Decimal:
    """Circuits of one request: the most that any row needs, or as declared."""
    if charter.candidate.kind is CandidateKind.CIRCUIT:
        return Decimal(max(count["most_per_row"] for count in _executions(evidence).values()))
    declared = _declared(charter, "circuits_per_request")
    if declared is None:
        raise MeasurementError(
            f"the circuits of a candidate of the kind {charter.candidate.kind} cannot be counted: "
            "declare budget.circuits_per_request"
        )
    return declared


def _evaluated(charter: Charter, evidence: PilotEvidence) -> Decimal:
    """Circuits of all measured rows; a QUBO is one request.

    Raises:
        MeasurementError: there are no rows: a bill for nothing would pass.
    """
    if charter.candidate.kind is CandidateKind.CIRCUIT:
        return Decimal(sum(count["total"] for count in _executions(evidence).values()))
    if charter.candidate.kind is CandidateKind.QUBO:
        return _circuits(charter, evidence)
    rows = sum(len(truth) for truth in evidence.truth.values())
    if not rows:
        raise MeasurementError(
            "the evidence holds no rows, so that nobody knows how many circuits an evaluation runs: measure again"
        )
    return _circuits(charter, evidence) * rows


def _executions(evidence: PilotEvidence) -> Mapping[str, Mapping[str, int]]:
    failed = [f"{f.part}: {f.message}" for f in evidence.failures if f.part in {CANDIDATE, "data"}]
    if failed:
        raise MeasurementError("; ".join(failed))
    counted: Mapping[str, Mapping[str, int]] = evidence.facts.get(CANDIDATE, {}).get("executions", {})
    if not counted:
        raise MeasurementError("the evidence does not say how many circuits the candidate runs: measure again")
    return counted


def _money(amount: Decimal) -> str:
    """With cents at least, and as many digits as the amount has."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    return f"{plain:,.{max(2, -exponent if isinstance(exponent, int) else 2)}f}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():,f}"


_BILLS = {
    "cost_usd_per_1k_requests": _per_thousand,
    "monthly_cost_usd": _monthly,
    "evaluation_cost_usd": _evaluation,
}
