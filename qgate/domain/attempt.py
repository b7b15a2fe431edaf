"""How often a pull request has tried: each new content is an attempt, and what earlier ones came to is told with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What an attempt came to on one gate: its word, and the value (None: not measured)."""

    gate: str
    verdict: str
    value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An attempt before this one."""

    number: int
    estimates: tuple[Estimate, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """This attempt of a pull request at a pilot, counted from 1, and those before it that are remembered, the oldest first."""

    pilot: str
    number: int
    earlier: tuple[Earlier, ...] = ()


def read_attempt(value: Mapping[str, Any]) -> Attempt:
    """The attempt of which `value` is `dataclasses.asdict`.

    Raises:
        TypeError: it has other fields.
        KeyError: it lacks one.
    """
    earlier = tuple(
        Earlier(number=e["number"], estimates=tuple(Estimate(**found) for found in e["estimates"])) for e in value["earlier"]
    )
    return Attempt(pilot=value["pilot"], number=value["number"], earlier=earlier)
