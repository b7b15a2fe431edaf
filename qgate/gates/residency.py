"""The gate of every pilot whose data must stay somewhere: is the service placed only where its data may be processed?"""

from collections.abc import Iterator

from qgate.domain.charter import Charter
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome, Remedy

NAME = "data_residency"


def judge_residency(charter: Charter, _evidence: PilotEvidence) -> GateOutcome | None:
    """Pass when every declared region is allowed for every data set with a `residency`; None where no data set has one."""
    bound = {split: data.residency for split, data in charter.data.items() if data.residency}
    if not bound:
        return None
    regions = tuple(dict.fromkeys(_regions(charter)))
    if not regions:
        names = ", ".join(f"data.{split} must stay in {rule}" for split, rule in bound.items())
        why = f"{names}, and the charter does not say where the service is placed"
        return _outcome(charter, Decision.ERROR, why, "declare `pilot.traffic.regions`, and `pilot.traffic.qpu.region`")
    broken = [
        f"data.{split} (`{charter.data[split].path}`) must stay in {rule}, and {what} is {region}"
        for split, rule in bound.items()
        for what, region in regions
        if not allows(rule, region)
    ]
    if broken:
        return _outcome(charter, Decision.FAIL, "; ".join(broken), "place the service where its data may be processed")
    placed = ", ".join(dict.fromkeys(region for _, region in regions))
    told = ", ".join(f"data.{split} in {rule}" for split, rule in bound.items())
    return _outcome(charter, Decision.PASS, f"the service is placed in {placed}, which keeps {told}", None)


def allows(rule: str, region: str) -> bool:
    """Whether data that must stay in `rule` may go to a region: that region, or one whose name goes on after a hyphen."""
    inside, outside = rule.strip().lower(), region.strip().lower()
    return outside == inside or outside.startswith(f"{inside}-")


def _regions(charter: Charter) -> Iterator[tuple[str, str]]:
    """Each place where the data comes, and what is there."""
    traffic = charter.sections.get("traffic", {})
    for region in traffic.get("regions", ()):
        yield "a region of traffic.regions", region["name"]
    if "region" in traffic.get("qpu", {}):
        yield "the region of traffic.qpu", traffic["qpu"]["region"]


def _outcome(charter: Charter, decision: Decision, why: str, fix: str | None) -> GateOutcome:
    return GateOutcome(
        name=NAME,
        decision=decision,
        why=why,
        owner=charter.owner,
        claim_words="For the regions that the charter declares; where this runner is, it does not say.",
        remedy=Remedy(summary="keep the data where it may be processed", actions=(fix,)) if fix else None,
    )
