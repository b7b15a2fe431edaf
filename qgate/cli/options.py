"""What the commands share: common options, settings made of them, and how progress is said."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qgate.changes.charters import PATTERNS
from qgate.changes.git import Repository
from qgate.cli.words import say
from qgate.domain.environment import Setup
from qgate.domain.source import Problem, Severity
from qgate.errors import CharterError
from qgate.report.escape import clean
from qgate.settings import Settings

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every stage takes."""
    options = (
        click.option("--repo", type=DIRECTORY, default=".", help="The repository, or a working directory inside it."),
        click.option(
            "--charter", "charters", multiple=True, metavar="PATH", help=f"Repeatable; default {' and '.join(PATTERNS)}."
        ),
        click.option("--base", metavar="REF", help="Default: the default branch; the merge base with it is compared."),
        click.option("--head", metavar="REF", help="Default: the work tree."),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="The run directory; default .qgate/run."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def forge_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where a command publishes."""
    names = click.Choice(["auto", "github", "none"])
    text = "Where to publish. auto: GitHub, in a workflow with GITHUB_TOKEN."
    return click.option("--forge", type=names, default="auto", help=text)(command)


def setup_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """What candidates run with."""
    text = "The charter's lockfile: auto builds its environment unless qgate's own has every pin; locked always; bundled never."
    names = click.Choice([str(setup) for setup in Setup])
    return click.option("--setup", type=names, default=str(Setup.AUTO), help=text)(command)


def settings_of(repo: Path, charters: tuple[str, ...], base: str | None, head: str | None, out: Path | None) -> Settings:
    """The settings that the common options make; `repo` may be a working directory below the repository's root."""
    repository = Repository(repo)
    here = repo.resolve()
    prefix = here.relative_to(repository.root).as_posix()
    return Settings(
        repository=repository.root,
        out=(out or here / ".qgate/run").resolve(),
        today=datetime.now(UTC).date(),
        base=base,
        head=head,
        charters=charters,
        prefix="" if prefix == "." else prefix,
    )


def say_to(context: click.Context) -> Callable[[str], None]:
    """Progress as plain lines on standard error: beside questions and longer output, where a running line would be in the way."""
    if context.obj["quiet"]:
        return lambda _text: None
    return lambda text: say(f"qgate: {text}", err=True)


@contextmanager
def progress(context: click.Context) -> Iterator[Callable[[str], None]]:
    """Progress on standard error, which leaves standard output to the result: a running line on a terminal, plain lines in CI."""
    if context.obj["quiet"] or not sys.stderr.isatty():
        yield say_to(context)
    else:
        with _running_line() as say:
            yield say


@contextmanager
def _running_line() -> Iterator[Callable[[str], None]]:
    from rich.console import Console  # noqa: PLC0415 -- only a terminal needs it
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415 -- only a terminal needs it

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task("reading the change", total=None)
        yield lambda text: line.reset(task, description=clean(text), total=None)


def refuse_invalid(problems: tuple[Problem, ...]) -> None:
    """Prints the problems of an invalid charter and raises `CharterError`."""
    if any(p.severity is Severity.ERROR for p in problems):
        for problem in problems:
            say(str(problem), err=True)
        raise CharterError("the charter is invalid")
