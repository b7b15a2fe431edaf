"""The stages that a step runs: all of them, or one half of a gate that is split over two jobs or two workflows."""

import traceback
from collections.abc import Callable
from functools import partial

from entrypoint.choose import Stages
from qgate import pipeline
from qgate.changes.git import Repository
from qgate.domain.scope import Scope
from qgate.errors import GitError, QgateError, UsageError
from qgate.evidence.scope_file import write_scope
from qgate.forge.base import Forge
from qgate.intake import find_scope, opened
from qgate.pipeline import Gated
from qgate.settings import Settings

Say = Callable[[str], None]
Receive = Callable[[], str]
Stage = Callable[[Settings, Forge, Say], Gated | Scope]

_BESIDE = "an earlier job of this workflow"


def run(what: Stages, settings: Settings, forge: Forge, say: Say, receive: Receive | None = None) -> Gated | Scope:
    """How the step ended: gated, or (`measure`) the scope of what was measured.

    `receive` fetches what another workflow measured, and says in which run. A bug ends like an expected failure, published as an
    error on every surface: no older verdict may stand for this commit.
    """
    try:
        where = receive() if receive else _BESIDE
        check_head(settings)
        return _stage(what, where)(settings, forge, say)
    except QgateError as error:
        return pipeline.break_off(error, settings, forge)
    except Exception as error:  # noqa: BLE001 -- see above
        say(traceback.format_exc())
        return pipeline.break_off(QgateError(bug(error)), settings, forge)


def _stage(what: Stages, where: str) -> Stage:
    stages: dict[Stages, Stage] = {Stages.RUN: pipeline.gate, Stages.MEASURE: measure, Stages.UNPUBLISHED: judged_here}
    return stages.get(what) or partial(publish, where=where)


def bug(error: Exception) -> str:
    """An unexpected exception in words; its traceback is in the log."""
    return f"internal error: {type(error).__name__}: {error}\n  fix: report it, with the traceback in the job's log"


def check_head(settings: Settings) -> None:
    """Whether the workspace holds the gated commit, or its remote gives it.

    Raises:
        UsageError: neither; the text holds what to write at actions/checkout.
    """
    try:
        Repository(settings.repository).resolve(settings.head or "HEAD")
    except GitError as error:
        raise UsageError(
            f"the commit to gate is not in the workspace: {error}\n"
            "  fix: give actions/checkout `fetch-depth: 0` and, for a pull request, "
            "`ref: ${{ github.event.pull_request.head.sha }}`; by default it fetches the merge commit alone"
        ) from error


def measure(settings: Settings, forge: Forge, say: Say) -> Gated | Scope:
    """The evidence written to the run directory; nothing is judged. Raises `QgateError` as `pipeline.measure` does."""
    with opened(settings) as here:
        if here.found.invalid:
            return pipeline.refuse(here, settings, forge)
        scope = find_scope(here)
        pipeline.measure(here, scope, settings, say)
    return scope


def judged_here(settings: Settings, forge: Forge, say: Say) -> Gated:
    """Measured as for another job to judge, and judged here as well, for the exit code; `forge` publishes nothing."""
    with opened(settings) as here:
        if here.found.invalid:
            return pipeline.refuse(here, settings, forge)
        scope = find_scope(here)
        problems = (*here.found.problems, *pipeline.rarely_decided(here, scope))
        pipeline.measure(here, scope, settings, say)
    return pipeline.conclude(scope, settings, forge, problems=problems)


def publish(settings: Settings, forge: Forge, _say: Say, *, where: str) -> Gated:
    """The verdict on evidence that another job measured (the one at `where`), judged and published here.

    What was answered alone is the other job's word. Which pilots are reached, which charters judge, labels and lock are read from
    the commits again: the job that ran the pull request's code must not choose its own judge.

    Raises:
        UsageError: the evidence is missing, malformed, or about other commits.
        MeasurementError: it says of the locked files or the lock what they do not say.
    """
    with opened(settings) as here:
        if here.found.invalid:
            return pipeline.refuse(here, settings, forge)
        scope = find_scope(here)
        if scope.reached:
            from qgate import recomputation  # noqa: PLC0415 -- a change that reaches nothing must not pay for numpy

            scope = recomputation.held(here, scope, settings, where)
        problems = (*here.found.problems, *pipeline.rarely_decided(here, scope))
    write_scope(scope, settings.out)
    return pipeline.conclude(scope, settings, forge, problems=problems)
