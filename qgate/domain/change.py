"""What a pull request changes, and which pilots that reaches."""

from dataclasses import dataclass
from enum import StrEnum


class FileStatus(StrEnum):
    """Git's word for what happened to a file; a rename is a deletion and an addition."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, order=True)
class ChangedFile:
    """One path of the diff, relative to the repository, exactly as git names it (it may hold any character)."""

    path: str
    status: FileStatus
    binary: bool = False
    submodule: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """The diff between `base` (the merge base) and `head`, both full commit SHAs.

    `head` is None when the work tree is gated; `complete` is False when git could not list everything, which counts as "reached".
    """

    base: str
    head: str | None
    files: tuple[ChangedFile, ...]
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class PilotReach:
    """A pilot that the change reaches; each chain reads from the changed file to the pilot (`a.py → b.py → candidate`)."""

    pilot: str
    charter: str
    chains: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Uncovered:
    """A changed file that imports a quantum library and belongs to no charter."""

    path: str
    library: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The answer of `qgate detect`. `notes` say what could not be known and was therefore taken as reached."""

    pilots: tuple[PilotReach, ...]
    uncovered: tuple[Uncovered, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def applicable(self) -> bool:
        """Whether anything has to be judged at all."""
        return bool(self.pilots or self.uncovered)
