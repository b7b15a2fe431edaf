"""Rows that a file of its own chooses: a mask with a truth value for each row, or the numbers of the rows it takes.

`.npz` with one array, or `.csv` with one column, called `mask` or `rows`. Row numbers count from 0 in the
data file's order.
"""

import csv
import io
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError

Array = npt.NDArray[Any]
MASK, ROWS = "mask", "rows"


def mask_in(path: str, content: bytes, rows: int) -> Array:
    """The mask in a slice's file, shape (rows,), of truth values.

    Raises:
        MeasurementError: the file holds neither, holds other values, or is about another number of rows.
    """
    name, values = _npz(path, content) if path.lower().endswith(".npz") else _csv(path, content)
    if values.ndim != 1 or values.dtype.kind not in "biu":
        raise MeasurementError(
            f"{path}: `{name}` holds {values.dtype} of shape {values.shape}; whole numbers in one row are expected"
        )
    return _mask(path, values, rows) if name == MASK else _numbered(path, values, rows)


def _mask(path: str, values: Array, rows: int) -> Array:
    if len(values) != rows:
        raise MeasurementError(f"{path}: `{MASK}` has {len(values)} values, and the data has {rows} rows")
    if not np.isin(values, (0, 1)).all():
        raise MeasurementError(f"{path}: `{MASK}` holds other values than true and false (or 1 and 0)")
    return values.astype(bool)


def _numbered(path: str, values: Array, rows: int) -> Array:
    numbers = values.astype(np.int64)
    outside = numbers[(numbers < 0) | (numbers >= rows)]
    if len(outside) or values.dtype.kind == "b":
        found = "truth values" if values.dtype.kind == "b" else f"row {outside[0]}"
        raise MeasurementError(f"{path}: `{ROWS}` holds {found}, and the data has the rows 0 to {rows - 1}")
    if len(np.unique(numbers)) < len(numbers):
        raise MeasurementError(f"{path}: `{ROWS}` names a row twice")
    mask = np.zeros(rows, dtype=bool)
    mask[numbers] = True
    return mask


def _npz(path: str, content: bytes) -> tuple[str, Array]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return _only(path, file.files), np.asarray(file[_only(path, file.files)])
    except (ValueError, OSError, EOFError, AttributeError) as error:
        raise MeasurementError(f"{path} must be an .npz with one plain array, `{MASK}` or `{ROWS}`: {error}") from error


def _csv(path: str, content: bytes) -> tuple[str, Array]:
    try:
        header, *lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        return _only(path, header), np.array([int(value) for (value,) in lines], dtype=np.int64)
    except (UnicodeDecodeError, ValueError, OverflowError, csv.Error) as error:
        raise MeasurementError(
            f"{path} must be a .csv with one column of whole numbers, `{MASK}` or `{ROWS}`: {error}"
        ) from error


def _only(path: str, names: list[str]) -> str:
    if len(names) != 1 or names[0] not in {MASK, ROWS}:
        raise MeasurementError(f"{path} holds {', '.join(map(repr, names)) or 'nothing'}; `{MASK}` or `{ROWS}` alone is expected")
    return names[0]
