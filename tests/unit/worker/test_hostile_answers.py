"""Answers that are attacks on who reads them, each beside a reader that falls for it."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import pytest

from qgate.worker.protocol import MAGIC

WRITE = """
import os, stat, pathlib
content = memoryview(pathlib.Path("{name}.bin").read_bytes())
[pipe] = [fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{{fd}}") and stat.S_ISFIFO(os.fstat(fd).st_mode)]
while content:
    content = content[os.write(pipe, content):]
os._exit(0)
"""


class Creates:
    """Unpickled, it creates a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def framed(header):
    return MAGIC + len(header).to_bytes(8, "little") + header


def zip_bomb():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        header = (
            b"\x93NUMPY\x01\x00v\x00"
            + f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({64 << 20},), }}".encode().ljust(118)
        )
        archive.writestr("x.npy", header + bytes(64 << 20))
    return packed.getvalue()


READERS = {
    "pickled": "import pickle; pickle.loads(content); print('unpickled')",
    "zip_bomb": "import io, numpy; print(numpy.load(io.BytesIO(content))['x'].nbytes > 1000 * len(content))",
    "not_a_number": "import json; print(json.loads(content[16:])['value']['answer']['x'])",
    "deep": "import json; json.loads(content[16:])",
    "surrogate": "import json; print(json.loads(content[16:])['value']['answer']['x'])",
    "other_frame": "print(content.count(b'no_new_privs'))",
}
FALLEN_FOR = {
    "pickled": "unpickled\n",
    "zip_bomb": "True\n",
    "not_a_number": "nan\n",
    "deep": "RecursionError",
    "surrogate": "UnicodeEncodeError",
    "other_frame": "1\n",
}
REFUSED = {
    "pickled": "it is no answer frame",
    "zip_bomb": "it is no answer frame",
    "not_a_number": "it holds nan",
    "deep": "its header cannot be read: RecursionError: maximum recursion depth exceeded",
    "surrogate": "surrogates not allowed",
    "other_frame": "it is no answer frame",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return tmp_path_factory.mktemp("planted") / "planted"


@pytest.fixture(scope="module")
def contents(planted):
    return {
        "pickled": pickle.dumps(Creates(str(planted))),
        "zip_bomb": zip_bomb(),
        "not_a_number": framed(b'{"value": {"answer": {"x": NaN}}, "arrays": []}'),
        "deep": framed(b'{"value": {"answer": ' + b"[" * 100_000 + b"]" * 100_000 + b'}, "arrays": []}'),
        "surrogate": framed(b'{"value": {"answer": {"x": "\\ud800"}}, "arrays": []}'),
        "other_frame": json.dumps({"uid": True, "no_new_privs": True, "missing": {}}).encode() + b"\n",  # says its sandbox anew
    }


@pytest.fixture(scope="module")
def answers(contents, planted, make_tree, ask_workers):
    tree = make_tree("hostile-answers")
    for name, content in contents.items():
        (tree / f"{name}.bin").write_bytes(content)
    answered = ask_workers(tree, {name: WRITE.format(name=name) for name in contents})
    assert not planted.exists()
    return answered


@pytest.mark.parametrize("name", READERS)
def test_another_reader_falls_for_it(name, contents, answers, planted):
    code = f"import sys; content = sys.stdin.buffer.read(); {READERS[name]}"
    done = subprocess.run([sys.executable, "-c", code], input=contents[name], capture_output=True, check=False)
    assert FALLEN_FOR[name] in (done.stdout + done.stderr).decode()
    assert planted.exists() == (name == "pickled")
    planted.unlink(missing_ok=True)


@pytest.mark.parametrize("name", READERS)
def test_ours_refuses_it_in_words(name, answers):
    assert answers[name].error.startswith("the worker's answer cannot be read: ")
    assert REFUSED[name] in answers[name].error
    assert answers[name].sandbox["no_new_privs"] is True
