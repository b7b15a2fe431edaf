"""Preloaded parents: what their workers share with them and each other, and what happens without one."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from qgate.domain.limits import Limits
from qgate.worker import preload, zygote
from qgate.worker.launch import run

MODULES = """
import sys
raise ValueError([name in sys.modules for name in ("sklearn.svm", "pennylane")])
"""
DRAWS = """
import os, random, tempfile, numpy as np
raise ValueError((random.random(), np.random.random(), tempfile.gettempdir() == os.environ["HOME"]))
"""


def test_a_worker_is_forked_with_its_libraries_imported(ask_workers, make_tree):
    answer = ask_workers(make_tree("modules"), {"modules": MODULES})["modules"]
    assert answer.error.splitlines()[0] == "ValueError: [True, True]"
    assert "own_interpreter" not in answer.sandbox


def test_workers_of_one_parent_draw_other_numbers_in_homes_of_their_own(make_tree, worker_order):
    tree = make_tree("draws")
    body = "".join(f"    {line}\n" for line in DRAWS.strip().splitlines())
    (tree / "draws.py").write_text(f"def build(seed):\n{body}")
    told = [a.error.splitlines()[0] for a in run([worker_order("draws:build")] * 3, tree, Limits(seconds=58))]
    drawn = [text.removeprefix("ValueError: (").rstrip(")").split(", ") for text in told]
    assert [len({numbers[i] for numbers in drawn}) for i in range(3)] == [3, 3, 1]
    assert drawn[0][2] == "True"


def test_a_worker_whose_parent_died_has_an_interpreter_of_its_own_and_says_so(make_tree, worker_order):
    tree = make_tree("died")
    (tree / "model.py").write_text("raise SystemExit('loaded')")
    os.kill(preload.zygote(5).pid, signal.SIGKILL)
    answers = run([worker_order("model:build", hash_seed=5)] * 2, tree, Limits(seconds=58))
    assert [a.error.splitlines()[0] for a in answers] == ["SystemExit: loaded"] * 2
    whys = {a.sandbox["own_interpreter"] for a in answers}
    assert whys <= {
        "the preloaded parent failed: it forked no worker",
        "the preloaded parent failed: it cannot be reached: Broken pipe",
        "the preloaded parent failed: it cannot be reached: Connection reset by peer",
    }
    assert len(whys) == 1


def test_a_parent_that_cannot_import_is_given_up_with_its_words(make_tree, worker_order, monkeypatch):
    tree = make_tree("no-such")
    (tree / "model.py").write_text("raise SystemExit('loaded')")
    monkeypatch.setitem(preload.MODULES, "estimator", ("no_such_library",))
    [answer] = run([worker_order("model:build", hash_seed=6)], tree, Limits(seconds=58))
    assert answer.error.splitlines()[0] == "SystemExit: loaded"
    assert answer.sandbox["own_interpreter"].endswith("ModuleNotFoundError: No module named 'no_such_library'")


def test_without_linux_there_is_no_parent(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(preload.NotForkedError, match=r"^no preloaded parent: not made for darwin on \w+$"):
        preload.zygote(8)


def test_a_process_of_several_threads_is_not_forked():
    reader, writer = os.pipe()
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        zygote._fork({}, [writer], os.getpid())
    finally:
        ended.set()
        thread.join()
    with os.fdopen(reader, "rb") as told:
        assert told.read() == b""


START = """
import os, sys, time
from qgate.worker import preload
print(preload.zygote(0).pid, flush=True)
time.sleep(60)
"""


def test_a_parent_ends_with_a_judge_that_is_killed():
    judge = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True)
    pid = int(judge.stdout.readline())
    judge.kill()
    judge.communicate()
    patience = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z (zombie)" not in Path(f"/proc/{pid}/status").read_text():
        assert time.monotonic() < patience
        time.sleep(0.01)


class Recorder:
    def __init__(self):
        self.loaded = []

    def load(self, modules):
        self.loaded += modules


def test_a_parent_begins_with_what_its_pilots_need(monkeypatch):
    parents = {0: Recorder(), 1: Recorder()}
    monkeypatch.setattr(preload, "zygote", parents.get)
    preload.begin([SimpleNamespace(candidate=SimpleNamespace(kind="circuit"), baselines=("classical",))])
    assert set(parents[0].loaded) == {*preload.MODULES["circuit"], *preload.MODULES["estimator"]}
    assert tuple(parents[1].loaded) == preload.MODULES["circuit"]


def test_without_a_pilot_no_parent_begins(monkeypatch):
    monkeypatch.setattr(preload, "zygote", {}.__getitem__)
    preload.begin([])


def test_the_parent_of_a_hash_seed_gets_an_environment_without_ours(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    pid = preload.zygote(9).pid
    environ = Path(f"/proc/{pid}/environ")
    told = json.dumps(environ.read_bytes().decode()) if os.access(environ, os.R_OK) else ""
    assert "ghs_secret" not in told
    assert set(preload.environment(Path("/nonexistent"), 9, {})) == {
        *("PATH", "HOME", "TMPDIR", "LANG", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "MPLBACKEND"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "JOBLIB_MULTIPROCESSING"),
    }
