"""Reviews of a pull request, as a forge tells them: what the approval of a loosened charter is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class ReviewState(StrEnum):
    """What a reviewer says last, comments aside."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    DISMISSED = "dismissed"


@dataclass(frozen=True, kw_only=True)
class Review:
    """A reviewer's latest word, given on `commit`.

    `role` is what they may do with the repository (`admin`, `write`, `read`, `none`; "": not asked, since the review cannot
    count); `teams` are those of the teams asked about that they are in, as `org/team`. `unknown` is what could not be looked up,
    and why.
    """

    login: str
    state: ReviewState
    commit: str
    role: str = ""
    teams: tuple[str, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """The reviews of a pull request that `author` opened. `unknown` is why nothing could be looked up ("": it was)."""

    author: str = ""
    reviews: tuple[Review, ...] = ()
    unknown: str = ""


def account(person: str, identities: Mapping[str, str]) -> str:
    """The account behind a person of a charter, in lower case: `login` or `org/team`; "" where the charter does not say."""
    written = person if person.startswith("@") else identities.get(person, "")
    return written.removeprefix("@").lower()


def read_reviews(value: Mapping[str, Any]) -> Reviews:
    """The reviews of which `value` is `dataclasses.asdict`.

    Raises:
        TypeError: it has other fields.
        KeyError: it lacks one.
        ValueError: a state is none.
    """
    found = tuple(Review(**{**r, "state": ReviewState(r["state"]), "teams": tuple(r["teams"])}) for r in value["reviews"])
    return Reviews(**{**value, "reviews": found})
