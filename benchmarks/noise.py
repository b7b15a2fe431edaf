"""Exact noise of one circuit and of a data set: `default.mixed` against qgate, in one process, in alternating rounds.

    python benchmarks/noise.py [--qubits 8] [--rows 50] [--rounds 5]

The circuit is an RX per qubit and three layers of RY and a line of CNOTs, read as ⟨Z⟩ of the first qubit. Errors follow
each gate, as a calibration of equal qubits makes them. Times are processor seconds; both sides must agree to 1e-10.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml

from qgate.quantum import density, noisy
from qgate.quantum.calibration import Snapshot, read_snapshot
from qgate.quantum.capture import describe
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.noise import Noise, repeated
from qgate.quantum.readout import read

PULSE, PAIR, MISREAD = 0.0004, 0.01, 0.02
LAYERS = 3


def snapshot(qubits: int) -> Snapshot:
    """A line of equal qubits."""
    one = {"gate_error": PULSE, "prob_meas1_prep0": MISREAD, "prob_meas0_prep1": MISREAD}
    couplers = [{"qubits": [q, q + 1], "gate_error": PAIR} for q in range(qubits - 1)]
    value = {
        "schema": "qgate/calibration/v1",
        "device": "line",
        "date": "2026-01-01",
        "qubits": [one] * qubits,
        "couplers": couplers,
    }
    return read_snapshot(json.dumps(value).encode(), "line.json")


def circuit(x: Any, weights: Any) -> Any:
    """What the user would write."""
    qubits = len(x)
    for wire in range(qubits):
        qml.RX(x[wire], wires=wire)
    for layer in weights:
        for wire in range(qubits):
            qml.RY(layer[wire], wires=wire)
        for wire in range(qubits - 1):
            qml.CNOT([wire, wire + 1])
    return qml.expval(qml.Z(0))


def mixed(qubits: int) -> Callable[[Any, Any], float]:
    """The same circuit on `default.mixed`, with a channel after each gate."""
    pulses, pair = repeated(1.5 * PULSE, 2), 1 - np.sqrt(1 - 1.25 * PAIR)

    @qml.qnode(qml.device("default.mixed", wires=qubits))
    def node(x: Any, weights: Any) -> Any:
        for wire in range(qubits):
            qml.RX(x[wire], wires=wire)
            qml.DepolarizingChannel(pulses, wires=wire)
        for layer in weights:
            for wire in range(qubits):
                qml.RY(layer[wire], wires=wire)
                qml.DepolarizingChannel(pulses, wires=wire)
            for wire in range(qubits - 1):
                qml.CNOT([wire, wire + 1])
                qml.DepolarizingChannel(pair, wires=wire)
                qml.DepolarizingChannel(pair, wires=wire + 1)
        qml.BitFlip(MISREAD, wires=0)
        return qml.expval(qml.Z(0))

    return lambda x, weights: float(node(x, weights))


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds and the result."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    """Time both sides and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qubits", type=int, default=8)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    x, weights = rng.uniform(-1, 1, (chosen.rows, chosen.qubits)), rng.uniform(-3, 3, (LAYERS, chosen.qubits))
    noise, node = Noise(snapshot=snapshot(chosen.qubits), layout=tuple(range(chosen.qubits))), mixed(chosen.qubits)
    (one,), (all_rows,) = (describe(circuit, rows, {"weights": weights}).batches for rows in (x[:1], x))
    print(f"{chosen.qubits} qubits, {one.gates} gates; per circuit, median of {chosen.rounds} rounds")
    rounds = [_round(x, weights, noise, node, (one, all_rows)) for _ in range(chosen.rounds)]
    theirs, forward, back = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [(r[0] / r[1], r[0] / r[2]) for r in rounds]
    forward_ratio, back_ratio = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"default.mixed                       {1e3 * theirs:9.2f} ms")
    print(f"qgate, one circuit, exact           {1e3 * forward:9.2f} ms  {forward_ratio:8.1f} x")
    print(f"qgate, {chosen.rows} rows, observables back   {1e3 * back:9.2f} ms  {back_ratio:8.1f} x")


def _round(
    x: Any, weights: Any, noise: Noise, node: Any, batches: tuple[CircuitBatch, CircuitBatch]
) -> tuple[float, float, float]:
    one, all_rows = batches
    theirs, expected = seconds(lambda: node(x[0], weights))
    bases = read(one.measurements).bases
    assert not density.observables_first(one, bases)
    forward, single = seconds(lambda: noisy.simulate([one], noise))
    back, many = seconds(lambda: noisy.simulate([all_rows], noise))
    assert many.method == noisy.EXACT_BACK
    assert abs(single.values[0, 0] - expected) < 1e-10
    assert abs(many.values[0, 0] - expected) < 1e-10
    return theirs, forward, back / len(x)


if __name__ == "__main__":
    main()
