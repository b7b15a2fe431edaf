"""What a pilot is made of, as one digest: the code that it imports and the files that its charter names, whatever the commit."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from qgate.changes.closure import closure_of
from qgate.changes.declared import command, declared_files, entrypoints
from qgate.changes.imports import ImportGraph
from qgate.changes.python_source import entrypoint_module
from qgate.domain.charter import Charter

# The charter has a digest of its own beside this one, and the lock says nothing of the candidate.
_APART = frozenset({"charter", "lock"})


def content_digest(root: Path, charter: Charter) -> str:
    """SHA-256 (hex) of the pilot's files below `root`, by path and content. An amended or empty commit leaves it as it is.

    What code reads or imports without the import graph's knowledge is no part of it: another content then has the same digest.
    """
    parts = [_entry(root, path) for path in sorted(set(_files(root, charter)))]
    return hashlib.sha256(b"".join(part for part in parts if part is not None)).hexdigest()


def _files(root: Path, charter: Charter) -> Iterator[str]:
    yield from (path for path, role in declared_files(charter).items() if role not in _APART)
    graph = ImportGraph(Path(os.path.realpath(root)))
    executable = command(charter)
    for end, names in entrypoints(charter).items():
        entries = [file for name in names if (module := entrypoint_module(name)) for file in graph.entry_files(module)]
        entries += [executable] if executable and end == "candidate" and executable.endswith(".py") else []
        yield from closure_of(graph, entries, end).importers


def _entry(root: Path, path: str) -> bytes | None:
    """A file's path and digest; None where there is none, or only a link out of the tree."""
    full = (root / path).resolve()
    if not full.is_relative_to(root.resolve()) or not full.is_file():
        return None
    name = path.encode("utf-8", "surrogateescape")
    return len(name).to_bytes(8, "little") + name + hashlib.sha256(full.read_bytes()).digest()
