"""Which forge a command publishes on: GitHub inside one of its workflows, or none."""

from collections.abc import Mapping

from qgate.errors import UsageError
from qgate.forge.base import Forge
from qgate.forge.client import Client
from qgate.forge.events import EventTarget
from qgate.forge.github import GitHub
from qgate.forge.nothing import NoForge
from qgate.forge.workflow import read_workflow

NAMES = ("auto", "github", "none")


def choose_forge(name: str, environ: Mapping[str, str]) -> tuple[Forge, EventTarget | None]:
    """The forge, and what its event says is gated (None without a forge).

    `auto` is GitHub where a workflow runs and GITHUB_TOKEN is set.

    Raises:
        UsageError: `github` outside a workflow or without a token, or an event that cannot be gated, or not by the command.
    """
    in_workflow = environ.get("GITHUB_ACTIONS") == "true" and bool(environ.get("GITHUB_TOKEN"))
    if name == "none" or (name == "auto" and not in_workflow):
        return NoForge(), None
    workflow = read_workflow(environ)
    if workflow.target.measured_in is not None:
        raise UsageError(
            "a workflow_run event is the action's alone: the command would run the measured commit's code beside a token that "
            "may write\n  fix: use the action (docs/forks.md), or `--forge none` in a job without such a token"
        )
    token = environ.get("GITHUB_TOKEN")
    if not token:
        raise UsageError(
            "GITHUB_TOKEN is not set\n  fix: give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`, or use --forge none"
        )
    return GitHub(client=Client(api_url=workflow.api_url, token=token), target=workflow.target), workflow.target
