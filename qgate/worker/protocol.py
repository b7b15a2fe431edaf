"""How orders and answers travel: one frame of a JSON header and raw arrays. No pickle, no archive, nothing to inflate.

    magic (8 bytes) | header length (8 bytes, little-endian) | header (JSON) | arrays, one after the other

The header is `{"value": …, "arrays": [[name, dtype, shape], …]}`. Every length follows from it and must add up to the frame's,
so a lying header allocates nothing.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.work import numeric

Array = npt.NDArray[Any]
MAGIC = b"QGATE/1\n"
_PREFIX = len(MAGIC) + 8
_DTYPE = re.compile(r"\|b1|\|[iu]1|<[iu][248]|<f[248]|<c(8|16)|<U[1-9]\d{0,5}")
# Python objects take up to 25 times their JSON text, so that a frame of empty lists would fill the judge's memory.
_HEADER_BYTES = 16 << 20
_DEPTH = 32
_AXES = 32
_INTEGER = 1 << 64
_CODE_POINTS, _SURROGATES = 0x110000, range(0xD800, 0xE000)


class FrameError(ValueError):
    """A frame that does not hold together."""


def pack(value: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """A frame of a JSON value and arrays.

    Raises:
        TypeError: an array holds objects, or the value is not JSON.
    """
    ready = {name: numeric(name, np.asarray(array)) for name, array in arrays.items()}
    header = {"value": value, "arrays": [[name, a.dtype.str, list(a.shape)] for name, a in ready.items()]}
    text = json.dumps(header, allow_nan=False).encode()
    return b"".join([MAGIC, len(text).to_bytes(8, "little"), text, *(a.tobytes() for a in ready.values())])


def unpack(frame: bytes | bytearray) -> tuple[dict[str, Any], dict[str, Array]]:
    """The value and arrays of a frame from an untrusted sender.

    Raises:
        FrameError: what does not hold together, in words.
    """
    if frame[: len(MAGIC)] != MAGIC or len(frame) < _PREFIX:
        raise FrameError("it is no answer frame")
    length = int.from_bytes(frame[len(MAGIC) : _PREFIX], "little")
    if length > len(frame) - _PREFIX:
        raise FrameError("its header is cut off")
    if length > _HEADER_BYTES:
        raise FrameError(f"its header is larger than {_HEADER_BYTES:,} bytes")
    header = _header(frame[_PREFIX : _PREFIX + length])
    arrays: dict[str, Array] = {}
    offset = _PREFIX + length
    for name, dtype, shape in header["arrays"]:
        size = math.prod(shape) * dtype.itemsize
        if name in arrays or offset + size > len(frame):
            raise FrameError(f"array {name!r} is named twice or cut off")
        arrays[name] = _array(frame, name, dtype, shape, offset)
        offset += size
    if offset != len(frame):
        raise FrameError(f"it has {len(frame) - offset} bytes too many")
    return header["value"], arrays


def _array(frame: bytes | bytearray, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], offset: int) -> Array:
    """A read-only view of the frame whose elements are all values of their type."""
    try:
        array = np.frombuffer(frame, dtype=dtype, count=math.prod(shape), offset=offset).reshape(shape)
    except ValueError as error:
        raise FrameError(f"array {name!r} declares the shape {list(shape)}: {error}") from error
    array.flags.writeable = False
    if dtype.kind == "b" and np.any(array.view(np.uint8) > 1):
        raise FrameError(f"array {name!r} holds truth values that are neither 0 nor 1")
    if dtype.kind == "U" and not _is_text(np.frombuffer(frame, dtype="<u4", count=array.nbytes // 4, offset=offset)):
        raise FrameError(f"array {name!r} holds what is no Unicode text")  # reading an element would be a SystemError
    return array


def _is_text(codes: Array) -> bool:
    in_surrogates = (codes >= _SURROGATES.start) & (codes < _SURROGATES.stop)
    return not np.any(in_surrogates | (codes >= _CODE_POINTS))


def _header(text: bytes | bytearray) -> dict[str, Any]:
    try:
        header = json.loads(text)
        return {"value": _mapping(header["value"]), "arrays": [_declared(*entry) for entry in header["arrays"]]}
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FrameError(f"its header cannot be read: {type(error).__name__}: {error}") from error


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FrameError("its value is not a mapping")
    _check(value, 0)
    return value


def _check(value: Any, depth: int) -> None:
    """Refuses what Python's JSON reader lets through: NaN and infinity (also as 1e999), lone surrogates, huge integers."""
    if depth > _DEPTH:
        raise FrameError(f"it is nested deeper than {_DEPTH}")
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, float) and not math.isfinite(value):
        raise FrameError(f"it holds {value}")
    elif isinstance(value, int) and abs(value) >= _INTEGER:
        raise FrameError("it holds an integer of more than 64 bits")
    elif isinstance(value, dict):
        for key, item in value.items():
            key.encode()
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _declared(name: Any, dtype: Any, shape: Any) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    if not isinstance(name, str) or not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise FrameError(f"array {name!r} declares the type {dtype!r}")
    name.encode()
    if not isinstance(shape, list) or len(shape) > _AXES or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise FrameError(f"array {name!r} declares the shape {shape!s:.200}")
    return name, np.dtype(dtype), tuple(shape)
