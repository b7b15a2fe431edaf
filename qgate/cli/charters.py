"""Commands that only read: `detect` and `validate`. They start without the scientific stack."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qgate.changes.charters import PATTERNS
from qgate.charter.read import read_charter
from qgate.cli.options import DIRECTORY, common, refuse_invalid, settings_of
from qgate.cli.words import say
from qgate.domain.source import Problem, Severity
from qgate.errors import ExitCode, UsageError
from qgate.intake import opened, scope_of


@click.command()
@common
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def detect(*, as_json: bool, **where: Any) -> int:
    """Which pilots does the change reach, and by what chain?"""
    with opened(settings_of(**where)) as here:
        refuse_invalid(here.found.problems)
        scope = scope_of(here)
    reach = scope.reach
    if as_json:
        click.echo(
            json.dumps({"base": scope.base, "head": scope.head, "applicable": reach.applicable, **asdict(reach)}, indent=2)
        )
        return ExitCode.OK
    for pilot in reach.pilots:
        say(f"{pilot.pilot} ({pilot.charter})")
        for chain in pilot.chains:
            say(f"  {chain}")
    for uncovered in reach.uncovered:
        say(f"{uncovered.path}:{uncovered.line}: uncovered quantum code: imports {uncovered.library}, and no charter covers it")
    for note in (*scope.notes, *reach.notes):
        say(f"note: {note}")
    if not reach.applicable:
        click.echo("not applicable: the change reaches no pilot")
    return ExitCode.OK


@click.command()
@click.argument("charters", nargs=-1, type=click.Path(path_type=Path))
@click.option("--repo", type=DIRECTORY, default=".", help="Where the default charters are looked for.")
@click.option(
    "--format", "shape", type=click.Choice(["text", "json", "github"]), default="text", help="github: workflow annotations."
)
def validate(charters: tuple[Path, ...], repo: Path, shape: str) -> int:
    """The charters' problems, each with file:line:col, cause and fix."""
    paths = charters or tuple(sorted(p for pattern in PATTERNS for p in repo.glob(pattern)))
    if not paths:
        raise UsageError(f"there is no charter in {repo}/.qgate: `qgate init` drafts one, or name a file")
    problems = tuple(p for path in paths for p in _problems_of(path))
    _print_problems(problems, shape)
    invalid = any(p.severity is Severity.ERROR for p in problems)
    if shape == "text" and not invalid:
        click.echo(f"{len(paths)} charter{'s' if len(paths) > 1 else ''} valid")
    return ExitCode.INVALID_CHARTER if invalid else ExitCode.OK


def _problems_of(path: Path) -> tuple[Problem, ...]:
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    return read_charter(path.read_bytes(), str(path), today=datetime.now(UTC).date()).problems


def _print_problems(problems: tuple[Problem, ...], shape: str) -> None:
    if shape == "json":
        click.echo(json.dumps([asdict(p) for p in problems], indent=2))
    elif shape == "github":
        from qgate.forge.commands import annotations  # noqa: PLC0415 -- only this format needs it
        from qgate.report.findings import annotations_of, loggable, problem_findings  # noqa: PLC0415 -- only this format needs it

        click.echo(annotations(loggable(annotations_of(problem_findings(problems)))), nl=False)
    else:
        for problem in problems:
            say(str(problem))
