"""Environments built from pins, and workers in them; as root and as a plain user."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qgate.domain.environment import Environment
from qgate.domain.limits import Limits
from qgate.domain.work import WorkOrder
from qgate.errors import MeasurementError
from qgate.worker import locked
from qgate.worker.child import BINARIES
from qgate.worker.launch import run

PACKAGES = runpy.run_path(str(Path(__file__).with_name("packages.py")))
# What a candidate finds in its environment; a command is an executable of its own, started with that environment's Python.
TELL = """
import importlib.util, os, pathlib, sys
import rotations
lacking = [n for n in ("pennylane", "sklearn", "scipy", "pytest") if importlib.util.find_spec(n) is None]
said = f"{rotations.__version__} {rotations.__cached__ is not None and os.path.exists(rotations.__cached__)} {' '.join(lacking)}"
pathlib.Path(os.environ["QGATE_PREDICTIONS"]).write_text(f"prediction\\n{said}\\n")
try:
    pathlib.Path(rotations.__file__).write_text("planted")
except OSError as error:
    print(type(error).__name__)
"""
ROTATIONS = {"rotations.py": "__version__ = '1.5'\n"}


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return tmp_path_factory.mktemp("index")


@pytest.fixture(scope="module")
def numpy_pin(index):
    return PACKAGES["installed"](index, "numpy").pin


@pytest.fixture(autouse=True)
def served(index, monkeypatch):
    with PACKAGES["serving"](index) as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", address)
        monkeypatch.delenv("UV_INDEX_URL", raising=False)
        yield address


@pytest.fixture
def build(make_tree, request):
    """Builds the environment of these pins, and gives its place."""

    def make(*pins, **limits):
        place = make_tree(request.node.name.replace("[", "-").strip("]"))
        locked.build("".join(pins), place, Limits(**limits))
        return place

    return make


def ask(place, make_tree, script, **limits):
    """What a command of one line answers in the environment."""
    tree = make_tree(f"{place.name}-tree")
    (tree / "main.py").write_text(script)
    value = {"entrypoint": "main.py", "options": {}, "device": "none", "cells": [[None, 7]], "splits": ["val"]}
    order = WorkOrder(kind="command", value=value, arrays={"val.X": np.zeros((1, 2))})
    environment = Environment(directory=place, sha256="0" * 64, versions={"rotations": "1.5"})
    [answer] = run([order], tree, Limits(seconds=58, environment=environment, **limits))
    return answer


def test_a_candidate_runs_with_what_the_lock_pins_and_nothing_beside_it(build, index, numpy_pin, make_tree):
    rotations = PACKAGES["wheel"](index, "rotations", "1.5", ROTATIONS)
    place = build(numpy_pin, rotations.pin)
    answer = ask(place, make_tree, TELL)
    assert answer.error is None, answer.error + answer.log
    assert answer.arrays["0.val.predictions"].tolist() == ["1.5 True pennylane sklearn scipy pytest"]
    assert answer.log == "PermissionError\n"
    assert answer.sandbox["own_interpreter"] == "its lockfile's libraries are loaded inside the sandbox alone"
    assert set(answer.sandbox["missing"]) <= {"uid"}
    assert not (place / "built/cache").exists()
    belongs = {path.lstat().st_uid for path in place.rglob("*")}
    assert belongs == {os.geteuid()}


def test_a_wheel_with_another_hash_is_refused(build, index):
    package = PACKAGES["wheel"](index, "swapped", "1.0", {"swapped.py": ""})
    with pytest.raises(MeasurementError, match=r"(?i)hash mismatch for `swapped==1\.0`"):
        build(package.pin.replace(package.sha256, "a" * 64))


def test_what_would_have_to_be_built_is_refused_and_not_run(build, index, tmp_path):
    told = tmp_path / "told"
    package = PACKAGES["source"](index, "unbuilt", "1.0", f"open({str(told)!r}, 'w')")
    with pytest.raises(MeasurementError, match="no usable wheels"):
        build(package.pin)
    assert not told.exists()


def test_a_dependency_that_is_not_pinned_is_an_error(build, index):
    package = PACKAGES["wheel"](index, "leaning", "1.0", {"leaning.py": ""}, needs="rotations")
    with pytest.raises(MeasurementError, match="rotations"):
        build(package.pin)


def test_an_index_that_is_not_there_is_an_error(build, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(MeasurementError, match=r"(?s)127\.0\.0\.1:9.*onnect"):
        build(f"rotations==1.5 --hash=sha256:{'a' * 64}\n")


HOOK = """
import os
try:
    with open({told!r}, "a") as file:
        file.write("{what} of {place}\\n")
except OSError:
    pass
"""


def test_no_hook_of_a_wheel_is_run_outside_the_sandbox(build, index, numpy_pin, make_tree):
    """What a wheel leaves in its environment is run whenever that environment's interpreter starts."""
    told = make_tree("told") / "told"
    told.parent.chmod(0o777)
    told.write_text("")
    told.chmod(0o666)
    told.parent.parent.chmod(0o755)
    hooks = {what: HOOK.format(told=str(told), what=what, place="a wheel") for what in ("pth", "sitecustomize")}
    files = {"hook.pth": f"import os; exec({hooks['pth']!r})\n", "sitecustomize.py": hooks["sitecustomize"]}
    place = build(numpy_pin, PACKAGES["wheel"](index, "hooked", "1.0", {**files, **ROTATIONS}).pin)
    assert ask(place, make_tree, TELL).error is None
    assert told.read_text() == ""
    subprocess.run([place / BINARIES / "python", "-c", ""], check=True, env={})
    assert "pth of a wheel\n" in told.read_text()  # some systems have a sitecustomize of their own, which comes first


SNOOP = """
import os, socket, sys
def tried(what):
    try:
        return bool(what())
    except OSError as error:
        return False
labels, judge, port = sys.argv[1:]
print([tried(lambda: open(labels).read()), tried(lambda: open(f"/proc/{judge}/environ", "rb").read()),
       [n for n in os.environ if "TOKEN" in n], tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 2))])
"""


def test_the_step_with_the_network_reaches_no_token_and_no_label(make_tree, served, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_test")
    labels = make_tree("labels") / "labels.txt"
    labels.parent.chmod(0o755)
    labels.write_text("0 1 1 0")
    arguments = [str(labels), str(os.getpid()), served.rstrip("/").rsplit(":", 1)[1]]
    place = make_tree("snooping")
    (place / "pins").mkdir()
    policy = locked._policy(place / "pins", place, locked.private_users(1)[0], Limits())
    said = locked._run(locked.replace(policy, network=True), [sys.executable, "-I", "-S", "-c", SNOOP, *arguments])
    assert said == "[False, False, [], True]\n"
    control = subprocess.run([sys.executable, "-I", "-S", "-c", SNOOP, *arguments], check=True, capture_output=True, text=True)
    assert control.stdout.startswith("[True, ")
    assert "'GITHUB_TOKEN'" in control.stdout
