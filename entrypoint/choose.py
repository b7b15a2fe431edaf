"""What `mode: auto` means for an event, and the status that stands until there is a verdict."""

import logging
from enum import StrEnum

from entrypoint.inputs import Inputs, Mode
from qgate.domain.report import Status, StatusState
from qgate.errors import UsageError
from qgate.forge.client import Client
from qgate.forge.errors import Forbidden, ForgeError
from qgate.forge.events import EventTarget
from qgate.forge.status import publish_status
from qgate.report.check import STATUS_CONTEXT, status

_log = logging.getLogger(__name__)
_FORBIDDEN = 403


class Stages(StrEnum):
    """What a step does."""

    RUN = "measure, judge and publish"
    MEASURE = "measure"
    UNPUBLISHED = "measure and judge"
    PUBLISH = "judge and publish what is in the run directory"
    TAKE_OVER = "judge and publish what another workflow measured"


_NAMED = {Mode.RUN: Stages.RUN, Mode.MEASURE: Stages.MEASURE, Mode.PUBLISH: Stages.PUBLISH}


def choose(inputs: Inputs, target: EventTarget, client: Client | None) -> Stages:
    """The stages for this event.

    In `auto` the pending status also finds out whether the token may write: a fork's never may, Dependabot's only where its job
    asks for it. What cannot be published here is judged all the same, since the exit code may be all that blocks.

    Raises:
        UsageError: a mode that would run the pull request's code beside a token that may write.
    """
    if target.measured_in is not None:
        if inputs.mode not in {Mode.AUTO, Mode.PUBLISH}:
            raise UsageError(
                f"the input `mode` is {str(inputs.mode)!r}, but a workflow_run event never measures: it would run the pull "
                "request's code beside a token that may write\n  fix: leave `mode` at `auto`"
            )
        return Stages.TAKE_OVER
    if inputs.mode is not Mode.AUTO:
        return _NAMED[inputs.mode]
    return Stages.UNPUBLISHED if client is None or target.head_is_fork or not _may_write(client, target) else Stages.RUN


def pending(client: Client, target: EventTarget) -> None:
    """The status that blocks until there is a verdict: from now on silence is no pass.

    Raises:
        ForgeError: GitHub refused.
    """
    publish_status(client, target, status(STATUS_CONTEXT, StatusState.PENDING, "measuring; no gate was evaluated yet"))


def blocked(why: str) -> Status:
    """The status of a commit that is not judged."""
    return status(STATUS_CONTEXT, StatusState.ERROR, f"No gate was evaluated: {why}")


def _may_write(client: Client, target: EventTarget) -> bool:
    """False only where GitHub says that this token may not: whatever else goes wrong is told by each surface."""
    try:
        pending(client, target)
    except Forbidden as error:
        return error.status != _FORBIDDEN
    except ForgeError as error:
        _log.warning("the pending status could not be set: %s", error)
    return True
