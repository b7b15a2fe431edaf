"""Where a verdict and its evidence come from: told beside the verdict, and no part of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reused:
    """Of `planned` measurements of a pilot, those in `parts`, each with the short key of the cache's entry.

    Every one was verified: the candidate's deciding cell by its repetition, a baseline by the lock. `sealed`: the entries carried
    the seal of the run's own key.
    """

    pilot: str
    planned: int
    parts: Mapping[str, str]
    sealed: bool = False


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The key that signed the attestation (None: nobody), and what came from a cache."""

    signed_by: str | None = None
    reused: tuple[Reused, ...] = ()


UNKNOWN = Provenance()
