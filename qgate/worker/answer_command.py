"""Answers a `command` order: runs an executable of the tree once for each (shots, seed) and split, and reads what it wrote.

What the executable finds (docs/command.md):
    QGATE_FEATURES     path of a CSV file, one row per example, header x0,x1,…
    QGATE_TRAIN        path of a CSV file with the training rows and a last column y, where the charter has data.train
    QGATE_PREDICTIONS  where to write its answer: CSV with a header; column `prediction`, then one score column per class or none
    QGATE_SHOTS, QGATE_SEED  decimal numbers; absent where the cell has none
    QGATE_OPTIONS      the charter's options, as JSON
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.work import WorkOrder

Array = npt.NDArray[Any]
_LAST_LINES = 5


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Predictions and scores per cell and split, in the form of the estimator's answer."""
    arrays: dict[str, Any] = {}
    answered = []
    with tempfile.TemporaryDirectory() as scratch:
        files = _files(order, Path(scratch))
        for position, (shots, seed) in enumerate(order.value["cells"]):
            for split in order.value["splits"]:
                name = f"{position}.{split}"
                output = Path(scratch, f"{name}.csv")
                _run(order, files, split, output, {"QGATE_SHOTS": shots, "QGATE_SEED": seed})
                kind = _read(output, name, arrays)
                answered.append({"shots": shots, "seed": seed, "split": split, "name": name, "score_kind": kind})
    return {"takes": ["seed", "shots"], "cells": answered}, arrays


def _files(order: WorkOrder, scratch: Path) -> dict[str, Path]:
    """The features of every split as CSV, and the training rows with their labels."""
    files = {}
    for split in order.value["splits"]:
        files[split] = write_csv(scratch / f"{split}-features.csv", order.arrays[f"{split}.X"], None)
    if "train.y" in order.arrays:
        files["train.y"] = write_csv(scratch / "train-labelled.csv", order.arrays["train.X"], order.arrays["train.y"])
    return files


def write_csv(path: Path, features: Array, labels: Array | None) -> Path:
    """The rows as CSV with the header x0,x1,… and, where there are labels, a last column y; returns the path."""
    flat = features.reshape(len(features), -1)
    header = [f"x{i}" for i in range(flat.shape[1])] + ([] if labels is None else ["y"])
    rows: Sequence[list[Any]] = (
        flat.tolist() if labels is None else [[*x, y] for x, y in zip(flat.tolist(), labels.tolist(), strict=True)]
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _run(order: WorkOrder, files: Mapping[str, Path], split: str, output: Path, cell: Mapping[str, int | None]) -> None:
    """Runs the executable; a Python file needs no executable bit."""
    path = str(Path.cwd() / order.value["entrypoint"])
    command = [sys.executable, path] if path.endswith(".py") else [path]
    found = {
        "QGATE_FEATURES": str(files[split]),
        "QGATE_PREDICTIONS": str(output),
        "QGATE_OPTIONS": json.dumps(order.value["options"]),
    }
    if "train.y" in files:
        found["QGATE_TRAIN"] = str(files["train.y"])
    numbers = {name: str(value) for name, value in cell.items() if value is not None}
    done = subprocess.run(
        command, env={**os.environ, **found, **numbers}, capture_output=True, text=True, errors="replace", check=False
    )
    sys.stderr.write(done.stdout + done.stderr)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:]) or "it printed no error"
        raise RuntimeError(f"{order.value['entrypoint']} ended with exit code {done.returncode}: {last}")
    if not output.is_file():
        raise RuntimeError(f"{order.value['entrypoint']} wrote no predictions to the file that QGATE_PREDICTIONS names")


def _read(path: Path, name: str, arrays: dict[str, Any]) -> str | None:
    """The predictions and scores of one answer; scores are probabilities where every row sums to one, else decision values."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    if not header or header[0] != "prediction" or any(len(row) != len(header) for row in rows):
        raise ValueError("predictions must be a CSV file whose header starts with `prediction`, with as many fields in every row")
    arrays[f"{name}.predictions"] = _typed([row[0] for row in rows])
    if len(header) == 1:
        return None
    scores = np.array([[float(field) for field in row[1:]] for row in rows], dtype=np.float64)
    several = scores.shape[1] > 1
    arrays[f"{name}.scores"] = scores if several else scores[:, 0]
    return "probability" if several and np.allclose(scores.sum(axis=1), 1.0, atol=1e-6) else "decision"


def _typed(texts: list[str]) -> Array:
    for kind in (np.int64, np.float64):
        try:
            return np.array(texts).astype(kind)
        except ValueError:
            continue
    return np.array(texts, dtype=str)
