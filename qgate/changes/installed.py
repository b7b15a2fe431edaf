"""Whether a charter's module is an installed library (`sklearn.svm:SVC` as a baseline) and no code of the repository."""

import importlib.util
import sys
from pathlib import Path

from qgate.domain.change import Change, FileStatus


def is_installed(root: Path, module: str, change: Change) -> bool:
    """Whether the module belongs to the standard library or to a package that is installed beside qgate.

    Only asked when `root` holds no such file. A module that the change deletes is the repository's, even where a copy of the
    project is installed; so is one whose top-level directory is still there.
    """
    tail = module.replace(".", "/")
    deleted = tuple(f"/{name}" for name in (f"{tail}.py", f"{tail}/__init__.py"))
    if any(f"/{file.path}".endswith(deleted) for file in change.files if file.status == FileStatus.DELETED):
        return False
    top = module.partition(".")[0]
    if any((root / place / top).exists() for place in ("", "src")):
        return False
    return top in sys.stdlib_module_names or _in_site_packages(top)


def _in_site_packages(top: str) -> bool:
    try:
        found = importlib.util.find_spec(top)  # Of a top-level name: finds, and imports nothing.
    except (ImportError, ValueError):
        return False
    parts = Path(found.origin).parts if found and found.origin else ()
    return "site-packages" in parts or "dist-packages" in parts
