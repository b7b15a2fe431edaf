"""Which charters judge a change: the base commit's, and the head's only where the base has none.

A pull request must not be judged by a charter that it wrote itself; the head's are still checked, since merging a broken one
would break the next change's gate.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from qgate.changes.git import Repository
from qgate.charter.compare import charter_changes
from qgate.charter.read import CharterReading, read_charter
from qgate.domain.change import Change
from qgate.domain.charter_change import CharterChange
from qgate.domain.scope import Proposed, SourcedCharter
from qgate.domain.source import Position, Problem, Severity

PATTERNS = (".qgate/*.yml", ".qgate/*.yaml")


@dataclass(frozen=True, kw_only=True)
class FoundCharters:
    """The charters that judge, the problems of those in the head, and what every surface has to say about their origin.

    `changes` are what the head does to the base's.
    """

    charters: tuple[SourcedCharter, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[CharterChange, ...] = ()

    @property
    def invalid(self) -> bool:
        """Whether nothing may be judged."""
        return any(p.severity is Severity.ERROR for p in self.problems)


@dataclass(frozen=True, kw_only=True)
class CharterSource:
    """Where to look: `named` paths or the default patterns, below `prefix` (the working directory, "" for the root).

    `own` is True on a push to the default branch, where the head's charter is the reviewed one.
    """

    named: tuple[str, ...] = ()
    prefix: str = ""
    own: bool = False


def find_charters(repository: Repository, change: Change, source: CharterSource, *, today: date) -> FoundCharters:
    """Every charter that judges this change; `head` None reads the work tree. Charters' paths are relative to the prefix."""
    base, head = Side(repository, change.base, source.prefix), Side(repository, change.head, source.prefix)
    paths = charter_paths(source, [*base.files(), *head.files()])
    found = [
        _own(path, head.read(path), today) if source.own else _choose(path, base.read(path), head.read(path), today)
        for path in paths
    ]
    problems = tuple(p for f in found for p in f.problems)
    charters = tuple(c for f in found for c in f.charters)
    return FoundCharters(
        charters=charters,
        problems=problems + _same_names(charters),
        notes=tuple(n for f in found for n in f.notes),
        changes=tuple(c for f in found for c in f.changes),
    )


def charter_paths(source: CharterSource, files: Iterable[str]) -> Collection[str]:
    """Where charters are: the named ones, else those among `files` that the default patterns find."""
    return source.named or sorted(_matching(files))


def _matching(files: Iterable[str]) -> set[str]:
    return {path for path in files if any(_matches(path, pattern) for pattern in PATTERNS)}


def _matches(path: str, pattern: str) -> bool:
    return PurePosixPath(path).parent == PurePosixPath(pattern).parent and fnmatchcase(path, pattern)


class Side:
    """One commit's files (None: the work tree's), below the prefix."""

    def __init__(self, repository: Repository, commit: str | None, prefix: str) -> None:
        self._repository = repository
        self._commit = commit
        self._prefix = f"{prefix}/" if prefix else ""

    def files(self) -> Collection[str]:
        """Paths relative to the prefix."""
        repository = self._repository
        names = repository.work_tree_files() if self._commit is None else repository.list_files(self._commit)
        return [name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)]

    def read(self, path: str) -> bytes | None:
        """A regular file's bytes."""
        if self._commit is not None:
            return self._repository.read(self._commit, self._prefix + path)
        file = self._repository.root / self._prefix / path
        return file.read_bytes() if file.is_file() and not file.is_symlink() else None


def _own(path: str, text: bytes | None, today: date) -> FoundCharters:
    if text is None:
        return FoundCharters(charters=(), problems=(_absent(path),))
    reading = read_charter(text, path, today=today)
    charters = () if reading.charter is None else (SourcedCharter(charter=reading.charter, origin="own", text=text.decode()),)
    return FoundCharters(charters=charters, problems=reading.problems)


def _choose(path: str, base: bytes | None, head: bytes | None, today: date) -> FoundCharters:
    # A waiver of the base that has ended is the judge's to void: it must not hand the judgement to the head's charter.
    of_base = read_charter(base, path, today=date.min) if base is not None else None
    of_head = read_charter(head, path, today=today) if head is not None else None
    problems = of_head.problems if of_head else ()
    if of_base and of_base.charter and base is not None:
        edited = head if head != base else None
        own = of_head.charter if of_head else None
        proposed = Proposed(charter=own, text=edited.decode()) if edited is not None and own is not None else None
        charter = SourcedCharter(charter=of_base.charter, origin="base", text=base.decode(), proposed=proposed)
        edits = () if head is not None and of_head and of_head.charter is None else charter_changes(base, head, path)
        return FoundCharters(charters=(charter,), problems=problems, notes=_changed(path, base, head), changes=edits)
    if of_head is None or head is None:
        return FoundCharters(charters=(), problems=of_base.problems if of_base else (_absent(path),))
    if of_head.charter is None:
        return FoundCharters(charters=(), problems=problems)
    charter = SourcedCharter(charter=of_head.charter, origin="head", text=head.decode())
    return FoundCharters(charters=(charter,), problems=problems, notes=_new(path, of_base))


def _changed(path: str, base: bytes, head: bytes | None) -> tuple[str, ...]:
    if head is None:
        return (f"This change deletes the charter {path}; the base commit's judged it.",)
    return (f"This change edits the charter {path}; the base commit's judged it.",) if head != base else ()


def _new(path: str, of_base: CharterReading | None) -> tuple[str, ...]:
    why = "is new in this change" if of_base is None else "cannot be read in the base commit"
    return (f"The charter {path} {why}: this change was judged by its own version, which has to be approved.",)


def _absent(path: str) -> Problem:
    return Problem(
        code="charter-missing",
        message=f"there is no charter {path}, neither in the base commit nor in the head",
        fix="name an existing file, or write one (docs/charter.md)",
        position=Position(path=path, line=1, column=1),
    )


def _same_names(charters: Iterable[SourcedCharter]) -> tuple[Problem, ...]:
    """Two charters of one pilot: which of them judges would depend on their order."""
    first: dict[str, str] = {}
    problems = []
    for sourced in charters:
        charter = sourced.charter
        if charter.pilot in first:
            problem = Problem(
                code="duplicate-pilot",
                message=f"the pilot {charter.pilot!r} has another charter, {first[charter.pilot]}",
                fix="give each pilot its own name, or delete one of the charters",
                position=Position(path=charter.path, line=1, column=1),
            )
            problems.append(problem)
        first.setdefault(charter.pilot, charter.path)
    return tuple(problems)


def below(change: Change, prefix: str) -> Change:
    """The change as seen from a working directory: only its files, with paths relative to it."""
    if not prefix:
        return change
    start = f"{prefix}/"
    files = tuple(replace(f, path=f.path.removeprefix(start)) for f in change.files if f.path.startswith(start))
    return replace(change, files=files)
