"""Which files of a repository answer as a `command` candidate does: told by the variables that they read (docs/command.md)."""

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from qgate.changes.python_source import read_source
from qgate.domain.charter import CandidateKind
from qgate.init.definitions import NOT_SERVED
from qgate.init.models import Model

_ANSWERS = re.compile(rb"\bQGATE_PREDICTIONS\b")
_TAKES = {"shots": re.compile(rb"\bQGATE_SHOTS\b"), "seed": re.compile(rb"\bQGATE_SEED\b")}
_TEXTS = frozenset({".md", ".rst", ".txt", ".yml", ".yaml", ".json", ".toml", ".ipynb"})


def executables(root: Path, paths: Iterable[str]) -> tuple[Model, ...]:
    """The programs that write predictions where qgate asks for them; tests, notes and settings are none."""
    return tuple(
        Model(kind=CandidateKind.COMMAND, entrypoint=path, place=f"{path}, which reads QGATE_PREDICTIONS")
        for path in paths
        if _is_program(path) and _ANSWERS.search(read_source(root, path) or b"")
    )


def taken(root: Path, path: str) -> frozenset[str]:
    """Which of `shots` and `seed` the program reads."""
    content = read_source(root, path) or b""
    return frozenset(name for name, variable in _TAKES.items() if variable.search(content))


def _is_program(path: str) -> bool:
    named = PurePosixPath(path)
    return named.suffix not in _TEXTS and NOT_SERVED.isdisjoint(named.parts)
