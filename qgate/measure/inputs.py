"""The files that a charter declares: found inside the tree, hashed, and only then opened."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from qgate.domain.calibration import JUDGED, reviewed_name, snapshots
from qgate.domain.charter import ARTIFACT, Charter
from qgate.domain.evidence import InputFile
from qgate.errors import MeasurementError


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A declared file with its bytes (None: absent)."""

    file: InputFile
    content: bytes | None


def read_inputs(charter: Charter, root: Path, reviewed: Mapping[str, bytes] = MappingProxyType({})) -> tuple[Opened, ...]:
    """Every declared file, in the order of the charter.

    `data <split>` with its `slice <split>/<name>`, `qubo`, `weights`, `lockfile`, `trace`, calibration snapshots, `rollback
    artifact`. Of snapshots that are in `reviewed` (the base commit's bytes by path) those are read, and of the judged one both
    where they differ.

    Raises:
        MeasurementError: a declared path leaves the tree.
    """
    found = tuple(_open(role, path, declared, root) for role, path, declared in _declared(charter))
    return tuple(opened for file in found for opened in _ruled(file, reviewed, charter))


def _ruled(opened: Opened, reviewed: Mapping[str, bytes], charter: Charter) -> tuple[Opened, ...]:
    """A file, or what the base commit has in its place."""
    role, path = opened.file.role, opened.file.path
    of_noise = (role, path) in set(snapshots(charter.sections.get("noise", {})))
    base = reviewed.get(path) if of_noise else None
    if base is None or base == opened.content:
        return (opened,)
    if role != JUDGED:
        return (_hashed(role, path, None, base),)
    return opened, _hashed(role, reviewed_name(path), None, base)


def content_of(role: str, path: str, root: Path) -> bytes | None:
    """The bytes of one declared file; None where there is none.

    Raises:
        MeasurementError: the path leaves the tree.
    """
    return _open(role, path, None, root).content


def slice_role(split: str, name: str) -> str:
    """The role of the file that chooses a slice's rows."""
    return f"slice {split}/{name}"


def _declared(charter: Charter) -> Iterator[tuple[str, str, str | None]]:
    for split, data in charter.data.items():
        yield f"data {split}", data.path, data.sha256
        yield from ((slice_role(split, s.name), s.file, s.sha256) for s in data.slices if s.file)
    if charter.candidate.file:
        yield "qubo", charter.candidate.file, None
    if charter.candidate.weights:
        yield "weights", charter.candidate.weights, None
    if charter.lockfile:
        yield "lockfile", charter.lockfile, None
    if trace := charter.sections.get("traffic", {}).get("trace"):
        yield "trace", trace["path"], trace["sha256"]
    yield from ((key, path, None) for key, path in snapshots(charter.sections.get("noise", {})))
    if (target := charter.rollback.target) and target.artifact:
        yield ARTIFACT, target.artifact, target.sha256


def _open(role: str, path: str, declared: str | None, root: Path) -> Opened:
    full = (root / path).resolve()
    if not full.is_relative_to(root.resolve()):
        raise MeasurementError(f"{role} {path!r} is a link that leaves the repository; put the file itself there")
    return _hashed(role, path, declared, full.read_bytes() if full.is_file() else None)


def _hashed(role: str, path: str, declared: str | None, content: bytes | None) -> Opened:
    found = None if content is None else hashlib.sha256(content).hexdigest()
    return Opened(file=InputFile(role=role, path=path, declared_sha256=declared, sha256=found), content=content)
