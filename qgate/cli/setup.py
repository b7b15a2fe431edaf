"""Commands before the first gate: `init`, `lock`, `plan`, and the `demo`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from qgate.cli.options import DIRECTORY, common, progress, refuse_invalid, say_to, settings_of
from qgate.cli.words import say
from qgate.errors import ExitCode, UsageError
from qgate.intake import opened


@click.command()
@common
@click.pass_context
def lock(context: click.Context, /, **where: Any) -> int:
    """Pin data, baseline predictions and metrics in .qgate/lock.json, for a reviewed commit."""
    from qgate import evaluation  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.evidence.lock import PATH, write_lock  # noqa: PLC0415 -- see above

    settings = settings_of(**where)
    with progress(context) as say, opened(settings) as here:
        refuse_invalid(here.found.problems)
        if not here.found.charters:
            raise UsageError("there is no charter, so there is nothing to lock")
        entries = evaluation.lock(here, settings, say)
    path = settings.repository / settings.prefix / PATH
    path.write_bytes(write_lock(entries))
    click.echo(f"wrote {path}: {', '.join(sorted(entries))}; review and commit it")
    return ExitCode.OK


@click.command()
@common
@click.option("--discordance", type=click.FloatRange(0, 1), help="Share of rows that disagree, where no earlier run tells it.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(*, discordance: float | None, as_json: bool, **where: Any) -> int:
    """What each gate can decide at the declared sizes, and what it would need; runs no model."""
    from rich.console import Console  # noqa: PLC0415 -- `detect` and `validate` must start without it

    from qgate.plan.pilot import plan_pilots  # noqa: PLC0415 -- see above
    from qgate.plan.power import power_errors  # noqa: PLC0415 -- see above
    from qgate.plan.table import print_plans  # noqa: PLC0415 -- see above

    settings = settings_of(**where)
    with opened(settings) as here:
        refuse_invalid(here.found.problems)
        plans = plan_pilots(here, settings, discordance)
        problems = power_errors((sourced.charter for sourced in here.found.charters), plans)
    if as_json:
        click.echo(json.dumps([found.as_json() for found in plans], indent=2))
    else:
        print_plans(plans, Console())
    refuse_invalid(problems)
    return ExitCode.OK


@click.command()
@click.option("--repo", type=DIRECTORY, default=".", help="The repository, or the pilots' directory inside it.")
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
    for line in initialise_here(given | {"ask": ask}, say_to(context), today=datetime.now(UTC).date()):
        say(line)
    return ExitCode.OK


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=".qgate/demo", help="Where the sample repositories go."
)
@click.pass_context
def demo(context: click.Context, /, out: Path) -> int:
    """Gate the sample pull requests for real, on this machine; no forge needed."""
    from qgate.demo import gate_samples  # noqa: PLC0415 -- `detect` and `validate` must start without it
    from qgate.report.capacity_text import capacity_lines  # noqa: PLC0415 -- as above

    shown = []
    for one in gate_samples(out.resolve(), say_to(context), today=datetime.now(UTC).date()):
        shown.append(one)
        click.echo(f"\n{'=' * 78}\n{one.sample.example}, pull request {one.sample.pull}: the comment\n{'=' * 78}\n")
        click.echo(one.gated.report.comment)
        for gate in [g for p in one.gated.verdict.pilots for g in p.gates] if one.gated.verdict else []:
            if lines := capacity_lines(gate):
                click.echo("\n".join(["", f"The curve of {gate.name}, drawn in {one.out / 'report.html'}:", *lines]))
    click.echo("\nThe files of each run (report.html is for the eye, verdict.json for machines):")
    for one in shown:
        verdict = one.gated.verdict.decision if one.gated.verdict else "no verdict"
        mark = "as it must be" if one.as_expected else f"but must be {one.sample.expected}"
        click.echo(f"  {verdict:<5} {mark}: {one.out}")
    return ExitCode.OK if all(one.as_expected for one in shown) else ExitCode.INTERNAL
