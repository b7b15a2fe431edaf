"""The incident: one open issue for as long as the default branch does not pass.

It is found by its label and its marker, and is ours when the token's own identity, a workflow, or somebody who may write to the
repository wrote it. What others wrote is never touched. Who takes the label off keeps the issue: the next failure opens another.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from qgate.domain.report import Incident, Outcome, Publication
from qgate.forge.client import Client
from qgate.forge.errors import Forbidden, ForgeError, NotFound
from qgate.forge.marked import ACTIONS_LOGIN, author, marked, oldest_first, own_login, same_text

SURFACE = "incident"
LABEL = "qgate-incident"

# The line below the marker: who fails, as a JSON list in base64.
_FAILING = re.compile(r"^<!-- qgate:failing ([A-Za-z0-9+/=]+) -->\r?$", re.MULTILINE)
_MOST_NAMED = 10  # an issue has room for so many beside a whole report
_WRITERS = frozenset({"admin", "write"})


def publish_incident(client: Client, repository: str, incident: Incident) -> Publication:
    """Open the issue, bring it up to date, or close it.

    Args:
        client: writes issues.
        repository: `owner/name`.
        incident: how the default branch stands.

    Raises:
        ForgeError: GitHub refused.
    """
    try:
        mine = _mine(client, repository, incident)
    except (Forbidden, NotFound) as error:
        if incident.failing:
            raise
        told = f"nothing fails, and whether an incident is open cannot be read ({error})"
        return Publication(surface=SURFACE, outcome=Outcome.SKIPPED, detail=told)
    if not mine:
        if not incident.failing:
            return Publication(surface=SURFACE, outcome=Outcome.SKIPPED, detail="nothing fails, and no incident is open")
        return _opened(client, repository, incident)
    return _settled(client, repository, incident, mine)


def _mine(client: Client, repository: str, incident: Incident) -> list[Mapping[str, Any]]:
    """Our open incidents, the oldest first."""
    listed = client.pages(f"repos/{repository}/issues", query={"state": "open", "labels": LABEL})
    found = marked((issue for issue in listed if "pull_request" not in issue), incident.marker)
    logins = {author(issue) or "" for issue in found} - {""}
    ours = {ACTIONS_LOGIN, own_login(client, found)}
    ours |= {login for login in sorted(logins - ours) if _may_write(client, repository, login)}
    return [issue for issue in found if author(issue) in ours]


def _may_write(client: Client, repository: str, login: str) -> bool:
    try:
        role = client.get(f"repos/{repository}/collaborators/{quote(login)}/permission")["permission"]
    except (Forbidden, NotFound):
        return False
    return role in _WRITERS


def _opened(client: Client, repository: str, incident: Incident) -> Publication:
    made = client.write_once(
        "POST",
        f"repos/{repository}/issues",
        {"title": incident.title, "body": _body(incident, incident.failing), "labels": [LABEL]},
        already=lambda: next(iter(_mine(client, repository, incident)), None),
    )
    told = _assigned(client, repository, incident, made)
    opened = Publication(surface=SURFACE, outcome=Outcome.CREATED, url=made.get("html_url") or "", detail=told)
    # Another run may have looked and found none at the same time. Both look again, and both keep the oldest.
    try:
        others = [issue for issue in _mine(client, repository, incident) if issue["id"] != made["id"]]
    except ForgeError as error:
        return replace(opened, detail=_joined(told, f"whether another run has opened one too could not be looked up ({error})"))
    return _settled(client, repository, incident, oldest_first([*others, made])) if others else opened


def _settled(client: Client, repository: str, incident: Incident, mine: list[Mapping[str, Any]]) -> Publication:
    """The oldest issue brought up to date; the others, of runs at the same time, are closed."""
    oldest, *duplicates = mine
    for duplicate in duplicates:
        client.write("PATCH", _one(repository, duplicate), {"state": "closed", "state_reason": "not_planned"})
    before = _failing(oldest["body"])
    left = () if incident.complete else tuple(name for name in before if name not in {*incident.passing, *incident.failing})
    if incident.failing:
        return _updated(client, repository, incident, oldest, left)
    if left == before and not incident.complete:
        # Also where nobody knows what failed, since somebody wrote over the record.
        told = f"still open for {', '.join(left) or 'what its record does not say'}, which this run did not judge"
        return Publication(surface=SURFACE, outcome=Outcome.UNCHANGED, url=oldest.get("html_url") or "", detail=told)
    return _passed(client, repository, incident, oldest, left)


def _updated(client: Client, repository: str, incident: Incident, issue: Mapping[str, Any], left: tuple[str, ...]) -> Publication:
    url, still = issue.get("html_url") or "", ""
    if left:
        still = f"\n\nStill failing since an earlier run, and not judged by this one: {_names(left)}.\n"
    body = _body(incident, (*incident.failing, *left)) + still
    told = _assigned(client, repository, incident, issue)
    if same_text(issue["body"], body):
        return Publication(surface=SURFACE, outcome=Outcome.UNCHANGED, url=url, detail=told)
    client.write("PATCH", _one(repository, issue), {"title": incident.title, "body": body})
    return Publication(surface=SURFACE, outcome=Outcome.UPDATED, url=url, detail=told)


def _passed(client: Client, repository: str, incident: Incident, issue: Mapping[str, Any], left: tuple[str, ...]) -> Publication:
    """What passes again told; closed where nothing is left. The comment comes first: a closed issue says why it is."""
    url = issue.get("html_url") or ""
    waiting = f"\n\nThis stays open for {_names(left)}, which that run did not judge." if left else ""
    _comment(client, repository, issue, incident.passed + waiting)
    if left:
        rest = _FAILING.sub(lambda _: _failing_line(left), issue["body"])
        client.write("PATCH", _one(repository, issue), {"body": rest})
        return Publication(surface=SURFACE, outcome=Outcome.UPDATED, url=url, detail=f"still open for {', '.join(left)}")
    client.write("PATCH", _one(repository, issue), {"state": "closed", "state_reason": "completed"})
    return Publication(surface=SURFACE, outcome=Outcome.UPDATED, url=url, detail="passes again: closed")


def _comment(client: Client, repository: str, issue: Mapping[str, Any], body: str) -> None:
    path = f"{_one(repository, issue)}/comments"

    def already() -> Mapping[str, Any] | None:
        return next((c for c in client.pages(path) if same_text(c["body"], body)), None)

    client.write_once("POST", path, {"body": body}, already=already)


def _assigned(client: Client, repository: str, incident: Incident, issue: Mapping[str, Any]) -> str:
    """The approvers assigned; what could not be, in words. An incident without an assignee is still one."""
    there = {str(who["login"]).lower() for who in issue.get("assignees") or ()}
    wanted = [login for login in incident.assignees if login not in there]
    if not wanted:
        return ""
    try:
        answer = client.write("POST", f"{_one(repository, issue)}/assignees", {"assignees": wanted})
    except ForgeError as error:
        return f"{', '.join(wanted)} could not be assigned ({error})"
    there = {str(who["login"]).lower() for who in answer.get("assignees") or ()}
    missing = [login for login in wanted if login not in there]
    return f"GitHub did not assign {', '.join(missing)}: are they collaborators of the repository?" if missing else ""


def _body(incident: Incident, failing: tuple[str, ...]) -> str:
    return f"{incident.marker}\n{_failing_line(failing)}\n{incident.body}"


def _failing_line(failing: Iterable[str]) -> str:
    return f"<!-- qgate:failing {base64.b64encode(json.dumps(list(failing)).encode()).decode()} -->"


def _failing(body: str) -> tuple[str, ...]:
    """Who fails by an issue's own record; nobody where it holds none that can be read."""
    found = _FAILING.findall(body)
    try:
        names = json.loads(base64.b64decode(found[0], validate=True)) if len(found) == 1 else []
    except (binascii.Error, ValueError, RecursionError):
        return ()
    return tuple(filter(_is_name, names)) if isinstance(names, list) else ()


def _is_name(name: Any) -> bool:
    """Whether this is a pilot's name: it is shown, and anybody who may edit the issue can have written it."""
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9(][A-Za-z0-9._ ()-]{0,63}", name) is not None


def _names(names: Iterable[str]) -> str:
    every = [f"`{name}`" for name in names]
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(every[:_MOST_NAMED]) + more


def _one(repository: str, issue: Mapping[str, Any]) -> str:
    return f"repos/{repository}/issues/{issue['number']}"


def _joined(*told: str) -> str:
    return "; ".join(filter(None, told))
