"""A device's noise on a circuit, gate by gate: which Pauli errors follow a gate, and how a qubit is misread.

The model, from average gate infidelities r (randomised benchmarking) on a fixed layout:

- a one-qubit gate costs as many √X pulses as it takes (none where it only moves a phase, which is done in software): each is
  followed by a depolarising error with Pauli probability 1.5 r, since a depolarised qubit has r = 2p/3;
- a two-qubit gate costs as many CX, ECR or CZ as its best decomposition takes, or one native RZZ: each is followed by
  independent depolarising errors on both qubits with p = 1 - √(1 - 1.25 r), since two of them have r = 4/5 (1 - (1 - p)²);
- a read-out bit is flipped with the two probabilities of its qubit, exactly, on the outcome distribution.

Nothing else is in it: no routing, no transpilation, no crosstalk, no idling (docs/noise.md).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.calibration import Pair, Snapshot
from qgate.quantum.circuit import MATRIX, STATE, CircuitBatch, Operation
from qgate.quantum.readout import Basis, read

Array = npt.NDArray[Any]
# √X pulses of a one-qubit gate: none for phases, one for a fixed quarter or half turn, two for any angle.
_PULSES: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("PauliZ", "S", "T", "RZ", "PhaseShift", "MultiRZ"), 0)
    | dict.fromkeys(("PauliX", "PauliY", "Hadamard", "SX"), 1)
    | dict.fromkeys(("RX", "RY", "Rot", MATRIX), 2)
)
# CX of a two-qubit gate; three make any (Vatan and Williams 2004, Phys. Rev. A 69, 032315).
_ENTANGLERS: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("CNOT", "CY", "CZ"), 1)
    | dict.fromkeys(("CRX", "CRY", "CRZ", "ControlledPhaseShift", "CRot"), 2)
    | dict.fromkeys(("IsingXX", "IsingXY", "IsingYY", "IsingZZ", "MultiRZ", "SingleExcitation"), 2)
    | dict.fromkeys(("SWAP", "PSWAP", "SingleExcitationPlus", "SingleExcitationMinus", MATRIX), 3)
)
_RZZ = frozenset({"IsingZZ", "MultiRZ"})
_MIXED = 0.75  # a Pauli error with this probability leaves nothing; a worse gate than that would come back
_PAIR = 2
_SHOWN = 6

Error = tuple[int, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Noise:
    """A snapshot on a layout: circuit wire `w` is device qubit `layout[w]`."""

    snapshot: Snapshot
    layout: tuple[int, ...]

    def errors(self, operation: Operation) -> tuple[Error, ...]:
        """The depolarising errors after a gate: (wire, Pauli probability), none of them zero.

        Raises:
            MeasurementError: the snapshot says nothing of such a gate; `unknown` names it.
        """
        problem = self.unknown(operation)
        if problem:
            raise MeasurementError(problem)
        if len(operation.wires) == 1:
            rate = self.snapshot.qubits[self.layout[operation.wires[0]]].pulse_error or 0.0
            p = repeated(min(1.5 * rate, _MIXED), _PULSES[operation.name])
        else:
            p = self._pair_error(operation)
        return tuple((wire, p) for wire in operation.wires if p)

    def _pair_error(self, operation: Operation) -> float:
        coupler = self.snapshot.couplers[self._pair(operation)]
        native = coupler.rzz_error if operation.name in _RZZ else None
        uses = 1 if native is not None else _ENTANGLERS[operation.name]
        return repeated(_local(coupler.error if native is None else native), uses)

    def unknown(self, operation: Operation) -> str:
        """Why the snapshot cannot say what a gate costs; empty where it can."""
        if operation.name == STATE:
            return "prepared amplitudes are no gate of a device: prepare them by one- and two-qubit gates"
        if len(operation.wires) > _PAIR:
            return (
                f"{operation.name} on {len(operation.wires)} wires is no gate of a device: write it as one- and two-qubit gates"
            )
        if len(operation.wires) == 1:
            qubit = self.layout[operation.wires[0]]
            lacks = _PULSES[operation.name] and self.snapshot.qubits[qubit].pulse_error is None
            return f"qubit {qubit} has no pulse error, or is out of service" if lacks else ""
        pair = self._pair(operation)
        if pair in self.snapshot.couplers:
            return ""
        state = "out of service" if pair in self.snapshot.dead else "not connected"
        return f"wires {_wires(operation.wires)} need the qubits {pair[0]} and {pair[1]}, which are {state}"

    def _pair(self, operation: Operation) -> Pair:
        first, second = sorted(self.layout[w] for w in operation.wires)
        return first, second

    def confusions(self, wires: Sequence[int]) -> Array:
        """P(read, prepared) of each wire, shape (len(wires), 2, 2)."""
        flips = [self.snapshot.qubits[self.layout[w]].readout or (0.0, 0.0) for w in wires]
        return np.array([[[1 - up, down], [up, 1 - down]] for up, down in flips]).reshape(-1, 2, 2)

    def duration_ns(self, batch: CircuitBatch) -> float | None:
        """How long one run takes when every gate starts as early as it can; None where a gate's length is missing."""
        free = [0.0] * batch.wires
        for operation in batch.operations:
            length = self._length_ns(operation)
            if length is None:
                return None
            end = max(free[w] for w in operation.wires) + length
            for wire in operation.wires:
                free[wire] = end
        return max(free)

    def _length_ns(self, operation: Operation) -> float | None:
        if len(operation.wires) == 1:
            uses, one = _PULSES[operation.name], self.snapshot.qubits[self.layout[operation.wires[0]]].pulse_ns
        else:
            uses, one = _ENTANGLERS[operation.name], self.snapshot.couplers[self._pair(operation)].length_ns
        return 0.0 if not uses else None if one is None else uses * one

    def check(self, batches: Sequence[CircuitBatch]) -> None:
        """Whether the snapshot has all that the circuits need.

        Raises:
            MeasurementError: it has not; the text names every pair and value that is missing.
        """
        wires = max(b.wires for b in batches)
        qubits = len(self.snapshot.qubits)
        if len(self.layout) < wires:
            raise MeasurementError(f"the layout places {len(self.layout)} wires, and the circuit has {wires}")
        if strange := [q for q in self.layout if q >= qubits]:
            raise MeasurementError(f"the layout names the qubits {strange}, and {self.snapshot.device} has 0 to {qubits - 1}")
        problems = [*dict.fromkeys(p for o in applied(batches) if (p := self.unknown(o))), *self._unreadable(batches)]
        if problems:
            more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            device = f"{self.snapshot.device} of {self.snapshot.at:%Y-%m-%d}"
            raise MeasurementError(f"{device} with the layout {list(self.layout)}: {'; '.join(problems[:_SHOWN])}{more}")

    def _unreadable(self, batches: Sequence[CircuitBatch]) -> Iterator[str]:
        for qubit in sorted({self.layout[w] for basis in measured(batches) for w in basis.wires}):
            if self.snapshot.qubits[qubit].readout is None:
                yield f"qubit {qubit} has no readout error"


def foreign(operation: Operation) -> str:
    """Why no device has such a gate; empty where it may have."""
    if operation.name == STATE:
        return "prepared amplitudes are no gate of a device: prepare them by one- and two-qubit gates"
    if len(operation.wires) > _PAIR:
        return f"{operation.name} on {len(operation.wires)} wires is no gate of a device: write it as one- and two-qubit gates"
    return ""


def measured(batches: Iterable[CircuitBatch]) -> Iterator[Basis]:
    """The measurement settings of all circuits."""
    for batch in batches:
        yield from read(batch.measurements).bases


def applied(batches: Sequence[CircuitBatch]) -> Iterator[Operation]:
    """Every gate of the circuits, and those that turn a measurement setting into the computational basis."""
    for batch in batches:
        yield from batch.operations
    for basis in measured(batches):
        yield from basis.rotations


def _local(rate: float) -> float:
    """The Pauli probability on each of two qubits whose gate has the average infidelity `rate`."""
    return min(1 - math.sqrt(max(0.0, 1 - 1.25 * rate)), _MIXED)


def repeated(p: float, times: int) -> float:
    """The Pauli probability of `times` depolarising errors in a row: their contractions 1 - 4p/3 multiply."""
    return 0.75 * (1 - (1 - 4 * p / 3) ** times)


def misread(strings: Array, confusions: Array) -> Array:
    """Probabilities of the bit strings as they are read, shape (rows, 2^k), from the true ones; `confusions` as in `Noise`."""
    cube = strings.reshape((-1,) + (2,) * len(confusions))
    for axis, confusion in enumerate(confusions, start=1):
        cube = np.moveaxis(np.tensordot(confusion, cube, axes=(1, axis)), 0, axis)
    return cube.reshape(strings.shape)


def merged(strings: Array, basis: Basis) -> Array:
    """Probabilities of the basis's merged outcomes, shape (rows, outcomes), from those of its bit strings."""
    order = np.argsort(basis.merge, kind="stable")
    starts = np.searchsorted(basis.merge[order], np.arange(basis.outcomes))
    outcomes: Array = np.add.reduceat(strings[:, order], starts, axis=1)
    return outcomes


def _wires(wires: Sequence[int]) -> str:
    return " and ".join(map(str, wires))
