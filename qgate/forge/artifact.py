"""The artifact that a measuring run left: found by the run's number, bounded before a byte of it is asked for."""

from collections.abc import Mapping
from typing import Any

from qgate.errors import MeasurementError
from qgate.forge.client import Client
from qgate.forge.errors import NotFound
from qgate.forge.events import EventTarget
from qgate.forge.measuring_run import MeasuringRun

NAME = "qgate-evidence"
LARGEST = 64 * 1024 * 1024


def fetch_artifact(client: Client, target: EventTarget, run: MeasuringRun) -> bytes:
    """The archive of the one artifact named `qgate-evidence` that the run's latest attempt left; earlier ones keep theirs.

    Raises:
        MeasurementError: there is none, more than one, an expired one or one that is too large.
        qgate.forge.errors.ForgeError: GitHub refused.
    """
    listing = f"repos/{target.repository}/actions/runs/{run.number}/artifacts"
    found = [a for a in client.pages(listing, query={"name": NAME}, key="artifacts") if a["name"] == NAME and _is_new(a, run)]
    if len(found) != 1:
        how = f"ended as {run.conclusion!r}" if run.conclusion else "has ended"
        raise MeasurementError(
            f"the measuring run {how} and left {len(found)} artifacts named {NAME}: exactly one is needed\n"
            "  fix: look at its log; upload the run directory once, with `if: always()`"
        )
    (artifact,) = found
    if artifact["expired"]:
        raise MeasurementError(f"the artifact {NAME} has expired\n  fix: run the measuring workflow again")
    if artifact["size_in_bytes"] > LARGEST:
        raise MeasurementError(f"the artifact {NAME} has {artifact['size_in_bytes']:,} bytes; {LARGEST:,} are read at most")
    try:
        return client.download(f"repos/{target.repository}/actions/artifacts/{artifact['id']}/zip", limit=LARGEST)
    except NotFound as error:
        raise MeasurementError(f"the artifact {NAME} is gone ({error})\n  fix: run the measuring workflow again") from error


def _is_new(artifact: Mapping[str, Any], run: MeasuringRun) -> bool:
    created = artifact["created_at"]
    return not run.started or (created is not None and created >= run.started)
