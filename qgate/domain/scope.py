"""What one run is about: the commits, the charters that judge, and what the change reaches."""

from dataclasses import dataclass
from datetime import date

from qgate.domain.change import Reach
from qgate.domain.charter import Charter
from qgate.domain.charter_change import CharterChange


@dataclass(frozen=True, kw_only=True)
class SourcedCharter:
    """A charter with its text and the commit it was read from: `base`, or `head` where the base has none.

    On a push to the default branch it is `own`: that commit's, which was reviewed when it was merged.
    """

    charter: Charter
    origin: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Found before anything is measured; `head` is a commit, or `worktree:<digest>`; `notes` belong on every surface.

    `charter_changes` are what the change itself does to the charters that judge it; `today` is the day by which waivers are
    judged, kept where there is one, so that a later judgement is the same.
    """

    base: str
    head: str
    reach: Reach
    charters: tuple[SourcedCharter, ...] = ()
    notes: tuple[str, ...] = ()
    charter_changes: tuple[CharterChange, ...] = ()
    today: date | None = None

    @property
    def reached(self) -> tuple[SourcedCharter, ...]:
        """The charters of the pilots that the change reaches, in their order."""
        paths = {p.charter for p in self.reach.pilots}
        return tuple(c for c in self.charters if c.charter.path in paths)
