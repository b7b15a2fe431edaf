"""The ledger branch: an orphan branch with one file a commit, which grows at its end and nowhere else.

Each commit names the one before it as its parent, so that a commit's name stands for the whole history up to it. A commit is made
of git's plumbing, without a work tree, and the branch moves by compare-and-swap: the remote takes it only where it still ends as
it did when it was read.
"""

import random
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qgate.changes.git import Repository
from qgate.errors import GitError

FILE = "record.json"
_ATTEMPTS = 10
_PAUSE_S = 0.5  # on average before the second attempt, and twice as long before each further one, up to 8 s
_LONGEST_PAUSE_S = 8.0
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
_WHO = {f"GIT_{role}_{key}": text for role in ("AUTHOR", "COMMITTER") for key, text in (("NAME", "qgate"), ("EMAIL", ""))}
_ZEROS = "0" * 40
_FIX = "find out who rewrote it, and begin another branch; `git reflog` of a clone that fetched it before knows its earlier end"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One commit of the branch, and its file's bytes."""

    commit: str
    content: bytes


Check = Callable[[tuple[Kept, ...]], object]


@dataclass(frozen=True, kw_only=True)
class LedgerBranch:
    """A branch of the repository's remote, or of the repository itself where it has none; `env` is git's, for a remote that asks.

    Raises:
        GitError: no branch may be called like this.
    """

    repository: Repository
    name: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.name.startswith("-") or self._git("check-ref-format", self._ref, codes=(0, 1)).returncode:
            raise GitError(f"{self.name!r} is no name of a branch\n  fix: name one like qgate-ledger")

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self.name}"

    def known(self) -> tuple[Kept, ...]:
        """The branch as this clone knows it, the oldest first, without asking the remote.

        Raises:
            GitError: this clone has no such branch, or it is none that only grew.
        """
        remote = self.repository.remote()
        refs = (*((f"refs/remotes/{remote}/{self.name}",) if remote else ()), self._ref)
        tips = (self._git("rev-parse", "--verify", "--quiet", ref, codes=(0, 1)).stdout.decode().strip() for ref in refs)
        tip = next(filter(None, tips), None)
        if tip is None:
            raise GitError(f"this clone has no branch {self.name}\n  fix: git fetch {remote or 'REMOTE'} {self.name}:{self.name}")
        return self._chain(tip)

    def fetched(self) -> tuple[Kept, ...]:
        """The branch as the remote has it now, the oldest first; empty where there is none yet.

        Raises:
            GitError: the remote does not answer, or it is no branch that only grew.
        """
        tip = self._tip()
        return self._chain(tip) if tip else ()

    def append(self, content: bytes, message: str, check: Check) -> tuple[Kept, int]:
        """The commit with this content at the branch's end, and its number from 1; `check` is called with what is before it.

        Raises:
            GitError: refused, unreachable, no branch that only grew, or others were faster every time.
        """
        mine = ""
        for attempt in range(_ATTEMPTS):
            tip = self._tip()
            before = self._chain(tip) if tip else ()
            numbers = {kept.commit: number for number, kept in enumerate(before, start=1)}
            if mine in numbers:  # it had arrived, and only the answer was lost
                return Kept(commit=mine, content=content), numbers[mine]
            check(before)
            mine = self._commit(content, message, tip)
            if self._swapped(tip, mine):
                return Kept(commit=mine, content=content), len(before) + 1
            # Two that lost at once must not meet again.
            time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 2 * _PAUSE_S * 2**attempt)))  # noqa: S311 -- nothing to guess
        raise GitError(f"other runs moved the branch {self.name} {_ATTEMPTS} times meanwhile\n  fix: run this job again")

    def _tip(self) -> str | None:
        """The branch's end where it is kept, with its history here."""
        remote = self.repository.remote()
        if remote is None:
            return self._git("rev-parse", "--verify", "--quiet", self._ref, codes=(0, 1)).stdout.decode().strip() or None
        tip = self._remote_tip(remote)
        if tip is not None:
            self._remotely(*_FETCH, "--", remote, self._ref)
        return tip

    def _remote_tip(self, remote: str) -> str | None:
        answer = self._remotely("ls-remote", "--", remote, self._ref).decode("utf-8", "replace")
        return next((line.partition("\t")[0] for line in answer.splitlines() if line.endswith(f"\t{self._ref}")), None)

    def _chain(self, tip: str) -> tuple[Kept, ...]:
        """Every commit up to `tip`, the oldest first, once each was found to have the one before it as its only parent."""
        lines = self._git("rev-list", "--reverse", "--topo-order", "--parents", tip).stdout.decode().splitlines()
        commits = [line.split() for line in lines]
        for (_, *parents), before in zip(commits, [None, *commits], strict=False):
            if parents != ([before[0]] if before else []):
                raise GitError(f"the branch {self.name} is no ledger: it has a merge, or two beginnings\n  fix: {_FIX}")
        if b"\nparent " in self._git("cat-file", "commit", commits[0][0]).stdout.partition(b"\n\n")[0]:
            raise GitError(f"the branch {self.name} was fetched without its whole history\n  fix: git fetch --unshallow")
        return self._contents([commit for commit, *_ in commits])

    def _contents(self, commits: list[str]) -> tuple[Kept, ...]:
        names = "".join(f"{commit}:{FILE}\n" for commit in commits).encode()
        answer, kept = self._git("cat-file", "--batch", stdin=names).stdout, []
        for commit in commits:
            head, _, rest = answer.partition(b"\n")
            if not head.split(b" ")[1:2] == [b"blob"]:
                raise GitError(f"the branch {self.name} is no ledger: its commit {commit} has no {FILE}\n  fix: name another")
            size = int(head.split(b" ")[2])
            kept.append(Kept(commit=commit, content=rest[:size]))
            answer = rest[size + 1 :]
        return tuple(kept)

    def _commit(self, content: bytes, message: str, parent: str | None) -> str:
        blob = self._written("hash-object", "-w", "--stdin", stdin=content)
        tree = self._written("mktree", stdin=f"100644 blob {blob}\t{FILE}\n".encode())
        return self._written("commit-tree", *(("-p", parent) if parent else ()), "-m", message, tree)

    def _swapped(self, old: str | None, new: str) -> bool:
        """Whether the branch ended at `old` (None: was not there) and ends at `new` now; False where it has moved meanwhile.

        Raises:
            GitError: it has not moved, and yet was refused.
        """
        remote = self.repository.remote()
        try:
            if remote is None:
                self._written("update-ref", "--no-deref", self._ref, new, old or _ZEROS)
            else:
                lease = f"--force-with-lease={self._ref}:{old or ''}"
                self._remotely("push", "--quiet", lease, "--", remote, f"{new}:{self._ref}")
        except GitError:
            if self._tip() == old:
                raise
            return False
        return True

    def _git(
        self, *arguments: str, stdin: bytes | None = None, codes: tuple[int, ...] = (0,)
    ) -> subprocess.CompletedProcess[bytes]:
        return self.repository.git.answer(*arguments, stdin=stdin, codes=codes)

    def _remotely(self, *arguments: str) -> bytes:
        return self.repository.git.run(*arguments, env=self.env, network=True)

    def _written(self, *arguments: str, stdin: bytes | None = None) -> str:
        """As `network`, which is as the owner of the clone: no object in it may become root's."""
        return self.repository.git.run(*arguments, stdin=stdin, env=_WHO, network=True).decode().strip()
