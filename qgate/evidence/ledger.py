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
from typing import Any

from qgate.domain.canonical import canonical_json
from qgate.errors import UsageError
from qgate.statistics.sealed import alpha_spent

PATH = ".qgate/ledger.jsonl"
SCHEMA = "qgate/ledger/v1"
WORN = 100  # attempts after which a locked set should be replaced
_FIRST = "0" * 64
_RESTORE = "restore the file from its history"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One judgement: of which pull request and pilot, the digests of what was measured and on which rows, and its number.

    `number` counts the attempts of this pull request at this pilot, from 1; `previous` is the digest of the entry before.
    """

    pull_request: str
    pilot: str
    content_sha256: str
    locked_set_sha256: str
    number: int = 1
    previous: str = _FIRST

    @property
    def sha256(self) -> str:
        """The digest of the entry, which the next one holds."""
        return hashlib.sha256(canonical_json({"schema": SCHEMA, **asdict(self)})).hexdigest()

    def told(self, alpha: float) -> str:
        """For the comment."""
        return f"attempt {self.number} of this pull request, alpha spent {alpha_spent(alpha, self.number):.3f} of {alpha:g}"


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every attempt, the oldest first."""

    attempts: tuple[Attempt, ...] = ()

    def record(self, attempt: Attempt) -> tuple["Ledger", Attempt]:
        """The ledger with the attempt in it, numbered and chained; unchanged where this content was tried before."""
        mine = [a for a in self.attempts if (a.pull_request, a.pilot) == (attempt.pull_request, attempt.pilot)]
        if known := next((a for a in mine if _same(a, attempt)), None):
            return self, known
        previous = self.attempts[-1].sha256 if self.attempts else _FIRST
        added = replace(attempt, number=len(mine) + 1, previous=previous)
        return Ledger(attempts=(*self.attempts, added)), added

    def wear(self, locked_set_sha256: str) -> int:
        """How many different contents were judged on these rows, by all pull requests together."""
        return len({a.content_sha256 for a in self.attempts if a.locked_set_sha256 == locked_set_sha256})

    def wear_told(self, locked_set_sha256: str) -> str:
        """The advice to replace a worn locked set; empty while it is fresh."""
        count = self.wear(locked_set_sha256)
        if count < WORN:
            return ""
        return f"these locked rows have judged {count} contents: replace them, what passes may have been fitted to them"


def _same(known: Attempt, attempt: Attempt) -> bool:
    """Other rows make another attempt: a new draw of data is a new chance."""
    return (known.content_sha256, known.locked_set_sha256) == (attempt.content_sha256, attempt.locked_set_sha256)


def write_ledger(ledger: Ledger) -> bytes:
    """One line of canonical JSON an attempt."""
    return b"".join(canonical_json({"schema": SCHEMA, **asdict(a)}) + b"\n" for a in ledger.attempts)


def read_ledger(content: bytes) -> Ledger:
    """The ledger in `content`, once its chain was found whole.

    Raises:
        UsageError: an entry is malformed, or is not the one that was written there; with its line.
    """
    attempts: list[Attempt] = []
    for line, text in enumerate(content.splitlines(), start=1):
        attempt = _read(line, text)
        if attempt.previous != (attempts[-1].sha256 if attempts else _FIRST):
            raise UsageError(f"{PATH}:{line}: the entry before it was changed, dropped or moved; {_RESTORE}")
        attempts.append(attempt)
    for line, message in _miscounted(attempts):
        raise UsageError(f"{PATH}:{line}: {message}")
    return Ledger(attempts=tuple(attempts))


def _read(line: int, text: bytes) -> Attempt:
    try:
        value: dict[str, Any] = json.loads(text)
        if value.pop("schema") != SCHEMA:
            raise UsageError(f"{PATH}:{line}: not an entry of this version ({SCHEMA})")
        attempt = Attempt(**value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{PATH}:{line}: not an entry: {error!r}; {_RESTORE}") from error
    if not isinstance(attempt.number, int) or not all(isinstance(v, str) for k, v in value.items() if k != "number"):
        raise UsageError(f"{PATH}:{line}: an entry's values have other types; {_RESTORE}")
    return attempt


def _miscounted(attempts: list[Attempt]) -> Iterator[tuple[int, str]]:
    """A chain can be written anew from its start; a wrong number cannot be explained by any history."""
    counts: dict[tuple[str, str], int] = {}
    for line, attempt in enumerate(attempts, start=1):
        key = (attempt.pull_request, attempt.pilot)
        counts[key] = counts.get(key, 0) + 1
        if attempt.number != counts[key]:
            yield line, f"attempt {attempt.number} is the {counts[key]}. of its pull request; {_RESTORE}"
