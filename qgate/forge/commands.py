"""GitHub Actions' workflow commands: lines on standard output that the runner acts on.

The runner takes any line that begins with `::` for a command, whoever wrote it. So text of others is escaped inside a command,
and printed only while `commands_off`.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TextIO

from qgate.domain.report import Annotation, Level

_COMMANDS = {Level.FAILURE: "error", Level.WARNING: "warning", Level.NOTICE: "notice"}
_WORST_FIRST = tuple(_COMMANDS)


def escape_data(text: str) -> str:
    """Text for the part behind the last `::` (as the Actions toolkit escapes it)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Text for a property such as `file=`, which a colon or a comma would end."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(note: Annotation) -> str:
    """The command that shows a remark on its line of the change."""
    properties = {"file": note.path, "line": str(note.line)}
    if note.column is not None:
        properties["col"] = str(note.column)
    properties["title"] = note.title
    listed = ",".join(f"{name}={escape_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[note.level]} {listed}::{escape_data(note.message)}\n"


def annotations(notes: Iterable[Annotation]) -> str:
    """All of them, the worst first: the runner shows ten of a level per step, and leaves the rest in the log."""
    return "".join(annotation(note) for note in sorted(notes, key=lambda note: _WORST_FIRST.index(note.level)))


def mask(secret: str) -> str:
    """The commands that hide a secret in the log, one for each of its lines."""
    return "".join(f"::add-mask::{escape_data(line)}\n" for line in secret.splitlines() if line.strip())


@contextmanager
def commands_off(log: TextIO) -> Iterator[None]:
    """While this lasts, the runner takes no line for a command: what is printed may hold anybody's text.

    The token that switches them on again is 128 random bits, so that no text can hold it. The runner reads standard output and
    standard error as one log.
    """
    token = secrets.token_hex(16)
    log.write(f"::stop-commands::{token}\n")
    log.flush()
    try:
        yield
    finally:
        log.write(f"\n::{token}::\n")
        log.flush()
