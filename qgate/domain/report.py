"""The verdict as rendered for each surface: text and small values only, ready to be sent or written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    """GitHub's word for an annotation's weight."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark on a line of a file; plain text, escaped by whoever sends it."""

    path: str
    line: int
    title: str
    message: str
    level: Level
    column: int | None = None


class Conclusion(StrEnum):
    """A completed check run's conclusion. `neutral` and `skipped` are absent: GitHub counts them as passing."""

    SUCCESS = "success"
    FAILURE = "failure"
    ACTION_REQUIRED = "action_required"


@dataclass(frozen=True, kw_only=True)
class CheckRun:
    """The check run: `summary` and `text` are Markdown of at most 65,535 bytes each."""

    name: str
    conclusion: Conclusion
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


class StatusState(StrEnum):
    """A commit status's state."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Status:
    """A commit status: `description` is at most 140 characters."""

    context: str
    state: StatusState
    description: str


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What our own comment keeps from run to run, in base64 and out of sight.

    As read: `text` is "" where there is none, and `comment` says whether there is a comment at all. As written: `before` is the
    text that this one was made from; None where it is only for a comment that keeps nothing yet.
    """

    text: str = ""
    comment: bool = True
    before: str | None = None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """How the default branch stands by one run, for the one issue that is open while it does not pass.

    `body` is Markdown below `marker`, the issue's first line. `failing` and `passing` are names of pilots that the run judged;
    `complete` is True where those are all that there are. `assignees` are logins in lower case; `passed` is said when nothing
    fails any more.
    """

    marker: str
    title: str
    body: str
    failing: tuple[str, ...]
    passing: tuple[str, ...] = ()
    complete: bool = False
    assignees: tuple[str, ...] = ()
    passed: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that is published: `comment` starts with `marker`; `files` are written to the run directory as they are.

    `record` is what the comment keeps for the next run (`Recorded`); None keeps what is there. `incident` is None where
    something else than the default branch was gated.
    """

    marker: str
    comment: str
    summary: str
    check: CheckRun
    statuses: tuple[Status, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    record: Recorded | None = None
    incident: Incident | None = None


class Outcome(StrEnum):
    """What became of one surface."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Publication:
    """One surface's fate; a refusal never changes the verdict, and is said in the job summary with its reason and fix."""

    surface: str
    outcome: Outcome
    detail: str = ""
    url: str = ""
