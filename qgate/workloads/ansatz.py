"""The distribution over a QUBO's states that its `ansatz` prepares: replayed from its description, or public PennyLane's."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgate.domain.evidence import Array
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.quantum.bounds import Bounds
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.description import decode
from qgate.quantum.given import checked
from qgate.quantum.readout import Basis
from qgate.quantum.replay import distributions
from qgate.workloads.fallback import Fallback, check_engine, told

_AGREEMENT = 1e-8


def distribution(answer: Answer, size: int, instead: Fallback | None, bounds: Bounds) -> tuple[Array, dict[str, Any]]:
    """The probability of each state of `size` variables, compared with the ansatz's own QNode, and how that came about.

    Raises:
        EngineError: our engine does not describe or repeat the ansatz; PennyLane may (`instead`).
        MeasurementError: the description or what PennyLane says is refused.
    """
    arrays = {name.removeprefix("ansatz/"): a for name, a in answer.arrays.items() if name.startswith("ansatz/")}
    if instead is not None:
        found = checked(arrays.get("evaluated"), (1, 2**size))
        if not (off := _off(found, arrays, size)) <= _AGREEMENT:
            raise MeasurementError(f"what PennyLane evaluated differs from the ansatz's own QNode by {off:.2g}")
        return found[0], instead.facts()
    check_engine(answer)
    (batch,) = decode(answer.value.get("described"), arrays, rows=1, bounds=bounds)
    if batch.wires < size:
        raise MeasurementError(f"the ansatz has {batch.wires} wires, and the QUBO {size} variables")
    found = _replayed(batch, size)
    if not (off := _off(found, arrays, size)) <= _AGREEMENT:
        raise EngineError(f"the replayed ansatz differs from its own QNode by {off:.2g}")
    sizes = {"wires": batch.wires, "gates": len(batch.operations)}
    return found[0], {"engine": "lightning.qubit, replayed", "ansatz": sizes, "described": told(answer.value["how"])}


def _replayed(batch: CircuitBatch, size: int) -> Array:
    every = Basis(wires=tuple(range(size)), rotations=(), merge=np.arange(2**size), outcomes=2**size)
    try:
        (exact,) = distributions(batch, [every])
    except (TypeError, AttributeError, RuntimeError) as error:  # the description was checked: this is a binding's
        raise EngineError(f"lightning's state vector does not replay the ansatz: {error}") from error
    return exact


def _off(found: Array, arrays: Mapping[str, Array], size: int) -> float:
    """How far the QNode's probabilities are from those found (NaN stays NaN)."""
    own = arrays.get("own")
    if own is None or own.shape != (1, 2**size) or own.dtype != np.float64:
        raise MeasurementError(f"the ansatz does not give the probabilities of {size} variables' states")
    return float(np.abs(own - found).max())
