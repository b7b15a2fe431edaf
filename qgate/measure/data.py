"""Locked data sets parsed from bytes whose hash was checked: `.npz`, `.csv`, and `.parquet` where pyarrow is installed.

Nothing is ever unpickled.
"""

import csv
import io
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.charter import DataFile
from qgate.errors import MeasurementError
from qgate.measure.inputs import Opened
from qgate.workloads.dataset import Dataset

Array = npt.NDArray[Any]


def dataset(opened: Opened, declared: DataFile) -> Dataset:
    """The data set in a declared file.

    Raises:
        MeasurementError: it is absent, is not what the charter locked, or does not hold finite features and labels.
    """
    file = opened.file
    if opened.content is None:
        raise MeasurementError(f"{file.path} is missing; the charter declares it as {file.role}")
    if file.sha256 != file.declared_sha256:
        raise MeasurementError(
            f"{file.path} is not what the charter locked: its sha256 is {file.sha256}, declared is {file.declared_sha256}; "
            "restore the file, or review the new data and change the charter on the base branch"
        )
    features, labels = _parse(opened.content, declared)
    return Dataset(features=_finite_features(features, file.path), labels=_labels(labels, len(features), file.path))


def _parse(content: bytes, declared: DataFile) -> tuple[Array, Array]:
    suffix = PurePosixPath(declared.path).suffix.lower()
    if suffix == ".npz":
        return _npz(content, declared.path)
    if suffix == ".csv":
        return _csv(content, declared)
    if suffix == ".parquet":
        return _parquet(content, declared)
    raise MeasurementError(f"{declared.path}: {suffix or 'no'} data files are not read; use .npz, .csv or .parquet")


def _npz(content: bytes, path: str) -> tuple[Array, Array]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return file["X"], file["y"]
    except (ValueError, OSError, KeyError, EOFError) as error:
        raise MeasurementError(f"{path} must be an .npz with plain arrays X and y: {error}") from error


def _csv(content: bytes, declared: DataFile) -> tuple[Array, Array]:
    try:
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise MeasurementError(f"{declared.path} is not a UTF-8 .csv with a header line: {error}") from error
    target = _target(declared, header)
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise MeasurementError(f"{declared.path}:{line} has {len(row)} fields, its header has {len(header)}")
    table = np.array(rows, dtype=str).reshape(len(rows), len(header))
    return np.delete(table, target, axis=1), _typed(table[:, target])


def _target(declared: DataFile, columns: list[str]) -> int:
    if declared.target not in columns:
        raise MeasurementError(
            f"{declared.path} has no column {declared.target!r}; name its label column as `target`: {', '.join(columns)}"
        )
    return columns.index(declared.target)


def _typed(texts: Array) -> Array:
    """Labels as integers where all are, else as numbers where all are, else as text."""
    for kind in (np.int64, np.float64):
        try:
            return texts.astype(kind)
        except ValueError:
            continue
    return texts


def _parquet(content: bytes, declared: DataFile) -> tuple[Array, Array]:
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an optional extra
        import pyarrow.parquet as pq  # noqa: PLC0415 -- an optional extra
    except ImportError as error:
        raise MeasurementError(f"{declared.path} needs pyarrow: install `qgate-action[parquet]`") from error
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise MeasurementError(f"{declared.path} is not a readable .parquet file: {error}") from error
    target = _target(declared, table.column_names)
    columns = [np.asarray(table.column(i).to_pylist()) for i in range(table.num_columns)]
    labels = columns.pop(target)
    return (np.stack(columns, axis=1) if columns else np.empty((len(labels), 0))), labels


def _finite_features(features: Array, path: str) -> Array:
    try:
        numbers = np.ascontiguousarray(features, dtype=np.float64)
    except ValueError as error:
        raise MeasurementError(f"{path}: its features are not all numbers: {error}") from error
    if numbers.ndim < 2 or not numbers.size:  # noqa: PLR2004 -- rows and at least one feature axis
        raise MeasurementError(
            f"{path}: its features have shape {numbers.shape}; (rows, features) is expected, and at least one of each"
        )
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        raise MeasurementError(f"{path}: feature {bad[0][1:].tolist()} of row {bad[0][0]} is not finite")
    return numbers


def _labels(labels: Array, rows: int, path: str) -> Array:
    if labels.shape != (rows,):
        raise MeasurementError(f"{path}: its labels have shape {labels.shape}; ({rows},) is expected")
    if labels.dtype.kind in "biu":
        return labels.astype(np.int64)
    if labels.dtype.kind == "U":
        return labels
    if labels.dtype.kind != "f" or not np.all(np.isfinite(labels)):
        raise MeasurementError(f"{path}: its labels ({labels.dtype}) are not finite numbers or text")
    return labels.astype(np.float64)
