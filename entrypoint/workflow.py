"""The runner's files that a step writes, and what the stages may see of its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_HTTP_TIMEOUT",
    "UV_HTTP_RETRIES",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
)


@dataclass(frozen=True, kw_only=True)
class CommandFiles:
    """The files that the runner reads when the step has ended; None outside a runner."""

    summary: Path | None = None
    output: Path | None = None


def command_files(environ: Mapping[str, str]) -> CommandFiles:
    """Where to write; never fails, since a failure is to be written there."""
    summary, output = environ.get("GITHUB_STEP_SUMMARY"), environ.get("GITHUB_OUTPUT")
    return CommandFiles(summary=Path(summary) if summary else None, output=Path(output) if output else None)


def stages_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """All that is left of the environment once the door has read it; HOME belongs to the job's other steps."""
    return {name: environ[name] for name in KEPT if name in environ} | {"HOME": "/nonexistent"}
