"""The charter's front door: bytes in; the charter, or everything that is wrong with it, out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice

from qgate.charter.build import build
from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.load import load
from qgate.charter.missing import missing_bindings
from qgate.charter.rules import check
from qgate.charter.validate import validate
from qgate.domain.charter import Charter
from qgate.domain.source import Position, Problem, Severity

_MOST = 100  # a hostile file must not make problems without end


@dataclass(frozen=True, kw_only=True)
class CharterReading:
    """What a file turned out to be: `charter` is None whenever `problems` (in the file's order) hold an error."""

    charter: Charter | None
    problems: tuple[Problem, ...]


def read_charter(data: bytes, path: str, *, today: date) -> CharterReading:
    """Reads a charter from the bytes of a file; never raises, whatever the bytes.

    `path` is the file's, relative to the repository; `today` is the day on which waivers are judged.
    """
    document, unreadable = load(data, path)
    found = chain(unreadable, _problems(document, today) if document else ())
    problems = _listed(list(islice(_distinct(found), _MOST + 1)), path)
    invalid = document is None or any(problem.severity is Severity.ERROR for problem in problems)
    return CharterReading(charter=None if invalid or document is None else build(document, data), problems=problems)


def _problems(document: Document, today: date) -> Iterator[Problem]:
    yield from validate(document)
    if not document.partial:
        yield from check(document, today)
        yield from missing_bindings(document)


def _distinct(problems: Iterable[Problem]) -> Iterator[Problem]:
    seen: set[Problem] = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            yield problem


def _listed(problems: list[Problem], path: str) -> tuple[Problem, ...]:
    ordered = sorted(problems, key=lambda problem: (problem.position, problem.code, problem.message))
    if len(ordered) <= _MOST:
        return tuple(ordered)
    message = f"the file has more problems than the {_MOST} listed here"
    last = Problem(
        code=Code.MORE.value, message=message, fix="repair these first", position=Position(path=path, line=1, column=1)
    )
    return (*ordered[:_MOST], last)
