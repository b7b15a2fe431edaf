"""`qgate init` at the command line: options to a request, questions to a terminal, the outcome to lines."""

import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from qgate.changes.git import Repository
from qgate.errors import UsageError
from qgate.init.choices import Ask, Question, printable
from qgate.init.flags import Flags, baseline_pairs, pairs
from qgate.init.write import Outcome, Request, Say, initialise

_TEXTS = ("name", "owner", "approver", "traffic", "candidate", "weights", "decision", "target", "lockfile", "max_gap", "rate_rps")


def initialise_here(given: Mapping[str, Any], say: Say, *, today: date) -> Iterator[str]:
    """Does what the options say; yields what the reader should know, line by line.

    Raises:
        QgateError: nothing was written; see `initialise`.
    """
    here = Path(given["repo"]).resolve()
    repository = Repository(here)
    prefix = here.relative_to(repository.root).as_posix()
    flags = _flags(given)
    request = Request(
        repository=repository,
        prefix="" if prefix == "." else prefix,
        flags=flags,
        today=today,
        fragment=given["fragment"],
        force=given["force"],
        with_lock=given["with_lock"],
    )
    yield from _lines(initialise(request, asker(asks=given["ask"]), say))


def _flags(given: Mapping[str, Any]) -> Flags:
    texts = {key: given[key] for key in _TEXTS}
    for text in (*filter(None, texts.values()), *given["baselines"], *given["data"]):
        if not text.isprintable():
            raise UsageError(f"{printable(text)} has characters that no charter can hold")
    return Flags(**texts, baselines=baseline_pairs(given["baselines"]), data=pairs("--data", given["data"]))


def asker(*, asks: bool) -> Ask:
    """Asks at the terminal, or says of everything that nobody can be asked."""
    return _prompt if asks else lambda _question: None


def _prompt(question: Question) -> str | None:
    click.echo(f"\n{question.what}: {printable(question.why)}", err=True)
    for choice in question.choices:
        click.echo(f"  {printable(choice)}", err=True)
    answer = click.prompt(question.what, default=question.default or "", show_default=bool(question.default), err=True)
    return str(answer).strip() or None


def _lines(outcome: Outcome) -> Iterator[str]:
    yield "wrote " + ", ".join(outcome.written)
    for title, sentences in (
        ("guessed", outcome.guessed),
        ("assumed, review", outcome.assumed),
        ("note", outcome.notes),
    ):
        if sentences:
            yield f"{title}:"
            yield from (f"  {printable(sentence)}" for sentence in sentences)
    yield f"next: review the files, then `git add {printable(shlex.join(dict.fromkeys(outcome.add)))}` and commit"
