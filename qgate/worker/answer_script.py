"""Answers a `script` order: runs a file of the tree in a writable copy of it, and tells what that changed.

The tree itself stays as it is, and the copy ends with the worker. The script gets no argument, no input and no shell of ours.
"""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np

from qgate.domain.work import WorkOrder

_LAST_LINES, _LAST_BYTES = 5, 4096
_CACHE = "__pycache__"


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The exit code, the last lines printed, and the files that were written (`file/<number>`, uint8) or removed."""
    path = order.value["run"]
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "tree")
        copytree(Path.cwd(), copy, symlinks=True)
        code, last = _run(copy, path, Path(scratch, "printed"))
        if code != 0:
            return {"code": code, "last": last, "files": [], "removed": []}, {}
        written, arrays = [], {}
        for number, name in enumerate(_written(Path.cwd(), copy)):
            written.append({"path": name, "executable": _is_executable(copy / name)})
            arrays[f"file/{number}"] = np.frombuffer((copy / name).read_bytes(), dtype=np.uint8)
        removed = [name for name in _files(Path.cwd()) if not os.path.lexists(copy / name)]
    return {"code": 0, "last": last, "files": written, "removed": removed}, arrays


def _run(copy: Path, path: str, printed: Path) -> tuple[int, list[str]]:
    """A Python file needs no executable bit. What it prints goes to a file, which the limits bound."""
    script = copy / path
    if not script.is_file() or not script.resolve().is_relative_to(copy.resolve()):
        raise FileNotFoundError(f"{path} is no file of the head commit")
    if script.suffix != ".py" and not _is_executable(script):
        raise PermissionError(f"{path} is not executable: `git update-index --chmod=+x {path}`")
    command = [sys.executable, str(script)] if script.suffix == ".py" else [str(script)]
    with printed.open("wb") as output:
        done = subprocess.run(command, cwd=copy, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False)
    return done.returncode, _last_lines(printed)


def _last_lines(printed: Path) -> list[str]:
    with printed.open("rb") as file:
        file.seek(max(0, printed.stat().st_size - _LAST_BYTES))
        return file.read().decode(errors="replace").strip().splitlines()[-_LAST_LINES:]


def _written(tree: Path, copy: Path) -> list[str]:
    """Files of the copy that the tree does not have as they are.

    Raises:
        OSError: something else than a file was made.
    """
    changed = [name for name in _files(copy) if not _is_same(tree / name, copy / name)]
    odd = next((name for name in changed if not stat.S_ISREG((copy / name).lstat().st_mode)), None)
    if odd is not None:
        raise OSError(f"it made or changed {odd}, which is no regular file: only files are taken over")
    return changed


def _files(root: Path) -> Iterator[str]:
    """Everything below `root` but directories, by relative path; what Python caches is nobody's change."""
    for top, directories, files in os.walk(root):
        links = [name for name in directories if Path(top, name).is_symlink()]
        directories[:] = sorted(name for name in directories if name != _CACHE)
        for name in sorted([*files, *links]):
            yield str(Path(top, name).relative_to(root))


def _is_same(before: Path, after: Path) -> bool:
    if after.is_symlink() or before.is_symlink():
        return after.is_symlink() and before.is_symlink() and after.readlink() == before.readlink()
    if not before.is_file() or not after.is_file() or _is_executable(before) != _is_executable(after):
        return False
    return before.stat().st_size == after.stat().st_size and before.read_bytes() == after.read_bytes()


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
