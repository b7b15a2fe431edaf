"""Real workers, asked to build the model of a module written on the spot."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from qgate.domain.limits import Limits
from qgate.domain.work import Answer, WorkOrder
from qgate.worker.launch import run
from qgate.worker.sandbox import open_to_workers

MODEL = """
class Model:
    def __init__(self, say=lambda features: [0] * len(features)):
        self.say = say
    def predict(self, features):
        return self.say(features)
"""


def order(entrypoint: str, options: Mapping[str, Any] | None = None, hash_seed: int = 0) -> WorkOrder:
    value = {"entrypoint": entrypoint, "options": dict(options or {}), "device": "none", "cells": [[None, 7]], "splits": ["val"]}
    return WorkOrder(kind="estimator", value=value, arrays={"val.X": np.arange(6.0).reshape(3, 2)}, hash_seed=hash_seed)


def ask(tree: Path, bodies: Mapping[str, str], **limits: Any) -> dict[str, Answer]:
    """What the workers answer whose `build(seed)` has these bodies, all side by side; neighbours have different hash seeds."""
    for name, body in bodies.items():
        lines = [f"    {line}" for line in body.strip().splitlines()]
        (tree / f"{name}.py").write_text("\n".join([MODEL, "def build(seed):", *lines, "    return Model()", ""]))
    orders = [order(f"{name}:build", hash_seed=number % 2) for number, name in enumerate(bodies)]
    answers = run(orders, tree, Limits(**({"seconds": 58} | limits)))
    return dict(zip(bodies, answers, strict=True))


@pytest.fixture(scope="session")
def worker_order() -> Callable[..., WorkOrder]:
    return order


@pytest.fixture(scope="session")
def ask_workers() -> Callable[..., dict[str, Answer]]:
    return ask


@pytest.fixture(scope="session")
def make_tree() -> Iterator[Callable[[str], Path]]:
    """A directory that a worker of another user may read, as `qgate run` makes it; pytest's own are closed to all others."""
    with TemporaryDirectory(prefix="qgate-test-") as scratch:
        open_to_workers(Path(scratch))

        def make(name: str) -> Path:
            tree = Path(scratch, name)
            tree.mkdir()
            open_to_workers(tree)
            return tree

        yield make
