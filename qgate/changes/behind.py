"""Charters that are stricter where the change is to go than where it began.

A change is judged by the charter of its merge base, and whoever opens it chooses that: any commit of the base branch, also one
from before a gate was tightened, a waiver was taken out, or the charter was written. It merges without a conflict all the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from qgate.changes.charters import CharterSource, Side, charter_paths
from qgate.changes.git import Repository
from qgate.charter.compare import charter_changes
from qgate.charter.read import read_charter
from qgate.domain.change import Change
from qgate.domain.charter import Charter
from qgate.domain.charter_change import Effect

_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Stricter:
    """A charter of the base branch, and what of it the change's merge base does not ask for."""

    charter: Charter
    what: str


def stricter(repository: Repository, change: Change, source: CharterSource, tip: str) -> tuple[Stricter, ...]:
    """The charters at `tip`, the base branch's end, that ask for more than the merge base's; none where those are the same."""
    if source.own or tip == change.base:
        return ()
    began, head, now = (Side(repository, commit, source.prefix) for commit in (change.base, change.head, tip))
    found = (_held(path, began.read(path), head.read(path), now.read(path)) for path in charter_paths(source, now.files()))
    return tuple(one for one in found if one is not None)


def _held(path: str, began: bytes | None, head: bytes | None, now: bytes | None) -> Stricter | None:
    if now is None or now == began:
        return None
    # Whether a waiver has ended is asked where it judges.
    charter = read_charter(now, path, today=date.min).charter
    if charter is None:
        return None
    if began is None:
        # One that the change brings as well judges as a new one, which needs approval.
        return Stricter(charter=charter, what="the charter itself") if head is None else None
    if read_charter(began, path, today=date.min).charter is None:
        return None  # then the change's own judges, as a new one
    tightened = [c.key for c in charter_changes(began, now, path) if c.effect is Effect.TIGHTENED]
    return Stricter(charter=charter, what=_told(tightened)) if tightened else None


def _told(keys: Collection[str]) -> str:
    shown, more = list(keys)[:_SHOWN], len(keys) - _SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
