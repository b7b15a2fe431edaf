"""Clusters and slices out of each kind of file; what is no feature is shown to no model, and what is missing is named."""

import hashlib
import io
from types import SimpleNamespace

import numpy as np
import pytest

from qgate.domain.charter import DataFile, Slice
from qgate.domain.evidence import InputFile
from qgate.errors import MeasurementError
from qgate.measure.data import dataset, datasets
from qgate.measure.inputs import Opened, read_inputs

X = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 20.0]])
Y = np.array([0, 1, 0, 1])
CSV = "age,patient,hard,site,y\n1,anna,0,5,0\n2,ben,1,6,1\n3,anna,0,5,0\n4,cleo,1,6,1\n"


def read(path, content, *slices, clusters=None, target=None):
    digest = hashlib.sha256(content).hexdigest()
    file = InputFile(role="data validation", path=path, declared_sha256=digest, sha256=digest)
    return dataset(
        Opened(file=file, content=content), DataFile(path=path, sha256=digest, target=target, clusters=clusters, slices=slices)
    )


def npz(**more):
    buffer = io.BytesIO()
    np.savez(buffer, **({"X": X, "y": Y} | more))
    return buffer.getvalue()


def masks(found):
    return {name: mask.tolist() for name, mask in found.slices.items()}


def test_arrays_of_an_npz():
    content = npz(patient=np.array(["b", "a", "b", "c"]), hard=np.array([True, False, False, True]), site=np.array([5, 6, 5, 6]))
    slices = (
        Slice(name="twenty", column=1, equals=20),
        Slice(name="from_two", column=0, minimum=2, maximum=3),
        Slice(name="hard", mask="hard"),
        Slice(name="six", column="site", equals=6),
    )
    found = read("v.npz", content, *slices, clusters="patient")
    assert found.clusters.tolist() == [1, 0, 1, 2]
    assert masks(found) == {
        "twenty": [False, True, False, True],
        "from_two": [False, True, True, False],
        "hard": [True, False, False, True],
        "six": [False, True, False, True],
    }
    np.testing.assert_array_equal(found.features, X)


def test_columns_of_a_csv_are_features_unless_they_group_rows():
    slices = (
        Slice(name="hard", mask="hard"),
        Slice(name="old", column="age", minimum=3),
        Slice(name="b", column="patient", equals="ben"),
    )
    found = read("v.csv", CSV.encode(), *slices, clusters="patient", target="y")
    assert found.clusters.tolist() == [0, 1, 0, 2]
    assert masks(found) == {
        "hard": [False, True, False, True],
        "old": [False, False, True, True],
        "b": [False, True, False, False],
    }
    np.testing.assert_array_equal(found.features, [[1, 5], [2, 6], [3, 5], [4, 6]])


def test_without_any_there_are_none():
    found = read("v.npz", npz())
    assert (found.clusters, found.slices) == (None, {})


@pytest.mark.parametrize(
    ("slices", "clusters", "words"),
    [
        ((Slice(name="s", column=2, minimum=0),), None, r"has no feature 2: its features have shape \(4, 2\)"),
        ((Slice(name="s", column="nobody", minimum=0),), None, "has no array or column `nobody`, which the charter names"),
        ((Slice(name="s", column=0, minimum=9),), None, "the slice `s` holds no row"),
        ((Slice(name="s", mask="y3"),), None, "`y3` holds other values than true and false"),
        ((Slice(name="s", column="text", minimum=1),), None, "`text` holds text, which has no `min` and `max`"),
        ((), "short", r"`short` has shape \(3,\); \(4,\) is expected"),
        ((), "one", "`one` puts every row in one cluster"),
        ((), "patient", "has no array or column `patient`"),
    ],
)
def test_what_is_not_there_is_an_error(slices, clusters, words):
    content = npz(y3=np.arange(4), text=np.array(list("abcd")), short=np.arange(3), one=np.ones(4))
    with pytest.raises(MeasurementError, match=words):
        read("v.npz", content, *slices, clusters=clusters)


def test_a_file_of_its_own_chooses_a_slice(tmp_path):
    """Locked like the data: the charter's digest, and another file is refused."""
    (tmp_path / "v.npz").write_bytes(npz())
    (tmp_path / "late.csv").write_bytes(b"rows\n2\n3\n")
    digests = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("v.npz", "late.csv")}
    late = Slice(name="late", file="late.csv", sha256=digests["late.csv"])
    declared = DataFile(path="v.npz", sha256=digests["v.npz"], slices=(late, Slice(name="twenty", column=1, equals=20)))
    charter = SimpleNamespace(
        data={"validation": declared},
        candidate=SimpleNamespace(file=None, weights=None),
        lockfile=None,
        sections={},
        rollback=SimpleNamespace(target=None),
    )
    opened = read_inputs(charter, tmp_path)
    assert [found.file.role for found in opened] == ["data validation", "slice validation/late"]
    assert masks(datasets(charter, opened)["validation"]) == {
        "late": [False, False, True, True],
        "twenty": [False, True, False, True],
    }
    (tmp_path / "late.csv").write_bytes(b"rows\n0\n")
    with pytest.raises(MeasurementError, match=r"late\.csv is not what the charter locked"):
        datasets(charter, read_inputs(charter, tmp_path))
    (tmp_path / "late.csv").unlink()
    with pytest.raises(MeasurementError, match=r"late\.csv is missing; the charter declares it as slice validation/late"):
        datasets(charter, read_inputs(charter, tmp_path))
