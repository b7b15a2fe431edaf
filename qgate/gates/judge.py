"""From evidence and charters to the verdict. Pure: no clock, no random numbers, no files; the same evidence, the same bytes."""

from dataclasses import replace
from datetime import date

from qgate.charter.metrics import parse_metric
from qgate.domain.change import PilotReach
from qgate.domain.charter import Charter, Gate, OnInconclusive
from qgate.domain.evidence import Evidence, PilotEvidence, answers_digest
from qgate.domain.scope import Scope
from qgate.domain.verdict import CharterRef, Decision, GateOutcome, PilotVerdict, Verdict, worst
from qgate.gates import outcomes
from qgate.gates.approval import judge_approval
from qgate.gates.confinement import unconfined
from qgate.gates.family import corrected
from qgate.gates.own_charter import under_own
from qgate.gates.partial import left_out, with_what_was_left_out
from qgate.gates.qubo_regression import default_gates, told_by_default
from qgate.gates.registry import ALWAYS_ON, JUDGES
from qgate.gates.rehearsal import rehearsed, without_rehearsals
from qgate.gates.rollback import judge_rollback
from qgate.gates.sequential import complete
from qgate.gates.spending import paid, spending, spent
from qgate.gates.waiving import Occasion, waived
from qgate.rollback.runbook import runbook


def judge(evidence: Evidence, scope: Scope) -> Verdict:
    """The verdict on every pilot that the change reaches, by the charters of the scope.

    The commits are the evidence's; code that no charter covers is part of the verdict.
    """
    return Verdict(
        base=evidence.base,
        head=evidence.head,
        pilots=tuple(_reached(pilot, evidence, scope) for pilot in scope.reach.pilots),
        uncovered=scope.reach.uncovered,
        notes=(*scope.notes, *scope.reach.notes, *unconfined(evidence)),
        charter_changes=scope.charter_changes,
        self_reported=scope.measured_in,
    )


def judge_pilot(  # noqa: PLR0913 -- each is one fact of the run that a verdict hangs on besides charter and evidence
    charter: Charter,
    evidence: PilotEvidence,
    *,
    reached_by: tuple[str, ...],
    origin: str,
    today: date | None = None,
    attempt: int | None = None,
) -> PilotVerdict:
    """One pilot's gates in the order of the charter, then those that every pilot has.

    `today` is the day of the run, by which waivers end and recorded rehearsals grow old; without it none holds. `attempt` is
    the pull request's, from 1, by which gates spend their alpha; without it each spends all that the charter gives it.
    """
    default = default_gates(charter)
    if attempt is not None:
        charter, default = spending(charter, attempt), paid(default, attempt)
    change = without_rehearsals(evidence)
    occasion = Occasion(origin=origin, today=today, evidence_sha256=answers_digest(change))
    written, by_default = _judge_drawn(charter, default, change, evidence)
    own = waived(written, charter, occasion) or (_no_gates(charter),)
    always = (o for judge_always in ALWAYS_ON if (o := judge_always(charter, change)) is not None)
    rehearsal = judge_rollback(charter, evidence, today)
    back = None if rehearsal is None else with_what_was_left_out(rehearsal, change)
    gates = own + tuple(with_what_was_left_out(o, change) for o in always) + by_default + ((back,) if back else ())
    return PilotVerdict(
        name=charter.pilot,
        decision=_decision(own, gates),
        gates=gates,
        reached_by=reached_by,
        charter=CharterRef(path=charter.path, sha256=charter.sha256, origin=origin),
        runbook=runbook(charter.rollback, back),
        facts=change.facts,
        evidence_sha256=occasion.evidence_sha256,
    )


def _reached(pilot: PilotReach, evidence: Evidence, scope: Scope) -> PilotVerdict:
    sourced = next((s for s in scope.charters if (s.charter.pilot, s.charter.path) == (pilot.pilot, pilot.charter)), None)
    measured = [e for e in evidence.pilots if e.pilot == pilot.pilot]
    if sourced is None:
        return _unjudged(pilot, f"the charter `{pilot.charter}` of this pilot could not be read")
    if len(measured) != 1:
        return _unjudged(pilot, f"the evidence holds {len(measured)} measurements of this pilot: one is needed")
    attempt = scope.attempt_at(pilot.pilot)

    def judged(promised: Charter, origin: str) -> PilotVerdict:
        number = None if attempt is None else attempt.number
        return judge_pilot(promised, measured[0], reached_by=pilot.chains, origin=origin, today=scope.today, attempt=number)

    own = under_own(sourced, lambda charter: judged(charter, "head"))
    found = _with_approval(judged(sourced.charter, sourced.origin), judge_approval(sourced, scope))
    counted = replace(found, under_own=own)
    return counted if attempt is None else replace(counted, attempt=attempt, spent=spent(sourced.charter, attempt.number))


def _with_approval(found: PilotVerdict, approval: GateOutcome | None) -> PilotVerdict:
    if approval is None:
        return found
    return replace(found, gates=(*found.gates, approval), decision=worst((found.decision, approval.decision)))


def _unjudged(pilot: PilotReach, why: str) -> PilotVerdict:
    outcome = GateOutcome(name="evidence", decision=Decision.ERROR, why=why, owner="")
    return PilotVerdict(name=pilot.pilot, decision=Decision.ERROR, gates=(outcome,), reached_by=pilot.chains)


def _judge_drawn(
    charter: Charter, default: tuple[Gate, ...], change: PilotEvidence, evidence: PilotEvidence
) -> tuple[tuple[GateOutcome, ...], tuple[GateOutcome, ...]]:
    """The charter's gates, and those that it has by default: one family, in which failures come up by chance."""
    gates = (*charter.gates, *default)
    alone = [_judge_gate(gate, charter, change, evidence) for gate in charter.gates]
    alone += [told_by_default(_judge_gate(gate, charter, change, evidence)) for gate in default]
    found = complete(corrected(gates, alone, lambda gate: _judge_gate(gate, charter, change, change)))
    return found[: len(charter.gates)], found[len(charter.gates) :]


def _judge_gate(gate: Gate, charter: Charter, change: PilotEvidence, evidence: PilotEvidence) -> GateOutcome:
    """The gate on the change itself; where it fails and its remediation was rehearsed, what that came to."""
    metric = parse_metric(gate.name)
    if metric and (unmeasured := left_out(gate, metric.family, evidence)):
        return unmeasured
    outcome = rehearsed(_judge_alone(gate, charter, change), gate, charter, evidence, _judge_alone)
    warned = outcome.decision is Decision.INCONCLUSIVE and gate.on_inconclusive is OnInconclusive.WARN
    return replace(outcome, blocks=False) if warned else outcome


def _judge_alone(gate: Gate, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """The gate by its family's judge."""
    metric = parse_metric(gate.name)
    if metric is None:
        return outcomes.error(gate, f"`{gate.name}` is no metric that qgate knows")
    return JUDGES[metric.family](gate, metric, charter, evidence)


def _no_gates(charter: Charter) -> GateOutcome:
    return GateOutcome(
        name="success_metrics",
        decision=Decision.ERROR,
        why=f"{charter.path} has no gates, so nothing was judged: write `pilot.success_metrics`",
        owner=charter.owner,
    )


def _decision(own: tuple[GateOutcome, ...], gates: tuple[GateOutcome, ...]) -> Decision:
    """The worst of the gates that block. Where none of the charter's own was decided or waived, a pass would be empty."""
    blocking = worst(g.decision for g in gates if g.blocks)
    nothing_decided = all(not g.blocks and not (g.waiver and g.waiver.holds) for g in own)
    return Decision.INCONCLUSIVE if blocking is Decision.PASS and nothing_decided else blocking
