import pytest

from qgate.changes.diff import find_change
from qgate.domain.change import Change, ChangedFile, FileStatus
from qgate.errors import GitError

ADDED, MODIFIED, DELETED = FileStatus.ADDED, FileStatus.MODIFIED, FileStatus.DELETED


def statuses(change):
    return {file.path: file.status for file in change.files}


def test_the_whole_value_against_the_merge_base(project):
    base = project.commit({"kept": "1", "gone": "1", "old": "same text", "changed": "1", "script": "1"})
    project.git("checkout", "--quiet", "-b", "topic")
    project.git("mv", "old", "new")
    (project.path / "script").chmod(0o755)
    head = project.commit({"changed": "2", "blob.bin": b"\0\1"}, remove=("gone",))
    project.git("checkout", "--quiet", "main")
    project.commit({"kept": "only main changed this"})
    assert find_change(project.repository, base="main", head="topic") == Change(
        base=base,
        head=head,
        files=(
            ChangedFile(path="blob.bin", status=ADDED, binary=True),
            ChangedFile(path="changed", status=MODIFIED),
            ChangedFile(path="gone", status=DELETED),
            ChangedFile(path="new", status=ADDED),
            ChangedFile(path="old", status=DELETED),
            ChangedFile(path="script", status=MODIFIED),
        ),
    )


def test_defaults_are_the_default_branch_and_the_work_tree(project):
    base = project.commit({"a": "1", "staged": "1", "gone": "1", "unstaged": "1", "untracked-now": "1", ".gitignore": "*.log\n"})
    project.git("checkout", "--quiet", "-b", "topic")
    project.commit({"committed": "1"})
    project.write({"staged": "2"})
    project.git("add", "staged")
    project.git("rm", "--quiet", "--cached", "untracked-now")
    project.write({"unstaged": "2", "new\nfile": "1", "x.log": "ignored", "untracked-now": "2"})
    (project.path / "gone").unlink()
    change = find_change(project.repository, base=None, head=None)
    assert (change.base, change.head, change.complete) == (base, None, True)
    assert statuses(change) == {
        "committed": ADDED,
        "staged": MODIFIED,
        "unstaged": MODIFIED,
        "new\nfile": ADDED,
        "gone": DELETED,
        "untracked-now": MODIFIED,
    }


def test_touched_but_equal_files_are_no_change(project):
    project.commit({"a": "1"})
    project.write({"a": "1"})
    assert find_change(project.repository, base=None, head=None).files == ()


def test_any_name_survives(project):
    names = ["-dash.py", "q\"uo'te", "new\nline", "tab\there", "ü", ":colon", "a b", "1\t2\tnumstat", "-\t-\tbinary"]
    project.commit({"x": "1"})
    project.git("checkout", "--quiet", "-b", "topic")
    head = project.commit({**dict.fromkeys(names, "text"), "\\bin\nary": b"\0"})
    change = find_change(project.repository, base="main", head=head)
    expected = [ChangedFile(path=name, status=ADDED) for name in names]
    expected.append(ChangedFile(path="\\bin\nary", status=ADDED, binary=True))
    assert change.files == tuple(sorted(expected))


@pytest.mark.parametrize("ignore", ["none", "all"])
def test_a_moved_submodule_shows_whatever_gitmodules_says(project, project_at, tmp_path, ignore):
    library = project_at(tmp_path / "library")
    library.path.mkdir()
    library.git("init", "--quiet")
    library.commit({"lib.py": "1"})
    project.git("submodule", "--quiet", "add", str(library.path), "libs/sub")
    base = project.commit()
    project.git("checkout", "--quiet", "-b", "topic")
    project.git("config", "--file", ".gitmodules", "submodule.libs/sub.ignore", ignore)
    sub = project_at(project.path / "libs/sub")
    sub.commit({"lib.py": "2"})
    expected = ChangedFile(path="libs/sub", status=MODIFIED, submodule=True)
    assert expected in find_change(project.repository, base=base, head=None).files
    project.git("update-index", "--cacheinfo", f"160000,{sub.git('rev-parse', 'HEAD')},libs/sub")
    project.git("commit", "--quiet", "--message", "x", "--all")
    assert expected in find_change(project.repository, base=base, head="topic").files


def test_a_repository_inside_the_work_tree_is_one_untracked_path(project, project_at):
    project.commit({"a": "1"})
    inner = project_at(project.path / "inner")
    inner.path.mkdir()
    inner.git("init", "--quiet")
    inner.commit({"x": "1"})
    expected = (ChangedFile(path="inner", status=ADDED, submodule=True),)
    assert find_change(project.repository, base=None, head=None).files == expected


def test_a_file_that_becomes_a_link_or_a_directory(project):
    base = project.commit({"a": "1", "b": "1"})
    (project.path / "a").unlink()
    (project.path / "a").symlink_to("/etc/passwd")
    (project.path / "b").unlink()
    head = project.commit({"b/c": "1"})
    assert statuses(find_change(project.repository, base=base, head=head)) == {"a": MODIFIED, "b": DELETED, "b/c": ADDED}
    assert statuses(find_change(project.repository, base=base, head=None)) == {"a": MODIFIED, "b": DELETED, "b/c": ADDED}


def test_a_shallow_clone_gives_the_same_change(project, shallow, tmp_path):
    project.commit({"a": "1"})
    project.git("checkout", "--quiet", "-b", "topic")
    for i in range(60):
        project.commit({"b": str(i)})
    whole = find_change(project.repository, base="main", head="topic")
    clone = shallow(project, tmp_path / "clone", branch="topic")
    assert find_change(clone.repository, base="main", head="HEAD") == whole


def test_a_partial_clone_gives_the_names(project, project_at, tmp_path):
    project.git("config", "uploadpack.allowFilter", "true")
    base = project.commit({"a.py": "1", "b": "1"})
    project.commit({"a.py": "2"}, remove=("b",))
    project.git("clone", "--quiet", "--filter=blob:none", f"file://{project.path}", str(tmp_path / "clone"))
    change = find_change(project_at(tmp_path / "clone").repository, base=base, head="HEAD")
    assert statuses(change) == {"a.py": MODIFIED, "b": DELETED}


def test_an_unknown_base_is_an_error(project):
    project.commit({"a": "1"})
    with pytest.raises(GitError, match="absent"):
        find_change(project.repository, base="absent", head=None)
