"""A slice by a file of its own: a mask or row numbers, as .npz or .csv; what does not fit the rows is named."""

import io

import numpy as np
import pytest

from qgate.errors import MeasurementError
from qgate.measure.slice_files import mask_in


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("s.npz", npz(mask=np.array([False, True, False, True]))),
        ("s.npz", npz(mask=np.array([0, 1, 0, 1]))),
        ("s.npz", npz(rows=np.array([3, 1]))),
        ("s.csv", b"mask\n0\n1\n0\n1\n"),
        ("s.csv", b"rows\r\n1\r\n3\r\n"),
    ],
)
def test_it_chooses_rows(path, content):
    assert mask_in(path, content, 4).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("s.npz", npz(mask=np.array([True])), "`mask` has 1 values, and the data has 4 rows"),
        ("s.npz", npz(mask=np.array([0, 1, 2, 0])), "other values than true and false"),
        ("s.npz", npz(rows=np.array([1, 4])), "`rows` holds row 4, and the data has the rows 0 to 3"),
        ("s.npz", npz(rows=np.array([-1])), "`rows` holds row -1"),
        ("s.npz", npz(rows=np.array([True, False, True, True])), "`rows` holds truth values"),
        ("s.npz", npz(rows=np.array([1, 1])), "names a row twice"),
        ("s.npz", npz(rows=np.array([1.0])), "holds float64 of shape"),
        ("s.npz", npz(rows=np.array([[1]])), r"holds int64 of shape \(1, 1\)"),
        ("s.npz", npz(other=np.array([1])), "holds 'other'; `mask` or `rows` alone is expected"),
        ("s.npz", npz(mask=np.array([1]), rows=np.array([1])), "holds 'mask', 'rows'"),
        ("s.npz", npz(rows=np.array([{}])), "must be an .npz with one plain array"),
        ("s.npz", b"nothing", "must be an .npz"),
        ("s.csv", b"rows\n1,2\n", "must be a .csv with one column"),
        ("s.csv", b"rows\none\n", "must be a .csv with one column"),
        ("s.csv", b"", "must be a .csv with one column"),
        ("s.csv", b"id\n1\n", "holds 'id'"),
    ],
)
def test_what_chooses_no_rows_is_named(path, content, words):
    with pytest.raises(MeasurementError, match=words):
        mask_in(path, content, 4)
