"""The main flow: change → charters → reach → evidence → verdict → report → published."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from qgate.domain.canonical import canonical_file
from qgate.domain.error_codes import code_of, coded
from qgate.domain.provenance import Provenance
from qgate.domain.report import Publication, Recorded, Report
from qgate.domain.scope import Scope
from qgate.domain.source import Problem
from qgate.domain.verdict import Verdict
from qgate.errors import ExitCode, QgateError, UsageError
from qgate.evidence.attempt_state import State, write_state
from qgate.evidence.attestation import NAME as ATTESTATION
from qgate.evidence.attestation import (
    PREDICATE_FILE,
    VERDICT,
    Envelope,
    attested_files,
    predicate_file,
    seal,
    signing_key,
    statement,
)
from qgate.evidence.scope_file import write_scope
from qgate.evidence.timings import read_reused
from qgate.forge.base import Forge
from qgate.history import PLACE as LEDGER_PLACE
from qgate.history import past_values
from qgate.incidents import with_incident
from qgate.intake import Opened, find_scope, nothing_reached, opened
from qgate.report.render import render, render_error, render_invalid_charter
from qgate.report.verdict_json import verdict_from_json, verdict_to_json
from qgate.settings import Settings
from qgate.worker import preload

Say = Callable[[str], None]

_RUN_FILES = (
    *("scope.json", "evidence.json", "timings.json", "verdict.json", ATTESTATION, PREDICATE_FILE, LEDGER_PLACE),
    *("comment.md", "summary.md", "report.html", "junit.xml", "qgate.sarif", "codequality.json"),
)


@dataclass(frozen=True, kw_only=True)
class Gated:
    """How a run ended. `verdict` is None where nothing was judged."""

    exit_code: ExitCode
    report: Report
    verdict: Verdict | None = None
    problems: tuple[Problem, ...] = ()
    error: str | None = None
    publications: tuple[Publication, ...] = ()


def gate(settings: Settings, forge: Forge, say: Say) -> Gated:
    """The whole pipeline. A run that breaks off before its verdict still publishes that nothing was evaluated."""
    _clear(settings.out)
    try:
        if settings.signing_key is not None:
            signing_key(settings.signing_key)  # a key that cannot sign must not cost a measurement
        with opened(settings) as run:
            if run.found.invalid:
                return refuse(run, settings, forge)
            scope = find_scope(run)
            preload.begin(found.charter for found in scope.reached)  # first of all: the workers' imports run beside our own
            problems = (*run.found.problems, *rarely_decided(run, scope))
            measure(run, scope, settings, say, forge)
        return conclude(scope, settings, forge, problems=problems)
    except QgateError as error:
        return break_off(error, settings, forge)


def measure(run: Opened, scope: Scope, settings: Settings, say: Say, forge: Forge | None = None) -> None:
    """The run directory written: the scope, and the evidence for what is reached; `forge` is who knows of earlier attempts."""
    write_scope(scope, run_directory(settings))
    if scope.reached:
        preload.begin(found.charter for found in scope.reached)  # the workers' imports beside our own
        from qgate import attempts, evaluation  # noqa: PLC0415 -- a change that reaches nothing must not pay for their stack

        parts = any(found.charter.sequential for found in scope.reached)
        evaluation.measure(run, scope, settings, say, attempts.left(settings, forge) if parts else None)


def rarely_decided(run: Opened, scope: Scope) -> tuple[Problem, ...]:
    """The gates that the declared sizes would rarely decide, known before anything is measured."""
    if not scope.reached:
        return ()
    from qgate.plan.power import power_warnings  # noqa: PLC0415 -- as in `measure`

    return power_warnings(run, scope)


def conclude(scope: Scope, settings: Settings, forge: Forge, *, problems: tuple[Problem, ...] = ()) -> Gated:
    """What was measured judged as an attempt of its pull request, recorded, and published."""
    if not scope.reached:
        return publish(nothing_reached(scope), settings, forge, problems=problems)
    from qgate import approvals, attempts  # noqa: PLC0415 -- as in `measure`

    counted = attempts.count(approvals.looked_up(scope, settings, forge), settings, forge)
    verdict = judge(counted.scope, settings)
    if (verdict.base, verdict.head) != (scope.base, scope.head):
        raise UsageError(
            f"the evidence in {settings.out} is about {verdict.base}…{verdict.head}, this event about {scope.base}…{scope.head}\n"
            "  fix: measure and publish in the same workflow run"
        )
    record = attempts.record(counted, verdict, settings)
    return publish(verdict, settings, forge, problems=problems, record=record)


def judge(scope: Scope, settings: Settings) -> Verdict:
    """The verdict; without a reached pilot there is nothing to judge but uncovered quantum code."""
    if not scope.reached:
        return nothing_reached(scope)
    from qgate import evaluation  # noqa: PLC0415 -- as in `measure`

    return evaluation.judge_run(settings.out)


def read_verdict(settings: Settings) -> Verdict:
    """The verdict that `judge` wrote.

    Raises:
        UsageError: there is none, or it does not hold together.
    """
    path = settings.out / "verdict.json"
    if not path.is_file():
        raise UsageError(f"{path} is missing: run `qgate judge --out {settings.out}` first")
    try:
        return verdict_from_json(json.loads(path.read_bytes()))
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error


def publish(
    verdict: Verdict,
    settings: Settings,
    forge: Forge,
    *,
    problems: tuple[Problem, ...] = (),
    record: Recorded | None = None,
) -> Gated:
    """The verdict attested, rendered, written and published, with what the comment is to keep of it."""
    envelope = _attested(verdict, settings)
    history = past_values(settings) if verdict.pilots else {}
    report = render(
        verdict,
        directory=settings.prefix,
        run_url=settings.run_url,
        problems=problems,
        provenance=Provenance(signed_by=envelope.keyid, reused=read_reused(settings.out), history=history),
    )
    attested = {ATTESTATION: envelope.file().decode(), PREDICATE_FILE: predicate_file(envelope).decode()}
    report = replace(report, files={**report.files, **attested}, record=record)
    gated = Gated(exit_code=verdict.exit_code, report=report, verdict=verdict, problems=problems)
    return _sent(gated, settings, forge)


def _attested(verdict: Verdict, settings: Settings) -> Envelope:
    """The envelope about the verdict and the files that it rests on. A later stage without a key keeps what says the same."""
    files = attested_files(settings.out) | {VERDICT: canonical_file(verdict_to_json(verdict))}
    earlier = settings.out / ATTESTATION
    return seal(statement(verdict, files), settings.signing_key, earlier.read_bytes() if earlier.is_file() else None)


def refuse(run: Opened, settings: Settings, forge: Forge) -> Gated:
    """An invalid charter: its problems are published, nothing is evaluated."""
    problems = run.found.problems
    report = render_invalid_charter(
        problems, base=run.change.base, head=run.head, directory=settings.prefix, run_url=settings.run_url
    )
    return _sent(Gated(exit_code=ExitCode.INVALID_CHARTER, report=report, problems=problems), settings, forge)


def break_off(error: QgateError, settings: Settings, forge: Forge) -> Gated:
    """An expected failure before there was a verdict: published, with its own exit code."""
    base, head = settings.base or "the default branch", settings.head or "the work tree"
    told = coded(error)
    report = render_error(told, code=code_of(error), base=base, head=head, directory=settings.prefix, run_url=settings.run_url)
    return _sent(Gated(exit_code=error.exit_code, report=report, error=told), settings, forge)


def _sent(gated: Gated, settings: Settings, forge: Forge) -> Gated:
    report = _from_root(gated.report, settings.prefix)
    directory = run_directory(settings)
    for name, text in report.files.items():
        (directory / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    if report.record is None and settings.pull_request:
        report = replace(report, record=_no_attempt_yet(settings))
    report = with_incident(report, gated.verdict, settings)
    return replace(gated, report=report, publications=forge.publish(report))


def _no_attempt_yet(settings: Settings) -> Recorded | None:
    """For a comment that keeps nothing yet: a record without attempts, so that its absence tells of somebody's edit."""
    try:
        return Recorded(text=write_state(State(pull_request=settings.pull_request), settings.signing_key))
    except UsageError:  # the key cannot sign, which is what is being published
        return None


def _from_root(report: Report, prefix: str) -> Report:
    """Annotations name files from the repository's root, charters and pilots from the working directory."""
    if not prefix:
        return report
    annotations = tuple(replace(a, path=f"{prefix}/{a.path}") for a in report.check.annotations)
    return replace(report, check=replace(report.check, annotations=annotations))


def _clear(out: Path) -> None:
    """Nothing of an earlier run may be taken for this one's: its verdict, its evidence."""
    for name in _RUN_FILES:
        (out / name).unlink(missing_ok=True)


def run_directory(settings: Settings) -> Path:
    """The run directory, made if need be, and ignored by git so that its own files are never part of a change."""
    settings.out.mkdir(parents=True, exist_ok=True)
    (settings.out / ".gitignore").write_text("*\n", encoding="utf-8")
    return settings.out
