"""Parity gates: is the candidate's score no worse than the baseline's by more than the margin? Positive gaps are worse."""

from decimal import Decimal
from typing import Any

from qgate.charter.metrics import Metric
from qgate.domain.charter import Charter, Gate, Population
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import claims, crosscheck, lucky_seed, outcomes, wording
from qgate.gates.claims import Ruling
from qgate.gates.pairing import Pairing, pair
from qgate.statistics.bounds import Bounds


def judge_parity(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide one gate by its claim; what was not measured, or has no score, is an error with its reason."""
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
        return outcomes.error(gate, str(problem))
    deployment = _deployment(gate, margin, pairing, charter)
    needs = _needs(gate, margin, pairing, ruling, deployment)
    return GateOutcome(
        name=gate.name,
        decision=ruling.decision,
        why=str(wording.Why(gate=gate, margin=margin, pairing=pairing, ruling=ruling, needs=needs)),
        owner=gate.owner,
        value=pairing.gap,
        interval=_interval(ruling.bounds),
        alpha=gate.alpha,
        claim=str(gate.claim),
        claim_words=wording.claim_words(gate, pairing),
        threshold=gate.threshold.as_json(),
        sizes=pairing.sizes,
        deployment=_interval(deployment.bounds),
        required_rows=needs.rows,
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details=_details(pairing, ruling, deployment, needs) | {"levels": levels},
    )


def _deployment(gate: Gate, margin: Decimal, pairing: Pairing, charter: Charter) -> Ruling:
    """The claim about new data, which is shown whichever claim decides; where it cannot be made, the reason is shown."""
    try:
        return claims.rule_deployment(gate, margin, pairing, charter)
    except MeasurementError as problem:
        return Ruling(decision=Decision.INCONCLUSIVE, method="none", reason=str(problem))


def _needs(gate: Gate, margin: Decimal, pairing: Pairing, ruling: Ruling, deployment: Ruling) -> wording.Needs:
    undecided = ruling.decision is Decision.INCONCLUSIVE and gate.claim.population is Population.LOCKED_SET
    straddles = deployment.decision is Decision.INCONCLUSIVE
    return wording.Needs(
        rows=claims.required_rows(deployment, margin, pairing, gate.alpha) if straddles else None,
        seeds=claims.required_seeds(margin, pairing, gate.alpha) if undecided else None,
        resolution=claims.resolution(deployment, pairing, gate.alpha),
    )


def _interval(bounds: Bounds | None) -> tuple[float, float] | None:
    return None if bounds is None else (bounds.lower, bounds.upper)


def _details(pairing: Pairing, ruling: Ruling, deployment: Ruling, needs: wording.Needs) -> dict[str, Any]:
    """What stands behind the outcome, as plain JSON values."""
    found: dict[str, Any] = {
        "method": ruling.method,
        "scorer": pairing.scorer.name,
        "baseline_score": pairing.baseline_score,
        "candidate_scores": list(pairing.candidate_scores),
        "gaps": list(pairing.gaps),
        "deployment_method": deployment.method,
        **ruling.details,
    }
    if pairing.scorer.name == "accuracy":
        found["discordant"] = [{"worse": c.worse, "better": c.better} for c in pairing.counts]
    if deployment.reason:
        found["deployment_reason"] = deployment.reason
    known = {"required_seeds": needs.seeds, "resolution": needs.resolution}
    return found | {key: value for key, value in known.items() if value is not None}
