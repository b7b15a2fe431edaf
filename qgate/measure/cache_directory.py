"""Which directory may be a measurement cache: one that qgate alone writes."""

from pathlib import Path

from qgate.changes.git import Repository
from qgate.errors import UsageError

_SIGN, _SIGN_CONTENT = ".gitignore", b"*\n"


def check_directory(directory: Path, repository: Repository, out: Path) -> None:
    """Whether a directory can be the cache; it need not exist yet.

    Raises:
        UsageError: it holds files of the repository, which the change itself could have put there, or of somebody else, or shares
            its place with the run directory.
    """
    if directory.is_relative_to(out) or out.is_relative_to(directory):
        raise UsageError(f"the cache {directory} and the run directory {out} lie in one another\n  fix: give each its own")
    if directory.is_relative_to(repository.root) and (found := _tracked(directory, repository)):
        raise UsageError(
            f"the cache {directory} holds files of the repository, such as {found}: what a change brings along is not believed\n"
            "  fix: remove them from the repository, or name another directory"
        )
    if directory.exists() and not _is_ours(directory):
        raise UsageError(f"the cache {directory} holds files that qgate did not write\n  fix: name a directory of its own")


def _tracked(directory: Path, repository: Repository) -> str:
    path = directory.relative_to(repository.root).as_posix()
    names = repository.git.run("ls-files", "-z", "--cached", "--", f":(top,literal){path}")
    return names.partition(b"\0")[0].decode("utf-8", "replace")


def _is_ours(directory: Path) -> bool:
    if not directory.is_dir():
        return False
    sign = directory / _SIGN
    return not any(directory.iterdir()) or (sign.is_file() and not sign.is_symlink() and sign.read_bytes() == _SIGN_CONTENT)
