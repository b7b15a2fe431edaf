"""A lockfile in pip's format: every library pinned to one version, with the digests of its archives. Pure.

Nothing else is taken from such a file. It is the pull request's own, and an option in it could name another index, an address, a
file of this machine or a list elsewhere.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from qgate.errors import MeasurementError

_LARGEST = 4 << 20
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash=(\S+)")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One library at one version. `requirement` is the line without its digests; `where` is `file:line`."""

    name: str
    version: str
    requirement: str
    hashes: tuple[str, ...]
    where: str


def read_pins(content: bytes, path: str) -> tuple[Pin, ...]:
    """The pins that hold for this interpreter and platform, in the order of the file.

    Raises:
        MeasurementError: the file pins nothing, pins a library twice, or holds a line that is no pin.
    """
    pins: dict[str, Pin] = {}
    if len(content) > _LARGEST:
        raise MeasurementError(f"{path} is larger than {_LARGEST:,} bytes, and no lockfile is")
    for number, line in _lines(content.decode(errors="replace")):
        pin = _pin(line, f"{path}:{number}")
        if pin is None:
            continue
        if pin.name in pins:
            raise MeasurementError(f"{pin.where} pins {pin.name} a second time\n  fix: leave one of the two")
        pins[pin.name] = pin
    if not pins:
        raise MeasurementError(f"{path} pins no library for this Python\n  fix: `uv pip compile --generate-hashes` writes one")
    return tuple(pins.values())


def unmet(pins: Iterable[Pin], installed: Mapping[str, str]) -> tuple[str, ...]:
    """The pins that an environment does not have, each with what it has instead; `installed` maps names to versions."""
    return tuple(
        f"{pin.name}=={pin.version} ({installed.get(pin.name, 'nothing')} is installed)"
        for pin in pins
        if pin.name not in installed or Version(installed[pin.name]) != Version(pin.version)
    )


def requirements(pins: Iterable[Pin]) -> str:
    """The pins with their hashes for an installer, and nothing else of the file.

    Raises:
        MeasurementError: a pin has no digest.
    """
    bare = [pin for pin in pins if not pin.hashes]
    if bare:
        raise MeasurementError(
            f"{bare[0].where} pins {bare[0].name} without a hash, so that anybody's archive of that version would do\n"
            "  fix: write the lockfile with hashes (`uv pip compile --generate-hashes`)"
        )
    return "".join(f"{pin.requirement} {' '.join(f'--hash={h}' for h in pin.hashes)}\n" for pin in pins)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first: comments gone, continuations joined."""
    start, parts = 1, ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = start if parts else number
        bare = _COMMENT.sub("", line).rstrip()
        if bare.endswith("\\"):
            parts += f"{bare[:-1]} "
            continue
        if whole := (parts + bare).strip():
            yield start, whole
        parts = ""
    if parts.strip():
        yield start, parts.strip()


def _pin(line: str, where: str) -> Pin | None:
    """The pin of a line; None where its marker says that it is for another Python or platform."""
    hashes = tuple(_HASH.findall(line))
    text = _HASH.sub("", line).strip()
    try:
        requirement = Requirement(text)
        version = _exact(requirement)
        applies = requirement.marker is None or requirement.marker.evaluate()
    except (InvalidRequirement, InvalidVersion, ValueError, KeyError) as error:
        raise MeasurementError(
            f"{where} is no pin, `name==version` with its hashes: {text!r:.200}\n  fix: options, addresses and paths are not "
            "followed; `uv pip compile --generate-hashes` writes pins alone"
        ) from error
    if wrong := [h for h in hashes if not _SHA256.fullmatch(h)]:
        raise MeasurementError(f"{where} has the hash {wrong[0]!r:.100}\n  fix: write `sha256:` and 64 hexadecimal digits")
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    name = str(canonicalize_name(requirement.name))
    pin = Pin(name=name, version=version, requirement=f"{name}{extras}=={version}", hashes=hashes, where=where)
    return pin if applies else None


def _exact(requirement: Requirement) -> str:
    """The one version that the requirement allows."""
    [specifier] = requirement.specifier
    if requirement.url is not None or specifier.operator != "==":
        raise ValueError
    return str(Version(specifier.version))
