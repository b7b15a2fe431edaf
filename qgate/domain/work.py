"""What the judge asks of a worker and what comes back: JSON values and numeric arrays, nothing executable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class WorkOrder:
    """One question: `kind` picks the answerer in the worker, `value` holds JSON values, `arrays` the features.

    `ports`: the TCP ports of loopback that the worker may serve on. Without, it has no sockets.
    `hash_seed`: orders with different ones are answered by interpreters that hash text differently.
    """

    kind: str
    value: Mapping[str, Any]
    arrays: Mapping[str, Array] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    hash_seed: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What a worker said, not yet believed: `error` (its own words) where it failed, else `value` and `arrays`.

    `sandbox` is no claim: which layers it was confined by, reported before any foreign code was loaded.
    """

    value: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    error: str | None = None
    log: str = ""
    seconds: float = 0.0
    sandbox: Mapping[str, Any] = field(default_factory=dict)


def numeric(name: str, array: Array) -> Array:
    """The array if it can travel: booleans, integers, floats, complex or text; little-endian and contiguous.

    Raises:
        TypeError: it holds Python objects or anything else.
    """
    if array.dtype.kind not in "biufcU":
        raise TypeError(f"{name} holds {array.dtype}, not numbers or text")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
