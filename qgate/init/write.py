"""The main flow of `qgate init`: look, choose, draft, check, and only then write; the first lock at the end."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qgate.changes.charters import PATTERNS
from qgate.changes.git import Repository
from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.load import load
from qgate.charter.read import read_charter
from qgate.domain.charter import Charter
from qgate.domain.source import Problem, Severity
from qgate.errors import CharterError, QgateError, UsageError
from qgate.evaluation import lock
from qgate.evidence.lock import PATH as LOCK
from qgate.evidence.lock import write_lock
from qgate.init import workflow
from qgate.init.choices import Ask, Choices
from qgate.init.completion import SCHEMA, announced, schema_file
from qgate.init.draft import Draft, draft
from qgate.init.flags import Flags
from qgate.init.inspection import Inspection, inspect
from qgate.init.materials import Materials
from qgate.intake import opened
from qgate.plan.pilot import Earlier, plan_pilot
from qgate.plan.power import underpowered
from qgate.plan.spread import DISCORDANCE
from qgate.settings import Settings

Say = Callable[[str], None]
# What a fragment lacks is what is added; every other problem is its author's.
_CURABLE = frozenset({Code.MISSING_KEY.value, Code.MISSING_BINDING.value, Code.PILOT_NAME.value})
_PLAIN = re.compile(r"[\w./-]*")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for: flags, a fragment to complete, whether files may be overwritten, whether a lock is wanted."""

    repository: Repository
    prefix: str
    flags: Flags
    today: date
    fragment: Path | None = None
    force: bool = False
    with_lock: bool = True

    @property
    def here(self) -> Path:
        """The working directory."""
        return self.repository.root / self.prefix


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was written, and everything that the reader should know of it; `add` are the files to commit."""

    written: tuple[str, ...]
    guessed: tuple[str, ...]
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    add: tuple[str, ...]


def initialise(request: Request, ask: Ask, say: Say) -> Outcome:
    """Writes charter, workflow and lock.

    Raises:
        UsageError: something is missing and nobody could be asked, or a file is there already; nothing was written.
        CharterError: the fragment has problems that no completion solves; nothing was written.
    """
    if not _PLAIN.fullmatch(request.prefix):
        raise UsageError(f"the directory {request.prefix!r} has characters that a workflow would have to escape; rename it")
    seen = inspect(request.repository, request.prefix, target=request.flags.target)
    choices = Choices(ask=ask)
    drafted = _draft(request, seen, choices)
    path = _charter_path(request, drafted.name)
    text = announced(drafted.text)
    charter = _valid(text, path, request)
    written, notes = _written(request, seen, path, text)
    locked = _lock(request, say)
    read = [*(data.path for data in charter.data.values()), charter.candidate.weights, charter.lockfile]
    return Outcome(
        written=(*written, *locked.written),
        guessed=tuple(choices.guessed),
        assumed=tuple(choices.assumed),
        notes=(*notes, *_rarely_decided(charter, request), *locked.notes),
        add=(*written, *locked.written, *(_shown(request, file) for file in read if file)),
    )


def _draft(request: Request, seen: Inspection, choices: Choices) -> Draft:
    text, document = _fragment(request)
    materials = Materials(flags=request.flags, seen=seen, fragment=document, choices=choices)
    drafted = draft(materials, text)
    if choices.missing:
        told = "\n  ".join(str(question) for question in choices.missing)
        raise UsageError(f"nothing was written: this is missing, and cannot be told from the repository\n  {told}")
    return drafted


def _fragment(request: Request) -> tuple[str | None, Document]:
    """The fragment's text and what it says; without one, a document that says nothing."""
    if request.fragment is None:
        return None, Document(path="", root={}, values={}, names={})
    data, path = request.fragment.read_bytes(), str(request.fragment)
    document, _ = load(data, path)
    problems = [p for p in read_charter(data, path, today=request.today).problems if p.code not in _CURABLE]
    if document is None or any(problem.severity is Severity.ERROR for problem in problems):
        raise CharterError("nothing was written: the fragment has problems that only its author can solve\n" + _told(problems))
    return data.decode("utf-8-sig"), document


def _told(problems: list[Problem]) -> str:
    return "\n".join(str(problem) for problem in problems)


def _charter_path(request: Request, name: str) -> Path:
    """Where the charter goes: a fragment that is a charter already (`qgate validate` sends people here) is completed in place."""
    real = request.fragment.resolve() if request.fragment else None
    if real and real.parent == request.here / ".qgate" and any(real.match(pattern) for pattern in PATTERNS):
        return real
    return request.here / ".qgate" / f"{name}.yml"


def _valid(text: str, path: Path, request: Request) -> Charter:
    reading = read_charter(text.encode(), _relative(request, path), today=request.today)
    if reading.charter is None:
        kind = CharterError if request.fragment else UsageError
        raise kind("nothing was written: the charter would be invalid\n" + _told(list(reading.problems)))
    return reading.charter


def _written(request: Request, seen: Inspection, path: Path, text: str) -> tuple[list[str], list[str]]:
    """The charter and the workflow on disk; a workflow that is there stays as it is."""
    in_place = request.fragment is not None and path == request.fragment.resolve()
    if path.exists() and not (request.force or in_place):
        raise UsageError(
            f"{_relative(request, path)} is there already; nothing was written\n  fix: give --force, or another --name"
        )
    _write(path, text)
    _write(request.here / SCHEMA, schema_file())
    both = [_relative(request, path), _relative(request, request.here / SCHEMA)]
    steps = request.repository.root / workflow.PATH
    if steps.exists() and not request.force:
        return both, [f"{workflow.PATH} is there already and stays as it is (--force writes it anew)"]
    _write(steps, workflow.workflow(branch=seen.branch.value, directory=request.prefix))
    note = f"{workflow.PATH}: replace the zeros after `qgate/qgate-action@` by the commit of the release that you have reviewed"
    return [*both, _relative(request, steps)], [note]


def _rarely_decided(charter: Charter, request: Request) -> list[str]:
    """What `qgate plan` would refuse: said at once, while the charter is being read anyway."""
    planned = plan_pilot(charter, request.here, Earlier(outcomes={}, seconds={}), discordance=DISCORDANCE)
    return [f"{problem.message}; fix: {problem.fix}" for problem in underpowered(charter, planned, Severity.WARNING)]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


@dataclass(frozen=True, kw_only=True)
class _Locked:
    written: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _lock(request: Request, say: Say) -> _Locked:
    """The first lock, as `qgate lock` makes it; where it cannot be made, why not."""
    path = request.here / LOCK
    if not request.with_lock:
        return _Locked()
    if path.exists() and not request.force:
        return _Locked(notes=(f"{LOCK} is there already and stays as it is; `qgate lock` makes it anew",))
    try:
        entries = _entries(request, say)
    except QgateError as error:
        why = "; ".join(line.strip() for line in str(error).splitlines())
        return _Locked(notes=(f"there is no lock yet ({why}); when that is solved, `qgate lock` makes it",))
    path.write_bytes(write_lock(entries))
    return _Locked(written=(_relative(request, path),))


def _entries(request: Request, say: Say) -> Mapping[str, Any]:
    settings = Settings(
        repository=request.repository.root,
        out=request.here / ".qgate/run",
        today=request.today,
        base="HEAD",
        prefix=request.prefix,
        own_charter=True,
    )
    with opened(settings) as here:
        if here.found.invalid:
            raise CharterError("another charter is invalid; see `qgate validate`")
        return lock(here, settings, say)


def _relative(request: Request, path: Path) -> str:
    return path.relative_to(request.repository.root).as_posix()


def _shown(request: Request, file: str) -> str:
    return f"{request.prefix}/{file}" if request.prefix else file
