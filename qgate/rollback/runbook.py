"""The runbook of a pilot's way back: who decides, from which weights to which, by which steps, what to watch, what came of it."""

import shlex
from collections.abc import Mapping

from qgate.domain.charter import Rollback, Route, Strategy
from qgate.domain.verdict import GateOutcome, Runbook
from qgate.rollback.steps import Steps, platform_steps, words

NOT_REHEARSED = "not_rehearsed"
_ALL = 100


def runbook(rollback: Rollback, rehearsal: GateOutcome | None) -> Runbook:
    """The runbook with the outcome of the rehearsal (None: there is nothing that could be rehearsed).

    The charter's own steps stand before those of its platform.
    """
    steps = _steps(rollback)
    return Runbook(
        traffic=rollback.traffic,
        approver=rollback.approver,
        steps=steps.commands,
        rehearsal=str(rehearsal.decision) if rehearsal else NOT_REHEARSED,
        why=rehearsal.why if rehearsal else nothing_to_rehearse(),
        before=_before(rollback.route),
        after=_after(rollback.route),
        watch=steps.watch,
        verify=rollback.verify,
        rehearsed=rollback.rehearsed or "",
    )


def nothing_to_rehearse() -> str:
    """What a charter without a target says of its way back."""
    return "the charter names no `rollback.target`, so there is no classical service to rehearse"


def _steps(rollback: Rollback) -> Steps:
    route = rollback.route
    found = platform_steps(route, route.platform) if route.platform else words(route, rollback.traffic)
    watch = found.watch or (f"watch --interval 5 {shlex.quote(rollback.verify[0])}" if rollback.verify else "")
    return Steps(commands=rollback.steps or found.commands, watch=watch)


def _before(route: Route) -> Mapping[str, int]:
    """Percent of the traffic by service; empty where the charter does not say it."""
    share = route.share
    if share is None and route.strategy is Strategy.BLUE_GREEN:
        share = _ALL
    return {} if share is None or not route.to else {route.origin: share, route.to: _ALL - share}


def _after(route: Route) -> Mapping[str, int]:
    return {route.origin: 0, route.to: _ALL} if route.to else {}
