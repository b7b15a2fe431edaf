"""What the runner tells a step: the event, the workspace, the API, and the files that it reads afterwards."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qgate.errors import UsageError
from qgate.forge.events import EventTarget, choose_target

# What the stages may see of the runner's environment, and so whatever they start. A list of what is kept, because a list of what
# is dropped forgets the next token's name: besides the input, the runner hands every Docker action a token for its caches.
KEPT = (
    "PATH",
    "LANG",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)


@dataclass(frozen=True, kw_only=True)
class CommandFiles:
    """The files that the runner reads when the step has ended; None outside a runner."""

    summary: Path | None = None
    output: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """The run that this step belongs to."""

    target: EventTarget
    workspace: Path
    api_url: str


def command_files(environ: Mapping[str, str]) -> CommandFiles:
    """Where to write; never fails, since a failure is to be written there."""
    summary, output = environ.get("GITHUB_STEP_SUMMARY"), environ.get("GITHUB_OUTPUT")
    return CommandFiles(summary=Path(summary) if summary else None, output=Path(output) if output else None)


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
    )


def stages_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """All that is left of the environment once the door has read it; HOME belongs to the job's other steps."""
    return {name: environ[name] for name in KEPT if name in environ} | {"HOME": "/nonexistent"}


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
