"""The command line: options to settings, one command per stage, the exit code.

Exit codes are `qgate.errors.ExitCode`; no option changes what one means.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qgate import __version__
from qgate.changes.charters import PATTERNS
from qgate.changes.git import Repository
from qgate.charter.read import read_charter
from qgate.domain.source import Problem, Severity
from qgate.errors import CharterError, ExitCode, QgateError, UsageError
from qgate.intake import find_scope, opened
from qgate.settings import Settings

NOT_EVALUATED = "no gate was evaluated"
_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


def main() -> None:
    """The `qgate` command: every ending is an exit code of the contract."""
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as ending:
        code = ending.exit_code
    except click.ClickException as error:
        error.show()
        code = _last_words(ExitCode.USAGE)
    except click.Abort:
        code = _last_words(ExitCode.INTERNAL)
    except QgateError as error:
        click.echo(f"qgate: {error}", err=True)
        code = _last_words(error.exit_code)
    except Exception:
        logging.getLogger("qgate").exception("qgate: internal error; please report it with the lines below")
        code = _last_words(ExitCode.INTERNAL)
    sys.exit(code)


def _last_words(code: ExitCode) -> ExitCode:
    click.echo(f"qgate: {NOT_EVALUATED}", err=True)
    return code


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that every stage takes."""
    options = (
        click.option("--repo", type=_DIRECTORY, default=".", help="The repository, or a working directory inside it."),
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


def _forge_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where a command publishes."""
    names = click.Choice(["auto", "github", "none"])
    text = "Where to publish. auto: GitHub, in a workflow with GITHUB_TOKEN."
    return click.option("--forge", type=names, default="auto", help=text)(command)


def _settings(repo: Path, charters: tuple[str, ...], base: str | None, head: str | None, out: Path | None) -> Settings:
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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="qgate")
@click.option("-v", "--verbose", is_flag=True, help="Say what is being done in detail.")
@click.option("-q", "--quiet", is_flag=True, help="Print the result only.")
@click.pass_context
def cli(context: click.Context, *, verbose: bool, quiet: bool) -> None:
    """Gates pull requests of hybrid quantum-classical repositories against their charter."""
    if verbose and quiet:
        raise click.UsageError("-v and -q contradict each other")
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(name)s: %(message)s")
    context.obj = {"quiet": quiet}


def _say(context: click.Context) -> Callable[[str], None]:
    """Progress goes to standard error, so that standard output holds the result alone."""
    if context.obj["quiet"]:
        return lambda _text: None
    return lambda text: click.echo(f"qgate: {text}", err=True)


@cli.command()
@_common
@_forge_option
@click.option("--json", "as_json", is_flag=True, help="Print verdict.json.")
@click.pass_context
def run(context: click.Context, /, *, forge: str, as_json: bool, **where: Any) -> int:
    """Gate the change: detect, measure, judge, publish."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    settings, chosen = _publishing(_settings(**where), forge)
    return _ending(pipeline.gate(settings, chosen, _say(context)), settings, as_json=as_json)


def _publishing(settings: Settings, forge: str) -> tuple[Settings, Any]:
    """The forge, and the settings with what its event says where the command line is silent."""
    from qgate.forge.choose import choose_forge  # noqa: PLC0415 -- as in `run`

    chosen, target = choose_forge(forge, os.environ)
    if target is None:
        return settings, chosen
    told = replace(
        settings,
        base=settings.base or target.base or target.default_branch,
        head=settings.head or target.head,
        own_charter=target.on_default_branch,
        run_url=target.run_url,
    )
    return told, chosen


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
        click.echo(f"qgate: {gated.error}", err=True)
    click.echo(f"qgate: report in {settings.out}", err=True)
    return int(gated.exit_code) if gated.verdict is not None else int(_last_words(gated.exit_code))


@cli.command()
@_common
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def detect(*, as_json: bool, **where: Any) -> int:
    """Which pilots does the change reach, and by what chain?"""
    with opened(_settings(**where)) as here:
        _refuse_invalid(here.found.problems)
        scope = find_scope(here)
    reach = scope.reach
    if as_json:
        click.echo(
            json.dumps({"base": scope.base, "head": scope.head, "applicable": reach.applicable, **asdict(reach)}, indent=2)
        )
        return ExitCode.OK
    for pilot in reach.pilots:
        click.echo(f"{pilot.pilot} ({pilot.charter})")
        for chain in pilot.chains:
            click.echo(f"  {chain}")
    for uncovered in reach.uncovered:
        click.echo(
            f"{uncovered.path}:{uncovered.line}: uncovered quantum code: imports {uncovered.library}, and no charter covers it"
        )
    for note in (*scope.notes, *reach.notes):
        click.echo(f"note: {note}")
    if not reach.applicable:
        click.echo("not applicable: the change reaches no pilot")
    return ExitCode.OK


def _refuse_invalid(problems: tuple[Problem, ...]) -> None:
    if any(p.severity is Severity.ERROR for p in problems):
        for problem in problems:
            click.echo(str(problem), err=True)
        raise CharterError("the charter is invalid")


@cli.command()
@click.argument("charters", nargs=-1, type=click.Path(path_type=Path))
@click.option("--repo", type=_DIRECTORY, default=".", help="Where the default charters are looked for.")
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
        from qgate.report.findings import annotations_of, problem_findings  # noqa: PLC0415 -- only this format needs it

        click.echo(annotations(annotations_of(problem_findings(problems))), nl=False)
    else:
        for problem in problems:
            click.echo(str(problem))


@cli.command()
@_common
@click.pass_context
def measure(context: click.Context, /, **where: Any) -> int:
    """Measure what the change reaches and write the evidence; judges nothing."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    settings = _settings(**where)
    with opened(settings) as here:
        _refuse_invalid(here.found.problems)
        pipeline.measure(here, find_scope(here), settings, _say(context))
    click.echo(f"evidence in {settings.out}")
    return ExitCode.OK


@cli.command()
@_common
@click.option("--json", "as_json", is_flag=True, help="Print verdict.json.")
def judge(*, as_json: bool, **where: Any) -> int:
    """Judge the evidence that `qgate measure` wrote, and write verdict and report; publishes nothing."""
    from qgate import evaluation, pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without them

    settings = _settings(**where)
    settings, nothing = _publishing(settings, "none")
    return _ending(pipeline.publish(evaluation.judge_run(settings), settings, nothing), settings, as_json=as_json)


@cli.command()
@_common
@_forge_option
def publish(*, forge: str, **where: Any) -> int:
    """Publish the verdict that `qgate judge` wrote; measures and judges nothing."""
    from qgate import pipeline  # noqa: PLC0415 -- `detect` and `validate` must start without it

    settings, chosen = _publishing(_settings(**where), forge)
    gated = pipeline.publish(pipeline.read_verdict(settings), settings, chosen)
    for publication in gated.publications:
        click.echo(f"{publication.surface}: {publication.outcome} {publication.detail}".rstrip())
    return _ending(gated, settings, as_json=False)


@cli.command()
@_common
@click.pass_context
def lock(context: click.Context, /, **where: Any) -> int:
    """Pin data, baseline predictions and metrics in .qgate/lock.json, for a reviewed commit."""
    from qgate import evaluation  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.evidence.lock import PATH, write_lock  # noqa: PLC0415 -- see above

    settings = _settings(**where)
    with opened(settings) as here:
        _refuse_invalid(here.found.problems)
        if not here.found.charters:
            raise UsageError("there is no charter, so there is nothing to lock")
        entries = evaluation.lock(here, settings, _say(context))
    path = settings.repository / settings.prefix / PATH
    path.write_bytes(write_lock(entries))
    click.echo(f"wrote {path}: {', '.join(sorted(entries))}; review and commit it")
    return ExitCode.OK


@cli.command()
@_common
@click.option("--discordance", type=click.FloatRange(0, 1), help="Share of rows that disagree, where no earlier run tells it.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(*, discordance: float | None, as_json: bool, **where: Any) -> int:
    """What each gate can decide at the declared sizes, and what it would need; runs no model."""
    from rich.console import Console  # noqa: PLC0415 -- `detect` and `validate` must start without it

    from qgate.plan.pilot import plan_pilots  # noqa: PLC0415 -- see above
    from qgate.plan.table import print_plans  # noqa: PLC0415 -- see above

    settings = _settings(**where)
    with opened(settings) as here:
        _refuse_invalid(here.found.problems)
        plans = plan_pilots(here, settings, discordance)
    if as_json:
        click.echo(json.dumps([found.as_json() for found in plans], indent=2))
    else:
        print_plans(plans, Console())
    return ExitCode.OK


@cli.command()
@click.option("--repo", type=_DIRECTORY, default=".", help="The repository, or the pilots' directory inside it.")
@click.option("--from", "fragment", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A charter to complete.")
@click.option("--name", help="The pilot's name.")
@click.option("--owner", metavar="WHO", help="Who answers for it: email address, @login or @org/team.")
@click.option("--approver", metavar="WHO", help="Who decides to go back to the classical service.")
@click.option("--traffic", metavar="ROUTE", help="The route that takes traffic back to the classical service.")
@click.option("--candidate", metavar="KIND=PKG.MOD:ATTR", help="The hybrid model, as circuit=…, estimator=… and so on.")
@click.option("--weights", metavar="PATH", help="A circuit's trained parameters, an .npz file.")
@click.option("--decision", help="How a circuit's values become a prediction: sign, argmax, parity or value.")
@click.option("--baseline", "baselines", multiple=True, metavar="NAME=PKG.MOD:ATTR", help="Repeatable: a classical model.")
@click.option("--data", multiple=True, metavar="SPLIT=PATH", help="Repeatable: train=…, validation=…")
@click.option("--target", metavar="COLUMN", help="The label column of .csv and .parquet files.")
@click.option("--lockfile", metavar="PATH", help="What pins the libraries.")
@click.option("--max-gap", metavar="NUMBER", help="How much worse than the baseline the candidate may be.")
@click.option("--rate-rps", metavar="NUMBER", help="Requests per second, where a gate needs a load.")
@click.option("--ask/--no-ask", default=None, help="Ask for what cannot be told; by default on a terminal.")
@click.option("--lock/--no-lock", "with_lock", default=True, help="Measure the baselines and write .qgate/lock.json.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
@click.pass_context
def init(context: click.Context, /, **given: Any) -> int:
    """Draft a charter, a workflow and the first lock for this repository, or complete a fragment."""
    from qgate.init.command import initialise_here  # noqa: PLC0415 -- `detect` and `validate` must start without it

    ask = sys.stdin.isatty() if given["ask"] is None else given["ask"]
    for line in initialise_here(given | {"ask": ask}, _say(context), today=datetime.now(UTC).date()):
        click.echo(line)
    return ExitCode.OK


@cli.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=".qgate/demo", help="Where the sample repositories go."
)
@click.pass_context
def demo(context: click.Context, /, out: Path) -> int:
    """Gate the sample pull requests for real, on this machine; no forge needed."""
    from qgate.demo import gate_samples  # noqa: PLC0415 -- `detect` and `validate` must start without it

    shown = []
    for one in gate_samples(out.resolve(), _say(context), today=datetime.now(UTC).date()):
        shown.append(one)
        click.echo(f"\n{'=' * 78}\n{one.sample.example}, pull request {one.sample.pull}: the comment\n{'=' * 78}\n")
        click.echo(one.gated.report.comment)
    click.echo("\nThe files of each run (report.html is for the eye, verdict.json for machines):")
    for one in shown:
        verdict = one.gated.verdict.decision if one.gated.verdict else "no verdict"
        mark = "as it must be" if one.as_expected else f"but must be {one.sample.expected}"
        click.echo(f"  {verdict:<5} {mark}: {one.out}")
    return ExitCode.OK if all(one.as_expected for one in shown) else ExitCode.INTERNAL
