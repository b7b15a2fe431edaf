"""What a change does to the files that its charters are judged with: the lock's entries and the calibration snapshots.

They are told like the keys of a charter. A lock and a snapshot are measurements: which way another one moves a gate nobody can
tell from the file, so that it loosens and needs approval.
"""

import hashlib
import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qgate.changes.charters import Side
from qgate.changes.declared import LOCK
from qgate.charter.leaves import cut, plain
from qgate.domain.calibration import JUDGED, snapshots
from qgate.domain.change import Change
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.scope import SourcedCharter
from qgate.domain.source import Position

_UNREADABLE = "cannot be read"
_BASELINES = "baselines"
# Named by the drift gate where they moved, and held to by none.
_NAMED_ONLY = frozenset({"libraries", "candidate_entrypoint"})
_SHORT = 12  # digits of a digest


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The files of both commits below the working directory, and what is known of their difference."""

    base: Side
    head: Side
    change: Change

    def both(self, path: str) -> tuple[bytes | None, bytes | None]:
        """A file before and after; what the change leaves alone is not read."""
        path = posixpath.normpath(path)
        if self.change.complete and all(file.path != path for file in self.change.files):
            return None, None
        return self.base.read(path), self.head.read(path)


def ruler_changes(sides: Sides, charters: Iterable[SourcedCharter]) -> tuple[CharterChange, ...]:
    """Every edit of a lock's entry or a snapshot of the charters that judge, in their order.

    What a charter brings along that is itself new is approved with it, and left out.
    """
    before, after = sides.both(LOCK)
    return tuple(
        change
        for sourced in charters
        if sourced.origin != "own"
        for change in (*_lock(before, after, sourced), *_snapshots(sides, sourced))
        if sourced.origin != "head" or change.old is not None
    )


def _lock(before: bytes | None, after: bytes | None, sourced: SourcedCharter) -> Iterator[CharterChange]:
    charter = sourced.charter
    old, new = _parts(before, charter.pilot), _parts(after, charter.pilot)
    for part in old | new:
        then, now = old.get(part), new.get(part)
        if then != now:
            only_named = part in _NAMED_ONLY and then is not None and now is not None
            yield CharterChange(
                effect=Effect.NEUTRAL if only_named else Effect.LOOSENED,
                key=f"lock[{charter.pilot}].{part}",
                old=then and cut(then),
                new=now and cut(now),
                why=_why_of_lock(then, now, only_named=only_named),
                position=Position(path=LOCK, line=1, column=1),
                charter=charter.path,
            )


def _why_of_lock(then: str | None, now: str | None, *, only_named: bool) -> str:
    if only_named:
        return "it is named where something moved, and nothing is held to it"
    if now is None:
        return "nothing is held to it any more"
    return "what the pilot is held to was recorded by this change" + ("" if then is None else ", and is another")


def _parts(content: bytes | None, pilot: str) -> dict[str, str]:
    """A pilot's entry by its parts, each baseline for itself; empty where it has none."""
    try:
        entry = None if content is None else json.loads(content)["pilots"].get(pilot)
        if entry is None:
            return {}
        baselines = {f"{_BASELINES}.{name}": plain(value) for name, value in entry.get(_BASELINES, {}).items()}
        return {name: plain(value) for name, value in entry.items() if name != _BASELINES} | baselines
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {"file": _UNREADABLE}


def _snapshots(sides: Sides, sourced: SourcedCharter) -> Iterator[CharterChange]:
    noise: Mapping[str, Any] = sourced.charter.sections.get("noise", {})
    for key, path in snapshots(noise):
        then, now = sides.both(path)
        if then != now:
            yield CharterChange(
                effect=Effect.LOOSENED,
                key=f"pilot.noise.{key} ({path})",
                old=_digest(then),
                new=_digest(now),
                why=_why_of_snapshot(key, now),
                position=Position(path=path, line=1, column=1),
                charter=sourced.charter.path,
            )


def _why_of_snapshot(key: str, now: bytes | None) -> str:
    if now is None:
        return "the snapshot is gone"
    held = (
        "the gates have to hold by the base commit's too, unless that is too old" if key == JUDGED else "the base commit's counts"
    )
    return f"another device, or another day of it: {held}"


def _digest(content: bytes | None) -> str | None:
    return content if content is None else f"sha256 {hashlib.sha256(content).hexdigest()[:_SHORT]}…"
