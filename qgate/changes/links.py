"""How a changed file reaches a closure that does not hold it: what the head's import graph has no node for."""

import re
from collections.abc import Iterator
from functools import cached_property

from qgate.changes.closure import Closure
from qgate.changes.imports import ImportGraph
from qgate.changes.python_source import is_python
from qgate.domain.change import ChangedFile, FileStatus

# Modules that are no Python text; `kernel.cpython-313-x86_64-linux-gnu.so` is the module `kernel`.
_COMPILED = (".so", ".pyd", ".pyx", ".pxd", ".pyc")

# Overlapping on purpose: which of two quotes opens a string is not known without parsing.
_STRING = re.compile(rb"""["'](?=([^"'\n]{1,300})["'])""")
_UPWARDS = re.compile(r"\A(?:\.{0,2}/)+")


class Links:
    """The ways into one closure from outside the graph."""

    def __init__(self, graph: ImportGraph, closure: Closure) -> None:
        self._graph = graph
        self._files = tuple(closure.importers)

    def importer(self, file: ChangedFile) -> str | None:
        """The file of the closure that needs `file`; None where none does, as far as can be known."""
        return self._beneath(file.path) or self._by_module(file) or self._by_name(file.path)

    @cached_property
    def unknown(self) -> tuple[str, str] | None:
        """The first file whose imports cannot be known, and why: any Python file may be one of them."""
        reasons = ((path, self._graph.unknown(path)) for path in self._files)
        return next(((path, reason) for path, reason in reasons if reason), None)

    def _beneath(self, path: str) -> str | None:
        """A file below the path: the path is a submodule, or a link to a directory."""
        return next((known for known in self._files if known.startswith(f"{path}/")), None)

    def _by_module(self, file: ChangedFile) -> str | None:
        """An import that names the file's module: it was deleted, or is compiled, so the head's graph does not resolve it."""
        deleted = file.status == FileStatus.DELETED and is_python(file.path)
        compiled = file.path.endswith(_COMPILED) and "/__pycache__/" not in f"/{file.path}"
        stem = _stem(file.path)
        if not stem or not (deleted or compiled):
            return None
        return next((path for path in self._files if self._imports(path, stem)), None)

    def _imports(self, path: str, stem: str) -> bool:
        if path.startswith(f"{stem}/"):
            return True  # The stem is a package, and importing a module executes the packages above it.
        if any(stem.startswith(f"{package}/") for package in self._graph.package_stems(path)):
            return True
        # Parsing is dear: a file that does not hold the module's name does not import it.
        name = stem.rpartition("/")[2].encode("utf-8", "surrogateescape")
        if name not in (self._graph.source(path) or b""):
            return False
        return any(f"{module}/".startswith(f"{stem}/") for module in self._graph.module_stems(path))

    def _by_name(self, path: str) -> str | None:
        """A file that holds the path, or the end of it, as a string: a table it reads, a script it runs."""
        directory, _, name = path.rpartition("/")
        for known, string in self._strings_by_name.get(name, ()):
            if "/" in string:
                named = f"/{path}".endswith(f"/{string}")
            else:
                beside = directory in {"", known.rpartition("/")[0]}
                named = beside or self._holds(known, directory.rpartition("/")[2])
            if named:
                return known
        return None

    def _holds(self, path: str, string: str) -> bool:
        """Whether a file holds a string of its own that is exactly this (`Path("tables") / "angles.json"`)."""
        return any(found == string for found in _strings(self._graph.source(path) or b""))

    @cached_property
    def _strings_by_name(self) -> dict[str, list[tuple[str, str]]]:
        """For each file name in a string, the files of the closure that hold it, with the string as a relative path."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path in self._files:
            for string in _strings(self._graph.source(path) or b""):
                name = string.rpartition("/")[2]
                if "." in name:
                    found.setdefault(name, []).append((path, string))
        return found


def _strings(source: bytes) -> Iterator[str]:
    for string in dict.fromkeys(_STRING.findall(source)):
        yield _UPWARDS.sub("", string.decode("utf-8", "surrogateescape"))


def _stem(path: str) -> str:
    """A module's path without suffix; a package's is its directory, and the root's own `__init__.py` has none."""
    directory, slash, name = path.rpartition("/")
    module = name.partition(".")[0]
    return directory if module == "__init__" else f"{directory}{slash}{module}"
