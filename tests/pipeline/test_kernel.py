"""A kernel candidate through the real command: its feature map is described, the judge makes the matrices and fits the model."""

import pytest

MAP = '''"""The feature map of the kernel."""

import pennylane as qml


def feature_map(x, depth=1, scale=1.0):
    for _ in range(depth):
        qml.AngleEmbedding(scale * x, wires=range(2), rotation="Y")
        qml.CNOT([0, 1])
'''
CIRCUIT = "    circuit: pilot.hybrid:circuit\n    weights: weights.npz\n    decision: sign\n"
KERNEL = "    kernel: pilot.features:feature_map\n    model: svm\n    regularisation: 10\n    options: {depth: 2}\n"


@pytest.fixture
def kernelled(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    assert CIRCUIT in text
    pilot.git("switch", "--quiet", "main")
    pilot.write({"pilot/features.py": MAP, ".qgate/sorter.yml": text.replace(CIRCUIT, KERNEL)})
    pilot.commit("A kernel")
    assert pilot.qgate("lock", "--base", "HEAD").code == 0
    pilot.commit("Lock it")
    pilot.git("switch", "--quiet", "--create", "map")
    return pilot


def test_a_kernel_passes_and_says_what_it_is_like(kernelled):
    kernelled.change({"pilot/features.py": MAP.replace("CNOT([0, 1])", "CNOT(wires=[0, 1])")})
    ended = kernelled.qgate("run", "--base", "main", "--head", "map")
    assert ended.code == 0, ended
    pilot = kernelled.verdict()["pilots"][0]
    assert pilot["reached_by"] == ["pilot/features.py → candidate"]
    facts = pilot["facts"]["candidate"]
    assert facts["model"] == "svm, regularisation 10"
    assert facts["smallest_eigenvalue"] > -1e-12
    assert 0 < facts["concentration"] < 1
    assert 0 < facts["target_alignment"] <= 1


def test_a_kernel_that_forgets_its_features_fails(kernelled):
    kernelled.change({"pilot/features.py": MAP.replace("scale * x", "0 * scale * x")})
    ended = kernelled.qgate("run", "--base", "main", "--head", "map")
    assert ended.code == 10, ended
    assert kernelled.gates()["reproducibility"] == "pass"


def test_a_map_that_looks_at_its_sample_is_described_row_by_row_and_exactly(kernelled):
    branch = MAP.replace("    for _ in", "    if x[0] > 0:\n        qml.X(1)\n        qml.X(1)\n    for _ in")
    kernelled.change({"pilot/features.py": branch})
    assert kernelled.qgate("run", "--base", "main", "--head", "map").code == 0


def test_a_model_that_does_not_fit_the_task_is_an_error(kernelled):
    text = (kernelled.path / ".qgate/sorter.yml").read_text()
    kernelled.git("switch", "--quiet", "main")
    kernelled.change({".qgate/sorter.yml": text.replace("model: svm", "model: ridge")})
    kernelled.git("switch", "--quiet", "--create", "ridge")
    kernelled.change({"pilot/features.py": MAP.replace("scale=1.0", "scale=1.01")})
    assert kernelled.qgate("run", "--base", "main", "--head", "ridge").code == 12
    assert "model `ridge` does not do classification" in kernelled.why("val_accuracy_gap_vs_classical")


PAIR = (
    MAP
    + """

@qml.qnode(qml.device("lightning.qubit", wires=2))
def overlap(x, y, depth):
    feature_map(x, depth)
    qml.adjoint(feature_map)(y, depth)
    return qml.probs(wires=range(2))


def fidelity(x, y, depth=1):
    return overlap(x, y, depth)[0]
"""
)


def test_a_kernel_of_two_samples_is_made_of_states_and_says_so(kernelled):
    text = (kernelled.path / ".qgate/sorter.yml").read_text()
    kernelled.git("switch", "--quiet", "main")
    kernelled.change({"pilot/features.py": PAIR, ".qgate/sorter.yml": text.replace("features:feature_map", "features:fidelity")})
    assert kernelled.qgate("lock", "--base", "HEAD").code == 0
    kernelled.commit("Lock it")
    kernelled.git("switch", "--quiet", "--create", "pair")
    kernelled.change({"pilot/features.py": PAIR.replace("return overlap", "return 1.0 * overlap")})
    ended = kernelled.qgate("run", "--base", "main", "--head", "pair")
    assert ended.code == 0, ended
    facts = kernelled.verdict()["pilots"][0]["facts"]["candidate"]
    assert facts["engine"] == "lightning.qubit, states and one product"
    assert facts["described"]["train"] == "as states, N + M of them, from one traced call"


def test_a_circuit_that_cannot_be_described_is_evaluated_by_pennylane_and_the_report_says_so(pilot):
    text = (pilot.path / "pilot/hybrid.py").read_text()
    pilot.change({"pilot/hybrid.py": text.replace("    return qml.expval", "    qml.measure(1)\n    return qml.expval")})
    ended = pilot.qgate("run", "--base", "main")
    facts = pilot.verdict()["pilots"][0]["facts"]["candidate"]
    assert facts["engine"] == "pennylane", ended
    assert facts["fallback"] == {"device": "lightning.qubit", "why": "mid-circuit measurements cannot be described"}
    assert pilot.gates()["reproducibility"] == "pass"
    comment = (pilot.path / ".qgate/run/comment.md").read_text()
    assert "`candidate.fallback.why`: mid-circuit measurements cannot be described" in comment


def test_the_bases_charter_bounds_what_is_simulated_and_the_pull_requests_does_not(kernelled):
    text = (kernelled.path / ".qgate/sorter.yml").read_text()
    kernelled.git("switch", "--quiet", "main")
    kernelled.change({".qgate/sorter.yml": text.replace("  candidate:\n", "  simulation: {gates: 3}\n  candidate:\n")})
    kernelled.git("switch", "--quiet", "--create", "deep")
    kernelled.change({"pilot/features.py": MAP.replace("scale=1.0", "scale=1.01"), ".qgate/sorter.yml": text})
    assert kernelled.qgate("run", "--base", "main", "--head", "deep").code == 12
    assert kernelled.why("val_accuracy_gap_vs_classical") == (
        "candidate: the candidate has 6 gates; at most 3 are simulated (each is applied for every row). "
        "To raise it, set `pilot.simulation.gates` in the charter of the base branch [circuit/too-large]"
    )
