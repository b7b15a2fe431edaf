"""The one door to git: what a gate asks of a repository, answered from objects and never from configuration.

Paths are `str` as git names them, relative to the top of the work tree; bytes that are not UTF-8 become lone surrogates
(`surrogateescape`), so that any name survives the round trip.
"""

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qgate.changes.git_command import GitCommand
from qgate.errors import GitError

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FIRST_DEEPENING = 50
_DEEPENINGS = 12  # 50, 100, … 102,400 more commits: longer than the life of a branch
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")

SYMLINK = "120000"
SUBMODULE = "160000"
EXECUTABLE = "100755"


@dataclass(frozen=True, kw_only=True)
class TreeEntry:
    """One file of a commit: its mode (`100644`, `100755`, `120000` symbolic link, `160000` submodule), object and path."""

    mode: str
    sha: str
    path: str


def decode(name: bytes) -> str:
    """A name as git gives it, whatever its bytes."""
    return name.decode("utf-8", "surrogateescape")


class Repository:
    """A clone on disk. `path` may be any directory inside it; `root` is the top of its work tree.

    Raises:
        GitError: there is no repository at or above `path`.
    """

    def __init__(self, path: Path) -> None:
        start = path.resolve()
        top = next((p for p in (start, *start.parents) if (p / ".git").exists()), None)
        if top is None:
            raise GitError(
                f"{path} is not in a git repository\n  fix: run inside a clone (in a workflow: actions/checkout first)"
            )
        self.root = top
        self.git = GitCommand(top)

    def resolve(self, ref: str) -> str:
        """The full SHA of the commit that a branch, remote branch, tag or (full or short) SHA names, in this order.

        Git itself takes the tag first: whoever may push a tag `main` would choose the base, and so the charter that judges.
        What a shallow or single-branch clone lacks is fetched from the remote, where there is one.

        Raises:
            GitError: nothing of that name is here or at the remote.
        """
        if not ref or ref.startswith("-") or any(not c.isprintable() or c.isspace() for c in ref):
            raise GitError(f"{ref!r} is not a git revision\n  fix: give a branch, a tag or a commit SHA")
        return self._branch(ref) or self._commit(ref) or self._elsewhere(ref)

    def fetch(self, sha: str, *, env: Mapping[str, str]) -> None:
        """Fetch a commit that is not here from the remote; `env` is git's, as for a remote that asks who wants to know.

        Raises:
            GitError: it is not there either.
        """
        remote = self.remote()
        if self._commit(sha) is None and remote is not None:
            depth = ("--depth=1",) if self._is_shallow() else ()
            self.git.run(*_FETCH, *depth, "--", remote, sha, env=env, network=True)

    def merge_base(self, a: str, b: str) -> str:
        """The best common ancestor of two commits (full SHA); a shallow clone is deepened, in doubling steps, until it has one.

        Raises:
            GitError: unrelated histories, or a shallow clone whose remote cannot be reached.
        """
        first, second = self.resolve(a), self.resolve(b)
        for step in range(_DEEPENINGS):
            if found := self.git.run("merge-base", first, second, codes=(0, 1)).decode().split():
                return found[0]
            if not self._is_shallow():
                raise GitError(
                    f"{first} and {second} have no common ancestor\n"
                    "  fix: give the branch that the change is to be merged into as the base",
                )
            self._deepen(_FIRST_DEEPENING << step, first, second)
        raise self._too_shallow("no merge base within reach")

    def default_branch(self) -> str:
        """The full ref of the branch that changes are merged into: what the remote's HEAD says, else `main` or `master`.

        Raises:
            GitError: it cannot be told.
        """
        remote = self.remote()
        if remote is None:
            return self._only_ref("refs/heads/main", "refs/heads/master")
        known = self.git.run("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD", codes=(0, 1)).decode().strip()
        return (
            known or self._remote_head(remote) or self._only_ref(f"refs/remotes/{remote}/main", f"refs/remotes/{remote}/master")
        )

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of a regular file in a commit; None where there is none (a directory, link or submodule is none)."""
        if {"", ".", ".."} & set(path.split("/")):
            return None  # No tree holds such a path.
        listing = self.git.run("ls-tree", "-z", "--full-tree", self.resolve(commit), "--", path)
        for entry in _tree_entries(listing):
            if entry.path == path and entry.mode not in {SYMLINK, SUBMODULE, "040000"}:
                return self.git.run("cat-file", "blob", entry.sha)
        return None

    def entries(self, commit: str) -> tuple[TreeEntry, ...]:
        """Every file, link and submodule of a commit, in git's order."""
        return _tree_entries(self.git.run("ls-tree", "-r", "-z", "--full-tree", self.resolve(commit)))

    def list_files(self, commit: str) -> tuple[str, ...]:
        """Every path of a commit, in git's order: files, links and submodules."""
        return tuple(entry.path for entry in self.entries(commit))

    def work_tree_files(self) -> tuple[str, ...]:
        """Every path of the work tree that is tracked, or untracked and not ignored; sorted. A deleted file may be among them."""
        names = self.git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        return tuple(sorted({decode(name).rstrip("/") for name in names.split(b"\0") if name}))

    def is_clean_at(self, commit: str) -> bool:
        """Whether the work tree holds exactly this commit: HEAD there, nothing changed or untracked, no file hidden from git.

        `skip-worktree` (a sparse checkout) and `assume-unchanged` hide files from `git status`, hence the second question.
        """
        if self._commit("HEAD") != self.resolve(commit):
            return False
        if self.git.run("status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=dirty", "--no-renames"):
            return False
        tags = self.git.run("ls-files", "-v", "-z").split(b"\0")
        return all(tag.startswith(b"H ") for tag in tags if tag)

    def worktree_digest(self) -> str:
        """The tree SHA of the work tree's tracked and untracked-but-not-ignored files: equal content, equal digest.

        Written with a copy of the index and a private object directory: the repository is left as it was.
        """
        objects = self.root / self._git_path("objects")
        index = self.root / self._git_path("index")
        with tempfile.TemporaryDirectory(prefix="qgate-index-") as scratch:
            private = Path(scratch)
            (private / "objects").mkdir()
            if index.exists():
                shutil.copyfile(index, private / "index")
            env = {
                "GIT_INDEX_FILE": str(private / "index"),
                "GIT_OBJECT_DIRECTORY": str(private / "objects"),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
            }
            self.git.run("-c", "core.safecrlf=false", "-c", "advice.addEmbeddedRepo=false", "add", "--all", "--", ".", env=env)
            return self.git.run("write-tree", env=env).decode().strip()

    def _branch(self, ref: str) -> str | None:
        """The commit of a branch of this name, with whatever follows it (`main~2`); None for what names no branch."""
        name = re.split(r"[~^@:]", ref, maxsplit=1)[0]
        if not name or name == "HEAD" or name.startswith("refs/") or _SHA.fullmatch(name):
            return None
        remote = self.remote()
        places = ("refs/heads/", "refs/remotes/", *((f"refs/remotes/{remote}/",) if remote else ()))
        return next(filter(None, (self._commit(f"{place}{ref}") for place in places)), None)

    def _commit(self, name: str) -> str | None:
        done = self.git.answer("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", codes=(0, 1, 128))
        return done.stdout.decode().strip() or None

    def _git_path(self, name: str) -> str:
        return decode(self.git.run("rev-parse", "--git-path", name)).rstrip("\n")

    def remote(self) -> str | None:
        """The name of the remote that is asked: `origin`, else the first; None where there is none."""
        names = self.git.run("remote").decode().split()
        return "origin" if "origin" in names else next(iter(names), None)

    def _is_shallow(self) -> bool:
        return self.git.run("rev-parse", "--is-shallow-repository").decode().strip() == "true"

    def _only_ref(self, *refs: str) -> str:
        present = [ref for ref in refs if self._commit(ref)]
        if len(present) == 1:
            return present[0]
        found = " and ".join(present) or "none"
        raise GitError(f"the default branch cannot be told (of {', '.join(refs)}: {found})\n  fix: give --base REF")

    def _remote_head(self, remote: str) -> str | None:
        """The branch that the remote's HEAD names, if the remote answers."""
        try:
            answer = self.git.run("ls-remote", "--symref", "--", remote, "HEAD", network=True).decode("utf-8", "replace")
        except GitError:
            return None
        found = re.match(r"ref: refs/heads/(\S+)\tHEAD", answer)
        return f"refs/remotes/{remote}/{found[1]}" if found else None

    def _elsewhere(self, ref: str) -> str:
        """The commit of a ref that is not here: fetched from the remote."""
        remote = self.remote()
        if remote is None:
            raise GitError(f"{ref} is not in this repository\n  fix: name an existing branch, tag or commit")
        return self._fetched(remote, ref)

    def _fetched(self, remote: str, ref: str) -> str:
        try:
            sha = ref if _SHA.fullmatch(ref) else self._remote_sha(remote, ref)
            self.fetch(sha, env={})
        except GitError as error:
            raise GitError(f"{ref} is not in this clone, and could not be fetched: {error}") from error
        return self._commit(sha) or self._missing(ref)

    def _remote_sha(self, remote: str, ref: str) -> str:
        branch = ref.removeprefix(f"refs/remotes/{remote}/").removeprefix(f"{remote}/")
        wanted = [f"refs/heads/{branch}", f"refs/tags/{branch}", branch]
        answer = self.git.run("ls-remote", "--", remote, *wanted, network=True).decode("utf-8", "replace")
        shas = {name: sha for sha, _, name in (line.partition("\t") for line in answer.splitlines())}
        return next((shas[name] for name in wanted if name in shas), None) or self._missing(ref)

    def _missing(self, ref: str) -> str:
        raise GitError(
            f"{ref} is neither here nor at the remote\n"
            "  fix: name an existing branch, tag or commit (actions/checkout: `fetch-depth: 0` fetches all)",
        )

    def _deepen(self, commits: int, *shas: str) -> None:
        """Fetch more history of the commits; where the server refuses SHAs (a local merge commit), of every branch."""
        remote = self.remote()
        if remote is None:
            raise self._too_shallow("it has no remote to deepen it from")
        deepen = (*_FETCH, f"--deepen={commits}", "--", remote)
        try:
            self.git.run(*deepen, *shas, network=True)
        except GitError:
            try:
                self.git.run(*deepen, network=True)
            except GitError as error:
                raise self._too_shallow(str(error)) from error

    def _too_shallow(self, why: str) -> GitError:
        return GitError(
            f"this clone is shallow, and its history does not reach the merge base: {why}\n"
            "  fix: check out the whole history (actions/checkout: `fetch-depth: 0`)",
        )


def _tree_entries(listing: bytes) -> tuple[TreeEntry, ...]:
    """Parse `ls-tree -z`: `<mode> <type> <sha>TAB<path>NUL`."""
    entries = []
    for line in listing.split(b"\0"):
        if line:
            meta, _, path = line.partition(b"\t")
            mode, _, sha = meta.decode().split(" ")
            entries.append(TreeEntry(mode=mode, sha=sha, path=decode(path)))
    return tuple(entries)
