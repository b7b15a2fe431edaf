"""What the Python files of a repository define, read from their syntax: top-level functions and classes, and what each uses.

No code of the repository is executed. Names are dotted (`triage.circuit.circuit`), as they would be after the imports.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from qgate.changes.imports import ROOTS
from qgate.changes.python_source import parse, python_text, read_source

NOT_SERVED = frozenset({"tests", "test", "docs", "benchmarks", "conftest.py", "setup.py", "noxfile.py"})
_MOST_HOPS = 20  # re-exports that are followed: a cycle of them must end
Syntax = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True, kw_only=True, eq=False)
class Definition:
    """One top-level name of a module: where it stands, its syntax, and every dotted name that it uses."""

    module: str
    name: str
    path: str
    syntax: Syntax
    uses: frozenset[str]

    @property
    def entrypoint(self) -> str:
        """As a charter writes it."""
        return f"{self.module}:{self.name}"

    @property
    def place(self) -> str:
        """File and line, for people."""
        return f"{self.path}:{self.syntax.lineno}"

    @property
    def public(self) -> bool:
        """Whether others are meant to use it."""
        return not self.name.startswith("_")


class Definitions:
    """Every top-level definition of the given files of `root`, by dotted name."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self._aliases: dict[str, Mapping[str, str]] = {}
        self._found: dict[str, Definition] = {}
        for path in paths:
            module = module_name(path)
            source = read_source(root, path) if module else None
            tree = parse(python_text(path, source)) if source is not None else None
            if module and tree:
                self._read(module, path, tree)

    def __iter__(self) -> Iterator[Definition]:
        """In the order of files and lines."""
        return iter(self._found.values())

    def find(self, entrypoint: str) -> Definition | None:
        """The definition that `package.module:name` means, also where the module only imports it."""
        return self._found.get(self.resolve(entrypoint.replace(":", ".")))

    def holds_module(self, module: str) -> bool:
        """Whether the module is one of the files."""
        return module in self._aliases

    def names(self, definition: Definition) -> Mapping[str, str]:
        """What the names in the definition's module mean, as dotted names."""
        return self._aliases[definition.module]

    def resolve(self, dotted: str) -> str:
        """The name under which something is defined, after following the modules that import it from elsewhere."""
        for _ in range(_MOST_HOPS):
            module, name = self._split(dotted)
            target = self._aliases.get(module, {}).get(name.partition(".")[0])
            rest = name.partition(".")[2]
            moved = f"{target}.{rest}".rstrip(".") if target else dotted
            if moved == dotted:
                break
            dotted = moved
        return dotted

    def reached(self, definition: Definition) -> frozenset[str]:
        """Every dotted name that the definition uses, itself or through other definitions of the repository."""
        seen: set[str] = set()
        waiting = list(definition.uses)
        while waiting:
            name = self.resolve(waiting.pop())
            if name not in seen:
                seen.add(name)
                owner = self._found.get(name) or self._found.get(name.rpartition(".")[0])
                waiting += owner.uses if owner else ()
        return frozenset(seen)

    def dotted(self, definition: Definition) -> str:
        """The definition's own dotted name."""
        return f"{definition.module}.{definition.name}"

    def _split(self, dotted: str) -> tuple[str, str]:
        """The longest module that the name begins with, and the rest."""
        parts = dotted.split(".")
        for length in range(len(parts) - 1, 0, -1):
            if (module := ".".join(parts[:length])) in self._aliases:
                return module, ".".join(parts[length:])
        return "", dotted

    def _read(self, module: str, path: str, tree: ast.Module) -> None:
        package = module if path.endswith("/__init__.py") else module.rpartition(".")[0]
        aliases = _imports(tree, package)
        local = {name: f"{module}.{name}" for node in tree.body for name in _defined(node)}
        self._aliases[module] = aliases | local
        for node in tree.body:
            for name in _defined(node):
                if isinstance(node, Syntax):
                    uses = frozenset(_used(node, aliases | local)) - {f"{module}.{name}"}
                    definition = Definition(module=module, name=name, path=path, syntax=node, uses=uses)
                    self._found.setdefault(f"{module}.{name}", definition)


def module_name(path: str) -> str | None:
    """The module that a file is where the worker looks for modules; None for one that serves nobody, or cannot be imported."""
    pure = PurePosixPath(path)
    if pure.suffix != ".py" or NOT_SERVED & set(pure.parts) or pure.name.startswith("test_"):
        return None
    parts = pure.with_suffix("").parts
    if parts[0] in ROOTS and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def dotted_name(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """The dotted name that `a`, `a.b` or `a.b.c` means; None for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _imports(tree: ast.Module, package: str) -> dict[str, str]:
    """Local name to dotted name, for every import statement of the file."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names |= {alias.asname: alias.name} if alias.asname else {top: top}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names |= {alias.asname or alias.name: f"{base}.{alias.name}".lstrip(".") for alias in node.names}
    return names


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    start = parts[: len(parts) - (node.level - 1)]
    return ".".join([*start, *([node.module] if node.module else [])])


def _used(node: ast.AST, names: Mapping[str, str]) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Attribute | ast.Name) and (name := dotted_name(child, names)):
            yield name


class Signature:
    """The parameters of a function, or of a class's `__init__` without `self`."""

    def __init__(self, syntax: Syntax) -> None:
        self._arguments = _arguments(syntax)
        self._skip = 1 if isinstance(syntax, ast.ClassDef) else 0

    @cached_property
    def positional(self) -> tuple[str, ...]:
        """Names that may be given by position."""
        found = self._arguments
        return tuple(a.arg for a in (*found.posonlyargs, *found.args))[self._skip :] if found else ()

    @cached_property
    def names(self) -> frozenset[str]:
        """Names that may be given by name."""
        found = self._arguments
        return frozenset(a.arg for a in (*found.args[self._skip :], *found.kwonlyargs)) if found else frozenset()

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names without a default."""
        if self._arguments is None:
            return ()
        found = self._arguments
        plain = self.positional[: len(self.positional) - len(found.defaults)]
        return (*plain, *(a.arg for a, default in zip(found.kwonlyargs, found.kw_defaults, strict=True) if default is None))


def _arguments(syntax: Syntax) -> ast.arguments | None:
    if isinstance(syntax, ast.ClassDef):
        own = (node for node in syntax.body if isinstance(node, ast.FunctionDef) and node.name == "__init__")
        return next((node.args for node in own), None)
    return syntax.args if isinstance(syntax, ast.FunctionDef | ast.AsyncFunctionDef) else None
