"""What the runner itself shows: the job summary, the step's outputs, annotations by workflow command, and the log."""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console

from entrypoint.workflow import CommandFiles
from qgate.domain.report import Annotation, Level, Outcome, Publication, Recorded, Report
from qgate.domain.review import Reviews
from qgate.domain.verdict import Decision, Verdict
from qgate.forge.base import Forge
from qgate.forge.check_run import SURFACE as CHECK
from qgate.forge.command_files import append_summary, write_outputs
from qgate.forge.commands import annotations, escape_data
from qgate.pipeline import Gated
from qgate.report.escape import clean, clean_lines, md, md_block, md_code
from qgate.report.findings import loggable
from qgate.report.terminal import print_problems, print_verdict

# What the runner shows of one level in one step; it drops the rest without a word.
SHOWN = 10
_LOG_COLUMNS = 160
_LEVELS = {Level.FAILURE: "errors", Level.WARNING: "warnings", Level.NOTICE: "notices"}


class SummaryFirst:
    """A `Forge` that writes the job summary before anything that could be refused or wait, and what was refused behind it."""

    def __init__(self, forge: Forge, summary: Path | None) -> None:
        self._forge = forge
        self._summary = summary

    def publish(self, report: Report) -> tuple[Publication, ...]:
        """The summary's publication, then the forge's."""
        summary = append_summary(self._summary, report.summary)
        publications = (summary, *self._forge.publish(report))
        refused = refusals(publications)
        if refused:
            append_summary(self._summary, refused)
        return publications

    def recorded(self, marker: str) -> Recorded | None:
        """As the forge keeps it."""
        return self._forge.recorded(marker)

    def reviews(self, accounts: Collection[str]) -> Reviews | None:
        """As the forge has them."""
        return self._forge.reviews(accounts)


def refusals(publications: Iterable[Publication]) -> str:
    """The refused surfaces as Markdown, each with its cause and fix; empty when there are none."""
    lines = [f"- {md_code(p.surface)}: {md(p.detail)}\n" for p in publications if p.outcome is Outcome.REFUSED]
    return "".join(["\n### Not published\n\n", *lines]) if lines else ""


def no_verdict_summary(message: str) -> str:
    """The summary of a step that ended before there was anything to gate."""
    return f"## qgate: error\n\n**No gate was evaluated.**\n\n{md_block(message)}\n"


def measured_summary(*, applicable: bool, out: str) -> str:
    """The summary of `mode: measure`, which knows no verdict."""
    what = f"The evidence is in {md_code(out)}" if applicable else "The change reaches no pilot: there was nothing to measure"
    return f"## qgate: measured\n\n{what}. **Nothing was judged yet**: a step with `mode: publish` does.\n"


def unpublished_summary(out: str) -> str:
    """What is added where the token may not write: who publishes instead."""
    return (
        "\n### Not published from here\n\nThe token of this run may not write: as in every pull request of a fork, or because "
        "the job does not ask for `statuses: write`. The exit code blocks all the same. To have it published, upload "
        f"{md_code(out)} for a second workflow, as in `docs/forks.md`.\n"
    )


def waiting_summary() -> str:
    """The summary of a step that only set the pending status."""
    return "## qgate: pending\n\nThe measuring run has begun. **Nothing was judged yet**: its end starts this workflow again.\n"


def verdict_outputs(gated: Gated, report_path: str) -> dict[str, str]:
    """The step's outputs. Without a verdict the word is `error`, and the change counts as reaching a pilot: nobody knows."""
    verdict = gated.verdict
    return {
        "verdict": str(verdict.decision if verdict else Decision.ERROR),
        "applicable": _boolean(verdict is None or verdict.decision is not Decision.NOT_APPLICABLE),
        "failed-gates": json.dumps(_failed_gates(verdict) if verdict else []),
        "report-path": report_path,
        "evidence-sha256": (verdict.evidence_sha256 if verdict else None) or "",
    }


def error_outputs() -> dict[str, str]:
    """The outputs of a step that ended before there was anything to gate."""
    return {"verdict": str(Decision.ERROR), "applicable": "true", "failed-gates": "[]", "report-path": "", "evidence-sha256": ""}


def measured_outputs(*, applicable: bool) -> dict[str, str]:
    """The outputs of `mode: measure`: no verdict, because there is none."""
    return {"applicable": _boolean(applicable)}


def save_outputs(files: CommandFiles, outputs: dict[str, str]) -> None:
    """Hand the outputs to the runner, where there is one."""
    if files.output is not None:
        write_outputs(files.output, outputs)


def has_check_run(publications: Iterable[Publication]) -> bool:
    """Whether the remarks stand on the commit already: as workflow commands too, each would be shown twice."""
    return any(p.surface == CHECK and p.outcome not in {Outcome.REFUSED, Outcome.SKIPPED} for p in publications)


def annotation_commands(notes: Sequence[Annotation]) -> str:
    """The commands for as many remarks as the runner shows, and a notice that says how many it does not."""
    by_level = {level: [note for note in notes if note.level is level] for level in _LEVELS}
    cut = [f"{len(of)} {_LEVELS[level]}" for level, of in by_level.items() if len(of) > SHOWN]
    shown = annotations(loggable(note for of in by_level.values() for note in of[:SHOWN]))
    words = f"Shown here are the first {SHOWN} of {' and of '.join(cut)}; all are in report.html."
    return shown + (f"::notice title=qgate::{escape_data(words)}\n" if cut else "")


def error_command(message: str) -> str:
    """The command that shows an error which belongs to no line."""
    return f"::error title=qgate::{escape_data(clean_lines(message))}\n"


def print_result(gated: Gated, log: TextIO) -> None:
    """Verdict and charter problems in the log, as the command prints them."""
    console = Console(file=log, width=_LOG_COLUMNS, color_system=None)
    if gated.verdict is not None:
        print_verdict(gated.verdict, console)
    print_problems(gated.problems, console)
    if gated.error:
        console.print(clean_lines(gated.error), markup=False, highlight=False, soft_wrap=True)
    for publication in gated.publications:
        line = f"{publication.surface}: {publication.outcome} {publication.url} {publication.detail}".rstrip()
        console.print(clean(line), markup=False, highlight=False, soft_wrap=True)


def _failed_gates(verdict: Verdict) -> list[dict[str, str]]:
    failed = {Decision.FAIL, Decision.ERROR}
    return [
        {"pilot": pilot.name, "gate": gate.name, "verdict": str(gate.decision)}
        for pilot in verdict.pilots
        for gate in pilot.gates
        if gate.decision in failed
    ]


def _boolean(value: bool) -> str:
    return "true" if value else "false"
