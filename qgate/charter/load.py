"""From a charter's bytes to a `Document`: YAML without its traps, and the place of every key and value.

Anchors, aliases and merge keys are refused, so that what stands on a line is all that it means; so no file can grow when it is
read ("billion laughs"). Only parser events are used, never a YAML constructor: no tag ever builds an object.
"""

import codecs
import re
from typing import Any

import yaml

from qgate.charter.codes import Code
from qgate.charter.document import Document, Place
from qgate.charter.scalars import ScalarError, resolve
from qgate.charter.wording import KeyPath, key_text, shortened
from qgate.charter.yaml_errors import explain
from qgate.domain.source import Position, Problem

MAX_BYTES = 1 << 20
_MAX_DEPTH = 32
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's parser where PyYAML was built with it
# What YAML forbids or takes for a line break (which git and editors do not), what changes the direction of text, and a lone CR.
_HIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\r(?!\n)",
)
_NOWHERE = -1  # a key part that no value of the document has, for values that are read past
_EVENTS_OF_NODES = (yaml.ScalarEvent, yaml.SequenceStartEvent, yaml.MappingStartEvent)


class _UnreadableError(Exception):
    """The rest of the file cannot be read; holds the last problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def load(data: bytes, path: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """Reads YAML bytes; the document is None when its structure could not be read to the end."""
    try:
        return _Composer(_text(data, path), path).document()
    except _UnreadableError as error:
        return None, (error.problem,)


def _text(data: bytes, path: str) -> str:
    if len(data) > MAX_BYTES:
        raise _unreadable(path, (1, 1), Code.TOO_LARGE, f"the file has {len(data):,} bytes", "a charter has at most 1 MiB")
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error, path) from None
    if hidden := _HIDDEN.search(text):
        place = _place(text, hidden.start())
        message = f"the character U+{ord(hidden[0][0]):04X} hides what the file says"
        raise _unreadable(path, place, Code.CHARACTER, message, "remove it, or write it as an escape in double quotes")
    return text


def _not_utf8(data: bytes, error: UnicodeDecodeError, path: str) -> _UnreadableError:
    before = error.object[: error.start].decode("utf-8")
    place = _place(before, len(before))
    offset = error.start + len(data) - len(error.object)  # the byte-order mark counts
    message = f"byte 0x{data[offset]:02X} at offset {offset} is not UTF-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        message += "; the file looks like UTF-16"
    return _unreadable(path, place, Code.NOT_UTF8, message, "save the file as UTF-8")


def _place(text: str, offset: int) -> Place:
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _unreadable(path: str, place: Place, code: Code, message: str, fix: str) -> _UnreadableError:
    position = Position(path=path, line=place[0], column=place[1])
    return _UnreadableError(Problem(code=code.value, message=message, fix=fix, position=position))


class _Composer:
    """Builds plain values from parser events, and notes every problem on the way."""

    def __init__(self, text: str, path: str) -> None:
        self._lines = text.split("\n")
        self._path = path
        self._events = yaml.parse(text, Loader=_LOADER)
        self._problems: list[Problem] = []
        self._values: dict[KeyPath, Place] = {}
        self._names: dict[KeyPath, Place] = {}
        self._unread: set[KeyPath] = set()
        self._partial = False

    def document(self) -> tuple[Document | None, tuple[Problem, ...]]:
        try:
            root = self._whole()
        except _UnreadableError as error:
            return None, (*self._problems, error.problem)
        document = Document(
            path=self._path,
            root=root,
            values=self._values,
            names=self._names,
            unread=frozenset(self._unread),
            partial=self._partial,
        )
        return document, tuple(self._problems)

    def _whole(self) -> dict[str, Any]:
        self._next()  # the stream's start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise _unreadable(self._path, (1, 1), Code.EMPTY, "the file is empty", "write a charter; `qgate init` drafts one")
        first = self._next()
        root = self._node(first, ())
        self._next()  # the document's end
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            fix = "keep one charter in a file; give each pilot its own file"
            raise _unreadable(self._path, _start(after), Code.DOCUMENTS, "a second YAML document begins here", fix)
        if root is None and not self._problems:
            raise _unreadable(
                self._path, (1, 1), Code.EMPTY, "the file holds no value", "write a charter; `qgate init` drafts one"
            )
        if not isinstance(root, dict):
            fix = "begin with `pilot:` and `rollback:` as keys"
            raise _unreadable(self._path, _start(first), Code.NOT_A_MAPPING, "the top level is not a mapping", fix)
        return root

    def _next(self) -> Any:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            place, code, message, fix = explain(error, self._lines)
            raise _unreadable(self._path, place, code, message, fix) from None
        except yaml.YAMLError as error:  # libyaml gives no position for some faults of the stream itself
            message = f"the file is not YAML: {shortened(str(error))}"
            raise _unreadable(self._path, (1, 1), Code.SYNTAX, message, "check the file with a YAML linter") from None

    def _node(self, event: Any, key: KeyPath) -> Any:
        self._values[key] = _start(event)
        if len(key) > _MAX_DEPTH:
            fix = "write it flatter"
            raise _unreadable(self._path, _start(event), Code.TOO_DEEP, f"nested more than {_MAX_DEPTH} levels deep", fix)
        if isinstance(event, yaml.AliasEvent):
            message = (
                f"`*{shortened(str(event.anchor))}` repeats a value from elsewhere; a charter says everything where it holds"
            )
            self._refuse(key, event, Code.ALIAS, message, "write the value out", hides=True)
            return None
        self._refuse_properties(event, key)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, key)
        return self._sequence(key) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(key)

    def _refuse_properties(self, event: Any, key: KeyPath) -> None:
        if event.anchor is not None:
            message = f"the anchor `&{shortened(event.anchor)}` lets a value be repeated out of sight"
            self._refuse(key, event, Code.ANCHOR, message, "remove the anchor and write values out", marks=False)
        if event.tag is not None:
            message = f"the tag `{shortened(event.tag)}` has no meaning in a charter"
            self._refuse(key, event, Code.TAG, message, "remove the tag; quote a value to make it text", hides=True)

    def _scalar(self, event: Any, key: KeyPath) -> Any:
        try:
            return resolve(event.value) if event.implicit[0] else event.value
        except ScalarError as error:
            self._refuse(key, event, error.code, error.message, error.fix)
            return None

    def _sequence(self, key: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*key, len(items))))
        return items

    def _mapping(self, key: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            name = self._name(event, key)
            if name is None or name in mapping:
                self._skip(name, event, key)
                continue
            self._names[(*key, name)] = _start(event)
            mapping[name] = self._node(self._next(), (*key, name))
        return mapping

    def _name(self, event: Any, key: KeyPath) -> str | None:
        """The key that an event stands for, or None after saying why it cannot be one."""
        if not isinstance(event, yaml.ScalarEvent):
            if isinstance(event, _EVENTS_OF_NODES):
                self._node(event, (*key, _NOWHERE))
            self._bad_name(event, key, "a key is a list, a mapping or an alias")
            return None
        self._refuse_properties(event, key)
        if not event.implicit[0]:
            return str(event.value)
        if event.value == "<<":
            message = "the merge key `<<` takes keys from elsewhere; a charter says everything where it holds"
            self._refuse(key, event, Code.MERGE_KEY, message, "write the keys out", hides=True)
            return None
        try:
            name = resolve(event.value)
        except ScalarError as error:
            self._refuse((*key, event.value), event, error.code, error.message, error.fix)
            return None
        if isinstance(name, str):
            return name
        self._bad_name(event, key, f"the key `{shortened(event.value)}` is not text")
        return None

    def _bad_name(self, event: Any, key: KeyPath, message: str) -> None:
        self._refuse(key, event, Code.KEY_NOT_TEXT, message, "write a text key; quote it if it looks like a number", marks=False)

    def _skip(self, name: str | None, event: Any, key: KeyPath) -> None:
        """Reads past the value of a key that was refused or is there already."""
        if name is not None:
            line = self._names[(*key, name)][0]
            message = f"`{shortened(name)}` stands here a second time; the first is on line {line}"
            self._refuse((*key, name), event, Code.DUPLICATE_KEY, message, "keep one of the two", marks=False)
        self._node(self._next(), (*key, _NOWHERE))

    def _refuse(  # noqa: PLR0913 -- one call says everything about a problem
        self, key: KeyPath, event: Any, code: Code, message: str, fix: str, *, hides: bool = False, marks: bool = True
    ) -> None:
        line, column = _start(event)
        position = Position(path=self._path, line=line, column=column)
        self._problems.append(Problem(code=code.value, message=message, fix=fix, position=position, key=key_text(key)))
        self._partial |= hides
        if marks:
            self._unread.add(key)


def _start(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1
