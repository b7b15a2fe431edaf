"""How git is called: one argument list, one clean environment, one kind of error.

The repository may belong to another user and its content is the pull request's, so each call says what it trusts instead of
relying on configuration files: no hooks, no fsmonitor program, no transport unless a fetch is meant, no LFS filter program.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from qgate.errors import GitError

_LOCAL_TIMEOUT_S = 120
_NETWORK_TIMEOUT_S = 600

# What a fetch may need from the caller's environment; nothing else is handed on, least of all GIT_*.
_PASSED_ON = (
    "PATH",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "https_proxy",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)

_HARDENING = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    # A checkout with `lfs: true` configures git-lfs as a *required* filter; where the program is absent, git would stop at the
    # first file. Without it a pointer is a pointer and a smudged file is its content.
    "filter.lfs.process=",
    "filter.lfs.clean=",
    "filter.lfs.smudge=",
    "filter.lfs.required=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "protocol.allow=never",
)
# `ext::` and the rest stay shut: a remote's URL is configuration, but not ours.
_TRANSPORTS = (
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.ssh.allow=always",
    "protocol.file.allow=always",
)

_FIXES = (
    ("dubious ownership", "run git as the owner of the repository, or report this: qgate passes safe.directory on every call"),
    ("not our ref", "the remote no longer has this commit: fetch it before (actions/checkout: `fetch-depth: 0`)"),
    ("lazy fetching disabled", "this is a partial clone: remove `filter` from actions/checkout"),
    ("could not fetch", "this is a partial clone: remove `filter` from actions/checkout"),
    ("promisor", "this is a partial clone: remove `filter` from actions/checkout"),
    ("not a git repository", "run inside a clone (in a workflow: actions/checkout before qgate)"),
    ("unknown revision", "name an existing branch, tag or commit, and fetch it (actions/checkout: `fetch-depth: 0`)"),
    ("Needed a single revision", "name an existing branch, tag or commit, and fetch it (actions/checkout: `fetch-depth: 0`)"),
    ("ould not read from remote", "check that the remote can be reached, or check out with `fetch-depth: 0`"),
)
_DEFAULT_FIX = "run `git fsck` in the repository; a fresh clone usually mends it"


class GitCommand:
    """Runs git in one work tree. `root` is the top of the work tree, absolute and without symbolic links."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        codes: Sequence[int] = (0,),
    ) -> bytes:
        """Standard output of `git ARGUMENTS`.

        `network` opens the transports, and runs as the owner of the repository so that nothing in it becomes root's.

        Raises:
            GitError: an exit code outside `codes`, a timeout, or no git at all; the text ends with the fix.
        """
        return self.answer(*arguments, stdin=stdin, env=env, network=network, codes=codes).stdout

    def answer(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        network: bool = False,
        codes: Sequence[int] = (0,),
    ) -> subprocess.CompletedProcess[bytes]:
        """As `run`, with the exit code, for the questions that git answers by it."""
        timeout = _NETWORK_TIMEOUT_S if network else _LOCAL_TIMEOUT_S
        uid, gid = self._owner() if network else (None, None)
        try:
            done = subprocess.run(
                self.command(*arguments, network=network),
                input=stdin or b"",
                env={**environment(), **(env or {})},
                cwd="/",
                capture_output=True,
                timeout=timeout,
                check=False,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed, or not on PATH\n  fix: install git 2.30 or newer") from error
        except OSError as error:
            raise GitError(f"git could not be started as user {uid}: {error}\n  fix: run as the owner of the clone") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(
                f"git {arguments[0]} did not answer within {timeout} s\n  fix: check the disk or the remote"
            ) from error
        if done.returncode not in codes:
            raise _error(arguments, done.stderr)
        return done

    def command(self, *arguments: str, network: bool = False) -> list[str]:
        """The argument list of a call, for the callers that stream its output."""
        options = [f"safe.directory={self.root}", *_HARDENING, *(_TRANSPORTS if network else ())]
        return ["git", "-C", str(self.root), *(word for option in options for word in ("-c", option)), *arguments]

    def _owner(self) -> tuple[int | None, int | None]:
        """User and group to fetch as: root steps down to the owner of `.git`, everybody else stays."""
        if os.geteuid() != 0:
            return None, None
        status = (self.root / ".git").stat()
        return (status.st_uid, status.st_gid) if status.st_uid else (None, None)


def environment() -> dict[str, str]:
    """The whole environment of a git call: untranslated, without prompts, configuration files or optional writes."""
    return {
        **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        # A ref below refs/replace/, which anybody with push access can make, shows other content under a commit's own name.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _error(arguments: Sequence[str], stderr: bytes) -> GitError:
    text = stderr.decode("utf-8", "replace").strip()
    # Git quotes names of the pull request in its messages: no control character of theirs reaches a terminal.
    words = "; ".join("".join(c if c.isprintable() else "?" for c in line) for line in text.splitlines()) or "no message"
    fix = next((fix for sign, fix in _FIXES if sign in text), _DEFAULT_FIX)
    return GitError(f"git {arguments[0]} failed: {words}\n  fix: {fix}")
