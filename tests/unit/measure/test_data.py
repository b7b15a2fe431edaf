"""Locked data: what is read, and everything that is refused instead of guessed."""

import hashlib
import io

import numpy as np
import pytest

from qgate.domain.charter import DataFile
from qgate.domain.evidence import InputFile
from qgate.errors import MeasurementError
from qgate.measure.data import dataset
from qgate.measure.inputs import Opened


def npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read(content: bytes | None, path: str = "data.npz", target: str | None = None, declared: str | None = None):
    digest = None if content is None else hashlib.sha256(content).hexdigest()
    expected = declared or digest or "0" * 64
    file = InputFile(role="data validation", path=path, declared_sha256=expected, sha256=digest)
    return dataset(Opened(file=file, content=content), DataFile(path=path, sha256=expected, target=target))


X = np.array([[1.0, 2.0], [3.0, 4.0]])


def test_npz_is_read_as_float_features_and_labels():
    found = read(npz(X=X.astype(np.float32), y=np.array([True, False])))
    np.testing.assert_array_equal(found.features, X)
    assert found.features.dtype == np.float64
    assert (found.labels.tolist(), found.labels.dtype) == ([1, 0], np.int64)
    assert found.rows == 2


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a,y,b\n1,0,2\n3,1,4\n", [0, 1]),
        ("a,y,b\n1,0.5,2\n3,1,4\n", [0.5, 1.0]),
        ("\ufeffa,y,b\r\n1,no,2\r\n3,yes,4\r\n", ["no", "yes"]),
    ],
)
def test_csv_takes_the_target_column_as_labels_of_the_narrowest_type(text, labels):
    found = read(text.encode(), "data.csv", target="y")
    np.testing.assert_array_equal(found.features, X)
    assert found.labels.tolist() == labels


def test_parquet_is_read_where_pyarrow_is_there():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": [1.0, 3.0], "y": ["no", "yes"], "b": [2, 4]}), buffer)
    found = read(buffer.getvalue(), "data.parquet", target="y")
    np.testing.assert_array_equal(found.features, X)
    assert found.labels.tolist() == ["no", "yes"]


Y = np.array([0, 1])
REFUSED = [
    ("absent", None, "data.npz", "data.npz is missing"),
    ("not npz", b"nonsense", "data.npz", "plain arrays X and y"),
    ("no y", npz(X=X), "data.npz", "plain arrays X and y"),
    ("pickled", npz(X=X, y=np.array([{}, {}], dtype=object)), "data.npz", "plain arrays X and y"),
    ("NaN feature", npz(X=np.array([[1.0, np.nan], [0, 0]]), y=Y), "data.npz", r"feature \[1\] of row 0 is not finite"),
    ("text feature", npz(X=np.array([["a", "b"], ["c", "d"]]), y=Y), "data.npz", "not all numbers"),
    ("no rows", npz(X=np.empty((0, 2)), y=np.empty(0)), "data.npz", r"shape \(0, 2\)"),
    ("one axis", npz(X=np.array([1.0, 2.0]), y=Y), "data.npz", r"shape \(2,\)"),
    ("labels short", npz(X=X, y=np.array([1])), "data.npz", r"shape \(1,\); \(2,\)"),
    ("labels NaN", npz(X=X, y=np.array([0.5, np.nan])), "data.npz", "not finite numbers or text"),
    ("labels complex", npz(X=X, y=np.array([1j, 2])), "data.npz", "not finite numbers or text"),
    ("no target", b"a,b\n1,2\n", "data.csv", "no column 'y'; name its label column as `target`: a, b"),
    ("ragged", b"a,y\n1,2\n3\n", "data.csv", "data.csv:3 has 1 fields, its header has 2"),
    ("empty csv", b"", "data.csv", "header line"),
    ("latin", "é,y\n1,2\n".encode("latin-1"), "data.csv", "UTF-8"),
    ("not parquet", b"PAR1", "data.parquet", "not a readable .parquet"),
    ("other kind", b"x", "data.pkl", r"\.pkl data files are not read; use"),
]


@pytest.mark.parametrize(("content", "path", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_not_a_data_set_is_refused_with_the_reason(content, path, words):
    with pytest.raises(MeasurementError, match=words):
        read(content, path, target="y")


def test_other_bytes_than_the_locked_ones_are_never_parsed():
    with pytest.raises(MeasurementError, match="is not what the charter locked"):
        read(npz(X=X, y=Y), declared="f" * 64)
