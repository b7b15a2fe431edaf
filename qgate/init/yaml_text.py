"""YAML written for people: keys with comments, and keys added to a file that stays as it is otherwise."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from qgate.charter.scalars import ScalarError, resolve
from qgate.charter.wording import KeyPath

_STEP = 2
_BARE = re.compile(r"[A-Za-z0-9_./](?:[\w ./@+*()=;<>$%^~-]|:(?=[^ ])|,(?= ))*")
_BARE_IN_FLOW = re.compile(r"[A-Za-z0-9_.](?:[\w ./@+()=;<>$^~-])*")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A key, its value (a scalar, a flow list or mapping, a `Block` or `Items`), and what the reader should know."""

    key: str
    value: Any
    comment: str = ""


@dataclass(frozen=True)
class Block:
    """A mapping, one key on each line."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Items:
    """A list, of mappings or of texts, one item below the other."""

    items: tuple[Block | str, ...]


def render(block: Block, indent: int = 0) -> Iterator[str]:
    """The lines of a mapping."""
    pad = " " * indent
    for entry in filter(_says_something, block.entries):
        note = f"  # {entry.comment}" if entry.comment else ""
        if isinstance(entry.value, Block):
            yield f"{pad}{entry.key}:{note}"
            yield from render(entry.value, indent + _STEP)
        elif isinstance(entry.value, Items):
            yield f"{pad}{entry.key}:{note}"
            yield from _items(entry.value, indent + _STEP)
        else:
            yield f"{pad}{entry.key}: {_line(entry.value)}{note}"


def _says_something(entry: Entry) -> bool:
    """Whether there is anything below the key."""
    return entry.value not in (Block(()), Items(()))


def _items(items: Items, indent: int) -> Iterator[str]:
    pad = " " * indent
    for item in items.items:
        lines = [_line(item)] if isinstance(item, str) else list(render(item))
        yield f"{pad}- {lines[0]}"
        yield from (f"{pad}  {line}" for line in lines[1:])


def _line(value: Any) -> str:
    return _scalar(value, _BARE) if isinstance(value, str) else flow(value)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Block):
        return flow({entry.key: entry.value for entry in value.entries})
    if isinstance(value, Items):
        return flow(list(value.items))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return _scalar(value, _BARE_IN_FLOW) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str, bare: re.Pattern[str]) -> str:
    """Text, bare where every YAML reader takes it for this text."""
    try:
        safe = bare.fullmatch(text) is not None and not text.endswith(" ") and resolve(text) == text
    except ScalarError:
        safe = False
    return text if safe else json.dumps(text, ensure_ascii=False)


def complete(text: str, block: Block, order: Mapping[KeyPath, Sequence[str]]) -> str:
    """The text with those keys of `block` that it lacks; everything that it says stays, comments too.

    `order` holds, for a key path, the order in which keys should stand; others are appended.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    place = _Place(text=text if text.endswith("\n") else text + newline, newline=newline, order=order)
    root = yaml.compose(place.text, Loader=yaml.SafeLoader)
    return _edited(place.text, sorted(_merge(place, root, block, ()), key=lambda edit: edit[0]))


def _edited(text: str, edits: Sequence[tuple[int, str]]) -> str:
    pieces, done = [], 0
    for offset, added in edits:
        pieces += [text[done:offset], added]
        done = offset
    return "".join([*pieces, text[done:]])


@dataclass(frozen=True, kw_only=True)
class _Place:
    text: str
    newline: str
    order: Mapping[KeyPath, Sequence[str]]

    def rank(self, path: KeyPath, key: str) -> int:
        order = list(self.order.get(path, ()))
        return order.index(key) if key in order else len(order)


def _merge(place: _Place, node: yaml.Node | None, block: Block, path: KeyPath) -> Iterator[tuple[int, str]]:
    if not isinstance(node, yaml.MappingNode):
        return
    present = {key.value: value for key, value in node.value}
    for entry in filter(_says_something, block.entries):
        if entry.key not in present:
            yield _insertion(place, node, entry, path)
        elif isinstance(entry.value, Block):
            yield from _merge(place, present[entry.key], entry.value, (*path, entry.key))
        elif isinstance(entry.value, Items) and isinstance(present[entry.key], yaml.SequenceNode):
            for item, added in zip(present[entry.key].value, entry.value.items, strict=False):
                if isinstance(added, Block):
                    yield from _merge(place, item, added, (*path, entry.key, 0))


def _insertion(place: _Place, node: yaml.MappingNode, entry: Entry, path: KeyPath) -> tuple[int, str]:
    if node.flow_style:
        comma = ", " if node.value else ""
        return _end(node.value[-1][1]) if node.value else node.start_mark.index + 1, f"{comma}{entry.key}: {flow(entry.value)}"
    indent = node.value[0][0].start_mark.column
    lines = "".join(f"{line}{place.newline}" for line in render(Block((entry,)), indent))
    rank = place.rank(path, entry.key)
    later = [key for key, _ in node.value if place.rank(path, key.value) > rank]
    if later:
        return _above(place.text, later[0].start_mark.index), lines
    return _below(place.text, _end(node.value[-1][1])), lines


def _above(text: str, offset: int) -> int:
    """The start of the line, or of the comments that stand directly above it."""
    start = text.rfind("\n", 0, offset) + 1
    while start and text[text.rfind("\n", 0, start - 1) + 1 : start].lstrip().startswith("#"):
        start = text.rfind("\n", 0, start - 1) + 1
    return start


def _below(text: str, offset: int) -> int:
    """The start of the line after the offset; a block scalar ends there already."""
    return offset if text[offset - 1] == "\n" else text.index("\n", offset) + 1


def _end(node: yaml.Node) -> int:
    """Where the last character of a value stands, plus one: a block collection's own end is past the comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)
