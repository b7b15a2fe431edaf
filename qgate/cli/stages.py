"""Commands that gate a change: `run`, or its stages `measure`, `judge` and `publish` alone."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from qgate.changes.credentials import authorized
from qgate.charter.metrics import Family
from qgate.cli.options import common, forge_option, progress, refuse_invalid, settings_of, setup_option
from qgate.cli.words import NothingEvaluatedError
from qgate.cli.words import say as tell
from qgate.domain.environment import Setup
from qgate.domain.report import Publication
from qgate.errors import ExitCode
from qgate.evidence.attestation import KEY_VARIABLE
from qgate.intake import find_scope, opened
from qgate.settings import Settings

CACHE = click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep measurements in this directory, and take those of the same content from it. Default: measure everything.",
)

LEDGER = click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Count attempts in this file, each of which spends a part of alpha. In a workflow the comment counts them.",
)


LEDGER_BRANCH = click.option(
    "--ledger-branch",
    metavar="BRANCH",
    help="Append the verdict on a commit of the default branch to this branch of the remote, as one record.",
)


@click.command()
@common
@forge_option
@setup_option
@CACHE
@LEDGER
@LEDGER_BRANCH
@click.option("--json", "as_json", is_flag=True, help="Print verdict.json.")
@click.pass_context
def run(context: click.Context, /, *, forge: str, cache: Path | None, as_json: bool, **where: Any) -> int:
    """Gate the change: detect, measure, judge, publish."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    ledgers = {name: where.pop(name) for name in ("ledger", "ledger_branch")}
    settings, chosen = _publishing(_with_ledgers(_measuring(cache, **where), **ledgers), forge)
    with progress(context) as say:
        gated = pipeline.gate(settings, chosen, say)
    for publication in gated.publications:
        tell(f"qgate: {_fate(publication)}", err=True)
    return _ending(gated, settings, as_json=as_json)


def _measuring(cache: Path | None, *, setup: str, **where: Any) -> Settings:
    return replace(settings_of(**where), cache=cache and cache.resolve(), setup=Setup(setup))


def _with_ledgers(settings: Settings, ledger: Path | None, ledger_branch: str | None) -> Settings:
    return replace(settings, ledger=ledger and ledger.resolve(), ledger_branch=ledger_branch)


def _publishing(settings: Settings, forge: str) -> tuple[Settings, Any]:
    """The forge, and the settings with what the environment says where the command line is silent.

    The signing key is taken out of the environment: what is started from here on has no use for it.
    """
    from qgate.forge.choose import choose_forge  # noqa: PLC0415 -- as in `run`
    from qgate.history import recording  # noqa: PLC0415 -- as in `run`

    settings = replace(settings, signing_key=os.environ.pop(KEY_VARIABLE, None) or None)
    chosen, target = choose_forge(forge, os.environ)
    if target is None:
        return settings, recording(chosen, settings)
    told = replace(
        settings,
        base=settings.base or target.base or target.default_branch,
        head=settings.head or target.head,
        own_charter=target.on_default_branch,
        every_pilot=target.every_pilot,
        run_url=target.run_url,
        pull_request=target.pull_request_name,
        git_env=authorized(os.environ.get("GITHUB_SERVER_URL") or "https://github.com", os.environ["GITHUB_TOKEN"]),
    )
    return told, recording(chosen, told, told.git_env)


def _fate(publication: Publication) -> str:
    return f"{publication.surface}: {publication.outcome} {publication.detail}".rstrip()


def _ending(gated: Any, settings: Settings, *, as_json: bool) -> int:
    """Prints how a run ended, and says on the last line where nothing was evaluated."""
    from rich.console import Console  # noqa: PLC0415 -- as in `run`

    from qgate.report.terminal import print_problems, print_verdict  # noqa: PLC0415 -- as in `run`

    if as_json:
        click.echo(gated.report.files.get("verdict.json", "{}"), nl=False)
    elif gated.verdict is not None:
        print_verdict(gated.verdict, Console())
    if gated.problems and not as_json:
        print_problems(gated.problems, Console())
    if gated.error:
        tell(f"qgate: {gated.error}", err=True)
    click.echo(f"qgate: report in {settings.out}", err=True)
    if gated.verdict is None:
        raise NothingEvaluatedError(gated.exit_code)
    return int(gated.exit_code)


@click.command()
@common
@setup_option
@CACHE
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([str(family) for family in Family]),
    help="Repeatable: measure what gates of this family need. Judging says that all others were not measured.",
)
@click.pass_context
def measure(context: click.Context, /, *, cache: Path | None, only: tuple[str, ...], **where: Any) -> int:
    """Measure what the change reaches and write the evidence; judges nothing."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    settings = _measuring(cache, **where)
    settings = replace(settings, signing_key=os.environ.pop(KEY_VARIABLE, None) or None)  # seals the cache's entries
    settings = replace(settings, only=tuple(Family(name) for name in only))
    with progress(context) as say, opened(settings) as here:
        refuse_invalid(here.found.problems)
        pipeline.measure(here, find_scope(here), settings, say)
    click.echo(f"evidence in {settings.out}")
    return ExitCode.OK


@click.command()
@common
@click.option("--json", "as_json", is_flag=True, help="Print verdict.json.")
def judge(*, as_json: bool, **where: Any) -> int:
    """Judge the evidence that `qgate measure` wrote, and write verdict and report; publishes nothing."""
    from qgate import evaluation, pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without them

    settings = settings_of(**where)
    settings, nothing = _publishing(settings, "none")
    return _ending(pipeline.publish(evaluation.judge_run(settings.out), settings, nothing), settings, as_json=as_json)


@click.command()
@common
@forge_option
def publish(*, forge: str, **where: Any) -> int:
    """Publish the verdict that `qgate judge` wrote; measures and judges nothing."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    settings, chosen = _publishing(settings_of(**where), forge)
    gated = pipeline.publish(pipeline.read_verdict(settings), settings, chosen)
    for publication in gated.publications:
        tell(_fate(publication))
    return _ending(gated, settings, as_json=False)
