"""A step from its environment to its exit code: inputs and event read, the stages run, and what the runner shows told."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from entrypoint import stages, surfaces
from entrypoint.choose import Stages, choose
from entrypoint.inputs import Inputs, Mode, read_inputs
from entrypoint.run_directory import check_handed_over, hand_back, inside, make_empty, owner_of
from entrypoint.workflow import CommandFiles, command_files
from qgate.changes.credentials import authorized
from qgate.changes.git import Repository
from qgate.domain.error_codes import coded
from qgate.domain.limits import Limits
from qgate.domain.scope import Scope
from qgate.domain.verdict import Decision
from qgate.errors import ExitCode, GitError, QgateError
from qgate.evidence.attestation import KEY_VARIABLE
from qgate.forge.base import Forge
from qgate.forge.client import Client
from qgate.forge.command_files import append_summary
from qgate.forge.commands import commands_off, mask
from qgate.forge.github import GitHub
from qgate.forge.nothing import NoForge
from qgate.forge.workflow import Workflow, read_workflow
from qgate.history import VARIABLE as LEDGER_VARIABLE
from qgate.history import recording
from qgate.pipeline import Gated
from qgate.report.escape import clean, clean_lines
from qgate.settings import Settings

if TYPE_CHECKING:
    from entrypoint.take_over import Handover

NOT_EVALUATED = "qgate: no gate was evaluated\n"
# The token and the docker socket are in reach of a worker without every layer of the sandbox: there, nothing is measured.
LIMITS = Limits(sandbox_required=True)


def step(environ: Mapping[str, str], log: TextIO) -> int:
    """The exit code of a step with this environment; all that it prints goes to `log`."""
    files = command_files(environ)
    try:
        key, branch = (environ.get(name) or None for name in (KEY_VARIABLE, LEDGER_VARIABLE))
        inputs = replace(read_inputs(environ), signing_key=key, ledger_branch=branch)
        if environ.get("GITHUB_ACTIONS") == "true":  # anywhere else this line would itself show the token
            log.write(mask(inputs.token))
        return _gate(inputs, read_workflow(environ), files, log)
    except QgateError as error:
        return _refuse(coded(error), error.exit_code, files, log)
    except Exception as error:  # noqa: BLE001 -- a bug ends as an error with its own exit code, never as a verdict
        with commands_off(log):
            log.write(clean_lines(traceback.format_exc(), 100_000))
        return _refuse(stages.bug(error), ExitCode.INTERNAL, files, log)


@dataclass(frozen=True, kw_only=True)
class _Places:
    """The top of the repository, the working directory below it, the run directory and the cache; absolute but for `prefix`."""

    root: Path
    prefix: str
    out: Path
    cache: Path | None


def _gate(inputs: Inputs, workflow: Workflow, files: CommandFiles, log: TextIO) -> int:
    # A step that only measures needs no permission to write, and no token.
    places = _places(inputs, workflow.workspace)
    client = None if inputs.mode is Mode.MEASURE else Client(api_url=workflow.api_url, token=inputs.token)
    with commands_off(log):
        what = choose(inputs, workflow.target, client, places.prefix)
        taken = _taken_over(inputs, workflow, client, places.prefix) if client and workflow.target.measured_in else None
    if what is not Stages.TAKE_OVER:
        return _staged(what, inputs, workflow, places, _Ends(files=files, log=log, client=client))
    if taken is None:
        return _waiting(files, log)
    ends = _Ends(files=files, log=log, client=client, taken=taken)
    return _staged(what, inputs, replace(workflow, target=taken.target), places, ends)


@dataclass(frozen=True, kw_only=True)
class _Ends:
    """Where a step reads from and writes to; `taken` is what it takes over of another workflow."""

    files: CommandFiles
    log: TextIO
    client: Client | None
    taken: "Handover | None" = None


def _taken_over(inputs: Inputs, workflow: Workflow, client: Client, directory: str) -> "Handover | None":
    from entrypoint import take_over  # noqa: PLC0415 -- what reads its arrays takes numpy

    return take_over.identify(client, inputs, workflow, directory)


def _staged(what: Stages, inputs: Inputs, workflow: Workflow, places: _Places, ends: _Ends) -> int:
    files, log = ends.files, ends.log
    settings = _settings(inputs, workflow, places)
    forge = surfaces.SummaryFirst(_forge(what, settings, inputs, workflow, ends.client), files.summary)
    owner = owner_of(workflow.workspace)
    if what is Stages.PUBLISH:
        check_handed_over(places.out)
    else:
        make_empty(places.out, owner)
    receive = partial(ends.taken.receive, places.root, places.out) if ends.taken else None
    try:
        with commands_off(log):
            ending = stages.run(what, settings, forge, lambda text: _say(text, log), receive)
            if isinstance(ending, Gated):
                surfaces.print_result(ending, log)
    finally:
        for written in filter(None, (places.out, places.cache)):
            hand_back(written, owner)
    out = places.out.relative_to(workflow.workspace)
    if what is Stages.UNPUBLISHED:
        append_summary(files.summary, surfaces.unpublished_summary(str(out)))
    return _measured(ending, out, files, log) if isinstance(ending, Scope) else _gated(ending, inputs.fail_on, out, files, log)


def _places(inputs: Inputs, workspace: Path) -> _Places:
    here = inside(workspace, inputs.working_directory, "working-directory")
    try:
        root = Repository(here).root
    except GitError:
        root = here  # the pipeline meets the same error, and publishes it
    prefix = here.relative_to(root).as_posix()
    cache = inputs.cache and inside(here, inputs.cache, "cache")
    return _Places(root=root, prefix="" if prefix == "." else prefix, out=inside(here, inputs.out, "out"), cache=cache or None)


def _forge(what: Stages, settings: Settings, inputs: Inputs, workflow: Workflow, client: Client | None) -> Forge:
    """Where the verdict goes; what is not published has no forge, and is not recorded."""
    if client is None or what in {Stages.MEASURE, Stages.UNPUBLISHED}:
        return NoForge()
    forge = GitHub(client=client, target=workflow.target, comment=inputs.comment)
    return recording(forge, settings, settings.git_env)


def _settings(inputs: Inputs, workflow: Workflow, places: _Places) -> Settings:
    target = workflow.target
    return Settings(
        repository=places.root,
        out=places.out,
        today=datetime.now(UTC).date(),
        base=inputs.base or target.base or target.default_branch,
        head=target.head,
        charters=inputs.charters,
        prefix=places.prefix,
        own_charter=target.on_default_branch,
        every_pilot=target.every_pilot,
        cache=places.cache,
        setup=inputs.setup,
        limits=LIMITS,
        run_url=target.run_url,
        signing_key=inputs.signing_key,
        ledger_branch=inputs.ledger_branch,
        git_env=authorized(workflow.server_url, inputs.token) if inputs.ledger_branch else {},
        pull_request=target.pull_request_name,
    )


def _say(text: str, log: TextIO) -> None:
    log.write(f"qgate: {clean(text)}\n")


def _waiting(files: CommandFiles, log: TextIO) -> int:
    """The other workflow's run has begun: its commit is pending, and nothing else is known."""
    append_summary(files.summary, surfaces.waiting_summary())
    log.write("qgate: pending until the measuring run ends\n")
    return ExitCode.OK


def _measured(scope: Scope, out: Path, files: CommandFiles, log: TextIO) -> int:
    applicable = scope.reach.applicable
    append_summary(files.summary, surfaces.measured_summary(applicable=applicable, out=str(out)))
    surfaces.save_outputs(files, surfaces.measured_outputs(applicable=applicable))
    log.write("qgate: measured, not judged\n")
    return ExitCode.OK


def _gated(gated: Gated, fail_on: frozenset[Decision], out: Path, files: CommandFiles, log: TextIO) -> int:
    surfaces.save_outputs(files, surfaces.verdict_outputs(gated, str(out / "report.html")))
    if not surfaces.has_check_run(gated.publications):
        log.write(surfaces.annotation_commands(gated.report.check.annotations))
    if gated.error:
        log.write(surfaces.error_command(gated.error))
    code = exit_code(gated, fail_on)
    log.write(f"qgate: verdict {gated.verdict.decision}, exit code {code}\n" if gated.verdict else NOT_EVALUATED)
    return code


def exit_code(gated: Gated, fail_on: frozenset[Decision]) -> int:
    """The pipeline's exit code, or 0 where no word of the verdict is in `fail_on`. Without a verdict nothing makes it 0.

    The words are the verdict's own and those of the gates that block: `fail-on: error` also stops a failed run in which another
    gate could not be measured.
    """
    verdict = gated.verdict
    if verdict is None:
        return gated.exit_code or ExitCode.INTERNAL
    words = {verdict.decision} | {gate.decision for pilot in verdict.pilots for gate in pilot.gates if gate.blocks}
    return gated.exit_code if words & fail_on else ExitCode.OK


def _refuse(message: str, code: ExitCode, files: CommandFiles, log: TextIO) -> int:
    """A step that ended before there was anything to gate: told wherever it can be without a forge."""
    append_summary(files.summary, surfaces.no_verdict_summary(message))
    surfaces.save_outputs(files, surfaces.error_outputs())
    log.write(surfaces.error_command(message))
    log.write(NOT_EVALUATED)
    return code
