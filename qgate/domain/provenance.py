"""Where a verdict and its evidence come from: told beside the verdict, and no part of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from qgate.domain.verdict import Decision


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
class PastValue:
    """What a gate came to in an earlier run on the default branch; value and interval in the metric's unit."""

    day: date
    decision: Decision
    value: float
    interval: tuple[float, float] | None = None
    threshold: Mapping[str, float] = field(default_factory=dict)


# Earlier runs' values by pilot and gate, the oldest first.
History = Mapping[tuple[str, str], tuple[PastValue, ...]]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The key that signed the attestation (None: nobody), what came from a cache, and what earlier runs came to."""

    signed_by: str | None = None
    reused: tuple[Reused, ...] = ()
    history: History = field(default_factory=dict)


UNKNOWN = Provenance()
