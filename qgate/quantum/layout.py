"""Where a circuit sits on a device: a layout chosen once, from a reference snapshot, and kept for every later one.

Choosing again for each day's snapshot would hide most of the drift: the circuit would move to whatever works best that day.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qgate.errors import MeasurementError
from qgate.quantum.calibration import Pair, Snapshot
from qgate.quantum.circuit import CircuitBatch, Operation
from qgate.quantum.noise import Noise, applied, foreign, measured

MAXIMUM_TRIES = 200_000  # placements of a wire; a few seconds. A line of 10 on 156 qubits takes some 10,000.

Layout = tuple[int, ...]


def choose_layout(snapshot: Snapshot, batches: Sequence[CircuitBatch]) -> Layout:
    """The layout with the least errors to be expected: every two-qubit gate on a pair in service, by exhaustive search.

    A layout's cost is the number of Pauli errors and misread bits expected in one run. Ties go to the lower qubit numbers.

    Raises:
        MeasurementError: the circuit fits nowhere without routing, or the search is too large.
    """
    if strange := next((text for o in applied(batches) if (text := foreign(o))), ""):
        raise MeasurementError(strange)
    search = _Search(snapshot, batches)
    search.place(())
    if search.best is None:
        pairs = ", ".join(f"{a}-{b}" for a, b in search.links)
        raise MeasurementError(
            f"the circuit couples the wires {pairs}, which fit nowhere on {snapshot.device} without routing: change the circuit's"
            " entangling gates to the device's pairs, or declare a snapshot of a device that has them"
        )
    return search.best


@dataclass
class _Search:
    """Branch and bound, wire after wire; wires that are coupled to placed ones come first."""

    snapshot: Snapshot
    batches: Sequence[CircuitBatch]
    best: Layout | None = None
    cost: float = float("inf")
    tries: int = 0
    links: Mapping[Pair, Operation] = field(init=False)

    def __post_init__(self) -> None:
        gates = Counter((o.name, o.wires) for o in applied(self.batches))
        self._gates = [(Operation(name=name, wires=wires), count) for (name, wires), count in gates.items()]
        self._read = Counter(w for basis in measured(self.batches) for w in basis.wires)
        self._wires = max(b.wires for b in self.batches)
        self.links = {_sorted(o.wires): o for o, _ in self._gates if len(o.wires) > 1}
        self._order = self._breadth_first()
        self._neighbours: dict[int, set[int]] = {q: set() for q in range(len(self.snapshot.qubits))}
        for a, b in self.snapshot.couplers:
            self._neighbours[a].add(b)
            self._neighbours[b].add(a)

    def _breadth_first(self) -> list[int]:
        order: list[int] = []
        while len(order) < self._wires:
            order.append(next(w for w in range(self._wires) if w not in order))
            for wire in order:
                order += sorted({w for link in self.links if wire in link for w in link} - {*order})
        return order

    def place(self, chosen: Layout) -> None:
        """Put the next wire everywhere it may go; `chosen` are the qubits of the wires before it in the order."""
        if len(chosen) == self._wires:
            cost = self._cost(chosen)
            if cost < self.cost:
                self.best, self.cost = self._layout(chosen), cost
            return
        for qubit in sorted(self._candidates(chosen)):
            self._count()
            extended = (*chosen, qubit)
            if self._cost(extended) < self.cost:
                self.place(extended)

    def _count(self) -> None:
        self.tries += 1
        if self.tries > MAXIMUM_TRIES:
            raise MeasurementError(
                f"the circuit fits on {self.snapshot.device} in too many ways to try them all: declare `noise.layout`"
            )

    def _candidates(self, chosen: Layout) -> set[int]:
        """Free qubits that are coupled to the qubits of all placed wires that the next one is coupled to."""
        wire = self._order[len(chosen)]
        free = set(range(len(self.snapshot.qubits))) - {*chosen}
        for placed, qubit in zip(self._order, chosen, strict=False):
            if _sorted((wire, placed)) in self.links:
                free &= self._neighbours[qubit]
        return free

    def _layout(self, chosen: Layout) -> Layout:
        where = dict(zip(self._order, chosen, strict=True))
        return tuple(where[w] for w in range(self._wires))

    def _cost(self, chosen: Layout) -> float:
        """Expected errors of the gates and read-outs whose wires are all placed; infinite where a value is missing."""
        where = dict(zip(self._order, chosen, strict=False))
        noise = Noise(snapshot=self.snapshot, layout=tuple(where.get(w, -1) for w in range(self._wires)))
        cost = 0.0
        for gate, count in self._gates:
            if all(w in where for w in gate.wires):
                if noise.unknown(gate):
                    return float("inf")
                cost += count * sum(p for _, p in noise.errors(gate))
        for wire, count in self._read.items():
            if wire in where:
                readout = self.snapshot.qubits[where[wire]].readout
                cost += float("inf") if readout is None else count * sum(readout) / 2
        return cost


def _sorted(wires: Sequence[int]) -> Pair:
    first, second = sorted(wires)
    return first, second
