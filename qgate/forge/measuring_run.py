"""The run of another workflow, in which the evidence was measured: what a `workflow_run` event says of it. Pure.

Of such an event nothing is believed but what GitHub itself knows of the run: its number, the event that started it, its
workflow's path, its repository and the commit. Its name is the workflow's author's, who may be anybody; `pull_requests` is empty
for forks; and whatever the run wrote is a claim.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qgate.errors import UsageError

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_EVENTS = ("pull_request", "merge_group")


class Stage(StrEnum):
    """How far the run is."""

    REQUESTED = "requested"
    COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True)
class MeasuringRun:
    """A run of the measuring workflow in this repository.

    `head_owner` and `head_branch` are where its commit was pushed to: what a pull request is looked for by ("" where the fork was
    deleted). The branch's name is its author's. `started` is when its latest attempt began (ISO 8601, UTC); `conclusion` is ""
    while it runs.
    """

    number: int
    stage: Stage
    event: str
    workflow: str
    head: str
    head_owner: str
    head_branch: str
    url: str
    started: str = ""
    conclusion: str = ""


def measuring_run(payload: Mapping[str, Any]) -> MeasuringRun:
    """The run that a `workflow_run` event is about.

    Raises:
        UsageError: a run of another repository or event, a stage that is not waited for, or a payload of another shape.
    """
    run = _mapping(payload, "workflow_run")
    if _mapping(run, "repository").get("id") != _mapping(payload, "repository").get("id"):
        raise UsageError("the measuring run belongs to another repository: its evidence is not read")
    event, stage = run.get("event"), payload.get("action")
    if event not in _EVENTS:
        raise UsageError(f"the measuring run was started by {event!r}; evidence is taken from {' and '.join(_EVENTS)} alone")
    if stage not in set(Stage):
        raise UsageError(f"the action of this workflow_run event is {stage!r}\n  fix: write `types: [requested, completed]`")
    head, number = run.get("head_sha"), run.get("id")
    if not isinstance(head, str) or not _SHA.fullmatch(head) or type(number) is not int:
        raise UsageError("the event payload's workflow_run has no id or no full commit SHA as head_sha")
    owner = (run.get("head_repository") or {}).get("owner") or {}
    return MeasuringRun(
        number=number,
        stage=Stage(stage),
        event=event,
        # Runs of reusable and of required workflows have `@REF` behind it.
        workflow=str(run.get("path") or "").partition("@")[0],
        head=head,
        head_owner=str(owner.get("login") or ""),
        head_branch=str(run.get("head_branch") or ""),
        url=str(run.get("html_url") or ""),
        started=str(run.get("run_started_at") or ""),
        conclusion=str(run.get("conclusion") or ""),
    )


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    if not isinstance(found, Mapping):
        raise UsageError(f"the event payload has no {key}, which GitHub documents for a workflow_run")
    return found
