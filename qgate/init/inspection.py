"""What a repository holds that a charter needs, and where each thing was seen."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgate.changes.git import Repository
from qgate.changes.python_source import read_source
from qgate.errors import GitError
from qgate.init.data_files import FoundData, find_data, find_weights
from qgate.init.definitions import Definitions
from qgate.init.executables import executables
from qgate.init.models import Model, baselines, candidates

_LOCKFILES = ("requirements.lock", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_REQUIREMENTS = re.compile(r"(requirements/)?[\w.-]*requirements[\w.-]*\.txt|requirements/[\w.-]+\.(txt|lock)")
_CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_DEFAULT_BRANCH = "main"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A value and where it comes from."""

    value: str
    source: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Inspection:
    """Everything that was seen below the working directory; nothing of it has been chosen."""

    root: Path
    files: tuple[str, ...]
    definitions: Definitions
    candidates: tuple[Model, ...]
    baselines: tuple[Model, ...]
    data: tuple[FoundData, ...]
    weights: tuple[str, ...]
    lockfiles: tuple[str, ...]
    name: Seen
    owner: Seen | None
    branch: Seen


def inspect(repository: Repository, prefix: str, *, target: str | None) -> Inspection:
    """Looks through the work tree's files below `prefix`: tracked, or untracked and not ignored."""
    root = repository.root / prefix
    start = f"{prefix}/" if prefix else ""
    inside = (path.removeprefix(start) for path in repository.work_tree_files() if path.startswith(start))
    files = tuple(path for path in inside if _can_be_named(path) and (root / path).is_file())
    definitions = Definitions(root, files)
    return Inspection(
        root=root,
        files=files,
        definitions=definitions,
        candidates=(*candidates(definitions), *executables(root, files)),
        baselines=baselines(definitions),
        data=find_data(root, files, target),
        weights=find_weights(root, files),
        lockfiles=_lockfiles(root, files),
        name=_name(root),
        owner=_owner(repository.root),
        branch=_branch(repository),
    )


def _can_be_named(path: str) -> bool:
    """Whether a charter can hold the path (it is text), and the file is no part of the gate itself."""
    return path.isprintable() and not path.startswith(".qgate/")


def _lockfiles(root: Path, files: Sequence[str]) -> tuple[str, ...]:
    """Lockfiles, the surest first; a list of requirements is one when it pins hashes."""
    hashed = [path for path in files if _REQUIREMENTS.fullmatch(path) and b"--hash=" in (read_source(root, path) or b"")]
    return (*(name for name in _LOCKFILES if name in files), *hashed)


def _name(root: Path) -> Seen:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
        source = "pyproject.toml"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError):
        project, source = root.name, "the directory's name"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", str(project)).strip("._-")[:64]
    return Seen(value=plain or "pilot", source=source)


def _owner(root: Path) -> Seen | None:
    """The first owner of everything, by the last rule of CODEOWNERS that says so."""
    for path in _CODEOWNERS:
        text = (read_source(root, path) or b"").decode("utf-8", "replace")
        rules = [line.split("#")[0].split() for line in text.splitlines()]
        owners = [rule[1] for rule in rules if len(rule) > 1 and rule[0] == "*"]
        if owners:
            return Seen(value=owners[-1], source=path)
    return None


def _branch(repository: Repository) -> Seen:
    try:
        return Seen(value=re.sub(r"refs/(heads|remotes/[^/]+)/", "", repository.default_branch(), count=1), source="git")
    except GitError:
        return Seen(value=_DEFAULT_BRANCH, source="git does not tell the default branch")
