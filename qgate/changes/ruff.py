"""One call of `ruff analyze graph`: the import statements of a tree, resolved to files."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qgate.errors import UsageError

_TIMEOUT_S = 120
# Below the kernel's limit for an argument list, with room for the environment.
_MAX_ARGUMENT_BYTES = 1_000_000

# `--isolated`: the pull request's own ruff configuration could exclude files from the graph. `--detect-string-imports` takes
# strings with two dots or more; with one, "train.csv" would be an import of `train`.
_COMMAND = ("analyze", "graph", "--isolated", "--detect-string-imports", "--target-version", "py314")
_ROOTS = ("--config", 'src = [".", "src"]')


class RuffError(Exception):
    """Ruff crashed, hung, or answered something else than a graph."""


@dataclass(frozen=True, kw_only=True)
class RuffAnswer:
    """For each file that ruff found, the files that it imports; `some_unparsed` when a file had no readable syntax."""

    imports: Mapping[str, list[str]]
    some_unparsed: bool


def analyse(root: Path, paths: Sequence[str]) -> RuffAnswer:
    """The imports of the given files, or of every Python file and notebook below `root` where none is given.

    Raises:
        RuffError: ruff failed on this tree.
        UsageError: ruff is not installed.
    """
    imports: dict[str, list[str]] = {}
    complaints = b""
    for batch in _batches(paths) if paths else [()]:
        output, stderr = _run(root, batch)
        complaints += stderr
        try:
            imports.update(json.loads(output))
        except ValueError as error:
            raise RuffError(f"ruff gave no graph: {error}") from error
    return RuffAnswer(imports=imports, some_unparsed=b"Failed to" in complaints)


def _run(root: Path, paths: Sequence[str]) -> tuple[bytes, bytes]:
    try:
        done = subprocess.run(
            [_binary(), *_COMMAND, *_ROOTS, "--", *paths],
            cwd=root,
            env={"LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RuffError(f"ruff gave no graph within {_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise RuffError(f"ruff analyze graph ended with exit code {done.returncode}")
    return done.stdout, done.stderr


def _binary() -> str:
    """The ruff that was installed with qgate; the one on PATH could be any version."""
    beside = Path(sys.executable).parent / "ruff"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("ruff")
    if found is None:
        raise UsageError("ruff is not installed beside qgate\n  fix: reinstall qgate-action with its dependencies")
    return found


def _batches(paths: Sequence[str]) -> list[list[str]]:
    batches: list[list[str]] = [[]]
    size = 0
    for path in paths:
        size += len(path.encode("utf-8", "surrogateescape")) + 1
        if size > _MAX_ARGUMENT_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(path)
    return batches
