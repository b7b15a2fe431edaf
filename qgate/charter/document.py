"""A charter as read from YAML: plain values, and where each key and value stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qgate.charter.codes import Code
from qgate.charter.wording import KeyPath, key_text
from qgate.domain.source import Position, Problem

Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Document:
    """Plain values (dict, list, str, bool, None, int, Decimal) with their places (line and column, from 1).

    `unread` holds the keys whose value was refused and stands as None: what is wrong there has been said already. `partial` is
    True when a whole mapping or list may hide behind one of them, so that nothing can be called missing.
    """

    path: str
    root: dict[str, Any]
    values: Mapping[KeyPath, Place]
    names: Mapping[KeyPath, Place]
    unread: frozenset[KeyPath] = field(default_factory=frozenset)
    partial: bool = False

    def get(self, *key: str | int) -> Any:
        """The value at a key path, or None where a part of the path is absent or of another kind."""
        value: Any = self.root
        for part in key:
            if isinstance(part, str) and isinstance(value, dict):
                value = value.get(part)
            elif isinstance(part, int) and isinstance(value, list) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def mapping(self, *key: str | int) -> dict[str, Any]:
        """The mapping at a key path; empty where there is none."""
        value = self.get(*key)
        return value if isinstance(value, dict) else {}

    def items(self, *key: str | int) -> list[Any]:
        """The list at a key path; empty where there is none."""
        value = self.get(*key)
        return value if isinstance(value, list) else []

    def text(self, *key: str | int) -> str | None:
        """The text at a key path, or None."""
        value = self.get(*key)
        return value if isinstance(value, str) else None

    def problem(self, code: Code, key: KeyPath, message: str, fix: str) -> Problem:
        """A problem with the value at `key`; where nothing is written there, it stands at the key."""
        place = self.names.get(key) if self.get(*key) is None else None
        return self._problem(code, key, message, fix, place or self.values.get(key, (1, 1)))

    def problem_of(self, code: Code, key: KeyPath, message: str, fix: str) -> Problem:
        """A problem with the part called `key` as a whole (it lacks something, or should not be): at the key or item."""
        return self._problem(code, key, message, fix, self.names.get(key) or self.values.get(key, (1, 1)))

    def _problem(self, code: Code, key: KeyPath, message: str, fix: str, place: Place) -> Problem:
        position = Position(path=self.path, line=place[0], column=place[1])
        return Problem(code=code.value, message=message, fix=fix, position=position, key=key_text(key))
