"""What every gate's outcome shares: its identity from the charter, and the form of a remediation."""

from qgate.domain.charter import Gate, Remediation
from qgate.domain.verdict import Decision, GateOutcome, Remedy


def remedy(remediation: Remediation) -> Remedy:
    """A charter's remediation as what a reviewer can do, in order."""
    actions = [f"set {key} = {value}" for key, value in remediation.set.items()]
    actions += [f"run {remediation.run}"] if remediation.run else []
    actions += list(remediation.steps)
    actions += [f"rerun {remediation.rerun}"] if remediation.rerun else []
    return Remedy(summary=remediation.summary, actions=tuple(actions))


def error(gate: Gate, why: str) -> GateOutcome:
    """A gate that could not be judged: never a pass."""
    return GateOutcome(
        name=gate.name,
        decision=Decision.ERROR,
        why=why,
        owner=gate.owner,
        alpha=gate.alpha,
        claim=str(gate.claim),
        threshold=gate.threshold.as_json(),
        remedy=remedy(gate.remediation),
        position=gate.position,
    )
