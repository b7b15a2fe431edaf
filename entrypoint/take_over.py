"""Evidence of another workflow's run taken over: whose it is asked of GitHub, the artifact fetched and unpacked within bounds.

This runs beside a token that may write, from the default branch's workflow, and runs nothing of the pull request's.
"""

from dataclasses import dataclass
from pathlib import Path

from entrypoint.choose import blocked, pending
from entrypoint.inputs import Inputs
from qgate.changes.credentials import authorized
from qgate.changes.git import Repository
from qgate.errors import QgateError, UsageError
from qgate.evidence.handover import unpack, write_received
from qgate.forge.artifact import fetch_artifact
from qgate.forge.client import Client
from qgate.forge.errors import ForgeError
from qgate.forge.events import EventTarget
from qgate.forge.measuring_run import MeasuringRun, Stage
from qgate.forge.pulls import NoPullRequestError, identified
from qgate.forge.status import publish_status
from qgate.forge.workflow import Workflow


@dataclass(frozen=True, kw_only=True)
class Handover:
    """Where the evidence and the commit are fetched from, and with what; `server` is the forge's address, as git knows it."""

    client: Client
    target: EventTarget
    run: MeasuringRun
    server: str
    token: str

    def receive(self, root: Path, out: Path) -> str:
        """The run's page; its artifact's files are then in the run directory, its commit in the repository, not checked out.

        Raises:
            MeasurementError: the artifact cannot be used.
            QgateError: GitHub refused, or the commit could not be fetched.
        """
        try:
            archive = fetch_artifact(self.client, self.target, self.run)
        except ForgeError as error:
            raise QgateError(f"the artifact could not be fetched: {error}\n  fix: the job needs `actions: read`") from error
        write_received(unpack(archive), out)
        Repository(root).fetch(self.target.head, env=authorized(self.server, self.token))
        return self.run.url


def identify(client: Client, inputs: Inputs, workflow: Workflow, directory: str) -> Handover | None:
    """What is taken over, with its pull request; None where the run has only begun, and its commit was told to wait.

    Raises:
        UsageError: another workflow's run, or nobody's: then its commit alone gets a status.
        ForgeError: GitHub refused.
    """
    target, run = workflow.target, workflow.target.measured_in
    if run is None or run.workflow != inputs.measured_by:
        raise UsageError(
            f"the measuring run is one of the workflow {run and run.workflow!r}; evidence is taken from {inputs.measured_by} "
            "alone, since anybody can give a workflow the same name\n  fix: name the path of yours in the input `measured-by`"
        )
    if run.stage is Stage.REQUESTED:
        pending(client, target, directory)
        return None
    try:
        found = identified(client, target, run)
    except NoPullRequestError as error:
        publish_status(client, target, blocked(str(error), directory))
        raise
    return Handover(client=client, target=found, run=run, server=workflow.server_url, token=inputs.token)
