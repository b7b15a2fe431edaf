"""The run directory in a work tree that the pull request filled."""

import os

import pytest

from entrypoint.run_directory import Owner, check_handed_over, hand_back, inside, make_empty, owner_of
from qgate.errors import UsageError

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
OTHER = Owner(uid=61001, gid=61002)


def run_directory(path):
    path.mkdir(parents=True)
    (path / ".gitignore").write_text("*\n")
    return path


def test_it_is_made_with_its_parents(tmp_path):
    make_empty(tmp_path / ".qgate/run", owner_of(tmp_path))
    assert list((tmp_path / ".qgate/run").iterdir()) == []


def test_an_earlier_run_leaves_nothing(tmp_path):
    out = run_directory(tmp_path / "run")
    (out / "evidence").mkdir()
    (out / "evidence/00-old.npz").write_text("old")
    (out / "verdict.json").write_text('{"verdict": "pass"}')
    make_empty(out, owner_of(tmp_path))
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("sign", [None, "*\n!verdict.json\n"])
def test_files_of_others_are_refused_and_kept(tmp_path, sign):
    out = tmp_path / "src"
    out.mkdir()
    (out / "model.py").write_text("x = 1\n")
    if sign is not None:
        (out / ".gitignore").write_text(sign)
    with pytest.raises(UsageError) as caught:
        make_empty(out, owner_of(tmp_path))
    assert str(caught.value) == (
        f"the run directory {out} holds files that qgate did not write\n  fix: name another in the input `out`"
    )
    assert (out / "model.py").read_text() == "x = 1\n"


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(UsageError, match="holds files that qgate did not write"):
        make_empty(tmp_path / "run", owner_of(tmp_path))


def test_a_link_in_an_earlier_run_is_removed_and_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    out = run_directory(tmp_path / "run")
    (out / "evidence").symlink_to(kept)
    make_empty(out, owner_of(tmp_path))
    assert (kept / "file").read_text() == "kept"


@pytest.mark.parametrize("where", ["link", "link/run"])
def test_a_link_on_the_way_is_refused(tmp_path, where):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError) as caught:
        inside(tmp_path, where, "out")
    assert str(caught.value) == f"the input `out` leads through a symbolic link: {where}\n  fix: name a directory of its own"


def test_a_plain_path_is_joined(tmp_path):
    assert inside(tmp_path, "a/b", "out") == tmp_path / "a/b"
    assert inside(tmp_path, ".", "working-directory") == tmp_path


def test_what_was_handed_over_must_be_there(tmp_path):
    with pytest.raises(UsageError) as caught:
        check_handed_over(tmp_path / "run")
    assert str(caught.value) == (
        f"there is no run directory {tmp_path}/run\n"
        "  fix: measure first (`mode: measure`), and hand its directory over as an artifact"
    )


def test_what_was_handed_over_holds_no_links(tmp_path):
    out = run_directory(tmp_path / "run")
    (out / "evidence").mkdir()
    check_handed_over(out)
    (out / "evidence/00.npz").symlink_to("/etc/passwd")
    with pytest.raises(UsageError, match=r"holds a symbolic link: .*/run/evidence/00\.npz"):
        check_handed_over(out)


@root_only
def test_all_of_it_is_handed_back_but_nothing_that_it_points_to(tmp_path):
    make_empty(tmp_path / "a/run", OTHER)
    out = tmp_path / "a/run"
    outside = tmp_path / "outside"
    outside.write_text("")
    (out / "evidence").mkdir()
    (out / "evidence/00.npz").write_text("")
    (out / "link").symlink_to(outside)
    (out / "directory").symlink_to(tmp_path)
    hand_back(out, OTHER)
    paths = [tmp_path / "a", out, *out.rglob("*")]
    assert {(str(p.relative_to(tmp_path)), p.lstat().st_uid, p.lstat().st_gid) for p in paths} == {
        (name, 61001, 61002)
        for name in ("a", "a/run", "a/run/evidence", "a/run/evidence/00.npz", "a/run/link", "a/run/directory")
    }
    assert (outside.stat().st_uid, tmp_path.stat().st_uid) == (0, 0)


def test_nothing_is_handed_back_where_nothing_was_made(tmp_path):
    hand_back(tmp_path / "run", OTHER)
    assert list(tmp_path.iterdir()) == []
