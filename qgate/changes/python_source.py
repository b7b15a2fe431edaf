"""What a Python file or notebook says about its imports, beyond what an import graph of plain statements can know."""

import ast
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A hostile file must not cost more than a glance; no module that a person wrote comes near.
_MAX_BYTES = 16 << 20

_SUFFIXES = (".py", ".ipynb", ".pyi")
_MAGIC = re.compile(r"^(\s*)(?:[%!?].*|[\w, ]+=\s*[%!].*|[\w.]+\?{1,2})$")
_PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
_IMPORTERS = {"import_module", "__import__"}


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A module that a file may import: `module` after `level` leading dots (0: absolute), at `line` of the text.

    `from a import b` gives both `a` and `a.b`: whether `b` is a module, only the files can tell.
    """

    module: str
    level: int
    line: int


@dataclass(frozen=True, kw_only=True)
class Dynamic:
    """Imports that are no statement.

    `packages` are dotted prefixes, all of whose modules may be imported (`import_module(f"models.{name}")`); `unknown` says why
    some import of this file cannot be known at all.
    """

    modules: tuple[Imported, ...] = ()
    packages: tuple[Imported, ...] = ()
    unknown: str | None = None


def is_python(path: str) -> bool:
    """Whether the name is that of a module, a stub or a notebook."""
    return path.endswith(_SUFFIXES)


def read_source(root: Path, path: str) -> bytes | None:
    """The bytes of a regular file of `root`; None for a missing, huge or special file, and for a link that leads out."""
    real = Path(os.path.realpath(root / path))
    try:
        status = real.stat()
        if not (real.is_relative_to(root) and stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_BYTES):
            return None
        return real.read_bytes()
    except OSError:
        return None


def python_text(path: str, source: bytes) -> str:
    """The Python of a file: a notebook's code cells one after the other, its magics made harmless."""
    text = source.decode("utf-8", "replace").removeprefix("\ufeff")
    if not path.endswith(".ipynb"):
        return text
    try:
        cells = json.loads(text)["cells"]
        return "\n".join(_cell_text(cell) for cell in cells if cell["cell_type"] == "code")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return text


def parse(text: str) -> ast.Module | None:
    """The syntax tree, or None where the text does not parse (also: NUL bytes, or nesting too deep for the parser)."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def imported_modules(tree: ast.Module) -> Iterator[Imported]:
    """Every module that the file names in an import statement or a literal import call, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Imported(module=alias.name, level=0, line=node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield Imported(module=module, level=node.level, line=node.lineno)
            names = (f"{module}.{alias.name}".lstrip(".") for alias in node.names)
            yield from (Imported(module=name, level=node.level, line=node.lineno) for name in names)
        elif isinstance(node, ast.Call) and _is_import_call(node) and (name := _literal(_argument(node, 0, "name"))):
            yield _called(name, node)


def dynamic_imports(tree: ast.Module, *, package: bool) -> Dynamic:
    """Import calls, `"package.module:callable"` strings, a package's `__all__`, and what makes imports unknowable."""
    modules: list[Imported] = []
    packages: list[Imported] = []
    unknown: str | None = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_import_call(node):
            argument = _argument(node, 0, "name")
            if name := _literal(argument):
                modules.append(_called(name, node))
            elif (prefix := _literal_prefix(argument)) and "." in prefix:
                packages.append(_called(prefix.rpartition(".")[0] or ".", node))
            else:
                unknown = unknown or f"imports a module whose name is computed (line {node.lineno})"
        elif (
            isinstance(node, ast.Attribute)
            and node.attr == "path"
            and isinstance(node.value, ast.Name)
            and node.value.id == "sys"
        ):
            unknown = unknown or f"uses sys.path (line {node.lineno})"
        elif isinstance(node, ast.Constant) and (entrypoint := entrypoint_module(node.value)):
            modules.append(Imported(module=entrypoint, level=0, line=node.lineno))
    modules.extend(_names_of_all(tree) if package else ())
    return Dynamic(modules=tuple(modules), packages=tuple(packages), unknown=unknown)


def entrypoint_module(value: object) -> str | None:
    """The module of a `package.module:callable` string; None for anything else."""
    if not isinstance(value, str) or len(value) > 500:  # noqa: PLR2004 -- longer than any module name, short enough to split
        return None
    module, colon, name = value.partition(":")
    parts = [*module.split("."), *name.split(".")]
    return module if colon and all(part.isidentifier() for part in parts) else None


def find_line(source: bytes, code_line: str) -> int:
    """The line of a notebook's JSON text that holds a line of code; 1 where it cannot be told."""
    wanted = json.dumps(code_line.strip())[1:-1]
    lines = source.decode("utf-8", "replace").split("\n")
    return next((number for number, line in enumerate(lines, 1) if wanted in line), 1)


def _cell_text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    lines = ("".join(source) if isinstance(source, list) else source).splitlines()
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith(_PYTHON_CELL_MAGICS):
        return ""
    return "\n".join(_MAGIC.sub(r"\1pass", line) for line in lines)


def _is_import_call(node: ast.Call) -> bool:
    called = node.func
    return (isinstance(called, ast.Name) and called.id in _IMPORTERS) or (
        isinstance(called, ast.Attribute) and called.attr in _IMPORTERS
    )


def _argument(node: ast.Call, position: int, keyword: str) -> ast.expr | None:
    by_name = (k.value for k in node.keywords if k.arg == keyword)
    return node.args[position] if len(node.args) > position else next(by_name, None)


def _literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _literal_prefix(node: ast.expr | None) -> str | None:
    """The text that a computed string is known to begin with: of an f-string, `a + b`, `a % b` or `a.format(b)`."""
    match node:
        case ast.JoinedStr(values=[first, *_]):
            return _literal(first)
        case ast.BinOp(left=left, op=ast.Add()):
            return _literal(left) or _literal_prefix(left)
        case ast.BinOp(left=left, op=ast.Mod()):
            return (_literal(left) or "").partition("%")[0]
        case ast.Call(func=ast.Attribute(value=value, attr="format")):
            return (_literal(value) or "").partition("{")[0]
    return None


def _called(name: str, node: ast.Call) -> Imported:
    """The module of `import_module(name)`; a relative one is relative to a literal `package`, else to the file's own."""
    module = name.lstrip(".")
    level = len(name) - len(module)
    package = _literal(_argument(node, 1, "package"))
    if level and package:
        parents = package.split(".")
        return Imported(module=".".join([*parents[: len(parents) - level + 1], module]), level=0, line=node.lineno)
    return Imported(module=module, level=level, line=node.lineno)


def _names_of_all(tree: ast.Module) -> Iterator[Imported]:
    """`from package import *` imports the submodules that `__all__` names: relative to the package that says so."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names = (_literal(item) for item in ast.walk(node) if isinstance(item, ast.Constant))
            yield from (Imported(module=name, level=1, line=node.lineno) for name in names if name and name.isidentifier())
