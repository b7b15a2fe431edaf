"""What is refused before it is simulated, and that the estimates are not below what is measured."""

import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum.bounds import Bounds, memory, seconds
from qgate.quantum.circuit import CircuitBatch, Measurement, Operation, PauliTerm
from qgate.quantum.engine import simulate

Z0 = Measurement(kind="expval", wires=(0,), terms=(PauliTerm(coefficient=1.0, word="Z", wires=(0,)),))


def circuit(*, wires: int, gates: int, rows: int, measured: int = 0) -> CircuitBatch:
    angles = np.linspace(0, 1, rows)
    operations = [Operation(name="RY", wires=(i % wires,), parameters=(0.1,)) for i in range(gates - 1)]
    measurement = Measurement(kind="probs", wires=tuple(range(measured))) if measured else Z0
    last = Operation(name="RX", wires=(0,), parameters=(angles,))
    return CircuitBatch(rows=np.arange(rows), wires=wires, operations=(*operations, last), measurements=(measurement,))


def test_time_is_refused_with_the_estimate_and_the_bound():
    with pytest.raises(
        MeasurementError, match=r"9,000 rows of 500 gates on 2\^18.*about [\d,]+ s .*at most 900 s.*pilot\.simulation\.seconds"
    ):
        Bounds().check_work([circuit(wires=18, gates=500, rows=9_000)])


def test_the_time_of_all_batches_counts():
    one = circuit(wires=16, gates=100, rows=500)
    bounds = Bounds(seconds=1.5 * seconds(one))
    bounds.check_work([one])
    with pytest.raises(MeasurementError, match=r"pilot\.simulation\.seconds"):
        bounds.check_work([one, one])


def test_memory_is_refused_with_the_estimate_and_the_bound():
    with pytest.raises(MeasurementError, match=r"would take 11\.7 GiB; at most 4\.0 GiB.*pilot\.simulation\.memory_gib"):
        Bounds().check_work([circuit(wires=16, gates=2, rows=3_000, measured=16)])
    Bounds().check_work([circuit(wires=16, gates=2, rows=500, measured=16)])


def test_a_count_is_refused_with_its_bound():
    with pytest.raises(MeasurementError, match=r"7 gates; at most 6 are simulated \(slow\).*pilot\.simulation\.gates"):
        Bounds(gates=6).check("gates", 7, "gates", "slow")


def test_estimates_lie_above_what_a_simulation_takes():
    batch = circuit(wires=10, gates=400, rows=64, measured=10)
    start = time.process_time()
    simulate([batch])
    taken = time.process_time() - start
    tracemalloc.start()
    simulate([batch])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < seconds(batch) < 100 * taken
    assert memory(batch) / 20 < peak < memory(batch)


def test_a_dense_matrix_weighs_what_it_reads():
    batch = circuit(wires=8, gates=1, rows=10)
    dense = Operation(name="Matrix", wires=tuple(range(6)), matrix=np.eye(64, dtype=np.complex128))
    assert seconds(replace(batch, operations=(dense,))) > 8 * seconds(replace(batch, operations=batch.operations[:1] * 2))


def test_a_charter_raises_and_lowers_bounds():
    section = {"qubits": 22, "gates": 10, "measured_qubits": 18, "memory_gib": 0.5, "seconds": 60, "pairs": 7}
    assert Bounds.declared(section) == Bounds(wires=22, gates=10, measured_wires=18, bytes=2**29, seconds=60, pairs=7)
    assert Bounds.declared({}) == Bounds()


def test_a_matrix_is_refused_with_its_bound():
    refused = r"at most 8 are simulated \(it is dense\)\. To raise it, set `pilot\.simulation\.matrix_qubits` in the charter"
    with pytest.raises(MeasurementError, match=refused):
        Bounds().check("matrix_wires", 9, "wires in one matrix", "it is dense")
