"""Every failure that is raised anywhere has a code, every code is in docs/errors.md, and the reverse of both."""

import ast
import importlib.util
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from qgate.charter.codes import Code
from qgate.domain.error_codes import ERRORS, INTERNAL, code_of, code_of_module, coded
from qgate.errors import MeasurementError, QgateError
from qgate.quantum.decision import decide

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/errors.md").read_text(encoding="utf-8")


def failures():
    """The names of the types of expected failures: every class below QgateError, whatever module it is in."""
    known = {"QgateError"}
    classes = [node for _, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {c.name for c in classes if {b.id for b in c.bases if isinstance(b, ast.Name)} & known} - known:
        known |= more
    return known


def modules():
    for top in ("qgate", "entrypoint"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def raising():
    """The modules that make an expected failure."""
    types = failures()
    for name, tree in modules():
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if {call.id for call in calls if isinstance(call, ast.Name)} & types:
            yield name


def test_every_module_that_raises_has_a_code_and_every_code_a_module():
    found = {name: code_of_module(name) for name in raising()}
    assert len(found) > 80
    assert [name for name, code in found.items() if code == INTERNAL] == []
    assert set(found.values()) == {error.code for error in ERRORS} - {INTERNAL}
    named = Counter(module for error in ERRORS for module in error.modules)
    assert {module: times for module, times in named.items() if times > 1} == {}


def test_the_page_has_every_code_and_no_other():
    assert re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE) == [error.code for error in ERRORS]
    problems = PAGE.partition("## Problems of a charter")[2].partition("## Findings")[0]
    assert re.findall(r"^\| `([^`]+)` \|", problems, re.MULTILINE) == [code.value for code in Code]


def test_the_page_is_what_the_generator_writes():
    spec = importlib.util.spec_from_file_location("generate_errors", ROOT / "docs/generate_errors.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.render() == PAGE


def test_a_failure_ends_with_the_code_of_the_module_that_raised_it():
    with pytest.raises(MeasurementError) as caught:
        decide("magic", np.zeros((1, 1)), np.arange(2))
    assert code_of(caught.value) == "circuit/not-simulated"
    assert coded(caught.value) == f"{caught.value} [circuit/not-simulated]"


def test_a_failure_that_is_handed_on_keeps_its_first_code():
    error = MeasurementError("candidate: no numbers [data/unreadable]")
    assert coded(error) == str(error)


def test_a_failure_that_nobody_raised_is_a_bug():
    assert coded(QgateError("what?")) == "what? [internal/bug]"
