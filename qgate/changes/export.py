"""A clean copy of a commit's files: what the pull request's code is run from.

The bytes are the blobs themselves. `git archive` and `git checkout-index` would ask the pull request's own `.gitattributes` first
(`export-ignore`, `export-subst`, `ident`, `eol`, filters), and so run something else than was reviewed.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from qgate.changes.git import EXECUTABLE, SUBMODULE, SYMLINK, Repository, TreeEntry
from qgate.changes.git_command import environment
from qgate.errors import GitError

_CHUNK = 1 << 20
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def export_tree(repository: Repository, commit: str | None, destination: Path, *, leave_out: Collection[str]) -> None:
    """Write the files of a commit (None: of the work tree) under `destination`, an empty or absent directory.

    Left out: `.git`, submodules, the paths of `leave_out` (files, or directories with all below, also where a link leads to
    them), and every symbolic link that leads outside the copy. Nothing is converted; an LFS pointer stays a pointer.

    Raises:
        GitError: the commit is not here, or its tree names a path that would leave the copy.
    """
    root = destination.resolve()
    root.mkdir(parents=True, exist_ok=True)
    unwanted = {os.path.normpath(path) for path in leave_out}
    links = _copy_work_tree(repository, root, unwanted) if commit is None else _write_commit(repository, commit, root, unwanted)
    _make_links(root, links)
    for path in unwanted:
        _remove_target(root, path)


def leads_outside(root: Path, path: str, target: str) -> bool:
    """Whether a symbolic link at `path` under `root`, with this target, leads out of `root` (or into its `.git`)."""
    real = Path(os.path.realpath((root / path).parent / target))  # Path.resolve() raises on a loop of links
    return target.startswith("/") or not real.is_relative_to(root) or real.relative_to(root).parts[:1] == (".git",)


def _wanted(path: str, unwanted: Collection[str]) -> bool:
    parents = path.split("/")
    return not any("/".join(parents[:i]) in unwanted for i in range(1, len(parents) + 1))


def _write_commit(repository: Repository, commit: str, root: Path, unwanted: Collection[str]) -> list[tuple[str, str]]:
    """Write the blobs; give back the symbolic links, as (path, target), for when all files are there."""
    entries = [e for e in repository.entries(commit) if e.mode != SUBMODULE and _wanted(e.path, unwanted)]
    _refuse_unsafe(entry.path for entry in entries)
    _make_directories(root, (entry.path for entry in entries))
    links = []
    for entry, size, stream in _blobs(repository, entries):
        if entry.mode == SYMLINK:
            links.append((entry.path, os.fsdecode(stream.read(size))))
        else:
            _write(root, entry, size, stream)
    return links


def _refuse_unsafe(paths: Iterable[str]) -> None:
    """A tree made by hand may name `..` or `.git`, which git itself would never check out."""
    for path in paths:
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in path.split("/")):
            raise GitError(
                f"the commit holds the unsafe path {path!r}\n  fix: rebuild the commit with git; `git fsck` names the tree"
            )


def _make_directories(root: Path, paths: Iterable[str]) -> None:
    for directory in sorted({path.rpartition("/")[0] for path in paths}):
        (root / directory).mkdir(parents=True, exist_ok=True)


def _blobs(repository: Repository, entries: Sequence[TreeEntry]) -> Iterator[tuple[TreeEntry, int, IO[bytes]]]:
    """Each entry with its size and a stream that stands at its first byte; the caller reads exactly `size` bytes."""
    with tempfile.TemporaryFile() as questions, tempfile.TemporaryFile() as complaints:
        questions.writelines(f"{entry.sha}\n".encode() for entry in entries)
        questions.seek(0)
        with subprocess.Popen(
            repository.git.command("cat-file", "--batch", "--buffer"),
            stdin=questions,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment(),
            cwd="/",
        ) as process:
            stream = process.stdout
            assert stream is not None  # noqa: S101 -- PIPE was asked for
            for entry in entries:
                answer = stream.readline().split()
                if len(answer) != 3 or answer[1] != b"blob":  # noqa: PLR2004 -- `<sha> blob <size>`
                    raise GitError(
                        f"git cannot read {entry.path!r} ({entry.sha})\n  fix: fetch the whole commit, without `filter`"
                    )
                yield entry, int(answer[2]), stream
                stream.read(1)


def _write(root: Path, entry: TreeEntry, size: int, stream: IO[bytes]) -> None:
    mode = 0o755 if entry.mode == EXECUTABLE else 0o644
    with os.fdopen(os.open(root / entry.path, _NEW_FILE, mode), "wb") as file:
        while size:
            chunk = stream.read(min(size, _CHUNK))
            if not chunk:
                raise GitError(f"git stopped in the middle of {entry.path!r}\n  fix: run `git fsck` in the repository")
            file.write(chunk)
            size -= len(chunk)


def _copy_work_tree(repository: Repository, root: Path, unwanted: Collection[str]) -> list[tuple[str, str]]:
    """Copy the regular files of the work tree; give back its symbolic links, as (path, target)."""
    source = repository.root
    paths = [p for p in repository.work_tree_files() if _wanted(p, unwanted) and _is_really_there(source, p)]
    _make_directories(root, paths)
    links = []
    for path in paths:
        original = source / path
        mode = original.lstat().st_mode
        if stat.S_ISLNK(mode):
            links.append((path, os.readlink(original)))  # noqa: PTH115 -- Path() would normalise the target
        elif stat.S_ISREG(mode):
            shutil.copyfile(original, root / path, follow_symlinks=False)
            (root / path).chmod(0o755 if mode & stat.S_IXUSR else 0o644)
    return links


def _is_really_there(source: Path, path: str) -> bool:
    """Whether the file is a file or link of the work tree itself: git may still track a path whose directory is now a link."""
    original = source / path
    return (original.is_symlink() or original.is_file()) and Path(os.path.realpath(original.parent)) == original.parent


def _make_links(root: Path, links: Sequence[tuple[str, str]]) -> None:
    """Create the links that stay inside. Two links may lead out together that each look harmless, so ask once all are there."""
    for path, target in links:
        os.symlink(target, root / path)  # noqa: PTH211 -- Path() would normalise the target
    for path, target in links:
        if leads_outside(root, path, target):
            (root / path).unlink()


def _remove_target(root: Path, path: str) -> None:
    """Remove what a path that was to be left out still reaches: a link on its way leads to the file under another name."""
    target = Path(os.path.realpath(root / path))
    if target != root and target.is_relative_to(root) and target.exists():
        shutil.rmtree(target) if target.is_dir() else target.unlink()
