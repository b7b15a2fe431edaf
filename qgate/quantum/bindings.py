"""lightning.qubit's own state vector, found and tried before anything is believed that it says.

`StateVectorC128` is not documented by PennyLane: a version in which it is missing or does something else must lead to public
PennyLane (`qgate.quantum.public`), not to an error in the middle of a measurement and never to other numbers.
"""

from functools import cache
from typing import Any

import numpy as np

from qgate.errors import EngineError
from qgate.quantum.circuit import GATES

try:
    from pennylane_lightning.lightning_qubit_ops import StateVectorC128
except ImportError as _missing:
    _WHY = str(_missing)

    class StateVectorC128:  # type: ignore[no-redef]
        """What stands in for the missing class."""

        def __init__(self, _wires: int) -> None:
            raise EngineError(f"lightning.qubit has no StateVectorC128: {_WHY}")


__all__ = ["StateVectorC128", "check"]
_ANGLE = 0.7
_ROUNDING = 1e-12


def check() -> None:
    """Try the class: its gates' names, and that a matrix, angles, an adjoint and the order of wires mean what we take them for.

    Raises:
        EngineError: what is missing or different.
    """
    if problem := _problem():
        raise EngineError(problem)


@cache
def _problem() -> str | None:
    """What is wrong with the bindings of this process, if anything: tried once."""
    try:
        state = StateVectorC128(2)
        missing = sorted(name for name in GATES if not hasattr(state, name))
        off = float("nan") if missing else _off(state)
    except Exception as error:  # noqa: BLE001 -- whatever a binding of another version raises
        return f"lightning.qubit's StateVectorC128 cannot be used: {type(error).__name__}: {error}"
    if missing:
        return f"lightning.qubit's StateVectorC128 does not know {', '.join(missing)}"
    return None if off <= _ROUNDING else f"lightning.qubit's StateVectorC128 gives amplitudes that are off by {off:.2g}"


def _off(state: Any) -> float:
    """How far |01⟩ after CNOT from wire 1, RY on wire 0, an adjoint S on wire 1 and a matrix on both is from NumPy's."""
    start = np.array([0, 1, 0, 0], dtype=np.complex128)
    swap = np.eye(4, dtype=np.complex128)[[0, 2, 1, 3]] * 1j
    state.updateData(start)
    state.CNOT([1, 0], False, [])  # noqa: FBT003 -- a binding's parameter, by position only
    state.RY([0], False, [_ANGLE])  # noqa: FBT003 -- as above
    state.S([1], True, [])  # noqa: FBT003 -- as above
    state.applyMatrix(swap, [0, 1], False)  # noqa: FBT003 -- as above
    found = np.empty(4, dtype=np.complex128)
    state.getState(found)
    sine, cosine = np.sin(_ANGLE / 2), np.cos(_ANGLE / 2)
    flipped = np.array([0, -sine, 0, cosine])  # |11⟩, turned about Y on wire 0: -sin |01⟩ + cos |11⟩
    expected = swap @ (np.array([1, -1j, 1, -1j]) * flipped)
    return float(np.abs(found - expected).max())
