"""`qgate rollback --issue`: the incident of the default branch declared by hand, with the runbooks in it."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qgate.changes.git import Repository
from qgate.errors import GitError, UsageError

if TYPE_CHECKING:
    from qgate.domain.charter import Charter
    from qgate.domain.report import Publication
    from qgate.domain.verdict import PilotVerdict
    from qgate.report.incident import Branch

_TOKEN = "GITHUB_TOKEN"  # noqa: S105 -- the variable's name, not a token
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")
# https://HOST/OWNER/NAME.git, git@HOST:OWNER/NAME.git and ssh://git@HOST/OWNER/NAME.git, with a port or without.
_REMOTE = re.compile(
    r"(?:(?:https|ssh)://)?(?:[^@/]+@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+/|[:/])(?P<name>[^/:]+/[^/:]+?)(?:\.git)?/?"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the issue is: the API, `owner/name`, what may write there, and the workflow run that asks (None: a terminal)."""

    api_url: str
    repository: str
    token: str = field(repr=False)
    run_url: str | None = None


def issue_place(repository: Repository) -> Place:
    """From the environment, and outside of a workflow from the remote; the token is taken out of the environment.

    What is started from here on, as `rollback.verify`, has no use for it.

    Raises:
        UsageError: no token, no repository on GitHub, or a job about a pull request.
    """
    token = os.environ.pop(_TOKEN, "")
    event = os.environ.get("GITHUB_EVENT_NAME", "")
    if event.startswith(("pull_request", "merge_group", "workflow_run", "issue_comment")):
        raise UsageError(f"--issue tells of the default branch, and this job is about a {event}")
    if not token:
        raise UsageError(f"{_TOKEN} is not set\n  fix: set it to a token with `issues: write`")
    return _place(os.environ, repository, token)


def _place(environ: Mapping[str, str], repository: Repository, token: str) -> Place:
    name = environ.get("GITHUB_REPOSITORY", "")
    if name:
        if not _REPOSITORY.fullmatch(name):
            raise UsageError(f"GITHUB_REPOSITORY is {name!r}, not OWNER/NAME")
        server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
        run = environ.get("GITHUB_RUN_ID", "")
        return Place(
            api_url=environ.get("GITHUB_API_URL") or "https://api.github.com",
            repository=name,
            token=token,
            run_url=f"{server}/{name}/actions/runs/{run}" if run else None,
        )
    host, name = of_remote(_address(repository))
    api = environ.get("GITHUB_API_URL") or ("https://api.github.com" if host == "github.com" else "")
    if not api:
        raise UsageError(
            f"the remote is on {host}, and the token is sent to no host that nobody named\n  fix: set GITHUB_API_URL, as "
            f"https://{host}/api/v3 of an Enterprise Server"
        )
    return Place(api_url=api, repository=name, token=token)


def _address(repository: Repository) -> str:
    try:
        return repository.git.run("remote", "get-url", repository.remote() or "origin").decode().strip()
    except GitError as error:
        raise UsageError(f"the repository on GitHub is not known: {error}\n  fix: set GITHUB_REPOSITORY to OWNER/NAME") from error


def of_remote(address: str) -> tuple[str, str]:
    """Host and `owner/name` of a remote's address.

    Raises:
        UsageError: it is none of GitHub's forms.
    """
    found = _REMOTE.fullmatch(address)
    if found is None or not _REPOSITORY.fullmatch(found["name"]):
        raise UsageError(f"the remote {address!r} is no repository on GitHub\n  fix: set GITHUB_REPOSITORY to OWNER/NAME")
    return found["host"], found["name"]


def declare(place: Place, branch: "Branch", charters: Sequence["Charter"], pilots: Sequence["PilotVerdict"]) -> "Publication":
    """Open the incident or bring it up to date, with each pilot's runbook.

    Raises:
        UsageError: GitHub refused.
    """
    from qgate.forge.client import Client  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.forge.errors import ForgeError  # noqa: PLC0415 -- see above
    from qgate.forge.incident import publish_incident  # noqa: PLC0415 -- see above
    from qgate.incidents import approvers_of  # noqa: PLC0415 -- see above
    from qgate.report.incident import opened_by_hand  # noqa: PLC0415 -- see above

    approvers = {approver.pilot: approver for approver in approvers_of(charters)}
    try:
        return publish_incident(
            Client(api_url=place.api_url, token=place.token), place.repository, opened_by_hand(pilots, branch, approvers)
        )
    except ForgeError as error:
        raise UsageError(
            f"the incident could not be opened in {place.repository}: {error}\n"
            f"  fix: give {_TOKEN} a token with `issues: write` there, and enable issues in its settings"
        ) from error
