"""Answers an `http_answers` order: starts one service of the tree and asks it for a prediction of every row of every split.

The order's value holds `service` (`role`, `command`, `options`, `shots`, `seed`) and `splits`; its arrays `<split>.X`, and
`train.X`, `train.y` where there is training data. Its only port is the service's. What a service finds and must answer:
docs/service.md.
"""

import asyncio
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qgate.domain.work import Array, WorkOrder
from qgate.worker.http_client import check, connect, post
from qgate.worker.services import command_of, precise_loop, ready, running, told_by, training_file

_ROWS = 256  # in one request: far below what an answer may be long


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Predictions of each split, in the form of the estimator's answer to its only (shots, seed); a service gives no scores."""
    told, splits, (port,) = order.value["service"], order.value["splits"], order.ports
    arrays = {}
    with tempfile.TemporaryDirectory() as scratch:
        found = told_by(told, port, training_file(order, Path(scratch)))
        with running(command_of(told["command"]), port, found) as service, asyncio.Runner(loop_factory=precise_loop) as runner:
            runner.run(ready(service, port))
            for split in splits:
                arrays[f"0.{split}.predictions"] = runner.run(_predictions(port, order.arrays[f"{split}.X"]))
    return {"takes": [], "cells": [{"shots": None, "seed": None, "split": s, "name": f"0.{s}"} for s in splits]}, arrays


async def _predictions(port: int, rows: Array) -> Array:
    connection = await connect(port)
    try:
        said: list[Any] = []
        for start in range(0, len(rows), _ROWS):
            request = post(rows[start : start + _ROWS].tolist())
            body = await connection.answer(request)
            check(body, request)
            said += json.loads(body)["predictions"]
    finally:
        connection.close()
    return np.array(said)
