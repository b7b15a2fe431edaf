"""A remediation's script changes a copy, in a worker's sandbox, and only files come back."""

import numpy as np
import pytest

from qgate.domain.limits import Limits
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure import remedied_tree as module
from qgate.measure.remedied_tree import remedied_tree
from qgate.worker.sandbox import open_to_workers


@pytest.fixture
def tree(tmp_path_factory):
    """Files as the head commit has them, where workers may read."""
    root = tmp_path_factory.mktemp("tree")
    for directory in (root, *list(root.parents)[:2]):
        open_to_workers(directory)
    (root / "ops").mkdir(mode=0o755)
    (root / "kept.txt").write_text("kept\n")
    (root / "gone.txt").write_text("gone\n")
    return root


def script(tree, text, mode=0o755, name="ops/mend.sh"):
    (tree / name).write_text(text)
    (tree / name).chmod(mode)
    return name


def contents(root):
    return {str(p.relative_to(root)): p.read_text() for p in sorted(root.rglob("*")) if p.is_file()}


def test_what_a_script_writes_and_removes_is_in_the_copy_alone(tree):
    name = script(tree, "#!/bin/sh\nrm gone.txt\nmkdir new\necho made > new/file.sh\nchmod +x new/file.sh\n")
    before = contents(tree)
    with remedied_tree(tree, name, Limits()) as done:
        copy = done.tree
        assert done.changed == ("gone.txt", "new/file.sh")
        assert contents(copy) == {k: v for k, v in before.items() if k != "gone.txt"} | {"new/file.sh": "made\n"}
        assert (copy / "new/file.sh").stat().st_mode & 0o777 == 0o755
    assert (contents(tree), copy.exists()) == (before, False)


def test_python_needs_no_executable_bit(tree):
    name = script(tree, "open('made.txt', 'w').write('made')\n", 0o644, "ops/mend.py")
    with remedied_tree(tree, name, Limits()) as done:
        assert done.changed == ("made.txt",)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("#!/bin/sh\necho one; echo two >&2; exit 7\n", 0o755, "ops/mend.sh ended with exit code 7: one | two"),
        ("#!/bin/sh\nkill -9 $$\n", 0o755, "ops/mend.sh was ended by signal 9: it printed nothing"),
        ("#!/bin/sh\ntrue\n", 0o755, "ops/mend.sh changed no file of the repository, so that there is nothing to measure again"),
        ("#!/bin/sh\ntrue\n", 0o644, "ops/mend.sh is not executable"),
        ("#!/bin/sh\nln -s /etc/passwd link\n", 0o755, "it made or changed link, which is no regular file"),
    ],
)
def test_a_script_that_cannot_be_taken_over_is_told(tree, text, mode, why):
    name = script(tree, text, mode)
    with pytest.raises(MeasurementError) as told, remedied_tree(tree, name, Limits()):
        pass
    assert why in str(told.value)


def test_a_script_has_no_network(tree):
    """Where the sandbox has every layer; elsewhere the order is refused, which is told as well."""
    name = script(tree, "import socket\nsocket.create_connection(('127.0.0.1', 9))\n", 0o644, "ops/call.py")
    with pytest.raises(MeasurementError, match=r"exit code 1: .*PermissionError|could not be run"):
        remedied_tree(tree, name, Limits(sandbox_required=True)).__enter__()


def test_a_file_that_is_not_there_is_told(tree):
    with pytest.raises(MeasurementError, match=r"ops/none\.sh is no file of the head commit"):
        remedied_tree(tree, "ops/none.sh", Limits()).__enter__()


@pytest.mark.parametrize(
    "path", ["../out", "/etc/passwd", "a/../../b", ".git/config", "a/.GIT/hooks/x", "", "a//b", "linked/file"]
)
def test_a_forged_path_is_refused(tree, monkeypatch, path):
    """The worker's answer is a claim: nothing is written outside the copy, or through a link of the repository."""
    (tree / "linked").symlink_to("ops")
    claim = {"code": 0, "last": [], "files": [{"path": path, "executable": False}], "removed": []}
    forged = Answer(value=claim, arrays={"file/0": np.zeros(3, dtype=np.uint8)})
    monkeypatch.setattr(module, "run", lambda *_: (forged,))
    before = contents(tree)
    with pytest.raises(MeasurementError, match=r"malformed|cannot be taken over"):
        remedied_tree(tree, "ops/mend.sh", Limits()).__enter__()
    assert contents(tree) == before
