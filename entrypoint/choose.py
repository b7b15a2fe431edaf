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
from qgate.report.place import named

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


def choose(inputs: Inputs, target: EventTarget, client: Client | None, directory: str) -> Stages:
    """The stages for this event.

    In `auto` the pending status also finds out whether the token may write: a fork's never may, Dependabot's only where its job
    asks for it. What cannot be published here is judged all the same, since the exit code may be all that blocks.
    `directory` is the working directory, of which that status has its name.

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
    writes = client is not None and not target.head_is_fork and _may_write(client, target, directory)
    return Stages.RUN if writes else Stages.UNPUBLISHED


def pending(client: Client, target: EventTarget, directory: str) -> None:
    """The status that blocks until there is a verdict: from now on silence is no pass.

    Raises:
        ForgeError: GitHub refused.
    """
    context = named(STATUS_CONTEXT, directory)
    publish_status(client, target, status(context, StatusState.PENDING, "measuring; no gate was evaluated yet"))


def blocked(why: str, directory: str) -> Status:
    """The status of a commit that is not judged."""
    return status(named(STATUS_CONTEXT, directory), StatusState.ERROR, f"No gate was evaluated: {why}")


def _may_write(client: Client, target: EventTarget, directory: str) -> bool:
    """False only where GitHub says that this token may not: whatever else goes wrong is told by each surface."""
    try:
        pending(client, target, directory)
    except Forbidden as error:
        return error.status != _FORBIDDEN
    except ForgeError as error:
        _log.warning("the pending status could not be set: %s", error)
    return True
