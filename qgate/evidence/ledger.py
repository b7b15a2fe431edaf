"""The ledger of attempts: what was judged before, so that trying again until it passes has its price.

Append-only: each entry holds the digest of the one before, so that an entry that was changed, dropped or moved is found. A pull
request's attempt at a pilot is new when its content is: the same content has the same attempt, and the same verdict. Each attempt
spends a part of alpha (`qgate.statistics.sealed`). A locked set wears out as well, by all attempts on it: who sees many
verdicts on the same rows fits them in the end (Dwork et al. 2015, "The reusable holdout", Science 349, 636-638).
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from qgate.domain.attempt import Attempt, Earlier, Estimate
from qgate.domain.canonical import canonical_json
from qgate.errors import UsageError

SCHEMA = "qgate/ledger/v1"
WORN = 100  # contents after which a locked set should be replaced
_OLD = timedelta(days=365)
_FIRST = "0" * 64
_RESTORE = "restore it from its history"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One attempt: of which pull request and pilot, the digests of its content and its rows, on which day, and what it came to.

    `number` counts the attempts of this pull request at this pilot, from 1; `previous` is the digest of the entry before.
    """

    pull_request: str
    pilot: str
    content_sha256: str
    locked_set_sha256: str
    day: str
    estimates: tuple[Estimate, ...] = ()
    number: int = 1
    previous: str = _FIRST

    @property
    def sha256(self) -> str:
        """The digest of the entry, which the next one holds."""
        return hashlib.sha256(canonical_json(self.as_json())).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"schema": SCHEMA, **asdict(self), "estimates": [asdict(e) for e in self.estimates]}


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every attempt, the oldest first."""

    entries: tuple[Entry, ...] = ()

    def record(self, entry: Entry) -> tuple["Ledger", Entry]:
        """The ledger with the entry in it, numbered and chained; unchanged where this content was tried before."""
        if known := self.known(entry):
            return self, known
        previous = self.entries[-1].sha256 if self.entries else _FIRST
        added = replace(entry, number=self.next_number(entry), previous=previous)
        return Ledger(entries=(*self.entries, added)), added

    def known(self, entry: Entry) -> Entry | None:
        """The attempt of the same content on the same rows: other rows make another one, a new draw of data is a new chance."""
        return next(
            (
                e
                for e in self._of(entry)
                if (e.content_sha256, e.locked_set_sha256) == (entry.content_sha256, entry.locked_set_sha256)
            ),
            None,
        )

    def next_number(self, entry: Entry) -> int:
        """The number of the pull request's next attempt at the pilot."""
        return max((e.number for e in self._of(entry)), default=0) + 1

    def attempt(self, entry: Entry) -> Attempt:
        """What is told of an entry: its number, and what those before it came to."""
        known = self.known(entry)
        number = known.number if known else self.next_number(entry)
        earlier = tuple(Earlier(number=e.number, estimates=e.estimates) for e in self._of(entry) if e.number < number)
        return Attempt(pilot=entry.pilot, number=number, earlier=earlier)

    def _of(self, entry: Entry) -> list[Entry]:
        return [e for e in self.entries if (e.pull_request, e.pilot) == (entry.pull_request, entry.pilot)]

    def wear(self, locked_set_sha256: str) -> int:
        """How many different contents were judged on these rows, by all pull requests together."""
        return len({e.content_sha256 for e in self.entries if e.locked_set_sha256 == locked_set_sha256})

    def wear_told(self, locked_set_sha256: str, today: date) -> str:
        """The advice to replace a worn locked set; empty while it is fresh."""
        count = self.wear(locked_set_sha256)
        first = min((e.day for e in self.entries if e.locked_set_sha256 == locked_set_sha256), default=today.isoformat())
        if count < WORN and today - date.fromisoformat(first) <= _OLD:
            return ""
        judged = f"these locked rows have judged {count} {'content' if count == 1 else 'contents'} since {first}"
        return f"{judged}: replace them, since what passes may have been fitted to them"


def write_ledger(ledger: Ledger) -> bytes:
    """One line of canonical JSON an entry."""
    return b"".join(canonical_json(e.as_json()) + b"\n" for e in ledger.entries)


def read_ledger(content: bytes, where: str, *, whole: bool = True) -> Ledger:
    """The ledger in `content`, once its chain was found whole.

    Without `whole` it may begin in the middle, its oldest entries dropped.

    Raises:
        UsageError: an entry is malformed, or is not the one that was written there; with its place.
    """
    entries: list[Entry] = []
    for line, text in enumerate(content.splitlines(), start=1):
        entry = _read(f"{where}:{line}", text)
        if (entries or whole) and entry.previous != (entries[-1].sha256 if entries else _FIRST):
            raise UsageError(f"{where}:{line}: the entry before it was changed, dropped or moved; {_RESTORE}")
        entries.append(entry)
    for line, message in _miscounted(entries, whole=whole):
        raise UsageError(f"{where}:{line}: {message}")
    return Ledger(entries=tuple(entries))


def _read(where: str, text: bytes) -> Entry:
    try:
        value: dict[str, Any] = json.loads(text)
        if value.pop("schema") != SCHEMA:
            raise UsageError(f"{where}: not an entry of this version ({SCHEMA})")
        estimates = tuple(Estimate(**e) for e in value.pop("estimates"))
        entry = Entry(**value, estimates=estimates)
        date.fromisoformat(entry.day)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UsageError(f"{where}: not an entry: {error!r}; {_RESTORE}") from error
    words = [v for k, v in value.items() if k != "number"] + [w for e in estimates for w in (e.gate, e.verdict)]
    numbers = [e.value for e in estimates if e.value is not None]
    well = all(isinstance(w, str) for w in words) and all(isinstance(n, int | float) for n in numbers)
    if not well or type(entry.number) is not int or entry.number < 1:
        raise UsageError(f"{where}: an entry's values have other types; {_RESTORE}")
    return entry


def _miscounted(entries: list[Entry], *, whole: bool) -> Iterator[tuple[int, str]]:
    """A chain can be written anew from its start; a wrong number cannot be explained by any history."""
    counts: dict[tuple[str, str], int] = {}
    for line, entry in enumerate(entries, start=1):
        key = (entry.pull_request, entry.pilot)
        counts[key] = counts.get(key, 0 if whole else entry.number - 1) + 1
        if entry.number != counts[key]:
            yield line, f"attempt {entry.number} is the {counts[key]}. of its pull request; {_RESTORE}"
