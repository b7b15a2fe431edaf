"""QUBO files parsed from bytes that nobody has reviewed: dimod's JSON, COO and `.qubo` text, `.npz`. Nothing is unpickled.

The formats are described in docs/qubo.md.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError
from qgate.quantum.qubo import ENUMERATED, Qubo, qubo

Array = npt.NDArray[Any]
MAX_BYTES = 1 << 20
_HEADER = re.compile(r"p\s+qubo\s+(?:0|target)\s+(?P<size>\d{1,9})\s+(?P<nodes>\d{1,9})\s+(?P<couplers>\d{1,9})")
_VARTYPE = re.compile(r"#\s*vartype\s*[=:]\s*(?P<name>\w+)", re.IGNORECASE)


def parse(content: bytes, path: str) -> Qubo:
    """The QUBO in a file; its name's suffix says the format.

    Raises:
        MeasurementError: what is wrong with it, with its line where it has lines.
    """
    if len(content) > MAX_BYTES:
        raise MeasurementError(f"{path} has {len(content):,} bytes; a QUBO of {ENUMERATED} variables fits into {MAX_BYTES:,}")
    parsers = {".json": _json, ".coo": _coo, ".qubo": _qubo, ".npz": _npz}
    parser = parsers.get(PurePosixPath(path).suffix)
    if parser is None:
        raise MeasurementError(f"{path}: a QUBO is read from {', '.join(parsers)} files")
    try:
        return parser(content, path)
    except MeasurementError as error:
        words = str(error)
        raise MeasurementError(words if words.startswith(path) else f"{path}: {words}") from error


def _json(content: bytes, path: str) -> Qubo:
    try:
        return from_dimod(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MeasurementError(f"{path} is not what dimod's `bqm.to_serializable()` returns: {error!r}") from error


def from_dimod(value: Any) -> Qubo:
    """The QUBO in the mapping that dimod's `BinaryQuadraticModel.to_serializable()` returns, of either vartype.

    Raises:
        MeasurementError: another kind of model, or coefficients that do not hold up.
        KeyError, TypeError, ValueError: the mapping has another form.
    """
    if value["type"] != "BinaryQuadraticModel" or value["variable_type"] not in {"BINARY", "SPIN"} or value["use_bytes"]:
        raise MeasurementError(
            "it is no BinaryQuadraticModel of BINARY or SPIN variables written with use_bytes=False, dimod's own default"
        )
    labels = [_label(label) for label in value["variable_labels"]]
    couplings = (
        np.array(value["quadratic_head"], dtype=np.int64),
        np.array(value["quadratic_tail"], dtype=np.int64),
        np.array(value["quadratic_biases"], dtype=np.float64),
    )
    linear = np.array(value["linear_biases"], dtype=np.float64)
    return qubo(labels, linear, couplings, float(value["offset"]), spins=value["variable_type"] == "SPIN")


def _label(label: Any) -> str:
    if isinstance(label, bool) or not isinstance(label, str | int):
        raise TypeError(f"the variable {label!r} is neither text nor a whole number")
    return str(label)


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasurementError(f"{path} is not UTF-8 text: {error}") from error


def _coo(content: bytes, path: str) -> Qubo:
    """Lines `i j value`, pairs in any order and adding up; `#` begins a comment, of which `# vartype=SPIN` means something."""
    text = _text(content, path)
    vartype = _VARTYPE.search(text)
    name = vartype["name"].upper() if vartype else "BINARY"
    if name not in {"BINARY", "SPIN"}:
        raise MeasurementError(f"{path} declares vartype={name}; BINARY and SPIN are read")
    entries = [_entry(fields, path, line) for line, fields in _lines(text, "#")]
    return _from_entries(entries, path, size=None, spins=name == "SPIN")


def _qubo(content: bytes, path: str) -> Qubo:
    """The format of qbsolv: comments `c …`, `p qubo 0 size nodes couplers`, then each pair once as `i j value` with i <= j."""
    text = _text(content, path)
    lines = list(_lines(text, "c"))
    header = _HEADER.fullmatch(" ".join(lines[0][1])) if lines else None
    if header is None:
        raise MeasurementError(f"{path} does not begin with a line `p qubo 0 SIZE NODES COUPLERS`, after comments (`c …`)")
    entries = []
    seen: set[tuple[int, int]] = set()
    for line, fields in lines[1:]:
        row, column, value = _entry(fields, path, line)
        if row > column or (row, column) in seen:
            raise MeasurementError(f"{path}:{line}: each pair is written once, as `i j value` with i < j; found {row} {column}")
        seen.add((row, column))
        entries.append((row, column, value))
    nodes = sum(row == column for row, column in seen)
    found, declared = (nodes, len(seen) - nodes), (int(header["nodes"]), int(header["couplers"]))
    if found != declared:
        raise MeasurementError(
            f"{path} declares {declared[0]} nodes and {declared[1]} couplers, and holds {found[0]} and {found[1]}"
        )
    return _from_entries(entries, path, size=int(header["size"]), spins=False)


def _lines(text: str, comment: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if fields and not fields[0].startswith(comment):
            yield number, fields


def _entry(fields: list[str], path: str, line: int) -> tuple[int, int, float]:
    try:
        row, column, value = fields
        pair = int(row), int(column), float(value)
    except ValueError:
        raise MeasurementError(
            f"{path}:{line}: expected two variable numbers and a value, found {' '.join(fields)!r:.80}"
        ) from None
    if min(pair[:2]) < 0 or max(pair[:2]) >= ENUMERATED:
        raise MeasurementError(f"{path}:{line}: variables are numbered from 0 to {ENUMERATED - 1}; more cannot be enumerated")
    return pair


def _from_entries(entries: Sequence[tuple[int, int, float]], path: str, *, size: int | None, spins: bool) -> Qubo:
    if not entries:
        raise MeasurementError(f"{path} holds no coefficient")
    rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
    size = int(max(rows.max(), columns.max())) + 1 if size is None else size
    diagonal = rows == columns
    # Apart, since for spins `i i value` is a field and not a product.
    linear = np.bincount(rows[diagonal], weights=values[diagonal], minlength=size)
    couplings = (rows[~diagonal], columns[~diagonal], values[~diagonal])
    return qubo([str(i) for i in range(size)], linear, couplings, 0.0, spins=spins)


def _npz(content: bytes, path: str) -> Qubo:
    """Either `Q` (n, n), or `linear` (n,), `rows`, `columns` and `quadratic` (m,); `offset` and `variables` if there are any."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:  # a mebibyte of zeros packs into a kilobyte
                raise MeasurementError(f"its arrays have more than {MAX_BYTES:,} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return from_arrays({name: file[name] for name in file.files})
    except (ValueError, OSError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise MeasurementError(
            f"{path} must be an .npz with `Q`, or `linear`, `rows`, `columns` and `quadratic`: {error}"
        ) from error


def from_arrays(arrays: dict[str, Array]) -> Qubo:
    """The QUBO in the arrays of an `.npz` file.

    Raises:
        MeasurementError: a matrix that is not square, or coefficients that do not hold up.
        KeyError, TypeError, ValueError: arrays are missing or hold no numbers.
    """
    offset = float(np.asarray(arrays.get("offset", 0.0)).reshape(()))
    if "Q" in arrays:
        matrix = np.asarray(arrays["Q"], dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:  # noqa: PLR2004 -- a matrix has two axes
            raise MeasurementError(f"Q has shape {matrix.shape}; a square matrix is expected")
        rows, columns = np.nonzero(matrix)
        linear, couplings = np.zeros(len(matrix)), (rows, columns, matrix[rows, columns])
    else:
        linear = np.asarray(arrays["linear"], dtype=np.float64)
        couplings = (arrays["rows"], arrays["columns"], np.asarray(arrays["quadratic"], dtype=np.float64))
    names = arrays.get("variables", np.arange(len(linear)))
    return qubo([str(name) for name in names], linear, couplings, offset)
