"""Parity gates: is the candidate's score no worse than the baseline's by more than the margin? Positive gaps are worse."""

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from qgate.charter.metrics import Metric
from qgate.domain.charter import Charter, Gate, Population
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import claims, crosscheck, lucky_seed, outcomes, sequential, what_to_buy, wording
from qgate.gates.claims import Ruling
from qgate.gates.confusion import confusion_told
from qgate.gates.pairing import Pairing, pair
from qgate.statistics.bounds import Bounds


def judge_parity(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide one gate by its claim; what was not measured, or has no score, is an error with its reason."""
    if not charter.sequential:
        return _judge(gate, gate.alpha, metric, charter, evidence)

    def judge_at(gate: Gate, level: float, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
        return _judge(gate, level, metric, charter, evidence)

    return sequential.judge_looks(gate, metric, charter, evidence, judge_at)


def _judge(promised: Gate, level: float, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """The gate decided at a level. All looks together keep the promised alpha, and so do the intervals of all looks."""
    gate = replace(promised, alpha=level)
    margin = gate.threshold.maximum
    if margin is None:
        return outcomes.error(gate, "a gap is bounded from above, and this gate has no `max`")
    if metric.scorer == "accuracy" and abs(margin) >= 1:
        return outcomes.error(
            gate, f"an accuracy gap lies between -1 and 1, so a `max` of {margin} decides nothing: 5 points are 0.05"
        )
    try:
        pairing = pair(metric, charter, evidence)
        ruling = claims.rule(gate, margin, pairing, charter)
        lists = lucky_seed.agreement(ruling.decision, gate, metric, charter, evidence)
        ruling = crosscheck.crosschecked(lucky_seed.supported(ruling, lists, charter.shots.agreement), gate, margin, pairing)
        levels = [{"shots": key.shots, "seed": key.seed, "score": found} for key, found in pairing.level_scores]
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    judged = _Judged(gate=gate, margin=margin, charter=charter, pairing=pairing, ruling=ruling)
    return GateOutcome(
        name=gate.name,
        decision=ruling.decision,
        why=str(wording.Why(gate=promised, margin=margin, pairing=pairing, ruling=ruling, needs=judged.needs)),
        owner=gate.owner,
        value=pairing.gap,
        interval=_interval(ruling.bounds),
        alpha=promised.alpha,
        claim=str(gate.claim),
        claim_words=wording.claim_words(gate, pairing),
        threshold=gate.threshold.as_json(),
        sizes=pairing.sizes,
        deployment=_interval(judged.deployment.bounds),
        required_rows=judged.needs.rows,
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details=judged.details | {"levels": levels},
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Judged:
    """A gate with its ruling, and what a reviewer is told besides."""

    gate: Gate
    margin: Decimal
    charter: Charter
    pairing: Pairing
    ruling: Ruling

    @cached_property
    def deployment(self) -> Ruling:
        """The claim about new data, which is shown whichever claim decides; where it cannot be made, the reason is shown."""
        try:
            return claims.rule_deployment(self.gate, self.margin, self.pairing, self.charter)
        except MeasurementError as problem:
            return Ruling(decision=Decision.INCONCLUSIVE, method="none", reason=str(problem))

    @cached_property
    def bought(self) -> what_to_buy.Bought:
        """Where the uncertainty comes from."""
        return what_to_buy.bought(self.pairing, self.charter, float(self.margin), self.gate.alpha)

    @cached_property
    def needs(self) -> wording.Needs:
        """What would decide it."""
        gate, margin, pairing = self.gate, self.margin, self.pairing
        undecided = self.ruling.decision is Decision.INCONCLUSIVE and gate.claim.population is Population.LOCKED_SET
        straddles = self.deployment.decision is Decision.INCONCLUSIVE
        distance = abs(float(margin) - pairing.gap)
        return wording.Needs(
            rows=claims.required_rows(self.deployment, margin, pairing, gate.alpha) if straddles else None,
            seeds=claims.required_seeds(margin, pairing, gate.alpha) if undecided else None,
            resolution=claims.resolution(self.deployment, pairing, gate.alpha),
            seeds_resolution=claims.seeds_resolution(pairing, gate.alpha) if undecided else None,
            only_rows=straddles and what_to_buy.no_shots_help(self.bought.split, distance=distance, alpha=gate.alpha),
        )

    @property
    def details(self) -> dict[str, Any]:
        """What stands behind the outcome, as plain JSON values."""
        pairing, ruling, needs = self.pairing, self.ruling, self.needs
        found: dict[str, Any] = {
            "method": ruling.method,
            "scorer": pairing.scorer.name,
            "baseline_score": pairing.baseline_score,
            "candidate_scores": list(pairing.candidate_scores),
            "gaps": list(pairing.gaps),
            "deployment_method": self.deployment.method,
            **ruling.details,
        }
        if pairing.scorer.name == "accuracy":
            found["discordant"] = [{"worse": c.worse, "better": c.better} for c in pairing.counts]
        if (confusion := confusion_told(pairing)) is not None:
            found["confusion"] = confusion
        if self.deployment.reason:
            found["deployment_reason"] = self.deployment.reason
        known = {"required_seeds": needs.seeds, "resolution": needs.resolution, "shots": self.bought.shots}
        return found | {key: value for key, value in known.items() if value is not None} | self._ways()

    def _ways(self) -> dict[str, Any]:
        told: dict[str, Any] = {}
        if self.bought.split is not None:
            told["variance"] = what_to_buy.variance_told(self.bought.split, self.charter)
        if self.ruling.decision is Decision.INCONCLUSIVE:
            needs = self.needs
            told["ways_out"] = what_to_buy.ways_out(self.gate, self.pairing, needs)
        return told


def _interval(bounds: Bounds | None) -> tuple[float, float] | None:
    return None if bounds is None else (bounds.lower, bounds.upper)
