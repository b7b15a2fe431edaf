"""What one run is about: the commits, the charters that judge, and what the change reaches."""

from dataclasses import dataclass
from datetime import date

from qgate.domain.attempt import Attempt
from qgate.domain.change import Reach
from qgate.domain.charter import Charter
from qgate.domain.charter_change import CharterChange
from qgate.domain.review import Reviews


@dataclass(frozen=True, kw_only=True)
class Proposed:
    """The head's version of a charter that the base has, and its text."""

    charter: Charter
    text: str


@dataclass(frozen=True, kw_only=True)
class SourcedCharter:
    """A charter with its text and the commit it was read from: `base`, or `head` where the base has none.

    On a push to the default branch it is `own`: that commit's, which was reviewed when it was merged. `content_sha256` is the
    digest of the pilot's files that sealed seeds follow from ("" where the charter seals none). `proposed` is what the change
    makes of the charter, where it edits it: it judges beside this one, and decides nothing.
    """

    charter: Charter
    origin: str
    text: str
    content_sha256: str = ""
    proposed: Proposed | None = None


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Found before anything is measured; `head` is a commit, or `worktree:<digest>`; `notes` belong on every surface.

    `charter_changes` are what the change itself does to the charters that judge it; `today` is the day by which waivers and
    recorded rehearsals are judged, kept where there is one, so that a later judgement is the same. `pull_request` names the one
    that is gated (`owner/name#7`; "": none); `attempts` are the pilots' where somebody counts them, and each spends a part of
    alpha. `reviews` are the pull request's, where something is loosened and a forge could be asked (None: not looked up).
    `measured_in` is the run whose word the evidence is, where another one judges it ("": this run measured).
    """

    base: str
    head: str
    reach: Reach
    charters: tuple[SourcedCharter, ...] = ()
    notes: tuple[str, ...] = ()
    charter_changes: tuple[CharterChange, ...] = ()
    today: date | None = None
    pull_request: str = ""
    attempts: tuple[Attempt, ...] = ()
    reviews: Reviews | None = None
    measured_in: str = ""

    @property
    def reached(self) -> tuple[SourcedCharter, ...]:
        """The charters of the pilots that the change reaches, in their order."""
        paths = {p.charter for p in self.reach.pilots}
        return tuple(c for c in self.charters if c.charter.path in paths)

    def attempt_at(self, pilot: str) -> Attempt | None:
        """The attempt at a pilot, where attempts are counted."""
        return next((a for a in self.attempts if a.pilot == pilot), None)
