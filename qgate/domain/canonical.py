"""The one byte form of a JSON value, so that equal values have equal hashes and equal files.

Keys are sorted, text is UTF-8, floats are written as the shortest decimal that reads back as the same double. What JSON
cannot say (NaN, infinities, keys that are not text, foreign objects) is refused: a hash of something ambiguous proves nothing.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

# Equal as Python values and equal as JSON: nothing is converted on the way but the container types.
_SCALARS = (str, bool, int, type(None))


def canonical_json(value: Any) -> bytes:
    """The canonical bytes of a JSON value, on one line and without a line end: what is hashed and signed.

    Raises:
        ValueError: a number is not finite.
        TypeError: a key is not text, or a value has no JSON form; the message holds its place in the document.
    """
    return _encode(_plain(value, "$"), indent=None)


def canonical_file(value: Any) -> bytes:
    """The same value as a file for people to open: the same order and numbers, indented, with a line end.

    Raises:
        ValueError: as `canonical_json`.
        TypeError: as `canonical_json`.
    """
    return _encode(_plain(value, "$"), indent=2) + b"\n"


def _encode(plain: Any, *, indent: int | None) -> bytes:
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=indent, separators=separators)
    # A file name may hold bytes that are not UTF-8, which git hands over as lone surrogates: `\udcff` is how JSON spells one.
    return text.encode("utf-8", "backslashreplace")


def _plain(value: Any, where: str) -> Any:
    """The value in the types that `json` knows; raises for everything else, naming its place."""
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, float):
        return _finite(value, where)
    if isinstance(value, Mapping):
        return {_key(k, where): _plain(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    raise TypeError(f"{where}: {type(value).__name__} has no JSON form")


def _finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{where}: {value} is not a number that JSON can hold")
    return value


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{where}: the key {key!r} is not text")
    return key
