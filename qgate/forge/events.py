"""From the event that started a workflow to what is gated, and where the verdict goes. Pure: the payload is a plain mapping.

The payload is GitHub's, but its names and titles are the author's of the pull request: only commits, numbers and
logins are taken from it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qgate.errors import UsageError
from qgate.forge.measuring_run import MeasuringRun, measuring_run

DEPENDABOT = "dependabot[bot]"

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


class EventKind(StrEnum):
    """The events that qgate gates."""

    PULL_REQUEST = "pull_request"
    MERGE_GROUP = "merge_group"
    PUSH = "push"
    SCHEDULE = "schedule"
    WORKFLOW_DISPATCH = "workflow_dispatch"
    WORKFLOW_RUN = "workflow_run"


@dataclass(frozen=True, kw_only=True)
class EventTarget:
    """What is gated, and where its verdict is published.

    `head` is the commit that is gated and reported on: a pull request's own head, never the temporary merge commit in GITHUB_SHA,
    where nobody would see the report. `base` is None where the event names none (a new branch, a manual run).
    `head_is_fork` and `by_dependabot` tell why a token may be read-only. `run_url` is the workflow run's page.
    `measured_in` is the run that left the evidence, where another one publishes it (`workflow_run`): whose pull request that is,
    GitHub has yet to be asked (`qgate.forge.pulls`).
    """

    kind: EventKind
    repository: str
    head: str
    default_branch: str
    run_url: str
    base: str | None = None
    pull_request: int | None = None
    head_is_fork: bool = False
    by_dependabot: bool = False
    on_default_branch: bool = False
    measured_in: MeasuringRun | None = None

    @property
    def every_pilot(self) -> bool:
        """Whether nothing was changed, and the default branch is gated as it is."""
        return self.on_default_branch and self.kind in {EventKind.SCHEDULE, EventKind.WORKFLOW_DISPATCH}

    @property
    def pull_request_name(self) -> str:
        """As people write it, `owner/name#7`; "" without one."""
        return "" if self.pull_request is None else f"{self.repository}#{self.pull_request}"


def choose_target(event_name: str, payload: Mapping[str, Any], *, sha: str, run_url: str) -> EventTarget:
    """What to gate for an event.

    Args:
        event_name: GITHUB_EVENT_NAME.
        payload: the JSON object in GITHUB_EVENT_PATH.
        sha: GITHUB_SHA; only a manual or a scheduled run is about this commit.
        run_url: the page of the workflow run.

    Raises:
        UsageError: an event that cannot be gated, or a payload without the fields that GitHub documents for it.
    """
    if event_name == "pull_request_target":
        raise UsageError(
            "event pull_request_target is refused: it runs with a write token and the repository's secrets, and a gate executes "
            "the pull request's code, so any fork could take both. Use `on: pull_request`; the exit code blocks the merge there "
            "even with a fork's read-only token"
        )
    if event_name not in set(EventKind):
        known = ", ".join(EventKind)
        raise UsageError(f"event {event_name!r} cannot be gated: it names no change. Start the workflow on one of: {known}")
    choose = {
        EventKind.PULL_REQUEST: _pull_request,
        EventKind.MERGE_GROUP: _merge_group,
        EventKind.PUSH: _push,
        EventKind.SCHEDULE: _scheduled,
        EventKind.WORKFLOW_DISPATCH: _manual,
        EventKind.WORKFLOW_RUN: _measured,
    }[EventKind(event_name)]
    return EventTarget(
        kind=EventKind(event_name),
        repository=_repository(payload),
        default_branch=_text(payload, "repository.default_branch"),
        run_url=run_url,
        by_dependabot=_find(payload, "sender.login") == DEPENDABOT,
        **choose(payload, sha),
    )


def _pull_request(payload: Mapping[str, Any], _sha: str) -> dict[str, Any]:
    number = _find(payload, "pull_request.number")
    if not isinstance(number, int):
        raise _missing("pull_request.number")
    return {
        "head": _commit(payload, "pull_request.head.sha"),
        "base": _commit(payload, "pull_request.base.sha"),
        "pull_request": number,
        # Not `head.repo.fork`, which is true of every pull request inside a repository that is itself a fork;
        # `head.repo` is null when the fork was deleted.
        "head_is_fork": _find(payload, "pull_request.head.repo.full_name") != _repository(payload),
    }


def _merge_group(payload: Mapping[str, Any], _sha: str) -> dict[str, Any]:
    return {"head": _commit(payload, "merge_group.head_sha"), "base": _commit(payload, "merge_group.base_sha")}


def _push(payload: Mapping[str, Any], _sha: str) -> dict[str, Any]:
    if payload.get("deleted") is True:
        raise UsageError("this push deleted its branch: there is no commit to gate. Leave out deletions in the workflow's `on:`")
    before = _commit(payload, "before")
    return {
        "head": _commit(payload, "after"),
        "base": None if set(before) == {"0"} else before,
        "on_default_branch": _on_default_branch(payload),
    }


def _manual(payload: Mapping[str, Any], sha: str) -> dict[str, Any]:
    if not _SHA.fullmatch(sha):
        raise UsageError(f"GITHUB_SHA is {sha!r}, not a commit: a run without a change is gated at that commit")
    return {"head": sha, "on_default_branch": _on_default_branch(payload)}


def _scheduled(payload: Mapping[str, Any], sha: str) -> dict[str, Any]:
    """GitHub starts schedules on the default branch alone, and their payload names no branch."""
    return {**_manual(payload, sha), "on_default_branch": True}


def _measured(payload: Mapping[str, Any], _sha: str) -> dict[str, Any]:
    run = measuring_run(payload)
    return {"head": run.head, "measured_in": run}


def _on_default_branch(payload: Mapping[str, Any]) -> bool:
    return payload.get("ref") == f"refs/heads/{_text(payload, 'repository.default_branch')}"


def _repository(payload: Mapping[str, Any]) -> str:
    name = _text(payload, "repository.full_name")
    if not _REPOSITORY.fullmatch(name):
        raise UsageError(f"the event payload's repository.full_name is {name!r}, not OWNER/NAME")
    return name


def _commit(payload: Mapping[str, Any], path: str) -> str:
    value = _text(payload, path)
    if not _SHA.fullmatch(value):
        raise UsageError(f"the event payload's {path} is {value!r}, not a full commit SHA")
    return value


def _text(payload: Mapping[str, Any], path: str) -> str:
    value = _find(payload, path)
    if not isinstance(value, str):
        raise _missing(path)
    return value


def _find(payload: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where any step is absent or null."""
    value: Any = payload
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _missing(path: str) -> UsageError:
    return UsageError(
        f"the event payload has no {path}, which GitHub documents for this event: "
        "is GITHUB_EVENT_PATH the file of the event in GITHUB_EVENT_NAME?"
    )
