"""The graph against the one authority: what Python loads when it imports the module."""

import subprocess
import sys

import pytest

from qgate.changes.closure import closure_of
from qgate.changes.imports import ImportGraph

# As the worker does it (qgate/worker/child.py): the tree first, then its `src`.
LOADED = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path[:0] = [str(root), str(root / "src")]
importlib.import_module(sys.argv[2])
files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
for file in files:
    if file and pathlib.Path(file).is_relative_to(root):
        print(pathlib.Path(file).relative_to(root))
"""

TREE = {
    "src/pilot/__init__.py": "from .registry import load\n",
    "src/pilot/kernel.py": """
        from __future__ import annotations
        import importlib, os
        from . import encoding, angles as a, load
        from .sub.deep import *
        from .sub import sibling
        import namespace.part.leaf as leaf
        from namespace.part import other
        from pilot.everything import *
        import toplevel, shared.thing
        try:
            import absent_accelerator
        except ImportError:
            import fallback
        if os.name:
            import conditional
        plugin = importlib.import_module("pilot.plugins." + "second"[:6])
        named = importlib.import_module(".by_name", package=__package__)
        step = load("steps:run")
        __import__("dunder")
    """,
    "src/pilot/registry.py": """
        import importlib
        def load(entrypoint):
            module, _, name = entrypoint.partition(":")
            return getattr(importlib.import_module(module), name)
    """,
    "src/pilot/encoding.py": "from pilot import kernel\nfrom . import angles\n",
    "src/pilot/angles.py": "class A:\n    import late_in_class\n",
    "src/pilot/by_name.py": "",
    "src/pilot/sub/__init__.py": "",
    "src/pilot/sub/deep.py": "from .. import encoding\n",
    "src/pilot/sub/sibling.py": "",
    "src/pilot/everything/__init__.py": '__all__ = ["listed"]\n',
    "src/pilot/everything/listed.py": "",
    "src/pilot/plugins/__init__.py": "",
    "src/pilot/plugins/first.py": "",
    "src/pilot/plugins/second.py": "import needed_by_plugin\n",
    "src/namespace/part/leaf.py": "",
    "src/namespace/part/other.py": "",
    "toplevel.py": "",
    "shared/thing.py": "",
    "src/shared/thing.py": "",
    "fallback.py": "",
    "conditional.py": "",
    "late_in_class.py": "",
    "needed_by_plugin.py": "",
    "steps.py": "def run(): pass\n",
    "dunder.py": "",
    "unused.py": "import pilot.kernel\n",
    "tests/test_pilot.py": "from pilot import kernel\n",
}


@pytest.fixture
def root(tmp_path):
    for path, text in TREE.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()) + "\n")
    return tmp_path


def test_the_closure_holds_all_that_python_loads(root):
    command = [sys.executable, "-B", "-I", "-c", LOADED, str(root), "pilot.kernel"]
    loaded = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    graph = ImportGraph(root)
    closure = closure_of(graph, graph.entry_files("pilot.kernel"), "candidate")
    assert set(TREE) - loaded == {"src/pilot/plugins/first.py", "src/shared/thing.py", "unused.py", "tests/test_pilot.py"}
    assert loaded - set(closure.importers) == set()
    # And hardly more: the other branch of a plugin's name.
    assert set(closure.importers) - loaded == {"src/pilot/plugins/first.py"}


def test_what_it_does_not_know_it_says(root):
    graph = ImportGraph(root)
    unknown = {path: graph.unknown(path) for path in closure_of(graph, ["src/pilot/kernel.py"], "candidate").importers}
    assert {path: reason for path, reason in unknown.items() if reason} == {
        "src/pilot/registry.py": "imports a module whose name is computed (line 5)"
    }


def test_entry_files_prefer_what_the_worker_would_find(root):
    graph = ImportGraph(root)
    assert graph.entry_files("shared.thing") == ["shared/thing.py", "src/shared/thing.py"]
    assert graph.entry_files("pilot") == ["src/pilot/__init__.py"]
    assert graph.entry_files("part.leaf") == ["src/namespace/part/leaf.py"]
    assert graph.entry_files("nowhere") == []


def test_roots_are_found_from_the_packages(tmp_path):
    for path in ("services/a/app/__init__.py", "services/a/app/inner/__init__.py", "lib/python/common/__init__.py", "x/y.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert ImportGraph(tmp_path).roots == ("", "src", "lib/python", "services/a")
