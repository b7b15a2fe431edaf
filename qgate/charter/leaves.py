"""A charter as a flat mapping, so that two of them can be compared key by key whatever the order that things are listed in.

Gates and waivers go by the gate's name instead of their number, splits by their canonical name, a remediation of plain text by
its summary, constraints by what they say.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from qgate.charter.document import Document
from qgate.charter.metrics import SPLIT_ALIASES
from qgate.charter.wording import KeyPath

Leaf = tuple[str, ...]
_SHOWN = 200
# Lists whose items have a name: (where, the key that names an item).
_NAMED = {("pilot", "success_metrics"): "name", ("waivers",): "gate"}
GATE, WAIVER, DATA = ("pilot", "success_metrics"), ("waivers",), ("pilot", "data")
# Mappings whose items may be anything.
_FREE = (("options",), ("set",))
_CONSTRAINTS = ("pilot", "candidate", "constraints")


def leaves(document: Document) -> dict[Leaf, tuple[Any, KeyPath]]:
    """Every value that is no mapping, by its place, with its place in the document."""
    return {leaf: (value, key) for leaf, value, key in _walk(document.root, (), ())}


def _walk(value: Any, leaf: Leaf, key: KeyPath) -> Iterator[tuple[Leaf, Any, KeyPath]]:
    if isinstance(value, Mapping) and leaf[-2:-1] not in _FREE:
        for name, item in value.items():
            yield from _walk(item, (*leaf, _canonical(name, leaf)), (*key, name))
    elif isinstance(value, list) and leaf in _NAMED:
        for number, item in enumerate(value):
            yield from _walk(item, (*leaf, _name(item, _NAMED[leaf], value[:number])), (*key, number))
    elif isinstance(value, list) and leaf == _CONSTRAINTS:
        for number, item in enumerate(value):
            yield (*leaf, plain(item)), plain(item), (*key, number)
    elif leaf[-1:] == ("remediation",):
        yield (*leaf, "summary"), value, key
    else:
        yield leaf, value, key


def _canonical(name: str, leaf: Leaf) -> str:
    return SPLIT_ALIASES.get(name, name) if leaf == DATA else name


def _name(item: Any, by: str, before: list[Any]) -> str:
    """An item's name; a second one of that name (two waivers of one gate) gets a number."""
    name = str(item[by])
    count = sum(str(earlier[by]) == name for earlier in before)
    return f"{name} ({count + 1})" if count else name


def place(document: Document, key: KeyPath) -> tuple[int, int]:
    """Line and column of a key, or of the nearest part that it stands in."""
    while key:
        if found := document.names.get(key) or document.values.get(key):
            return found
        key = key[:-1]
    return 1, 1


def plain(value: Any) -> str:
    """A value as text: equal values have equal texts, and 1.0 is 1."""
    return value if isinstance(value, str) else json.dumps(_comparable(value), sort_keys=True, ensure_ascii=False)


def cut(text: str) -> str:
    """A value's text as far as it is shown."""
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _comparable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
