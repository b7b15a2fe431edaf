"""Which files of a repository are data sets and weights, told by their content and name."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from qgate.charter.metrics import Task
from qgate.domain.charter import DataFile
from qgate.domain.evidence import InputFile
from qgate.errors import MeasurementError
from qgate.measure.data import dataset
from qgate.measure.inputs import Opened
from qgate.workloads.dataset import Dataset

SUFFIXES = (".npz", ".csv", ".parquet")
TRAIN, VALIDATION, TEST = "train", "validation", "test"
_WORDS = {
    TRAIN: {"train", "training"},
    VALIDATION: {"validation", "val", "valid", "dev"},
    TEST: {"test", "testing", "holdout", "heldout"},
}
_TARGETS = ("target", "label", "labels", "y", "class", "outcome")
_MOST_CLASSES = 100  # more whole numbers than this are counted as measurements, not as names of classes


@dataclass(frozen=True, kw_only=True)
class FoundData:
    """A file that could be a data set: the split that its name tells (or none), and its label column where it has columns."""

    path: str
    split: str | None
    target: str | None = None


@dataclass(frozen=True, kw_only=True)
class CheckedData:
    """A data set that can be read: its declaration, its rows, what its labels are, and of how many classes."""

    declared: DataFile
    rows: int
    task: Task
    classes: int


def find_data(root: Path, paths: Iterable[str], target: str | None) -> tuple[FoundData, ...]:
    """Files with features and labels, in the order of their paths; `target` is the label column where somebody named it."""
    found = []
    for path in paths:
        suffix = PurePosixPath(path).suffix
        if suffix == ".npz" and {"X", "y"} <= _arrays(root / path):
            found.append(FoundData(path=path, split=split_of(path)))
        elif suffix in {".csv", ".parquet"}:
            names = columns(root, path)
            column = target if target in names else label_column(names)
            if column or split_of(path):
                found.append(FoundData(path=path, split=split_of(path), target=column))
    return tuple(found)


def find_weights(root: Path, paths: Iterable[str]) -> tuple[str, ...]:
    """The `.npz` files that are no data set."""
    names = [path for path in paths if path.endswith(".npz")]
    return tuple(path for path in names if (arrays := _arrays(root / path)) and not {"X", "y"} <= arrays)


def split_of(path: str) -> str | None:
    """The split that a file's name tells, or the nearest directory above it."""
    for part in reversed(PurePosixPath(path).with_suffix("").parts):
        words = set(re.split(r"[^a-z]+", part.lower()))
        if told := [split for split, known in _WORDS.items() if known & words]:
            return told[0] if len(told) == 1 else None
    return None


def columns(root: Path, path: str) -> list[str]:
    """The names of a table's columns; empty where the file is no table, or cannot be read."""
    return _columns(root / path) if path.endswith((".csv", ".parquet")) else []


def check_data(root: Path, path: str, target: str | None) -> CheckedData:
    """The data set as a run will read it.

    Raises:
        MeasurementError: it cannot be read, with the reason.
    """
    file = root / path
    if not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
        raise MeasurementError(f"there is no file {path} in the repository")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    declared = DataFile(path=path, sha256=digest, target=target)
    read = dataset(
        Opened(file=InputFile(role="data", path=path, declared_sha256=digest, sha256=digest), content=content), declared
    )
    labels = np.unique(read.labels)
    return CheckedData(declared=declared, rows=read.rows, task=_task(read), classes=len(labels))


def _task(data: Dataset) -> Task:
    """Classes are text, or few whole numbers."""
    labels = data.labels
    if labels.dtype.kind == "U":
        return Task.CLASSIFICATION
    whole = bool(np.all(labels == np.round(labels)))
    return Task.CLASSIFICATION if whole and len(np.unique(labels)) <= _MOST_CLASSES else Task.REGRESSION


def _arrays(file: Path) -> set[str]:
    """The names of an `.npz` file's arrays; empty where it is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
    except (OSError, zipfile.BadZipFile):
        return set()


def _columns(file: Path) -> list[str]:
    try:
        if file.suffix == ".parquet":
            return _parquet_columns(file)
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return next(csv.reader(io.StringIO(lines.readline(1 << 20))), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _parquet_columns(file: Path) -> list[str]:
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an optional extra
        import pyarrow.parquet as pq  # noqa: PLC0415 -- an optional extra
    except ImportError:
        return []
    try:
        return list(pq.read_schema(file).names)
    except pa.ArrowException:
        return []


def label_column(names: Sequence[str]) -> str | None:
    """The column that is likely the label, by its name."""
    lowered = {column.strip().lower(): column for column in names}
    return next((lowered[name] for name in _TARGETS if name in lowered), None)
