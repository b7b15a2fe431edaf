"""The layout with the fewest expected errors, checked by trying all of them."""

import json
from itertools import permutations

import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.quantum import layout
from qgate.quantum.calibration import read_snapshot
from qgate.quantum.circuit import CircuitBatch, Measurement, Operation, PauliTerm
from qgate.quantum.noise import Noise

PAIRS = {(0, 1): 0.02, (1, 2): 0.004, (2, 3): 0.01, (3, 4): 0.03, (4, 0): 0.005, (1, 4): 0.012}


def snapshot(pairs=PAIRS, **changes):
    rng = np.random.default_rng(4)
    qubits = [{"gate_error": r, "prob_meas1_prep0": 0.01, "prob_meas0_prep1": p} for r, p in rng.uniform(0.001, 0.05, (5, 2))]
    couplers = [{"qubits": list(p), "gate_error": r} for p, r in pairs.items()]
    value = {"schema": "qgate/calibration/v1", "device": "house", "date": "2024-05-27", "qubits": qubits, "couplers": couplers}
    return read_snapshot(json.dumps(value | changes).encode(), "house.json")


def circuit(wires, links, read=(0,), name="CNOT"):
    operations = [Operation(name="RY", wires=(w,), parameters=(np.ones(2),)) for w in range(wires)]
    operations += [Operation(name=name, wires=link) for link in links]
    term = PauliTerm(coefficient=1.0, word="Z" * len(read), wires=read)
    measurement = Measurement(kind="expval", wires=read, terms=(term,))
    return CircuitBatch(rows=np.arange(2), wires=wires, operations=tuple(operations), measurements=(measurement,))


def expected_errors(where, batch, device):
    """The number of Pauli errors and misread bits of one run."""
    noise = Noise(snapshot=device, layout=where)
    if any(noise.unknown(o) for o in batch.operations):
        return float("inf")
    read = batch.measurements[0].wires
    return sum(p for o in batch.operations for _, p in noise.errors(o)) + sum(
        sum(device.qubits[where[w]].readout) / 2 for w in read
    )


@pytest.mark.parametrize(
    ("wires", "links", "read"),
    [
        (3, [(0, 1), (1, 2)], (0,)),
        (4, [(2, 0), (0, 3), (3, 1), (2, 0)], (0, 3)),
        (3, [(0, 1), (1, 2), (0, 2)], (1,)),
        (4, [(1, 3)], (2,)),
    ],
)
def test_no_layout_has_fewer_expected_errors(wires, links, read):
    batch, device = circuit(wires, links, read), snapshot()
    best = min(expected_errors(p, batch, device) for p in permutations(range(5), wires))
    assert best < float("inf")
    assert expected_errors(layout.choose_layout(device, [batch]), batch, device) == pytest.approx(best, abs=1e-15)


def test_a_dead_pair_is_gone_around():
    dead = snapshot(pairs=PAIRS | {(2, 3): 1.0})
    assert set(layout.choose_layout(snapshot(), [circuit(2, [(0, 1)])])) == {2, 3}
    assert set(layout.choose_layout(dead, [circuit(2, [(0, 1)])])) != {2, 3}


def test_what_fits_nowhere_is_refused_with_its_wires():
    with pytest.raises(
        MeasurementError, match="couples the wires 0-1, 0-2, 0-3, 0-4, which fit nowhere on house without routing"
    ):
        layout.choose_layout(snapshot(), [circuit(5, [(0, 1), (0, 2), (0, 3), (0, 4)])])


def test_gates_that_no_device_has_are_refused():
    with pytest.raises(MeasurementError, match="Toffoli on 3 wires is no gate of a device"):
        layout.choose_layout(snapshot(), [circuit(3, [(0, 1, 2)], name="Toffoli")])


def test_a_search_that_would_not_end_is_refused(monkeypatch):
    monkeypatch.setattr(layout, "MAXIMUM_TRIES", 3)
    with pytest.raises(MeasurementError, match=r"too many ways to try them all: declare `noise\.layout`"):
        layout.choose_layout(snapshot(), [circuit(3, [(0, 1), (1, 2)])])
