"""The import graph: which file of the head needs which, from one run of `ruff analyze graph` and what ruff leaves out.

Ruff resolves statements: absolute and relative, src layouts, namespace packages, notebooks, stubs. Added here, because Python
does it too: the `__init__.py` of every parent package, calls of `import_module`, `"package.module:callable"` strings, submodules
named by `__all__`, links to a file's other name, and the other answers where several projects of a monorepo use one module name.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

from qgate.changes.python_source import Dynamic, Imported, dynamic_imports, imported_modules, parse, python_text, read_source
from qgate.changes.ruff import RuffError, analyse

# What the worker puts on `sys.path`, in this order; other roots are found from the packages themselves.
ROOTS = ("", "src")

# Only a file that mentions one of these is parsed here: parsing is what would take the time.
_DYNAMIC = re.compile(rb"""import_module|__import__|\bsys\.path\b|["'][A-Za-z_][\w.]*:[A-Za-z_][\w.]*["']""")


class ImportGraph:
    """The imports of the files below `root`, an absolute directory without links in its own path.

    Ruff runs when the first question needs it. Paths are relative to `root`, with `/`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sources: dict[str, bytes | None] = {}
        self._trees: dict[str, ast.Module | None] = {}
        self._dynamics: dict[str, Dynamic] = {}
        self._real_directories: dict[str, str] = {}
        self._some_unparsed = False
        self._failure: str | None = None

    @property
    def failure(self) -> str | None:
        """Why ruff could not read the tree; None where it could."""
        return self._failure if self._statements is not None else None

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The directories that imports start from: the root itself, `src`, and the parent of every top-level package."""
        packages = {_parent(path) for path in self._statements if path.endswith("/__init__.py")}
        return (*ROOTS, *sorted({_parent(p) for p in packages if _parent(p) not in packages} - set(ROOTS)))

    def source(self, path: str) -> bytes | None:
        """The bytes of a file; None where it cannot be read."""
        if path not in self._sources:
            self._sources[path] = read_source(self.root, path)
        return self._sources[path]

    def plain_entry_files(self, module: str) -> list[str]:
        """The files that a charter's module is, where the worker would find it: answered without ruff."""
        paths = (_join(root, name) for root in ROOTS for name in _module_names(module.replace(".", "/")))
        return [path for path in paths if (self.root / path).is_file()]

    def entry_files(self, module: str) -> list[str]:
        """The files that a charter's module may be: the plain ones, else under another root, else where a path ends like it."""
        if plain := self.plain_entry_files(module):
            return plain
        names = _module_names(module.replace(".", "/"))
        under_a_root = self._existing(_join(root, name) for root in self.roots for name in names)
        return under_a_root or sorted(path for path in self._statements if path.endswith(tuple(f"/{name}" for name in names)))

    def dependencies(self, paths: Sequence[str]) -> dict[str, list[str]]:
        """For each of the files, the files that importing it may execute, sorted."""
        # Ruff's walk leaves out what git ignores (though it be tracked), `venv`, `dist` and their like; Python does not.
        if missing := [path for path in paths if path not in self._statements]:
            self._run(missing, self._statements)
        return {path: sorted(set(self._dependencies(path)) - {path}) for path in paths}

    def unknown(self, path: str) -> str | None:
        """Why the imports of a file cannot be known in full; None where they are."""
        if self.source(path) is None:
            return "cannot be read"
        if self._some_unparsed and not self._statements.get(path) and self._tree(path) is None:
            return "cannot be parsed"
        return self._dynamic(path).unknown

    def module_stems(self, path: str) -> set[str]:
        """The modules that a file's imports could mean, as paths without suffix: for those that the graph cannot hold."""
        tree = self._tree(path)
        imported = (*(imported_modules(tree) if tree else ()), *self._dynamic(path).modules)
        return {stem for found in imported for stem in self._stems(path, found)}

    def package_stems(self, path: str) -> set[str]:
        """The packages, as paths, of which a file may import any module."""
        return {stem for found in self._dynamic(path).packages for stem in self._stems(path, found)}

    @cached_property
    def _statements(self) -> dict[str, list[str]]:
        statements: dict[str, list[str]] = {}
        self._run((), statements)
        return statements

    def _run(self, paths: Sequence[str], statements: dict[str, list[str]]) -> None:
        try:
            answer = analyse(self.root, paths)
        except RuffError as error:
            self._failure = str(error)
        else:
            statements.update(answer.imports)
            self._some_unparsed |= answer.some_unparsed

    def _dependencies(self, path: str) -> Iterator[str]:
        for imported in self._imports(path):
            yield from self._namesakes(path, imported)
        yield from self._existing(f"{ancestor}/__init__.py" if ancestor else "__init__.py" for ancestor in ancestors(path))
        dynamic = self._dynamic(path)
        for found in dynamic.modules:
            yield from self._existing(name for stem in self._stems(path, found) for name in _module_names(stem))
        for found in dynamic.packages:
            directories = tuple(f"{stem}/" for stem in self._stems(path, found))
            yield from (known for known in self._statements if known.startswith(directories))
        if other := self._real_name(path):
            yield other

    def _imports(self, path: str) -> Iterable[str]:
        """The files that a file's statements import: ruff's answer, or our own for a file that ruff cannot decode."""
        if path in self._statements:
            return self._statements[path]
        tree = self._tree(path)
        imported = imported_modules(tree) if tree else ()
        return self._existing(name for found in imported for stem in self._stems(path, found) for name in _module_names(stem))

    def _namesakes(self, path: str, imported: str) -> list[str]:
        """The file that an import means: the importer's own project's, else every one of that name in the tree.

        `services/a/app/main.py` and `services/b/app/main.py` both say `import app.x`; ruff gives both the same `app/x.py`, and
        not the same one in every run (0.17), so that its choice among namesakes is no answer.
        """
        root = max((root for root in self.roots if imported.startswith(_join(root, ""))), key=len)
        if root in ROOTS or path.startswith(f"{root}/"):
            return [imported]
        name = imported.removeprefix(f"{root}/")
        own = self._existing(_join(start, name) for start in (*ancestors(path), *ROOTS))
        return own or self._existing(_join(other, name) for other in self.roots)

    def _stems(self, path: str, found: Imported) -> list[str]:
        tail = found.module.replace(".", "/")
        if found.level:
            base = _parent(path)
            for _ in range(found.level - 1):
                base = _parent(base)
            return [_join(base, tail).rstrip("/")]
        return [_join(root, tail) for root in dict.fromkeys((*self.roots, *ancestors(path)))]

    def _real_name(self, path: str) -> str | None:
        """The file's path without links, where that is another one inside the tree."""
        directory = _parent(path)
        if directory not in self._real_directories:
            self._real_directories[directory] = os.path.realpath(self.root / directory)
        full = f"{self._real_directories[directory]}/{path.rpartition('/')[2]}"
        real = Path(os.path.realpath(full))
        other = str(real.relative_to(self.root)) if real.is_relative_to(self.root) else path
        return other if other != path else None

    def _existing(self, paths: Iterable[str]) -> list[str]:
        return [path for path in dict.fromkeys(paths) if path in self._statements or (self.root / path).is_file()]

    def _tree(self, path: str) -> ast.Module | None:
        if path not in self._trees:
            self._trees[path] = parse(python_text(path, self.source(path) or b""))
        return self._trees[path]

    def _dynamic(self, path: str) -> Dynamic:
        if path not in self._dynamics:
            source = self.source(path) or b""
            package = path.endswith("__init__.py") and b"__all__" in source
            tree = self._tree(path) if package or _DYNAMIC.search(source) else None
            self._dynamics[path] = dynamic_imports(tree, package=package) if tree else Dynamic()
        return self._dynamics[path]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def ancestors(path: str) -> Iterator[str]:
    """The directories above a path, the nearest first, the root ("") last."""
    while path:
        path = _parent(path)
        yield path


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _module_names(stem: str) -> tuple[str, str]:
    return (f"{stem}/__init__.py", f"{stem}.py")
