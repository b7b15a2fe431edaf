"""What of a forge's texts is ours: the marker is the first line *and* the token's own identity wrote it.

Anybody can post the marker, and the author of a text can change it after we did. What others wrote is never touched.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from qgate.forge.client import Client
from qgate.forge.errors import ForgeError

# The login behind a workflow's own token.
ACTIONS_LOGIN = "github-actions[bot]"


def marked(found: Iterable[Mapping[str, Any]], marker: str) -> list[Mapping[str, Any]]:
    """The comments or issues whose first line is the marker, the oldest first, whoever wrote them."""
    return oldest_first(one for one in found if _first_line(one["body"]) == marker)


def own_login(client: Client, found: Iterable[Mapping[str, Any]]) -> str:
    """Whom this token writes as: asked only where somebody else than a workflow's token wrote one of these, which is rare."""
    if all(author(one) == ACTIONS_LOGIN for one in found):
        return ACTIONS_LOGIN
    try:
        return client.viewer() or ACTIONS_LOGIN
    except ForgeError:
        return ACTIONS_LOGIN


def oldest_first(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """In the order in which they were made."""
    return sorted(found, key=lambda one: int(one["id"]))


def author(one: Mapping[str, Any]) -> str | None:
    """The author's login; None for a deleted account."""
    login: str | None = (one.get("user") or {}).get("login")
    return login


def same_text(there: str, here: str) -> bool:
    """Whether two bodies read the same: forms end lines with CR LF, and white space at the end shows nowhere."""
    return there.replace("\r\n", "\n").rstrip() == here.replace("\r\n", "\n").rstrip()


def _first_line(body: str | None) -> str:
    return (body or "").partition("\n")[0].rstrip()
