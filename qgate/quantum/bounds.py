"""How large a described circuit may be. A description costs its sender nothing; simulating it costs time and memory here.

The charter's `pilot.simulation` raises or lowers the bounds; it comes from the base commit, so that a pull request cannot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qgate.errors import MeasurementError
from qgate.quantum.circuit import CircuitBatch, Measurement, Operation

_COMPLEX, _FLOAT = 16, 8
# Measured on one core: a gate's call from Python, and its pass over one amplitude where the vector is in memory, not in a cache.
_SECONDS_PER_CALL = 4e-7
SECONDS_PER_AMPLITUDE = 1.6e-9
# What one outcome is worth for one measurement: computed, sorted, and looked up.
_SECONDS_PER_WORTH = 2e-7
# How often a block of state vectors, and the table of what each outcome is worth, exist at one time while they are made.
_COPIES = 6
# And each row's outcome probabilities: exact, normalised, drawn as counts, and as shares.
_DRAWN = 4
_BLOCK_QUBITS = 13
_GIB = 2**30
# Bounds by their keys in the charter's `pilot.simulation`.
_KEYS = {
    "wires": "qubits",
    "matrix_wires": "matrix_qubits",
    "variables": "qubo_variables",
    "gates": "gates",
    "measured_wires": "measured_qubits",
    "bytes": "memory_gib",
    "seconds": "seconds",
    "noise_seconds": "noise_seconds",
    "pairs": "pairs",
}


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Limits of one circuit (`wires`, `gates`, wires of a matrix or a measurement), and of all circuits of one data set.

    `pairs`: circuits of a kernel of two samples that is no overlap of states, in all matrices. `variables`: of a QUBO, whose
    states are all enumerated. `noise_seconds`: of all circuits under one calibration snapshot.
    """

    wires: int = 20
    variables: int = 20
    gates: int = 50_000
    matrix_wires: int = 8
    measured_wires: int = 16
    pairs: int = 100_000
    bytes: int = 4 * _GIB
    seconds: float = 900.0
    noise_seconds: float = 1200.0

    @classmethod
    def declared(cls, section: Mapping[str, Any]) -> "Bounds":
        """The bounds of a charter's `pilot.simulation`; what it leaves out is as here."""
        given = {name: section[key] for name, key in _KEYS.items() if key in section}
        if "bytes" in given:
            given["bytes"] = int(given["bytes"] * _GIB)
        return cls(**given)

    def check(self, name: str, actual: int, what: str, why: str) -> None:
        """Refuse more than the bound `name` allows.

        Raises:
            MeasurementError: which bound, why it is there, and how to raise it.
        """
        if actual > (allowed := getattr(self, name)):
            raise MeasurementError(
                f"the candidate has {actual:,} {what}; at most {allowed:,} are simulated ({why}). {how_to_raise(name)}"
            )

    def check_work(self, batches: Sequence[CircuitBatch]) -> None:
        """Refuse circuits that would take more memory or time than the bounds `bytes` and `seconds` allow.

        Raises:
            MeasurementError: which bound, by what estimate, and how to raise it.
        """
        for batch in batches:
            if (needed := memory(batch)) > self.bytes:
                raise MeasurementError(
                    f"the candidate's circuit ({_size(batch)}) would take {needed / _GIB:.1f} GiB; at most "
                    f"{self.bytes / _GIB:.1f} GiB are given to one. {how_to_raise('bytes')}"
                )
        if batches:
            largest = max(batches, key=seconds)
            self.check_seconds(sum(map(seconds, batches)), f"the candidate's circuits, the largest {_size(largest)},")

    def check_seconds(self, needed: float, what: str, name: str = "seconds") -> None:
        """Refuse what would take longer than the bound `name` allows.

        Raises:
            MeasurementError: which bound, by what estimate, and how to raise it.
        """
        if needed > (allowed := getattr(self, name)):
            raise MeasurementError(
                f"{what} would take about {needed:,.0f} s to simulate; at most {allowed:,.0f} s are given. {how_to_raise(name)}"
            )


def memory(batch: CircuitBatch) -> int:
    """Bytes to simulate a batch, from above: vectors, outcome probabilities of each row, and what each outcome is worth."""
    outcomes = _outcomes(batch)
    vectors = _COPIES * _COMPLEX * (1 << max(batch.wires, _BLOCK_QUBITS))
    return vectors + _FLOAT * (_DRAWN * len(batch.rows) * (outcomes + batch.width) + _COPIES * outcomes * len(batch.measurements))


def seconds(batch: CircuitBatch) -> float:
    """Time to simulate a batch on one core, from above: calls and passes over the vector for each row, and the readout."""
    passes = sum(map(_passes, batch.operations)) + sum(map(_settings, batch.measurements))
    calls = batch.gates + len(batch.measurements)
    row = calls * _SECONDS_PER_CALL + passes * (1 << batch.wires) * SECONDS_PER_AMPLITUDE
    return len(batch.rows) * row + _outcomes(batch) * len(batch.measurements) * _SECONDS_PER_WORTH


def _outcomes(batch: CircuitBatch) -> int:
    return 1 << len({w for m in batch.measurements for w in _read_wires(m)})


def _passes(operation: Operation) -> int:
    """A dense matrix of k wires reads 2^k amplitudes for each that it writes."""
    return 1 if operation.matrix is None else 1 << len(operation.wires)


def _settings(measurement: Measurement) -> int:
    """At worst each term has a basis of its own, with two gates for each Y, and a pass to read it."""
    if measurement.matrix is not None:
        return 1 + (1 << len(measurement.wires))
    return 1 + sum(1 + 2 * len(t.word) for t in measurement.terms if set(t.word) & set("XY"))


def _read_wires(measurement: Measurement) -> tuple[int, ...]:
    return measurement.wires if not measurement.terms else tuple(w for t in measurement.terms for w in t.wires)


def _size(batch: CircuitBatch) -> str:
    return f"{len(batch.rows):,} rows of {batch.gates:,} gates on 2^{batch.wires} amplitudes, {batch.width:,} values"


def how_to_raise(name: str) -> str:
    """What to write where for more than the bound `name` allows."""
    return f"To raise it, set `pilot.simulation.{_KEYS[name]}` in the charter of the base branch"


STANDARD = Bounds()
