"""Outcome probabilities that a worker evaluated by public PennyLane, checked, as if they had been simulated here.

They are numbers of the pull request's process, as its predictions would be; that they are probabilities is all that can be known.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.engine import Simulated
from qgate.quantum.readout import read
from qgate.quantum.replay import merged

Array = npt.NDArray[Any]
_TOLERANCE = 1e-6


def probabilities_name(batch: int, basis: int) -> str:
    """The array that holds what a batch's basis gives."""
    return f"c{batch}.basis{basis}"


def given(batches: Sequence[CircuitBatch], arrays: Mapping[str, Array]) -> Simulated:
    """The rows that `batches` measure, with the answered probabilities of every basis.

    Raises:
        MeasurementError: an array is missing, or its rows are no probabilities.
    """
    done = []
    for index, batch in enumerate(batches):
        readout = read(batch.measurements)
        found = [
            merged(checked(arrays.get(probabilities_name(index, i)), (len(batch.rows), 2 ** len(basis.wires))), basis)
            for i, basis in enumerate(readout.bases)
        ]
        done.append((batch.rows, readout, tuple(found)))
    return Simulated(rows=sum(len(b.rows) for b in batches), width=batches[0].width, batches=tuple(done))


def checked(found: Array | None, shape: tuple[int, int]) -> Array:
    """What a worker answered as the probabilities of each row, if it is that.

    Raises:
        MeasurementError: it is nothing, of another shape, or no probabilities.
    """
    if found is None or found.shape != shape or found.dtype != np.float64:
        told = "nothing" if found is None else f"{found.dtype}{found.shape}"
        raise MeasurementError(f"probabilities of shape {shape} were to be answered, and {told} was")
    off = np.abs(found.sum(axis=1) - 1) + np.clip(-found, 0, None).max(axis=1, initial=0)
    if not (off <= _TOLERANCE).all():  # NaN is not either
        row = int(np.argmax(~(off <= _TOLERANCE)))
        raise MeasurementError(
            f"what the worker answered for row {row} is no probability distribution: it is off by {off[row]:.2g}"
        )
    return found
