"""The head's files as a remediation's script leaves them: run in a worker, its changes taken over into a copy.

What the worker says is a claim, like any answer: paths are checked, and bytes are written by us, so that nothing of the script's
own making (links, devices, modes) reaches the judge's disk.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from qgate.domain.limits import Limits
from qgate.domain.work import Answer, Array, WorkOrder
from qgate.errors import MeasurementError
from qgate.worker.launch import run
from qgate.worker.sandbox import open_to_workers

KIND = "script"
_LINES, _CHARACTERS = 5, 200


@dataclass(frozen=True, kw_only=True)
class Remedied:
    """A copy of the worker's tree with what the script changed, and the sandbox that it ran in."""

    tree: Path
    changed: tuple[str, ...]
    sandbox: Mapping[str, Any]


@contextmanager
def remedied_tree(tree: Path, script: str, limits: Limits) -> Iterator[Remedied]:
    """The copy, for as long as it is asked for.

    Raises:
        MeasurementError: the script could not be run, ended with another exit code than 0, or changed no file.
    """
    (said,) = run([WorkOrder(kind=KIND, value={"run": script})], tree, limits)
    try:
        files, removed = _changes(said, script)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise MeasurementError(f"{script}: the worker's answer is malformed: {type(error).__name__}: {error}") from error
    with TemporaryDirectory(prefix="qgate-remedied-") as scratch:
        copy = Path(scratch)
        shutil.copytree(tree, copy, symlinks=True, dirs_exist_ok=True)
        open_to_workers(copy)
        try:
            _take_over(copy, files, removed)
        except OSError as error:
            raise MeasurementError(f"what {script} changed cannot be taken over: {error.strerror}") from error
        changed = tuple(sorted({*files, *removed}))
        yield Remedied(tree=copy, changed=changed, sandbox=said.sandbox)


def _changes(said: Answer, script: str) -> tuple[dict[str, tuple[Array, bool]], list[str]]:
    """Files by path with their bytes and whether they are executable; and the paths of those that are gone."""
    if said.error is not None:
        raise MeasurementError(f"{script} could not be run: {said.error}")
    code = int(said.value["code"])
    if code != 0:
        lines = [str(line)[:_CHARACTERS] for line in said.value["last"][-_LINES:]]
        raise MeasurementError(f"{script} {_ended(code)}: {' | '.join(lines) or 'it printed nothing'}")
    files = {
        _safe(file["path"]): (_bytes(said.arrays[f"file/{number}"]), file["executable"] is True)
        for number, file in enumerate(said.value["files"])
    }
    removed = [_safe(path) for path in said.value["removed"]]
    if not files and not removed:
        raise MeasurementError(f"{script} changed no file of the repository, so that there is nothing to measure again")
    return files, removed


def _ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _bytes(array: Array) -> Array:
    if array.dtype != np.uint8 or array.ndim != 1:
        raise TypeError("a file is not an array of bytes")
    return array


def _safe(path: str) -> str:
    """A path below the tree, as it is written in a commit.

    Raises:
        ValueError: it would leave the tree, or is git's own.
    """
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or str(pure) != path or "\0" in path:
        raise ValueError(f"the path {path!r} is not one of a repository")
    if any(part == ".." or part.lower() == ".git" for part in pure.parts):
        raise ValueError(f"the path {path!r} leaves the repository")
    return path


def _take_over(copy: Path, files: Mapping[str, tuple[Array, bool]], removed: list[str]) -> None:
    for path in removed:
        _no_link_on_the_way(copy, path)
        (copy / path).unlink(missing_ok=True)
    for path, (content, executable) in files.items():
        _no_link_on_the_way(copy, path)
        file = copy / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_symlink():
            file.unlink()
        file.write_bytes(content.tobytes())
        file.chmod(0o755 if executable else 0o644)


def _no_link_on_the_way(copy: Path, path: str) -> None:
    """A link of the repository may lead anywhere inside it, and written through it a file would be another one."""
    on_the_way = [copy / parent for parent in PurePosixPath(path).parents]
    if any(parent.is_symlink() for parent in on_the_way if parent != copy):
        raise NotADirectoryError(20, f"{path} lies behind a symbolic link")
