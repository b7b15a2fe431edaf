import pytest

from qgate.init.definitions import Definitions
from qgate.init.models import Model, baselines, candidates, describe, parameters


@pytest.fixture
def definitions(tmp_path):
    def make(text, **others):
        for name, source in {"app": text, **others}.items():
            (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        return Definitions(tmp_path, sorted(f"{name}.py" for name in ("app", *others)))

    return make


CIRCUIT = """\
import pennylane as qml


def _layer(x, weights):
    qml.RY(x[0] * weights[0], wires=0)


def circuit(x, weights, *, layers=2):
    for _ in range(layers):
        _layer(x, weights)
    return RETURNED
"""


@pytest.mark.parametrize(
    ("returned", "values"),
    [
        ("qml.expval(qml.Z(0))", "one"),
        ("[qml.expval(qml.Z(w)) for w in range(3)]", "several"),
        ("qml.expval(qml.Z(0)), qml.expval(qml.Z(1))", "several"),
        ("qml.probs(wires=[0])", "probs"),
    ],
)
def test_a_function_that_returns_measurements_is_a_circuit(definitions, returned, values):
    found = candidates(definitions(CIRCUIT.replace("RETURNED", returned)))
    assert found == (Model(kind="circuit", entrypoint="app:circuit", place="app.py:8", values=values),)


def test_a_measurement_may_go_through_a_name_and_a_qnode(definitions):
    text = (
        "import pennylane as qml\nfrom pennylane import expval\n\ndev = qml.device('lightning.qubit', wires=1)\n\n\n"
        "@qml.qnode(dev)\ndef node(x, weights):\n    measured = expval(qml.Z(0))\n    return measured\n"
    )
    assert [model.flag for model in candidates(definitions(text))] == ["circuit=app:node"]


@pytest.mark.parametrize("returned", ["qml.sample()", "qml.state()", "x"])
def test_what_cannot_be_replayed_is_no_circuit(definitions, returned):
    assert candidates(definitions(CIRCUIT.replace("RETURNED", returned))) == ()


def test_a_circuit_that_needs_more_than_a_sample_and_weights_cannot_be_called(definitions):
    text = CIRCUIT.replace("RETURNED", "qml.expval(qml.Z(0))").replace("weights, *, layers=2", "weights, *, layers")
    assert candidates(definitions(text)) == ()


ESTIMATOR = """\
import pennylane as qml
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


class Hybrid:
    def __init__(self, *, seed=None, shots=None):
        self.dev = qml.device("lightning.qubit")

    def fit(self, x, y):
        return self

    def predict(self, x):
        return x


def build(seed=None):
    return make_pipeline(StandardScaler(), Hybrid(seed=seed))


def kernel(a, b):
    return qml.probs(wires=0)


def kernel_machine():
    return SVC(kernel=kernel)


def scaler():
    return StandardScaler()


def classical():
    model = LogisticRegression()
    return model.set_params(C=2.0)


def served():
    return LogisticRegression(C=1.0).set_params(max_iter=10)


def needs(x):
    return LogisticRegression(C=x)
"""


def test_an_estimator_that_reaches_a_quantum_library_is_a_candidate_and_its_parts_are_not(definitions):
    assert [model.flag for model in candidates(definitions(ESTIMATOR))] == ["estimator=app:build", "estimator=app:kernel_machine"]


def test_an_estimator_that_does_not_is_a_baseline(definitions):
    assert [model.entrypoint for model in baselines(definitions(ESTIMATOR))] == ["app:classical"]


def test_a_baseline_may_be_configured_on_the_way(definitions):
    text = (
        "from sklearn.svm import SVC\n\n\ndef build():\n    model = SVC()\n    model = model.set_params(C=2)\n    return model\n"
    )
    assert [model.entrypoint for model in baselines(definitions(text))] == ["app:build"]


def test_baselines_that_are_called_so_are_preferred(definitions):
    text = (
        "from sklearn.svm import SVC\n\n\ndef build():\n    return SVC()\n\n\ndef classical_service():\n    return SVC(C=2)\n"
        "\n\ndef _private():\n    return SVC()\n"
    )
    assert [model.entrypoint for model in baselines(definitions(text))] == ["app:classical_service"]


def test_a_class_of_the_repository_can_be_a_baseline(definitions):
    text = "class Rule:\n    def fit(self, x, y):\n        return self\n\n    def predict(self, x):\n        return x\n"
    assert [model.entrypoint for model in baselines(definitions(text))] == ["app:Rule"]


def test_a_model_that_somebody_names_is_described(definitions):
    found = definitions(ESTIMATOR)
    assert describe("app:Hybrid", "estimator", found) == Model(kind="estimator", entrypoint="app:Hybrid", place="app.py:8")
    assert describe("sklearn.svm:SVC", "estimator", found) is None
    assert parameters("app:Hybrid", found) == {"seed", "shots"}
    assert parameters("sklearn.svm:SVC", found) == frozenset()
