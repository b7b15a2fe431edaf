"""What the worker makes of an order, in this process: the model fitted or not, the circuit described."""

import sys
from types import ModuleType

import numpy as np
import pennylane as qml
import pytest
from sklearn.linear_model import LogisticRegression

from qgate.domain.work import WorkOrder
from qgate.worker import answer_circuit, answer_estimator

FEATURES = np.array([[0.0], [1.0], [2.0], [3.0]])


@pytest.fixture
def module(monkeypatch):
    made = ModuleType("qgate_test_pilot")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def estimator_order(*, train=True, cells=((None, None),), options=None):
    arrays = {"val.X": FEATURES} | ({"train.X": FEATURES, "train.y": np.array([0, 0, 1, 1])} if train else {})
    value = {"entrypoint": "qgate_test_pilot:build", "options": options or {}, "device": "lightning.qubit"}
    return WorkOrder(kind="estimator", value=value | {"cells": cells, "splits": ["val"]}, arrays=arrays)


class Offered:
    """Says what it was built with."""

    def __init__(self, **given):
        self.given = given

    def predict(self, features):
        return [self.given["seed"] + self.given["shots"]] * len(features)


def test_an_unfitted_estimator_is_fitted_and_its_probabilities_are_kept(module):
    module.build = LogisticRegression
    value, arrays = answer_estimator.answer(estimator_order())
    assert value == {
        "takes": [],
        "cells": [{"shots": None, "seed": None, "split": "val", "name": "0.val", "score_kind": "probability"}],
    }
    assert arrays["0.val.predictions"].tolist() == [0, 0, 1, 1]
    assert arrays["0.val.classes"].tolist() == [0, 1]
    assert arrays["0.val.scores"].shape == (4, 2)


def test_a_fitted_estimator_is_not_fitted_again(module):
    fitted = LogisticRegression().fit(FEATURES, [1, 1, 0, 0])
    module.build = lambda: fitted
    _, arrays = answer_estimator.answer(estimator_order())
    assert arrays["0.val.predictions"].tolist() == [1, 1, 0, 0]


def test_an_unfitted_estimator_without_training_data_is_an_error(module):
    module.build = LogisticRegression
    with pytest.raises(ValueError, match=r"not fitted and the charter has no data\.train"):
        answer_estimator.answer(estimator_order(train=False))


def test_every_cell_gets_its_shots_and_seed(module):
    module.build = lambda *, seed, shots, device, base=0: Offered(seed=seed, shots=shots + base + len(device))
    order = estimator_order(cells=[[100, 1], [100, 2], [1000, 1]], options={"base": 5})
    value, arrays = answer_estimator.answer(order)
    assert value["takes"] == ["seed", "shots"]
    assert {name: array.tolist() for name, array in arrays.items()} == {
        "0.val.predictions": [121] * 4,
        "1.val.predictions": [122] * 4,
        "2.val.predictions": [1021] * 4,
    }


def circuit_order(weights):
    value = {
        "entrypoint": "qgate_test_pilot:circuit",
        "options": {},
        "weights": str(weights),
        "splits": ["val"],
        "probes": {"val": [0, 2]},
        "matrix_wires": 8,
    }
    return WorkOrder(kind="circuit", value=value, arrays={"val.X": FEATURES})


def rotation(angle):
    def circuit(x, weights):
        qml.RX(x[0], wires=0)
        qml.RY(angle(weights), wires=0)
        return qml.expval(qml.Z(0))

    return circuit


@pytest.mark.parametrize(
    ("saved", "angle"), [({"w": 0.5}, lambda weights: weights), ({"a": 0.5, "b": 9.0}, lambda weights: weights["a"])]
)
def test_a_circuit_is_described_with_weights_from_the_tree(module, tmp_path, saved, angle):
    module.circuit = rotation(angle)
    np.savez(tmp_path / "weights.npz", **saved)
    said, arrays = answer_circuit.answer(circuit_order(tmp_path / "weights.npz"))
    assert [operation[0] for operation in said["described"]["val"][0]["operations"]] == ["RX", "RY"]
    np.testing.assert_allclose(arrays["val/own"], np.cos([[0.0], [2.0]]) * np.cos(0.5), atol=1e-12)


def test_pickled_weights_are_refused(module, tmp_path):
    module.circuit = rotation(float)
    np.savez(tmp_path / "weights.npz", a=np.array([object()]))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        answer_circuit.answer(circuit_order(tmp_path / "weights.npz"))
