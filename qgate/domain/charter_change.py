"""What a change does to its own contract: each edited key of a charter, and which way it moves the gate."""

from dataclasses import dataclass
from enum import StrEnum

from qgate.domain.source import Position


class Effect(StrEnum):
    """Whether less can pass than before, more, or the same. What cannot be told counts as loosened."""

    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True)
class CharterChange:
    """One edited key: `old` and `new` as they are written (None: absent); the position is the head's, or nearest to it.

    `charter` is the path of the charter whose ruler it is: the file itself, or the one that a lock or a snapshot belongs to.
    """

    effect: Effect
    key: str
    old: str | None
    new: str | None
    why: str
    position: Position
    charter: str
