"""Answers an `artifact` order: the fitted model in the order's array `artifact` (joblib, pickle) predicts every split.

Loading one runs code of its own: that is why it happens here, in the worker, and from bytes whose digest the judge has checked.
"""

import io
from collections.abc import Mapping
from typing import Any

import joblib  # which scikit-learn requires

from qgate.domain.work import WorkOrder
from qgate.worker.answer_estimator import predict

ARRAY = "artifact"


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Predictions and scores of each split, in the form of the estimator's answer to its only (shots, seed)."""
    model = load(order)
    arrays: dict[str, Any] = {}
    answered = []
    for split in order.value["splits"]:
        kind = predict(model, order.arrays[f"{split}.X"], f"0.{split}", arrays)
        answered.append({"shots": None, "seed": None, "split": split, "name": f"0.{split}", "score_kind": kind})
    return {"takes": [], "cells": answered}, arrays


def load(order: WorkOrder) -> Any:
    """The model.

    Raises:
        TypeError: it is something that does not predict.
        Exception: whatever the bytes make of being loaded.
    """
    model = joblib.load(io.BytesIO(order.arrays[ARRAY].tobytes()))
    if not hasattr(model, "predict"):
        raise TypeError(f"the artifact holds a {type(model).__name__}, which has no `predict`")
    return model
