"""What a workflow run tells its steps: the event, the workspace, and where the API is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qgate.errors import UsageError
from qgate.forge.events import EventTarget, choose_target


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """The run that this step belongs to."""

    target: EventTarget
    workspace: Path
    api_url: str
    server_url: str = "https://github.com"


def read_workflow(environ: Mapping[str, str]) -> Workflow:
    """The event's target, the workspace and the API's address.

    Raises:
        UsageError: not a workflow's environment, or an event that cannot be gated.
    """
    event = _needed(environ, "GITHUB_EVENT_NAME")
    payload = _payload(Path(_needed(environ, "GITHUB_EVENT_PATH")))
    target = choose_target(event, payload, sha=environ.get("GITHUB_SHA", ""), run_url="")
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    run = f"{server}/{target.repository}/actions/runs/{environ.get('GITHUB_RUN_ID', '')}"
    return Workflow(
        target=replace(target, run_url=run),
        workspace=Path(_needed(environ, "GITHUB_WORKSPACE")).resolve(),
        api_url=environ.get("GITHUB_API_URL") or "https://api.github.com",
        server_url=server,
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise UsageError(
            f"{name} is not set: the action is a step of a GitHub workflow\n  fix: anywhere else, run the command `qgate run`"
        )
    return environ[name]


def _payload(path: Path) -> Mapping[str, object]:
    try:
        payload = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"the event payload {path} cannot be read: {error}") from error
    if not isinstance(payload, dict):
        raise UsageError(f"the event payload {path} is not a JSON object")
    return payload
