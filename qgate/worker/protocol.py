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
_DTYPE = re.compile(r"\|b1|[<|][iu][1248]|<f[248]|<c(8|16)|<U\d{1,6}")


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


def unpack(frame: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """The value and arrays of a frame from an untrusted sender.

    Raises:
        FrameError: what does not hold together, in words.
    """
    if frame[: len(MAGIC)] != MAGIC or len(frame) < _PREFIX:
        raise FrameError("it is no answer frame")
    length = int.from_bytes(frame[len(MAGIC) : _PREFIX], "little")
    if length > len(frame) - _PREFIX:
        raise FrameError("its header is cut off")
    header = _header(frame[_PREFIX : _PREFIX + length])
    arrays: dict[str, Array] = {}
    offset = _PREFIX + length
    for name, dtype, shape in header["arrays"]:
        size = math.prod(shape) * dtype.itemsize
        if name in arrays or offset + size > len(frame):
            raise FrameError(f"array {name!r} is named twice or cut off")
        arrays[name] = np.frombuffer(frame, dtype=dtype, count=math.prod(shape), offset=offset).reshape(shape)
        offset += size
    if offset != len(frame):
        raise FrameError(f"it has {len(frame) - offset} bytes too many")
    return header["value"], arrays


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text, parse_constant=_refuse)
        return {"value": _mapping(header["value"]), "arrays": [_declared(*entry) for entry in header["arrays"]]}
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise FrameError(f"its header cannot be read: {error}") from error


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FrameError("its value is not a mapping")
    return value


def _refuse(constant: str) -> None:
    raise FrameError(f"it holds {constant}")


def _declared(name: Any, dtype: Any, shape: Any) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    if not isinstance(name, str) or not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
        raise FrameError(f"array {name!r} declares the type {dtype!r}")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise FrameError(f"array {name!r} declares the shape {shape!r}")
    return name, np.dtype(dtype), tuple(shape)
