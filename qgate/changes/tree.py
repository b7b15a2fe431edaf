"""A directory that holds the head's files: the work tree where it is the head, else a copy that goes away afterwards."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qgate.changes.export import export_tree, leads_outside
from qgate.changes.git import SYMLINK, Repository


@contextmanager
def head_tree(repository: Repository, commit: str | None) -> Iterator[Path]:
    """Yield a directory with the files of `commit`, or of the work tree where it is None. Nobody may write to it.

    Raises:
        GitError: the commit is not here.
    """
    if commit is None or (repository.is_clean_at(commit) and not _has_escaping_link(repository, commit)):
        yield repository.root
        return
    with tempfile.TemporaryDirectory(prefix="qgate-head-") as scratch:
        export_tree(repository, commit, Path(scratch), leave_out=())
        yield Path(scratch)


def _has_escaping_link(repository: Repository, commit: str) -> bool:
    """Whether a link of the commit leads outside: `module.py -> /dev/zero` would feed whoever reads the work tree's files."""
    root = repository.root
    links = [entry.path for entry in repository.entries(commit) if entry.mode == SYMLINK]
    return any(leads_outside(root, path, os.readlink(root / path)) for path in links)  # noqa: PTH115 -- Path() would normalise the target
