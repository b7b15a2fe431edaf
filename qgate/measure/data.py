"""Locked data sets parsed from bytes whose hash was checked: `.npz`, `.csv`, and `.parquet` where pyarrow is installed.

Nothing is ever unpickled.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.charter import Charter, DataFile
from qgate.errors import MeasurementError
from qgate.measure.inputs import Opened, slice_role
from qgate.measure.row_groups import Parsed, clusters_of, named_columns, no_features, slices_of
from qgate.measure.slice_files import mask_in
from qgate.workloads.dataset import Dataset

Array = npt.NDArray[Any]


def datasets(charter: Charter, opened: Iterable[Opened]) -> dict[str, Dataset]:
    """Every data set of a charter by its split, with the slices that files of their own choose.

    Raises:
        MeasurementError: as `dataset`.
    """
    by_role = {found.file.role: found for found in opened}
    return {
        split: dataset(
            by_role[f"data {split}"], declared, {s.name: by_role[slice_role(split, s.name)] for s in declared.slices if s.file}
        )
        for split, declared in charter.data.items()
    }


def dataset(opened: Opened, declared: DataFile, slice_files: Mapping[str, Opened] = MappingProxyType({})) -> Dataset:
    """The data set in a declared file; `slice_files` are those that choose its slices' rows, by the slices' names.

    Raises:
        MeasurementError: a file is absent, is not what the charter locked, or does not hold what it must.
    """
    path = opened.file.path
    parsed = _parse(_locked(opened), declared)
    features = _finite_features(parsed.features, path)
    chosen = {name: mask_in(file.file.path, _locked(file), len(features)) for name, file in slice_files.items()}
    return Dataset(
        features=features,
        labels=_labels(parsed.labels, len(features), path),
        clusters=clusters_of(parsed, declared),
        slices=slices_of(parsed, declared, chosen),
    )


def _locked(opened: Opened) -> bytes:
    file = opened.file
    if opened.content is None:
        raise MeasurementError(f"{file.path} is missing; the charter declares it as {file.role}")
    if file.sha256 != file.declared_sha256:
        raise MeasurementError(
            f"{file.path} is not what the charter locked: its sha256 is {file.sha256}, declared is {file.declared_sha256}; "
            "restore the file, or review the new data and change the charter on the base branch"
        )
    return opened.content


def _parse(content: bytes, declared: DataFile) -> Parsed:
    suffix = PurePosixPath(declared.path).suffix.lower()
    if suffix == ".npz":
        return _npz(content, declared)
    if suffix == ".csv":
        return _csv(content, declared)
    if suffix == ".parquet":
        return _parquet(content, declared)
    raise MeasurementError(f"{declared.path}: {suffix or 'no'} data files are not read; use .npz, .csv or .parquet")


def _npz(content: bytes, declared: DataFile) -> Parsed:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            named = {name: file[name] for name in named_columns(declared) if name in file.files}
            return Parsed(features=file["X"], labels=file["y"], named=named)
    except (ValueError, OSError, KeyError, EOFError) as error:
        raise MeasurementError(f"{declared.path} must be an .npz with plain arrays X and y: {error}") from error


def _csv(content: bytes, declared: DataFile) -> Parsed:
    try:
        header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise MeasurementError(f"{declared.path} is not a UTF-8 .csv with a header line: {error}") from error
    _target(declared, header)
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise MeasurementError(f"{declared.path}:{line} has {len(row)} fields, its header has {len(header)}")
    table = np.array(rows, dtype=str).reshape(len(rows), len(header))
    return _columns({name: table[:, k] for k, name in enumerate(header)}, declared, _typed)


def _columns(columns: dict[str, Array], declared: DataFile, typed: Callable[[Array], Array]) -> Parsed:
    """Features are the columns that are neither the label nor the clusters nor a mask."""
    labels = typed(columns[str(declared.target)])
    others = [column for name, column in columns.items() if name != declared.target and name not in no_features(declared)]
    named = {name: typed(columns[name]) for name in named_columns(declared) if name in columns}
    features = np.stack(others, axis=1) if others else np.empty((len(labels), 0))
    return Parsed(features=features, labels=labels, named=named)


def _target(declared: DataFile, columns: list[str]) -> None:
    if declared.target not in columns:
        raise MeasurementError(
            f"{declared.path} has no column {declared.target!r}; name its label column as `target`: {', '.join(columns)}"
        )


def _typed(texts: Array) -> Array:
    """Labels as integers where all are, else as numbers where all are, else as text."""
    for kind in (np.int64, np.float64):
        try:
            return texts.astype(kind)
        except ValueError:
            continue
    return texts


def _parquet(content: bytes, declared: DataFile) -> Parsed:
    try:
        import pyarrow as pa  # noqa: PLC0415 -- an optional extra
        import pyarrow.parquet as pq  # noqa: PLC0415 -- an optional extra
    except ImportError as error:
        raise MeasurementError(f"{declared.path} needs pyarrow: install `qgate-action[parquet]`") from error
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise MeasurementError(f"{declared.path} is not a readable .parquet file: {error}") from error
    _target(declared, table.column_names)
    columns = {name: np.asarray(table.column(k).to_pylist()) for k, name in enumerate(table.column_names)}
    return _columns(columns, declared, np.asarray)


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
