"""The branch that only grows, on real repositories: a bare remote and clones of it."""

import os
import subprocess
import threading

import pytest

from qgate.changes import ledger_branch
from qgate.changes.git import Repository
from qgate.changes.ledger_branch import LedgerBranch
from qgate.errors import GitError

BRANCH = "qgate-ledger"


def git(path, *arguments: str, stdin: str | None = None) -> str:
    who = {f"GIT_{r}_{k}": "a@example.com" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | who
    done = subprocess.run(["git", "-C", str(path), *arguments], check=True, capture_output=True, text=True, env=env, input=stdin)
    return done.stdout.strip()


@pytest.fixture
def remote(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "--quiet", "--initial-branch=main")
    (source / "README.md").write_text("A pilot\n")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "--message", "Pilot")
    git(tmp_path, "clone", "--quiet", "--bare", "source", "remote.git")
    return tmp_path / "remote.git"


def clone(remote, name: str, *options: str) -> LedgerBranch:
    git(remote.parent, "clone", "--quiet", *options, f"file://{remote}", name)
    return LedgerBranch(repository=Repository(remote.parent / name), name=BRANCH)


def contents(chain) -> list[bytes]:
    return [kept.content for kept in chain]


def append(branch: LedgerBranch, content: bytes, check=lambda _before: None):
    return branch.append(content, "qgate: pass", check)


def test_records_follow_one_another_whoever_appends(remote):
    one, other = clone(remote, "one"), clone(remote, "other")
    assert one.fetched() == ()
    seen = []
    for number, branch in enumerate((one, other, one), start=1):
        kept, place = append(branch, b"%d\n" % number, lambda before: seen.append(contents(before)))
        assert (kept.content, place) == (b"%d\n" % number, number)
    assert seen == [[], [b"1\n"], [b"1\n", b"2\n"]]
    assert contents(other.fetched()) == [b"1\n", b"2\n", b"3\n"]
    assert git(remote, "log", "--format=%an <%ae> %s", BRANCH).splitlines() == ["qgate <> qgate: pass"] * 3
    assert git(remote, "ls-tree", "--name-only", BRANCH) == "record.json"
    assert git(remote, "fsck", "--strict") == ""


def test_a_shallow_clone_of_the_default_branch_reads_the_whole_history(remote):
    for number in range(3):
        append(clone(remote, f"clone{number}"), b"%d\n" % number)
    shallow = clone(remote, "shallow", "--depth=1", "--single-branch")
    append(shallow, b"3\n")
    assert contents(shallow.fetched()) == [b"0\n", b"1\n", b"2\n", b"3\n"]


def test_a_ledger_that_was_itself_fetched_shallowly_is_not_taken_for_whole(remote):
    whole = clone(remote, "whole")
    for content in (b"1\n", b"2\n"):
        append(whole, content)
    git(remote.parent, "clone", "--quiet", "--depth=1", f"--branch={BRANCH}", f"file://{remote}", "cut")
    cut = LedgerBranch(repository=Repository(remote.parent / "cut"), name=BRANCH)
    with pytest.raises(GitError, match="without its whole history"):
        cut.known()


def test_two_that_push_at_once_are_both_recorded(remote, monkeypatch):
    """The other one's push arrives between reading and pushing, three times."""
    monkeypatch.setattr(ledger_branch, "_PAUSE_S", 0.01)
    one, other = clone(remote, "one"), clone(remote, "other")
    meanwhile = iter([b"a\n", b"b\n", b"c\n"])

    def overtaken(_before) -> None:
        content = next(meanwhile, None)
        if content:
            append(other, content)

    _, place = append(one, b"mine\n", overtaken)
    assert place == 4
    assert contents(other.fetched()) == [b"a\n", b"b\n", b"c\n", b"mine\n"]


def test_many_at_once(remote, monkeypatch):
    monkeypatch.setattr(ledger_branch, "_PAUSE_S", 0.05)
    branches = [clone(remote, f"clone{number}") for number in range(4)]
    threads = [threading.Thread(target=append, args=(b, b"%d\n" % n)) for n, b in enumerate(branches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(contents(branches[0].fetched())) == [b"0\n", b"1\n", b"2\n", b"3\n"]


def test_who_is_overtaken_every_time_gives_up_and_says_so(remote, monkeypatch):
    monkeypatch.setattr(ledger_branch, "_PAUSE_S", 0.0)
    monkeypatch.setattr(ledger_branch, "_ATTEMPTS", 2)
    one, other = clone(remote, "one"), clone(remote, "other")
    with pytest.raises(GitError, match="other runs moved the branch qgate-ledger 2 times"):
        append(one, b"mine\n", lambda before: append(other, b"%d\n" % len(before)))
    assert contents(other.fetched()) == [b"0\n", b"1\n"]


def test_a_push_whose_answer_was_lost_is_recorded_once(remote, monkeypatch):
    monkeypatch.setattr(ledger_branch, "_PAUSE_S", 0.0)
    one = clone(remote, "one")
    swapped = LedgerBranch._swapped
    monkeypatch.setattr(LedgerBranch, "_swapped", lambda self, old, new: swapped(self, old, new) and False)
    _, place = append(one, b"mine\n")
    assert (place, contents(one.fetched())) == (1, [b"mine\n"])


def test_what_the_remote_refuses_is_an_error_and_no_endless_race(remote):
    git(remote, "config", "receive.denyCurrentBranch", "refuse")
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'ruleset: not you' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitError, match="ruleset: not you"):
        append(clone(remote, "one"), b"mine\n")


def test_without_a_remote_the_repository_itself_keeps_the_branch(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    branch = LedgerBranch(repository=Repository(tmp_path), name=BRANCH)
    assert [append(branch, content)[1] for content in (b"1\n", b"2\n")] == [1, 2]
    assert contents(branch.known()) == [b"1\n", b"2\n"]

    def overtaken(before) -> None:
        if len(before) == 2:
            append(branch, b"3\n")

    assert append(branch, b"4\n", overtaken)[1] == 4
    assert contents(branch.known()) == [b"1\n", b"2\n", b"3\n", b"4\n"]


def test_a_branch_of_code_is_never_written_to(remote):
    before = git(remote, "rev-parse", "main")
    main = LedgerBranch(repository=clone(remote, "one").repository, name="main")
    with pytest.raises(GitError, match=r"main is no ledger: its commit \w+ has no record.json"):
        append(main, b"mine\n")
    assert git(remote, "rev-parse", "main") == before


def test_a_merge_is_no_ledger(remote):
    one = clone(remote, "one")
    first, _ = append(one, b"1\n")
    tree = git(remote, "rev-parse", f"{BRANCH}^{{tree}}")
    merge = git(remote, "commit-tree", "-p", first.commit, "-p", "main", "-m", "Merge", tree)
    git(remote, "update-ref", f"refs/heads/{BRANCH}", merge)
    with pytest.raises(GitError, match="it has a merge, or two beginnings"):
        one.fetched()


@pytest.mark.parametrize("name", ["", "-delete", "a b", "a..b", "x.lock", "a:b"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    git(tmp_path, "init", "--quiet")
    with pytest.raises(GitError, match="is no name of a branch"):
        LedgerBranch(repository=Repository(tmp_path), name=name)


def test_an_unknown_branch_is_named_with_the_fix(remote):
    with pytest.raises(GitError, match="fix: git fetch origin qgate-ledger"):
        clone(remote, "one").known()
