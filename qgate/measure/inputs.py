"""The files that a charter declares: found inside the tree, hashed, and only then opened."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qgate.domain.calibration import snapshots
from qgate.domain.charter import Charter
from qgate.domain.evidence import InputFile
from qgate.errors import MeasurementError


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A declared file with its bytes (None: absent)."""

    file: InputFile
    content: bytes | None


def read_inputs(charter: Charter, root: Path) -> tuple[Opened, ...]:
    """Every declared file, in the order of the charter.

    `data <split>` with its `slice <split>/<name>`, `qubo`, `weights`, `lockfile`, `trace`, calibration snapshots.

    Raises:
        MeasurementError: a declared path leaves the tree.
    """
    return tuple(_open(role, path, declared, root) for role, path, declared in _declared(charter))


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


def _open(role: str, path: str, declared: str | None, root: Path) -> Opened:
    full = (root / path).resolve()
    if not full.is_relative_to(root.resolve()):
        raise MeasurementError(f"{role} {path!r} is a link that leaves the repository; put the file itself there")
    content = full.read_bytes() if full.is_file() else None
    found = None if content is None else hashlib.sha256(content).hexdigest()
    return Opened(file=InputFile(role=role, path=path, declared_sha256=declared, sha256=found), content=content)
