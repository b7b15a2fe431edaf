"""Where a step works, in the names that it publishes under: steps of one workflow must not overwrite each other's verdict."""

from hashlib import sha256

from qgate.report.escape import clean

_SHOWN = 80


def digest_of(directory: str) -> str:
    """Twelve hexadecimal digits that tell a working directory from every other."""
    return sha256(directory.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def named(name: str, directory: str) -> str:
    """The name of a check run or the context of a status; `directory` is "" at the repository's top, where names stay plain.

    A directory that cannot be shown whole has its digest beside it, so that two of them never share a name.
    """
    if not directory:
        return name
    shown = clean(directory, _SHOWN)
    return f"{name} ({shown if shown == directory else f'{shown}, {digest_of(directory)}'})"
