import ast

import pytest

from qgate.changes.python_source import Dynamic, Imported, dynamic_imports, entrypoint_module, imported_modules, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a.b as c, d", {(0, "a.b"), (0, "d")}),
        ("from a import b, c as d", {(0, "a"), (0, "a.b"), (0, "a.c")}),
        ("from . import b", {(1, ""), (1, "b")}),
        ("from ..a import b", {(2, "a"), (2, "a.b")}),
        ("importlib.import_module('a.b')", {(0, "a.b")}),
        ("import_module('..a', 'x.y.z')", {(0, "x.y.a")}),
        ("import_module('.a', __package__)", {(1, "a")}),
        ("import_module(a)", set()),
    ],
)
def test_imported_modules(text, expected):
    assert {(found.level, found.module) for found in imported_modules(ast.parse(text))} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 'a.b:c'", Dynamic(modules=(Imported(module="a.b", level=0, line=1),))),
        ("import_module(f'a.b_{c}')", Dynamic(packages=(Imported(module="a", level=0, line=1),))),
        ("import_module('.' + c, 'x.y')", Dynamic(packages=(Imported(module="x.y.", level=0, line=1),))),
        ("import_module(f'{c}.d')", Dynamic(unknown="imports a module whose name is computed (line 1)")),
        ("import_module('a' + c)", Dynamic(unknown="imports a module whose name is computed (line 1)")),
        ("import_module()", Dynamic(unknown="imports a module whose name is computed (line 1)")),
        ("sys.path.append(x)", Dynamic(unknown="uses sys.path (line 1)")),
        ("os.path.join(x)", Dynamic()),
        ("__all__ = ['a']", Dynamic()),
    ],
)
def test_dynamic_imports(text, expected):
    assert dynamic_imports(ast.parse(text), package=False) == expected


@pytest.mark.parametrize(
    ("value", "module"),
    [
        ("a.b:c", "a.b"),
        ("a:b.c", "a"),
        ("a", None),
        ("a:", None),
        (":a", None),
        ("http://x:80", None),
        ("a b:c", None),
        (3, None),
    ],
)
def test_entrypoint_module(value, module):
    assert entrypoint_module(value) == module


@pytest.mark.parametrize("text", ["def f(:", "x = '\0'", "(" * 10_000])
def test_what_does_not_parse_is_none(text):
    assert parse(text) is None
