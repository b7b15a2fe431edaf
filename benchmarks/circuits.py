"""Lines of circuits and kernels on 8 qubits: exact values, the shot schedule, and the matrix of all pairs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
from lines import Array, Line, Way
from pennylane_lightning.lightning_qubit_ops import StateVectorC128

from qgate.quantum.capture import describe, describe_map
from qgate.quantum.description import Bounds, decode, encode
from qgate.quantum.engine import Simulated, simulate
from qgate.quantum.kernel import gram, sampled
from qgate.quantum.own import own_rows
from qgate.quantum.preparation import step

QUBITS = 8
SELF_TEST = 1e-8
LAYERS = 3
SHOTS = (100, 500, 1000, 5000, 10_000)
SEEDS = (11, 23, 47, 61, 83)
WEIGHTS = np.random.default_rng(7).uniform(-3, 3, (LAYERS, QUBITS))


def variational(x: Array, weights: Array) -> Any:
    """8 RX of data, then three layers of 8 RY and a ring of 8 CNOT: 56 gates."""
    embedded(x, weights)
    return qml.expval(qml.Z(0))


def variational_probabilities(x: Array, weights: Array) -> Any:
    """The same, and the probabilities of what ⟨Z⟩ is estimated from."""
    embedded(x, weights)
    return qml.probs(wires=0)


def embedded(x: Array, weights: Array) -> None:
    """The data once, then the layers."""
    qml.AngleEmbedding(x, wires=range(QUBITS))
    entangled(weights)


def reuploading(x: Array, weights: Array) -> Any:
    """The same layers, with the data before each of them: 72 gates, 24 of them of data."""
    for layer in weights:
        qml.AngleEmbedding(x, wires=range(QUBITS))
        entangled(layer[None])
    return qml.expval(qml.Z(0))


def amplitudes(x: Array, weights: Array) -> Any:
    """256 features as amplitudes, then the same layers."""
    qml.AmplitudeEmbedding(x, wires=range(QUBITS), normalize=True)
    entangled(weights)
    return qml.expval(qml.Z(0))


def entangled(weights: Array) -> None:
    """Layers of RY and a ring of CNOT."""
    for layer in weights:
        for wire in range(QUBITS):
            qml.RY(layer[wire], wires=wire)
        for wire in range(QUBITS):
            qml.CNOT([wire, (wire + 1) % QUBITS])


def features(rows: int, columns: int = QUBITS) -> Array:
    """Made-up data: the time does not depend on its values."""
    return np.random.default_rng(1).uniform(-2, 2, (rows, columns))


def engine(circuit: Callable[..., Any], x: Array) -> Simulated:
    """The whole path, as worker and judge go it."""
    structure, arrays = encode(describe(circuit, x, {"weights": WEIGHTS}).batches)
    return simulate(decode(structure, arrays, rows=len(x), bounds=Bounds()))


def self_tested(circuit: Callable[..., Any], x: Array) -> Array:
    """The engine's values, after the self-test of every run: first, middle and last row by the circuit's own QNode."""
    probed = [0, len(x) // 2, len(x) - 1]
    own = own_rows(circuit, x[probed], {"weights": WEIGHTS})
    values = engine(circuit, x).exact()
    assert np.abs(values[probed] - own).max() < SELF_TEST
    return values[:, 0]


def exact(name: str, circuit: Callable[..., Any], x: Array, *, sample: int = 10, self_test: bool = False) -> Line:
    """Exact expectation values of every row."""
    rows = len(x)
    loop = qml.QNode(circuit, qml.device("lightning.qubit", wires=QUBITS))
    broadcast = qml.QNode(circuit, qml.device("default.qubit", wires=QUBITS), diff_method=None)
    ways = {
        "loop": Way(run=lambda: np.array([loop(row, WEIGHTS) for row in x[:sample]]), scale=rows / sample),
        "careful": Way(run=lambda: np.asarray(broadcast(x, WEIGHTS))),
        "engine": Way(run=lambda: self_tested(circuit, x) if self_test else engine(circuit, x).exact()[:, 0]),
        "floor": kernels(circuit, x),
    }
    return Line(name=name, rows=rows, careful="one broadcast call of default.qubit", ways=ways, agreement=1e-10)


def schedule(rows: int, *, sample: int = 2) -> Line:
    """Every shot level with every seed: 25 estimates of each row, the last of which are compared."""
    x = features(rows)
    nodes = [
        qml.set_shots(qml.QNode(variational, qml.device("lightning.qubit", wires=QUBITS, seed=seed)), shots)
        for shots in SHOTS
        for seed in SEEDS
    ]

    node = qml.QNode(variational_probabilities, qml.device("default.qubit", wires=QUBITS), diff_method=None)

    def careful() -> Array:
        ones = node(x, WEIGHTS)[:, 1]
        return np.array([1 - 2 * np.random.default_rng(seed).binomial(s, ones) / s for s in SHOTS for seed in SEEDS])[-1]

    def ours() -> Array:
        simulated = engine(variational, x)
        return np.array([simulated.sampled(s, seed)[:, 0] for s in SHOTS for seed in SEEDS])[-1]

    ways = {
        "loop": Way(run=lambda: np.array([[n(row, WEIGHTS) for row in x[:sample]] for n in nodes])[-1], scale=rows / sample),
        "careful": Way(run=careful),
        "engine": Way(run=ours),
        "floor": kernels(variational, x),
    }
    name = f"{len(SHOTS)} shot levels and {len(SEEDS)} seeds each"
    # Two estimates from 10,000 shots differ by less than 0.08: 5.7 standard errors of their difference.
    return Line(name=name, rows=rows, careful="probabilities by broadcast, then binomials", ways=ways, agreement=0.08)


def feature_map(x: Array) -> None:
    """Two layers of 8 Hadamard, 8 RZ of data and 7 IsingZZ of products, then 8 RY of data: 54 gates."""
    for _ in range(2):
        for wire in range(QUBITS):
            qml.Hadamard(wire)
            qml.RZ(x[wire], wires=wire)
        for wire in range(QUBITS - 1):
            qml.IsingZZ(x[wire] * x[wire + 1], wires=[wire, wire + 1])
    qml.AngleEmbedding(x, wires=range(QUBITS), rotation="Y")


def kernel_matrix(rows: int, *, shots: bool, sample: int = 5) -> Line:
    """The kernel of all pairs, exact; or estimated at every shot level with every seed, the last of which are compared."""
    x = features(rows)
    cells = [(s, seed) for s in SHOTS for seed in SEEDS] if shots else []
    pair, state = overlap_nodes()
    nodes = [qml.set_shots(pair, s) for s, _ in cells] or [pair]

    def loop() -> Array:
        return np.array([qml.kernels.square_kernel_matrix(x[:sample], lambda a, b, n=n: n(a, b)[0]) for n in nodes])[-1]

    def careful() -> Array:
        states = np.array([state(row) for row in x])
        exact_kernel = np.abs(states @ states.conj().T) ** 2
        drawn = [np.random.default_rng(seed).binomial(s, np.minimum(exact_kernel, 1)) / s for s, seed in cells]
        return np.array([*drawn, exact_kernel] if not cells else drawn)[-1]

    def ours() -> Array:
        structure, arrays = encode(describe_map(feature_map, x, {}).batches)
        exact_kernel = gram(decode(structure, arrays, rows=rows, bounds=Bounds(), measured=False))
        drawn = [sampled(exact_kernel, s, np.random.default_rng([seed, s]), symmetric=True) for s, seed in cells]
        return np.array(drawn)[-1] if cells else exact_kernel

    scale = rows * (rows - 1) / (sample * (sample - 1))
    ways = {
        "loop": Way(run=loop, scale=scale),
        "careful": Way(run=careful),
        "engine": Way(run=ours),
        "floor": kernels(feature_map, x),
    }
    name = "kernel of all pairs" + (f", {len(SHOTS)} shot levels and {len(SEEDS)} seeds each" if shots else "")
    return Line(name=name, rows=rows, careful="states by QNode and one product", ways=ways, agreement=0.08 if shots else 1e-10)


def overlap_nodes() -> tuple[Any, Any]:
    """The pair circuit that `qml.kernels` is given, and a state for the careful user."""
    device = qml.device("lightning.qubit", wires=QUBITS)

    def pair(x: Array, y: Array) -> Any:
        feature_map(x)
        qml.adjoint(feature_map)(y)
        return qml.probs(wires=range(QUBITS))

    def state(x: Array) -> Any:
        feature_map(x)
        return qml.state()

    return qml.QNode(pair, device), qml.QNode(state, device, diff_method=None)


def kernels(circuit: Callable[..., Any], x: Array) -> Way:
    """The circuit's gates on a vector that holds 32 rows, divided among them."""
    (batch,) = describe_map(circuit, x[:2], {} if circuit is feature_map else {"weights": WEIGHTS}).batches
    index = 5
    vector = StateVectorC128(index + batch.wires)
    steps = [step(vector, o, offset=index) for o in batch.operations if o.amplitudes is None]

    def run() -> Array:
        for apply in steps:
            apply(0)
        return np.empty(0)

    return Way(run=run, scale=len(x) / 2**index)


def lines() -> list[Line]:
    """What is measured."""
    return [
        exact("variational circuit, 8 qubits, 56 gates", variational, features(200)),
        exact("variational circuit, 8 qubits, 56 gates", variational, features(1000)),
        exact("the same with its self-test", variational, features(200), self_test=True),
        exact("the same with its self-test", variational, features(1000), self_test=True),
        exact("data re-uploading, 8 qubits, 72 gates", reuploading, features(200)),
        exact("data re-uploading, 8 qubits, 72 gates", reuploading, features(1000)),
        exact("256 amplitudes, 8 qubits, 48 gates", amplitudes, features(200, 2**QUBITS)),
        schedule(200),
        schedule(1000),
        kernel_matrix(200, shots=False),
        kernel_matrix(200, shots=True, sample=3),
    ]
