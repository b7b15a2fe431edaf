"""A QUBO from what a Python callable returns. Runs in the worker: what comes of it is a claim."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgate.errors import MeasurementError
from qgate.quantum.qubo import Qubo, qubo
from qgate.quantum.qubo_files import from_arrays, from_dimod

_PAIR = 2


def from_python(value: Any) -> Qubo:
    """The QUBO in a dimod model, a mapping of pairs to coefficients, a matrix Q of x'Qx, or one of the last two and an offset.

    Variables numbered 0, 1, … keep their numbers, others are sorted by name.

    Raises:
        MeasurementError: it is none of these, or does not hold up.
    """
    try:
        if hasattr(value, "to_serializable"):
            return from_dimod(value.to_serializable())
        if isinstance(value, tuple) and len(value) == _PAIR and np.ndim(value[1]) == 0:
            return _from(value[0], float(value[1]))
        return _from(value, 0.0)
    except (TypeError, ValueError, KeyError) as error:
        raise MeasurementError(
            f"the QUBO's callable returned a {type(value).__name__} that is no matrix, mapping of pairs, or dimod model: {error}"
        ) from error


def _from(value: Any, offset: float) -> Qubo:
    if isinstance(value, Mapping):
        return _from_pairs(value, offset)
    return from_arrays({"Q": np.asarray(value, dtype=np.float64), "offset": np.array(offset)})


def _from_pairs(pairs: Mapping[Any, Any], offset: float) -> Qubo:
    labels = {label for pair in pairs for label in _two(pair)}
    numbered = all(isinstance(label, int | np.integer) for label in labels)
    # A variable without a coefficient is still one where they are numbered.
    names = list(range(max(labels, default=-1) + 1)) if numbered else sorted(labels, key=str)
    if numbered and min(labels, default=0) < 0:
        raise ValueError("a variable has a negative number")
    index = {name: position for position, name in enumerate(names)}
    rows = np.array([index[i] for i, _ in pairs], dtype=np.int64)
    columns = np.array([index[j] for _, j in pairs], dtype=np.int64)
    values = np.array([float(v) for v in pairs.values()])
    return qubo([str(name) for name in names], np.zeros(len(names)), (rows, columns, values), offset)


def _two(pair: Any) -> tuple[Any, Any]:
    if not isinstance(pair, tuple) or len(pair) != _PAIR:
        raise TypeError(f"the key {pair!r} is not a pair of variables")
    return pair[0], pair[1]
