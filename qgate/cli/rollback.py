"""`qgate rollback`: the runbook of each pilot, and with `--rehearse` the proof that there is something to go back to."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qgate.changes.git import Repository
from qgate.cli.incident import Place, declare, issue_place
from qgate.cli.options import DIRECTORY, progress, refuse_invalid, settings_of, setup_option
from qgate.cli.words import say
from qgate.domain.charter import Charter
from qgate.domain.environment import Setup
from qgate.domain.verdict import Decision, PilotVerdict, Runbook, exit_code_of, worst
from qgate.errors import ExitCode, UsageError
from qgate.intake import Opened, opened

if TYPE_CHECKING:
    from qgate.settings import Settings

_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """A command of `rollback.verify` and how it ended (None: not within its time)."""

    command: str
    exit_code: int | None

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        return f"did not end within {_SECONDS:g} seconds" if self.exit_code is None else f"ended with exit code {self.exit_code}"


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A pilot's runbook; its rehearsal and checks where they were asked for."""

    charter: Charter
    book: Runbook
    decision: Decision | None = None
    checks: tuple[_Checked, ...] = ()


@click.command()
@click.option("--repo", type=DIRECTORY, default=".", help="The repository, or a working directory inside it.")
@click.option("--charter", "charters", multiple=True, metavar="PATH", help="Repeatable; default every charter.")
@click.option("--rehearse", is_flag=True, help="Prove that the classical service is there, meets its record and its gates.")
@click.option("--verify", is_flag=True, help="With --rehearse: run the commands of `rollback.verify`, on this machine.")
@setup_option
@click.option("--issue", is_flag=True, help="Open the default branch's incident issue with it, or bring that up to date.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_context
def rollback(context: click.Context, /, *, rehearse: bool, verify: bool, issue: bool, as_json: bool, **where: Any) -> int:
    """The way back to the classical service: its runbook, and its rehearsal."""
    _refuse_in_a_pull_request(rehearse=rehearse, verify=verify)
    settings = _settings(**where)
    place = issue_place(Repository(settings.repository)) if issue else None
    with progress(context) as tell, opened(settings) as here:
        refuse_invalid(here.found.problems)
        if not here.found.charters:
            raise UsageError("there is no charter, so there is no way back")
        told = tuple(_rehearsed(here, settings, tell, verify=verify) if rehearse else _recorded(here, settings))
    _show(told, as_json=as_json)
    if place is not None:
        _declare(place, told, settings, here.head)
    decisions = [one.decision for one in told if one.decision is not None]
    return exit_code_of(worst(decisions)) if decisions else ExitCode.OK


def _show(told: tuple[_Told, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in told], indent=2))
    else:
        _print(told)


def _declare(place: Place, told: tuple[_Told, ...], settings: "Settings", head: str) -> None:
    """The incident with these runbooks; a pilot whose rehearsal passed is one of those that traffic should leave all the same."""
    from qgate.report.incident import Branch  # noqa: PLC0415 -- `detect` and `validate` must start without it

    pilots = [PilotVerdict(name=one.charter.pilot, decision=Decision.FAIL, gates=(), runbook=one.book) for one in told]
    branch = Branch(head=head, run_url=place.run_url, directory=settings.prefix)
    done = declare(place, branch, [one.charter for one in told], pilots)
    say(f"qgate: incident: {done.outcome} {done.url} {done.detail}".rstrip(), err=True)


def _settings(*, setup: str, repo: Path, charters: tuple[str, ...]) -> "Settings":
    """The work tree as it stands, and the charters in it."""
    return replace(settings_of(repo, charters, "HEAD", None, None), own_charter=True, setup=Setup(setup))


def _refuse_in_a_pull_request(*, rehearse: bool, verify: bool) -> None:
    """The checks reach production, by commands that a pull request can have written."""
    if verify and not rehearse:
        raise click.UsageError("--verify belongs to --rehearse")
    event = os.environ.get("GITHUB_EVENT_NAME", "")
    if verify and event.startswith(("pull_request", "merge_group", "workflow_run", "issue_comment")):
        raise UsageError(f"--verify runs the charter's commands with what this job may do, and this job is about a {event}")


def _recorded(here: Opened, settings: "Settings") -> Iterator[_Told]:
    """The runbooks as they are: of the rehearsal only the recorded day is known."""
    from qgate.gates.rollback import recorded_rehearsal  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.rollback.runbook import runbook  # noqa: PLC0415 -- see above

    for sourced in here.found.charters:
        charter, outcome = sourced.charter, recorded_rehearsal(sourced.charter, settings.today)
        book = runbook(charter.rollback, None)
        if charter.rollback.target or outcome:
            why = outcome.why if outcome else "no day is recorded; `qgate rollback --rehearse` rehearses it now"
            book = replace(book, why=why)
        yield _Told(charter=charter, book=book)


def _rehearsed(here: Opened, settings: "Settings", tell: Any, *, verify: bool) -> Iterator[_Told]:
    from qgate import evaluation  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.gates.rollback import judge_rollback  # noqa: PLC0415 -- see above
    from qgate.rollback.runbook import runbook  # noqa: PLC0415 -- see above

    for charter, evidence in evaluation.rehearse_rollbacks(here, settings, tell):
        outcome = judge_rollback(_anew(charter) if verify else charter, evidence, settings.today)
        decision = outcome.decision if outcome else Decision.FAIL
        told = _Told(charter=charter, book=runbook(charter.rollback, outcome), decision=decision)
        yield _verified(told, settings) if verify and decision is Decision.PASS else told


def _anew(charter: Charter) -> Charter:
    """The charter without what is recorded of earlier rehearsals: that the last one is too old is why another is held."""
    return replace(charter, rollback=replace(charter.rollback, rehearsed=None, max_age_days=None, verify=()))


def _verified(told: _Told, settings: "Settings") -> _Told:
    """The rehearsal with the charter's checks; where all of them passed, it is of today."""
    if not told.charter.rollback.verify:
        unchecked = "where it runs nothing was checked, since `rollback.verify` is empty: no day is recorded"
        return replace(told, book=replace(told.book, why=f"{told.book.why}; {unchecked}"))
    checks = _checks(told.charter)
    broken = [f"`{check.command}` {check.ended}" for check in checks if check.exit_code != 0]
    if broken:
        book = replace(told.book, rehearsal=str(Decision.FAIL), why=f"{told.book.why}; but where it runs {'; '.join(broken)}")
        return replace(told, book=book, decision=Decision.FAIL, checks=checks)
    why = f"{told.book.why}; where it runs, every command of `rollback.verify` ({len(checks)}) passed"
    return replace(told, book=replace(told.book, rehearsed=settings.today.isoformat(), why=why), checks=checks)


def _checks(charter: Charter) -> tuple[_Checked, ...]:
    """The charter's commands, in a shell of this machine; what they print goes to standard error."""
    found = []
    for command in charter.rollback.verify:
        say(f"$ {command}", err=True)
        try:
            ended = subprocess.run(["bash", "-c", command], check=False, stdout=sys.stderr, timeout=_SECONDS)
            found.append(_Checked(command=command, exit_code=ended.returncode))
        except subprocess.TimeoutExpired:
            found.append(_Checked(command=command, exit_code=None))
    return tuple(found)


def _print(told: Sequence[_Told]) -> None:
    from rich.console import Console  # noqa: PLC0415 -- only this output needs it
    from rich.text import Text  # noqa: PLC0415 -- see above

    from qgate.report.escape import clean  # noqa: PLC0415 -- see above
    from qgate.report.terminal import print_rollback  # noqa: PLC0415 -- see above

    console = Console()
    for one in told:
        console.print(Text.assemble((clean(one.charter.pilot), "bold"), f" ({clean(one.charter.path)})"))
        print_rollback(one.book, console)
        for check in one.checks:
            console.print(Text(f"    {clean(check.command, 2000)} {check.ended}"), soft_wrap=True)
        if one.book.rehearsed and one.book.rehearsed != one.charter.rollback.rehearsed:
            say(f"record `rehearsed: {one.book.rehearsed}` below `rollback` in {one.charter.path}, and have it reviewed")
        console.print()


def _as_json(one: _Told) -> dict[str, Any]:
    from qgate.report.verdict_json import runbook_to_json  # noqa: PLC0415 -- only this output needs it

    found = {"pilot": one.charter.pilot, "charter": one.charter.path, "rollback": runbook_to_json(one.book)}
    checks = [{"command": check.command, "exit_code": check.exit_code} for check in one.checks]
    return found | ({"verified": checks} if checks else {})
