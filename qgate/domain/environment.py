"""Which libraries a pull request's code is measured with: those of its lockfile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class Setup(StrEnum):
    """How a lockfile becomes the workers' environment.

    `auto`: the bundled one (that of qgate itself) where it has every pin of the lockfile, else one built from it. `bundled`:
    never built, and what the lockfile pins otherwise fails reproducibility. `locked`: always built, hash by hash.
    """

    AUTO = "auto"
    BUNDLED = "bundled"
    LOCKED = "locked"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the workers of a pilot run with.

    `directory` is where the environment was built (None: the bundled one). `sha256` is the digest of its pins with their hashes,
    and `versions` what they are, by name; `unmet` are pins that the bundled environment does not have.
    """

    directory: Path | None = None
    sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    unmet: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """For the evidence."""
        if self.directory is not None:
            return {"from": "lockfile", "pins": len(self.versions), "sha256": self.sha256}
        return {"from": "bundled"} | ({"unmet": list(self.unmet)} if self.unmet else {})
