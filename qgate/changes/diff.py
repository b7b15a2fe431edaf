"""What a change touches: the diff between the merge base and the head, file by file."""

from qgate.changes.git import SUBMODULE, Repository, decode
from qgate.domain.change import Change, ChangedFile, FileStatus
from qgate.errors import GitError

# Everything that configuration or `.gitmodules` could change about the answer is said on the command line:
# `submodule.<name>.ignore = all`, in the pull request's own `.gitmodules`, would otherwise hide a moved submodule.
_OPTIONS = ("-z", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-relative")

_STATUS = {"A": FileStatus.ADDED, "D": FileStatus.DELETED}


def find_change(repository: Repository, *, base: str | None, head: str | None) -> Change:
    """The files that differ between `head` and its merge base with `base`.

    `base` defaults to the default branch; `head` None means the work tree: its tracked files, and the untracked ones that are
    not ignored. A rename is a deletion and an addition.

    Raises:
        GitError: a ref is unknown, the histories are unrelated, or the clone too shallow to tell.
    """
    tip = repository.resolve(head or "HEAD")
    ancestor = repository.merge_base(base or repository.default_branch(), tip)
    if head is None:
        files = _with_untracked(repository, _changed(repository, "diff", "--ignore-submodules=dirty", ancestor))
    else:
        files = _changed(repository, "diff-tree", "-r", "--ignore-submodules=none", ancestor, tip)
    return Change(base=ancestor, head=tip if head else None, files=tuple(sorted(files.values())))


def _changed(repository: Repository, command: str, *arguments: str) -> dict[str, ChangedFile]:
    try:
        output = repository.git.run(command, *_OPTIONS, "--numstat", *arguments, "--")
    except GitError:
        # `--numstat` reads both contents, which a partial clone lacks; the names need the trees alone. Without it no file is
        # known to be binary, which nothing but the display depends on.
        output = repository.git.run(command, *_OPTIONS, *arguments, "--")
    return _parse(output)


def _parse(output: bytes) -> dict[str, ChangedFile]:
    """Parse `--raw --numstat -z`.

    First `:<mode> <mode> <sha> <sha> <status>NUL<path>NUL` for each file, then `<added>TAB<deleted>TAB<path>NUL` for each.
    """
    tokens = iter(output.split(b"\0"))
    files: dict[str, ChangedFile] = {}
    for token in tokens:
        if token.startswith(b":"):
            path = decode(next(tokens))
            before, after, _, _, status = token[1:].decode().split(" ")
            files[path] = ChangedFile(
                path=path,
                status=_STATUS.get(status[0], FileStatus.MODIFIED),
                submodule=SUBMODULE in {before, after},
            )
        elif token.startswith(b"-\t-\t"):
            path = decode(token[4:])
            files[path] = _as_binary(files[path])
    return files


def _as_binary(file: ChangedFile) -> ChangedFile:
    return ChangedFile(path=file.path, status=file.status, binary=True, submodule=file.submodule)


def _with_untracked(repository: Repository, files: dict[str, ChangedFile]) -> dict[str, ChangedFile]:
    """Add the untracked files; one that base has, but the index no longer, was modified and not deleted."""
    names = repository.git.run("ls-files", "-z", "--others", "--exclude-standard").split(b"\0")
    for path in (decode(name) for name in names if name):
        # A repository inside the work tree is listed as a directory.
        status = FileStatus.MODIFIED if path in files else FileStatus.ADDED
        files[path.rstrip("/")] = ChangedFile(path=path.rstrip("/"), status=status, submodule=path.endswith("/"))
    return files
