"""Files that a workflow fetched before it gates the default branch as it is: a calibration of this morning, an archive's data.

A commit is gated by its own files. Only where every pilot is gated on the default branch (a schedule, a manual run) does the
workspace come first, for declared calibration and data alone: that workflow's own steps put them there, and no pull request has
a say.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from filecmp import cmp
from pathlib import Path

from qgate.domain.calibration import JUDGED, snapshots
from qgate.domain.charter import Charter


def fetched_paths(charters: Iterable[Charter]) -> Iterator[str]:
    """What a workflow may bring: the judged calibration snapshot and the data sets, relative to the working directory."""
    for charter in charters:
        yield from (path for key, path in snapshots(charter.sections.get("noise", {})) if key == JUDGED)
        yield from (data.path for data in charter.data.values())


def take_fetched(workspace: Path, tree: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """Copy those of `paths` that the workspace has otherwise than `tree` into `tree`, a copy of the commit; which they were.

    A link, or a path through one, is not taken: it could lead anywhere.
    """
    return tuple(path for path in dict.fromkeys(paths) if _taken(workspace, tree, path))


def _taken(workspace: Path, tree: Path, path: str) -> bool:
    source, target = workspace / path, tree / path
    if not source.is_file() or not _is_plain(workspace, path) or not _is_plain(tree, path):
        return False
    if target.is_file() and cmp(source, target, shallow=False):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)
    return True


def _is_plain(root: Path, path: str) -> bool:
    """Whether the path has no link on its way, and does not leave `root`."""
    return os.path.realpath(root / path) == os.path.normpath(os.path.join(os.path.realpath(root), path))  # noqa: PTH118 -- Path keeps `..`
