import os
import stat
import subprocess
from pathlib import Path

import pytest

from qgate.changes.export import export_tree
from qgate.errors import GitError


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def links(directory: Path) -> dict[str, str]:
    return {str(p.relative_to(directory)): str(p.readlink()) for p in directory.rglob("*") if p.is_symlink()}


@pytest.fixture(params=["commit", "work tree"])
def export(request, project, tmp_path):
    """Export the project's last commit, or its work tree, which hold the same."""

    def run(**options):
        destination = tmp_path / "export"
        commit = project.git("rev-parse", "HEAD") if request.param == "commit" else None
        export_tree(project.repository, commit, destination, **{"leave_out": (), **options})
        return destination

    return run


def test_bytes_and_modes_and_names(project, export):
    files = {"a.py": b"x\r\n\0", "dir/-dash": b"", 'q"uo\nte': b"1", "ü/ü": b"2", "run.sh": b"#!"}
    project.write(files)
    (project.path / "run.sh").chmod(0o755)
    project.commit()
    out = export()
    assert contents(out) == files
    assert [stat.S_IMODE((out / name).stat().st_mode) for name in ("a.py", "run.sh")] == [0o644, 0o755]


def test_attributes_change_nothing(project, tmp_path):
    attributes = "hidden.py export-ignore\nsubst.py export-subst ident\ncrlf.py text eol=crlf\n"
    files = {"hidden.py": "1", "subst.py": "$Format:%H$ $Id$", "crlf.py": "a\nb\n", ".gitattributes": attributes}
    sha = project.commit(files)
    archive = subprocess.run(["git", "-C", str(project.path), "archive", sha], check=True, capture_output=True).stdout
    assert b"hidden.py" not in archive.replace(attributes.encode(), b"")  # control: git archive obeys the pull request
    export_tree(project.repository, sha, tmp_path / "export", leave_out=())
    assert contents(tmp_path / "export") == {name: text.encode() for name, text in files.items()}


def test_an_lfs_pointer_stays_a_pointer(project, tmp_path):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    sha = project.commit({"data.npz": pointer, ".gitattributes": "*.npz filter=lfs\n"})
    project.git("config", "filter.lfs.smudge", f"touch {tmp_path}/ran; cat")
    export_tree(project.repository, sha, tmp_path / "export", leave_out=())
    assert (tmp_path / "export/data.npz").read_text() == pointer
    assert not (tmp_path / "ran").exists()


def test_declared_files_are_left_out(project, export):
    project.commit({"data/val.npz": "labels", "data/other": "1", "private/x/y": "1", "a.py": "1"})
    assert set(contents(export(leave_out=("./data/val.npz", "private", "absent")))) == {"data/other", "a.py"}


def test_declared_files_are_left_out_under_their_other_name(project, export):
    (project.path / "data").symlink_to("real")
    project.commit({"real/val.npz": "labels", "real/other": "1"})
    assert set(contents(export(leave_out=("data/val.npz",)))) == {"real/other"}


def test_links_that_stay_inside_are_kept_and_others_left_out(project, export):
    project.commit({"a.py": "1", "deep/er/b.py": "1"})
    kept = {"in": "a.py", "deep/up": "../a.py", "directory": "deep/er", "dangling": "absent", "loop": "loop", "root": "."}
    escaping = {
        "absolute": "/etc/passwd",
        "out": "../outside",
        "deep/out": "../../outside",
        "zero": "/dev/zero",
        # Harmless word by word: `deep/er/top` is the root, so `..` from there leads out.
        "deep/er/top": "../..",
        "chained": "deep/er/top/../outside",
    }
    for name, target in {**kept, **escaping}.items():
        (project.path / name).symlink_to(target)
    project.commit()
    assert links(export()) == {**kept, "deep/er/top": "../.."}


def test_submodules_and_git_are_left_out(project, project_at, tmp_path, export):
    library = project_at(tmp_path / "library")
    library.path.mkdir()
    library.git("init", "--quiet")
    library.commit({"lib.py": "1"})
    project.git("submodule", "--quiet", "add", str(library.path), "sub")
    project.commit({"a": "1"})
    assert set(contents(export())) == {"a", ".gitmodules"}


def test_the_work_tree_as_it_stands(project, tmp_path):
    project.commit({"a": "1", "gone": "1", "linked/b": "1", ".gitignore": "*.log\n"})
    project.write({"a": "2", "untracked": "1", "x.log": "1"})
    (project.path / "gone").unlink()
    # Git still tracks `linked/b`; the directory is now a link to somebody else's file of that name.
    (project.path / "linked/b").unlink()
    (project.path / "linked").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/b").write_text("secret")
    (project.path / "linked").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(project.path / "fifo")
    export_tree(project.repository, None, tmp_path / "export", leave_out=())
    assert contents(tmp_path / "export") == {"a": b"2", "untracked": b"1", ".gitignore": b"*.log\n"}
    assert links(tmp_path / "export") == {}


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_tree_made_by_hand_cannot_leave_the_copy(project, tmp_path, name):
    project.commit({"a": "1"})
    blob = project.git("rev-parse", "HEAD:a")
    inner = _raw_tree(project, b"100644 evil\0" + bytes.fromhex(blob))
    outer = _raw_tree(project, b"40000 " + name.encode() + b"\0" + bytes.fromhex(inner))
    commit = project.git("commit-tree", "-m", "x", outer)
    with pytest.raises(GitError, match="unsafe path"):
        export_tree(project.repository, commit, tmp_path / "export", leave_out=())
    assert not (tmp_path / "evil").exists()


def test_a_missing_blob_is_an_error(project, project_at, tmp_path):
    project.git("config", "uploadpack.allowFilter", "true")
    old = project.commit({"a.py": "1"})
    project.commit({"a.py": "2"})
    project.git("clone", "--quiet", "--filter=blob:none", f"file://{project.path}", str(tmp_path / "clone"))
    with pytest.raises(GitError, match=r"cannot read 'a\.py'"):
        export_tree(project_at(tmp_path / "clone").repository, old, tmp_path / "export", leave_out=())


def _raw_tree(project, content: bytes) -> str:
    command = ["git", "-C", str(project.path), "hash-object", "-t", "tree", "-w", "--literally", "--stdin"]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout.decode().strip()
