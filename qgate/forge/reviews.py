"""The reviews of a pull request, and what their authors may do: asked of GitHub only where a charter is loosened.

A review counts by what its author said last, comments aside. What a reviewer may do is asked of those alone who approved this
very commit of somebody else's pull request.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from qgate.domain.review import Review, Reviews, ReviewState
from qgate.forge.client import Client
from qgate.forge.errors import Forbidden, ForgeError, NotFound
from qgate.forge.events import EventTarget

# GitHub also says COMMENTED, which leaves an earlier word standing, and PENDING, which nobody but its author sees.
_STATES = {state.name: state for state in ReviewState}
_ACTIVE = "active"


def find_reviews(client: Client, target: EventTarget, accounts: Collection[str]) -> Reviews:
    """The target's pull request's reviews; a refusal is told in `unknown`, of a reviewer or of all.

    Args:
        client: reads pull requests, collaborators' permissions and, for teams, an organization's members.
        target: the event, with its pull request and the commit that is gated.
        accounts: who may approve: `login` or `org/team`, in lower case.
    """
    pull_request = f"repos/{target.repository}/pulls/{target.pull_request}"
    try:
        author = _login(client.get(pull_request))
        latest = {review.login.lower(): review for review in _said(client.pages(f"{pull_request}/reviews"))}
    except ForgeError as error:
        return Reviews(unknown=f"{_refused(error)}: the job needs `pull-requests: read`")
    asked = tuple(
        _with_standing(client, target, review, accounts) if _may_count(review, author, target.head) else review
        for review in latest.values()
    )
    return Reviews(author=author, reviews=asked)


def _said(listed: Iterator[Mapping[str, Any]]) -> Iterator[Review]:
    """Each review that says something, in the order they were given; a deleted account has no login."""
    for review in listed:
        if (state := _STATES.get(review["state"])) and (login := _login(review)):
            yield Review(login=login, state=state, commit=review.get("commit_id") or "")


def _login(thing: Mapping[str, Any]) -> str:
    return str((thing.get("user") or {}).get("login") or "")


def _may_count(review: Review, author: str, head: str) -> bool:
    return review.state is ReviewState.APPROVED and review.commit == head and review.login.lower() != author.lower()


def _with_standing(client: Client, target: EventTarget, review: Review, accounts: Collection[str]) -> Review:
    teams = [a for a in sorted(accounts) if "/" in a] if review.login.lower() not in accounts else []
    try:
        role = client.get(f"repos/{target.repository}/collaborators/{quote(review.login)}/permission")["permission"]
    except ForgeError as error:
        return replace(review, unknown=f"what they may do with the repository could not be looked up ({_refused(error)})")
    known = replace(review, role=str(role))
    for team in teams:
        known = _with_team(client, known, team)
    return known


def _with_team(client: Client, review: Review, account: str) -> Review:
    organization, _, team = account.partition("/")
    try:
        found = client.get(f"orgs/{organization}/teams/{team}/memberships/{quote(review.login)}")
    except NotFound:  # no member, or a team that this token may not see
        return review
    except ForgeError as error:
        # A workflow's own token never may: its permissions are about one repository.
        hint = "; a token that may, as an App's with `members: read`, goes into `token`" if isinstance(error, Forbidden) else ""
        return replace(review, unknown=f"whether they are in @{account} could not be looked up ({_refused(error)}{hint})")
    return replace(review, teams=(*review.teams, account)) if found["state"] == _ACTIVE else review


def _refused(error: ForgeError) -> str:
    return f'GitHub answered {error.status} "{error.words}"' if error.status else f"GitHub could not be reached: {error.words}"
