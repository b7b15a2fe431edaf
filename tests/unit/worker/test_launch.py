"""Whatever a worker does, the judge gets one answer per order, in time, and nothing of it is left."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest

from qgate.domain.limits import Limits
from qgate.worker.launch import run
from qgate.worker.preload import environment, zygote
from qgate.worker.sandbox import LAYERS

# What each builder does; all run side by side, so that one's end must not touch another's answer.
BODIES = {
    "silent": "pass",
    "raises": "def fit():\n    raise ValueError('no such \\ud800 qubit')\nfit()",
    "unprintable": "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd",
    "talkative": "raise ValueError('x' * 100_000)",
    "leaves": "import sys; sys.exit(3)",
    "crashes": "import os, signal; print('last words', flush=True); os.kill(os.getpid(), signal.SIGSEGV)",
    "realtime": "import os; os.kill(os.getpid(), 40)",
    "quits": "import os; print('bye', flush=True); os._exit(4)",
    "eats": "return bytearray(8 << 30)",
    "garbage": "import contextlib, os\nfor fd in range(3, 64):\n  with contextlib.suppress(OSError):\n    os.write(fd, b'{}')",
    "threads": "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
    "lingers": "import atexit, time; atexit.register(time.sleep, 60)",
    "deep": "import os\nfor _ in range(1200):\n    os.mkdir('d')\n    os.chdir('d')",
    "closes": "import sys, os; sys.stdout.close(); os.close(1); os.close(2)",
    "hash_a": "import sys; raise ValueError(hash('qubit'))",
    "hash_b": "import sys; raise ValueError(hash('qubit'))",
    "inherits": """
import os
names = {fd: os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.islink(f'/proc/self/fd/{fd}')}
raise ValueError(sorted((int(fd), name.partition(':')[0]) for fd, name in names.items() if 'proc' not in name))
""",
    "environ": "import os; raise ValueError(sorted(os.environ))",
}


@pytest.fixture(scope="module")
def earlier():
    """Children that other files' tests have left to this process."""
    return children()


@pytest.fixture(scope="module")
def answers(earlier, ask_workers, make_tree):
    patched = pytest.MonkeyPatch()
    patched.setenv("GITHUB_TOKEN", "ghs_secret")
    patched.setenv("tok", "ghs_secret")
    bodies = BODIES | {"deep": "import os, tempfile; os.chdir(tempfile.gettempdir())\n" + BODIES["deep"]}
    found = ask_workers(make_tree("launch"), bodies, seconds=58, memory_bytes=2 << 30)
    patched.undo()
    return found


@pytest.mark.parametrize("name", ["silent", "threads", "lingers", "deep", "closes"])
def test_what_a_worker_leaves_running_does_not_keep_its_answer(answers, name):
    assert answers[name].error is None
    assert answers[name].arrays["0.val.predictions"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("leaves", r"SystemExit: 3\nleaves.py:\d+ in build"),
        ("raises", r"ValueError: no such \\ud800 qubit\nraises.py:\d+ in build\nraises.py:\d+ in fit"),
        ("unprintable", r"Odd: \(its text cannot be shown\)\nunprintable.py:\d+ in build"),
        ("eats", r"MemoryError: \neats.py:\d+ in build"),
    ],
)
def test_an_exception_is_told_with_its_words_and_place(answers, name, error):
    assert re.fullmatch(error, answers[name].error)


def test_endless_words_are_cut(answers):
    assert len(answers["talkative"].error) == 4000


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("crashes", "the worker was killed by SIGSEGV without an answer; its memory limit is 2,048 MiB: last words"),
        ("realtime", "the worker was killed by signal 40 without an answer; its memory limit is 2,048 MiB: it printed nothing"),
        ("quits", "the worker ended with exit code 4 without an answer: bye"),
        ("garbage", "the worker's answer cannot be read: it is no answer frame"),
    ],
)
def test_no_answer_is_an_error_that_says_how_it_ended(answers, name, error):
    # A worker that shares our user may not be let signal at all, itself included.
    if name in {"crashes", "realtime"} and answers[name].error is None:
        assert not answers[name].sandbox["uid"]
        assert answers[name].sandbox["landlock"] < 6
    else:
        assert answers[name].error == error


def test_another_hash_seed_hashes_differently(answers):
    assert answers["hash_a"].error.splitlines()[0] != answers["hash_b"].error.splitlines()[0]


def test_nothing_of_ours_is_inherited(answers):
    told = answers["inherits"].error.splitlines()[0]
    assert told.startswith("ValueError: [(0, '/dev/null'), (1, 'pipe'), (2, 'pipe'), (")
    assert told.count("pipe") == 3


def test_the_environment_is_a_list_of_what_is_allowed(answers, tmp_path):
    ours = set(environment(tmp_path, 0, {"GITHUB_TOKEN": "x", "OPENBLAS_CORETYPE": "Haswell"}))
    assert "OPENBLAS_CORETYPE" in ours
    told = answers["environ"].error.splitlines()[0]
    known = ours | {"KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"}  # scikit-learn sets them itself
    assert set(told.removeprefix("ValueError: [").strip("]").replace("'", "").split(", ")) <= known


def test_every_worker_says_which_layers_hold(answers):
    assert {tuple(answer.sandbox) for answer in answers.values()} == {(*LAYERS, "missing")}


def children():
    """Our child processes, also those that have ended and were not waited for."""
    found = set()
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            if process.name.isdigit() and int((process / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(process.name))
    return found


def test_no_child_is_left_but_the_preloaded_parents(earlier, answers):
    assert children() | earlier == earlier | {zygote(0).pid, zygote(1).pid}


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_hang_is_stopped_at_the_limit_with_its_children(ask_workers, make_tree):
    spin = "import os, time\nif os.fork() == 0:\n    time.sleep(60)\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
    began = time.monotonic()
    answer = ask_workers(make_tree("hang"), {"hangs": spin}, seconds=4)["hangs"]
    assert answer.error == "the worker was stopped: it took longer than 4 seconds"
    assert time.monotonic() - began < 30
    assert not any(alive(int(number)) for number in answer.log.split())  # none where it was too slow to print its own


def test_endless_output_keeps_its_last_part_only(ask_workers, make_tree):
    shout = "while True:\n    print('#' * 1000)"
    answer = ask_workers(make_tree("noise"), {"shouts": shout}, seconds=4)["shouts"]
    assert answer.error == "the worker was stopped: it took longer than 4 seconds"
    assert len(answer.log) in {0, 64 * 1024}  # none where it was too slow to begin


def test_an_oversize_answer_is_cut_off(ask_workers, make_tree):
    many = "import numpy as np\nreturn Model(lambda features: np.zeros(1_000_000))"
    answer = ask_workers(make_tree("large"), {"large": many}, answer_bytes=1_000_000)["large"]
    assert answer.error == "the worker was stopped: its answer is larger than 1,000,000 bytes"


def test_an_endless_answer_is_cut_off(ask_workers, make_tree):
    flood = """
import contextlib, os
for fd in range(3, 64):
    with contextlib.suppress(OSError):
        while os.write(fd, bytes(65536)):
            pass
"""
    answer = ask_workers(make_tree("flood"), {"floods": flood}, answer_bytes=1_000_000)["floods"]
    assert answer.error == "the worker was stopped: its answer is larger than 1,000,000 bytes"


DAEMON = """
import os, time
if (child := os.fork()) == 0:
    try:
        os.setsid()
    except OSError:
        pass
    if (grandchild := os.fork()) == 0:
        time.sleep(60)
    print(grandchild, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def test_a_daemon_that_holds_the_pipes_open_neither_delays_nor_survives(ask_workers, make_tree):
    began = time.monotonic()
    answer = ask_workers(make_tree("daemon"), {"daemon": DAEMON})["daemon"]
    assert answer.error is None
    assert not alive(int(answer.log.split()[-1]))
    assert time.monotonic() - began < 30


def test_full_pipes_do_not_block_each_other(ask_workers, make_tree):
    large = "import numpy as np\nprint('#' * 1_000_000)\nreturn Model(lambda features: np.zeros(500_000))"
    answers = ask_workers(make_tree("pipes"), {"a": large, "b": large, "c": large})
    assert [a.arrays["0.val.predictions"].shape for a in answers.values()] == [(500_000,)] * 3


def test_no_order_is_no_worker(tmp_path):
    assert run([], tmp_path, Limits()) == ()


def test_modules_of_the_tree_do_not_take_the_place_of_ours(ask_workers, make_tree):
    tree = make_tree("same-names")
    for name in ("numpy", "qgate", "sklearn", "json", "sitecustomize", "usercustomize"):
        (tree / name).mkdir()
        (tree / name / "__init__.py").write_text(f"raise SystemExit('hijacked {name}')")
    answer = ask_workers(tree, {"plain": "import numpy, qgate, json, sklearn"})["plain"]
    assert (answer.error, answer.log) == (None, "")


def test_a_scratch_directory_is_gone_with_its_worker(ask_workers, make_tree):
    write = "import os, tempfile; home = tempfile.gettempdir(); os.mkdir(f'{home}/closed', 0); print(home)"
    answer = ask_workers(make_tree("scratch"), {"writes": write})["writes"]
    assert answer.error is None
    assert not Path(answer.log.strip()).exists()
