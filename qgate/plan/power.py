"""Gates that the declared sizes will rarely decide: a problem of the charter, unless it acknowledges that."""

from collections.abc import Iterable, Iterator

from qgate.charter.codes import Code
from qgate.domain.charter import Charter, Gate
from qgate.domain.scope import Scope
from qgate.domain.source import Problem, Severity
from qgate.errors import MeasurementError
from qgate.intake import Opened
from qgate.plan.gates import GatePlan
from qgate.plan.pilot import Earlier, PilotPlan, plan_pilot
from qgate.plan.spread import DISCORDANCE

LOW = 0.5


def power_warnings(run: Opened, scope: Scope) -> tuple[Problem, ...]:
    """The problems of the reached pilots before anything of them is measured.

    They are warnings, since a clear case may be decided all the same. Where a file cannot be read, measuring says what is wrong.
    """
    plans = []
    for charter in (sourced.charter for sourced in scope.reached):
        try:
            plans.append((charter, plan_pilot(charter, run.tree, Earlier(outcomes={}, seconds={}), discordance=DISCORDANCE)))
        except MeasurementError:
            continue
    return tuple(problem for charter, plan in plans for problem in underpowered(charter, plan, Severity.WARNING))


def power_errors(charters: Iterable[Charter], plans: Iterable[PilotPlan]) -> tuple[Problem, ...]:
    """The problems of every plan, as errors."""
    of = {plan.pilot: plan for plan in plans}
    return tuple(problem for charter in charters for problem in underpowered(charter, of[charter.pilot], Severity.ERROR))


def underpowered(charter: Charter, plan: PilotPlan, severity: Severity) -> Iterator[Problem]:
    """Each gate that its sizes decide in less than half of all runs and that does not say `acknowledge_underpowered`."""
    planned = {gate.name: gate for gate in plan.gates}
    for number, gate in enumerate(charter.gates):
        found = planned.get(gate.name)
        if found is not None and _is_low(gate, found) and not gate.acknowledge_underpowered:
            yield Problem(
                code=Code.UNDERPOWERED,
                message=_message(gate, found),
                fix=_fix(found),
                position=gate.position,
                key=f"pilot.success_metrics[{number}]",
                severity=severity,
            )


def _is_low(gate: Gate, plan: GatePlan) -> bool:
    """A candidate that has to be better, and not as good, is decided by how much better it is, which no plan knows."""
    better = plan.decidable and gate.threshold.maximum is not None and gate.threshold.maximum < 0
    return plan.power is not None and plan.power < LOW and not better


def _message(gate: Gate, plan: GatePlan) -> str:
    if not plan.decidable:
        return f"`{gate.name}` is never decided: {plan.says[0]}"
    resolves = "" if plan.resolves is None else f"; they resolve {plan.resolves:.3g}, and {gate.threshold} is asked"
    share = f"in {100 * (plan.power or 0):.0f} % of all runs of a candidate as good as its baseline"
    return f"`{gate.name}` claims {plan.claim}, and the declared sizes decide it {share}{resolves} ({plan.says[-1]})"


def _fix(plan: GatePlan) -> str:
    needed = [f"{plan.rows:,} rows"] if plan.rows else []
    needed += [f"{plan.seeds:,} seeds"] if plan.seeds else []
    first = (
        f"declare {' or '.join(needed)}, a wider margin or a narrower claim"
        if needed
        else "change the claim, the margin or the sizes"
    )
    return f"{first}; or accept it with `acknowledge_underpowered: true`"
