"""GitHub Actions' command files: the step's outputs and its job summary."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from qgate.domain.report import Outcome, Publication

SUMMARY_BYTES = 1024 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def outputs_text(outputs: Mapping[str, str], *, delimiter: str | None = None) -> str:
    """The outputs in the multi-line form, so that no value can start another output.

    Args:
        outputs: values by name.
        delimiter: ends a value; by default 128 random bits, so that no value can hold it.
    """
    delimiter = delimiter or f"qgate_{secrets.token_hex(16)}"
    for name, value in outputs.items():
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name for an output")
        if delimiter in value:
            raise ValueError(f"the value of output {name} holds the delimiter that would end it")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())


def write_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append the outputs to the file that GITHUB_OUTPUT names."""
    _append(path, outputs_text(outputs))


def append_summary(path: Path | None, markdown: str) -> Publication:
    """Append to the file that GITHUB_STEP_SUMMARY names (None: not on a runner).

    GitHub drops the whole summary of a step above 1 MiB, so text that would not fit is refused, and what is there stays.
    """
    if path is None:
        return Publication(surface="summary", outcome=Outcome.SKIPPED, detail="GITHUB_STEP_SUMMARY is not set")
    size = len(_encoded(markdown)) + (path.stat().st_size if path.exists() else 0)
    if size > SUMMARY_BYTES:
        return Publication(
            surface="summary",
            outcome=Outcome.REFUSED,
            detail=f"the job summary would be {size:,} bytes, and GitHub drops one above {SUMMARY_BYTES:,}",
        )
    _append(path, markdown)
    return Publication(surface="summary", outcome=Outcome.CREATED)


def _append(path: Path, text: str) -> None:
    with path.open("ab") as file:
        file.write(_encoded(text))


def _encoded(text: str) -> bytes:
    """UTF-8; a file name that was not UTF-8 on disk (surrogates) is shown with question marks."""
    return text.encode("utf-8", "replace")
