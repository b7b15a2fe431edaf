"""The run directory in a workspace that belongs to somebody else: made empty, written as root, handed back.

The pull request chose what lies in the workspace: a link in place of the directory, or of a file in it, would let root write
wherever it points, and a committed `verdict.json` would outlive a run that broke off.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from qgate.errors import UsageError

# What `qgate.pipeline.run_directory` writes: by it a run directory is known.
_SIGN, _SIGN_CONTENT = ".gitignore", b"*\n"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A user and a group by their numbers."""

    uid: int
    gid: int


def owner_of(path: Path) -> Owner:
    """Who owns a file or directory."""
    status = path.stat()
    return Owner(uid=status.st_uid, gid=status.st_gid)


def inside(directory: Path, relative: str, name: str) -> Path:
    """`directory / relative`, with no symbolic link on the way; `directory` has none itself.

    Raises:
        UsageError: a link is on the way.
    """
    path = directory / relative
    if path.resolve() != path:
        raise UsageError(f"the input `{name}` leads through a symbolic link: {relative}\n  fix: name a directory of its own")
    return path


def make_empty(out: Path, owner: Owner) -> None:
    """An empty directory at `out`, with its parents, all the owner's; an earlier run's is emptied.

    Raises:
        UsageError: something else is there.
    """
    if out.exists():
        _refuse_foreign(out)
        shutil.rmtree(out)
    for directory in (*reversed(out.parents), out):
        if not directory.exists():
            directory.mkdir()
            _give(directory, owner)


def check_handed_over(out: Path) -> None:
    """Whether `out` is a directory of plain files, as an earlier step or job measured it.

    Raises:
        UsageError: it is missing, or holds a link.
    """
    if not out.is_dir():
        raise UsageError(
            f"there is no run directory {out}\n  fix: measure first (`mode: measure`), and hand its directory over as an artifact"
        )
    links = [path for path in out.rglob("*") if path.is_symlink()]
    if links:
        raise UsageError(f"the run directory holds a symbolic link: {links[0]}\n  fix: hand over what `mode: measure` wrote")


def hand_back(out: Path, owner: Owner) -> None:
    """Give the directory and all below it to the owner; links are given themselves, never what they point to."""
    if not out.is_dir():
        return
    for top, directories, files in os.walk(out):
        for name in (".", *directories, *files):
            _give(Path(top, name), owner)


def _refuse_foreign(out: Path) -> None:
    sign = out / _SIGN
    if not out.is_dir() or (any(out.iterdir()) and not (_is_plain(sign) and sign.read_bytes() == _SIGN_CONTENT)):
        raise UsageError(f"the run directory {out} holds files that qgate did not write\n  fix: name another in the input `out`")


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _give(path: Path, owner: Owner) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
