import os
import subprocess
from pathlib import Path

import pytest

from qgate.changes.git import Repository
from qgate.errors import ExitCode, GitError

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to another user")


def give_away(path: Path) -> None:
    subprocess.run(["chown", "-R", "1001:1001", str(path)], check=True)


def branched(project, commits: int) -> tuple[str, str, str]:
    """A fork, then `commits` on each side; gives fork, tip of main, tip of the branch."""
    fork = project.commit({"a.py": "1"})
    project.git("checkout", "--quiet", "-b", "topic")
    for i in range(commits):
        topic = project.commit({"topic.py": f"{i}"})
    project.git("checkout", "--quiet", "main")
    for i in range(commits):
        main = project.commit({"main.py": f"{i}"})
    return fork, main, topic


def test_outside_a_repository_says_where_to_run(tmp_path):
    with pytest.raises(GitError, match="not in a git repository\n  fix: run inside a clone") as caught:
        Repository(tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_directory_inside_finds_the_top(project):
    (project.path / "deep" / "er").mkdir(parents=True)
    assert Repository(project.path / "deep" / "er").root == project.path


def test_resolves_branches_tags_and_short_shas(project):
    sha = project.commit({"a": "1"})
    project.git("tag", "--annotate", "-m", "x", "v1")
    assert [project.repository.resolve(ref) for ref in ("HEAD", "main", "v1", sha, sha[:8])] == [sha] * 5


def test_a_tag_never_stands_for_the_branch_of_its_name(project, tmp_path):
    """Whoever may push tags would choose the base commit, and with it the charter that judges."""
    first = project.commit({"a": "1"})
    main = project.commit({"a": "2"})
    project.git("checkout", "--quiet", "-b", "topic")
    theirs = project.commit({"a": "3"})
    for name in ("main", "origin/main"):
        project.git("tag", name, theirs)
    assert [project.repository.resolve(ref) for ref in ("main", "main~1", "refs/tags/main")] == [main, first, theirs]
    # As actions/checkout leaves it: no local branch.
    subprocess.run(["git", "clone", "--quiet", str(project.path), str(tmp_path / "clone")], check=True)
    clone = Repository(tmp_path / "clone")
    assert [clone.resolve(ref) for ref in ("main", "origin/main", "origin/main~1")] == [main, main, first]


def test_a_branch_that_is_called_like_a_commit_is_not_that_commit(project):
    sha = project.commit({"a": "1"})
    project.git("checkout", "--quiet", "-b", "topic")
    project.commit({"a": "2"})
    project.git("update-ref", f"refs/heads/{sha}", "topic")
    assert project.repository.resolve(sha) == sha


def test_a_replaced_commit_shows_what_it_held(project):
    sha = project.commit({"a": "1"})
    other = project.commit({"a": "2"})
    project.git("replace", sha, project.git("commit-tree", "-m", "x", f"{other}^{{tree}}").strip())
    assert project.git("show", f"{sha}:a").strip() == "2"  # control: plain git shows the other
    assert project.repository.read(sha, "a") == b"1"


@pytest.mark.parametrize("ref", ["", "--output=/tmp/x", "-x", "a b", "main\n", "main\0"])
def test_what_cannot_be_a_ref_never_reaches_git(project, ref):
    project.commit({"a": "1"})
    with pytest.raises(GitError, match="is not a git revision"):
        project.repository.resolve(ref)


def test_an_unknown_ref_without_a_remote_is_refused(project):
    project.commit({"a": "1"})
    with pytest.raises(GitError, match="nowhere is not in this repository"):
        project.repository.resolve("nowhere")


def test_an_unknown_ref_is_asked_of_the_remote_and_refused(project, tmp_path, shallow):
    project.commit({"a": "1"})
    clone = shallow(project, tmp_path / "clone")
    with pytest.raises(GitError, match="nowhere is neither here nor at the remote"):
        clone.repository.resolve("nowhere")


def test_an_empty_repository_has_no_head(project):
    with pytest.raises(GitError, match="HEAD is not in this repository"):
        project.repository.resolve("HEAD")


def test_merge_base_of_branches(project):
    fork, main, topic = branched(project, 2)
    assert project.repository.merge_base(main, topic) == fork
    assert project.repository.merge_base(fork, topic) == fork


def test_unrelated_histories_have_no_merge_base(project):
    main = project.commit({"a": "1"})
    project.git("checkout", "--quiet", "--orphan", "other")
    other = project.commit({"b": "1"})
    with pytest.raises(GitError, match="no common ancestor"):
        project.repository.merge_base(main, other)


def test_a_shallow_clone_is_deepened_until_it_reaches_the_merge_base(project, tmp_path, shallow):
    # 120 commits on each side: the first step of 50 is not enough, and neither is a clone of one branch.
    fork, _, topic = branched(project, 120)
    clone = shallow(project, tmp_path / "clone", branch="topic")
    assert clone.git("rev-list", "--count", "HEAD") == "1"
    assert clone.repository.merge_base("main", topic) == fork


def test_a_shallow_clone_without_its_remote_is_refused_with_the_fix(project, tmp_path, shallow):
    branched(project, 3)
    clone = shallow(project, tmp_path / "clone", branch="topic")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    project.path.rename(tmp_path / "gone")
    with pytest.raises(GitError, match=r"(?s)this clone is shallow.*fix: check out the whole history .*`fetch-depth: 0`"):
        clone.repository.merge_base("origin/main", "HEAD")


def test_a_shallow_clone_that_has_no_remote_is_refused_with_the_fix(project, tmp_path, shallow):
    branched(project, 3)
    clone = shallow(project, tmp_path / "clone", branch="topic")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "main:kept")
    clone.git("remote", "remove", "origin")
    with pytest.raises(GitError, match=r"(?s)no remote to deepen it from.*`fetch-depth: 0`"):
        clone.repository.merge_base("kept", "HEAD")


def test_default_branch_is_what_the_remote_says(project, tmp_path, shallow):
    project.commit({"a": "1"})
    project.git("checkout", "--quiet", "-b", "develop")
    clone = shallow(project, tmp_path / "clone", branch="develop")
    assert clone.repository.default_branch() == "refs/remotes/origin/develop"
    # As actions/checkout leaves it: no record of the remote's HEAD, so that it is asked.
    clone.git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    assert clone.repository.default_branch() == "refs/remotes/origin/develop"


def test_default_branch_without_a_remote_is_main_or_master(project):
    project.commit({"a": "1"})
    assert project.repository.default_branch() == "refs/heads/main"
    project.git("branch", "master")
    with pytest.raises(GitError, match=r"default branch cannot be told .* refs/heads/main and refs/heads/master"):
        project.repository.default_branch()


def test_read_gives_bytes_or_none(project):
    project.path.joinpath("link").symlink_to("a")
    sha = project.commit({"a": b"\0\xff", "dir/b": "", 'q"uo\nte': "x", "-dash": "y", "ü": "z"})
    wanted = ["a", "dir/b", 'q"uo\nte', "-dash", "ü", "dir", "link", "absent", "*", ":/", "../a"]
    expected = [b"\0\xff", b"", b"x", b"y", b"z", None, None, None, None, None, None]
    assert [project.repository.read(sha, path) for path in wanted] == expected


def test_lists_files_whatever_their_names(project):
    names = ("-dash", "a b", "q\"uo'te", "new\nline", "ü", ":colon", "tab\t")
    sha = project.commit(dict.fromkeys(names, "1"))
    assert set(project.repository.list_files(sha)) == set(names)


def test_names_that_are_not_utf8_survive(project):
    (project.path / os.fsdecode(b"\xff\xfe")).write_text("1")
    sha = project.commit()
    (name,) = project.repository.list_files(sha)
    assert name.encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert project.repository.read(sha, name) == b"1"


def test_clean_only_with_nothing_changed_untracked_or_hidden(project):
    first = project.commit({"a": "1", ".gitignore": "ignored\n"})
    sha = project.commit({"a": "2"})
    project.write({"ignored": "x"})
    assert [project.repository.is_clean_at(c) for c in (sha, first)] == [True, False]
    project.write({"new": "1"})
    assert not project.repository.is_clean_at(sha)
    (project.path / "new").unlink()
    for hide in ("--assume-unchanged", "--skip-worktree"):
        project.git("update-index", hide, "a")
        project.write({"a": "hidden"})
        assert project.git("status", "--porcelain") == ""  # git itself sees nothing
        assert not project.repository.is_clean_at(sha)
        project.write({"a": "2"})
        project.git("update-index", hide.replace("--", "--no-"), "a")
    assert project.repository.is_clean_at(sha)


def test_digest_follows_content_and_touches_nothing(project):
    sha = project.commit({"a": "1", ".gitignore": "ignored\n"})
    before = _snapshot(project.path / ".git")
    clean = project.repository.worktree_digest()
    assert clean == project.git("rev-parse", f"{sha}^{{tree}}")
    project.write({"ignored": "x"})
    assert project.repository.worktree_digest() == clean
    project.write({"untracked\n": "y"})
    changed = project.repository.worktree_digest()
    assert changed != clean
    project.write({"untracked\n": "z"})
    assert project.repository.worktree_digest() not in {clean, changed}
    assert _snapshot(project.path / ".git") == before


def test_hooks_filters_and_fsmonitor_of_the_repository_never_run(project, tmp_path):
    proof = tmp_path / "ran"
    sha = project.commit({"a.npz": "1", ".gitattributes": "*.npz filter=lfs diff=lfs\n"})
    for key in ("core.fsmonitor", "filter.lfs.clean", "filter.lfs.smudge", "filter.lfs.process", "diff.external"):
        project.git("config", key, f"touch {proof}; cat")
    project.git("config", "filter.lfs.required", "true")
    project.write({"a.npz": "22"})
    assert not project.repository.is_clean_at(sha)
    project.repository.worktree_digest()
    assert not proof.exists()
    subprocess.run(["git", "-C", str(project.path), "status"], check=False, capture_output=True)
    assert proof.exists()  # control: plain git does run them


def test_the_callers_git_variables_lead_nowhere(project, monkeypatch):
    sha = project.commit({"a": "1"})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, "/nonexistent")
    assert Repository(project.path).resolve("HEAD") == sha


@as_root
def test_dubious_ownership_is_handled_per_call(project):
    sha = project.commit({"a": "1"})
    give_away(project.path)
    plain = subprocess.run(
        ["git", "-C", str(project.path), "status"], check=False, capture_output=True, env={"LC_ALL": "C", "HOME": "/nonexistent"}
    )
    assert plain.returncode == 128
    assert b"dubious ownership" in plain.stderr
    repository = project.repository
    assert repository.resolve("HEAD") == sha
    assert repository.is_clean_at(sha)
    assert repository.worktree_digest()


@as_root
def test_nothing_in_anothers_repository_becomes_roots(project, open_directory, shallow, project_at):
    fork, _, topic = branched(project, 60)
    origin = project_at(open_directory / "origin")
    project.git("clone", "--quiet", "--bare", str(project.path), str(origin.path))
    clone = shallow(origin, open_directory / "clone", branch="topic")
    give_away(origin.path)
    give_away(clone.path)
    assert clone.repository.merge_base("main", topic) == fork
    clone.repository.worktree_digest()
    assert {path.lstat().st_uid for path in clone.path.rglob("*")} == {1001}


def test_messages_are_printable(project):
    project.commit({"a": "1"})
    with pytest.raises(GitError) as caught:
        project.repository.git.run("cat-file", "blob", "\x1b[31m:x")
    assert "\x1b" not in str(caught.value)
    assert "fix: " in str(caught.value)


def test_a_linked_work_tree_is_a_repository(project, tmp_path):
    sha = project.commit({"a": "1"})
    project.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    repository = Repository(tmp_path / "linked")
    assert repository.is_clean_at(sha)
    assert repository.worktree_digest() == project.git("rev-parse", f"{sha}^{{tree}}")


def _snapshot(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
