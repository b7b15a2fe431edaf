"""The `artifact` workload: a fitted model of the repository, asked for its answers to a split as it is. Nothing is fitted."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qgate.domain.charter import ROLLBACK
from qgate.domain.work import WorkOrder
from qgate.workloads import estimator
from qgate.workloads.dataset import Dataset

KIND = "artifact"


def ask(splits: tuple[str, ...]) -> estimator.Ask:
    """What the rollback's artifact is asked."""
    return estimator.Ask(role=ROLLBACK, entrypoint="", options={}, pairs=((None, None),), splits=splits, kind=KIND)


def order(asked: estimator.Ask, data: Mapping[str, Dataset]) -> WorkOrder:
    """The order for the worker, without the model's bytes; no label travels with it."""
    arrays = {f"{split}.X": data[split].features for split in asked.splits}
    return WorkOrder(kind=KIND, value={"splits": list(asked.splits)}, arrays=arrays)


def with_bytes(asked: WorkOrder, content: bytes) -> WorkOrder:
    """The order with the model's bytes, whose digest has been checked: what is loaded is what was hashed."""
    return replace(asked, arrays={**asked.arrays, KIND: np.frombuffer(content, dtype=np.uint8)})
