import os

import pytest

from qgate.worker.privileges import closed_to, tasks_of, users_at_work
from qgate.worker.sandbox import GROUP, LAYERS, USERS, open_to_workers, weakest

UID = USERS[0]


def report(**changed):
    return {**dict.fromkeys(LAYERS, True), "landlock": 7, "missing": {}} | changed


def test_the_weakest_worker_speaks_for_all():
    reports = [report(), report(uid=False, missing={"uid": "only root can"}), report(landlock=4)]
    assert weakest(reports) == report(uid=False, landlock=4, missing={"uid": "only root can"})


@pytest.mark.parametrize("reports", [[], [{}], [report(), {}]])
def test_without_a_report_no_layer_holds(reports):
    assert not any(weakest(reports)[layer] for layer in LAYERS)


@pytest.mark.parametrize(
    ("directory", "file", "closed"),
    [(0o755, 0o644, None), (0o711, 0o644, None), (0o700, 0o644, "d"), (0o750, 0o644, "d"), (0o755, 0o600, "d/f")],
)
def test_the_first_closed_step_is_named(make_tree, directory, file, closed):
    tree = make_tree(f"closed-{directory:o}-{file:o}")
    tree.parent.chmod(0o755)
    tree.chmod(0o755)
    (tree / "d").mkdir()
    (tree / "d" / "f").write_text("")
    (tree / "d" / "f").chmod(file)
    (tree / "d").chmod(directory)
    assert closed_to([tree / "d" / "f"], UID, GROUP) == (None if closed is None else tree / closed)


def test_a_directory_opens_to_the_workers_group_alone(tmp_path):
    open_to_workers(tmp_path)
    status = tmp_path.stat()
    assert (status.st_gid, status.st_mode & 0o777) == ((GROUP, 0o750) if os.geteuid() == 0 else (status.st_gid, 0o700))


def test_this_process_is_counted():
    assert os.getuid() in users_at_work()
    assert tasks_of(os.getuid()) >= 1
    assert tasks_of(UID) == 0
