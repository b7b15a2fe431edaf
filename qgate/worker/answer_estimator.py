"""Answers an `estimator` order: builds the model for each (shots, seed), fits it where it is not fitted, and predicts.

The order's value holds `entrypoint`, `options`, `device`, `cells` (pairs of shots and seed) and `splits`; its arrays `train.X`,
`train.y` and `<split>.X`. The answer's value lists for each cell and split the arrays' names.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from qgate.domain.work import WorkOrder
from qgate.worker import entrypoint


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Predictions and scores per cell and split, and which of `seed` and `shots` the builder takes."""
    value = order.value
    build = entrypoint.find(value["entrypoint"])
    taken = entrypoint.accepted(build, {"seed", "shots"})
    arrays: dict[str, Any] = {}
    answered = []
    for position, (shots, seed) in enumerate(value["cells"]):
        offered = {"seed": seed, "shots": shots, "device": value["device"]}
        model = build(**entrypoint.arguments(build, options=value["options"], offered=offered))
        model = fitted(model, order)
        for split in value["splits"]:
            name = f"{position}.{split}"
            kind = predict(model, order.arrays[f"{split}.X"], name, arrays)
            answered.append({"shots": shots, "seed": seed, "split": split, "name": name, "score_kind": kind})
    return {"takes": sorted(taken), "cells": answered}, arrays


def fitted(model: Any, order: WorkOrder) -> Any:
    """The model itself, fitted on the order's training data where it is not fitted yet.

    Raises:
        ValueError: it is not fitted and there is no training data.
    """
    try:
        check_is_fitted(model)
    except NotFittedError:
        if "train.X" not in order.arrays:
            raise ValueError("the estimator is not fitted and the charter has no data.train to fit it on") from None
        return model.fit(np.array(order.arrays["train.X"]), np.array(order.arrays["train.y"])) or model
    except TypeError:
        pass  # not a scikit-learn estimator: it has no `fit`, so it is what it is
    return model


def predict(model: Any, features: Any, name: str, arrays: dict[str, Any]) -> str | None:
    """Writes predictions and, where the model has them, scores; returns the kind of score."""
    features = np.array(features)
    arrays[f"{name}.predictions"] = np.asarray(model.predict(features))
    if hasattr(model, "classes_"):
        arrays[f"{name}.classes"] = np.asarray(model.classes_)
    for method, kind in (("predict_proba", "probability"), ("decision_function", "decision")):
        if hasattr(model, method):
            arrays[f"{name}.scores"] = np.asarray(getattr(model, method)(features), dtype=np.float64)
            return kind
    return None
