import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qgate.charter.metrics import Task
from qgate.domain.charter import DataFile
from qgate.errors import MeasurementError
from qgate.init.data_files import CheckedData, FoundData, check_data, find_data, find_weights, split_of

CSV = "a,b,label\n1,2,x\n3,4,y\n5,6,x\n"


def test_the_name_tells_the_split_or_the_nearest_directory_does():
    names = {
        "data/train.npz": "train",
        "data/X-train-v2.npz": "train",
        "data/val.csv": "validation",
        "dev/part.npz": "validation",
        "train/test.npz": "test",
        "data/training_validation.npz": None,
        "data/values.npz": None,
        "data/trained.npz": None,
    }
    assert {path: split_of(path) for path in names} == names


@pytest.fixture
def root(tmp_path):
    np.savez(tmp_path / "train.npz", X=np.zeros((3, 2)), y=np.array([0, 1, 0]))
    np.savez(tmp_path / "weights.npz", angles=np.zeros(3))
    (tmp_path / "val.csv").write_text(CSV)
    (tmp_path / "prices.csv").write_text("a,b\n1,2\n")
    (tmp_path / "holdout.csv").write_text("a,diagnosis\n1,2\n")
    pq.write_table(pa.table({"f": [1.0, 2.0], "target": [0.5, 1.5]}), tmp_path / "test.parquet")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 no")
    return tmp_path


def files(root):
    return sorted(path.name for path in root.iterdir())


def test_data_and_weights_are_told_by_what_they_hold(root):
    assert find_data(root, files(root), None) == (
        FoundData(path="holdout.csv", split="test"),
        FoundData(path="test.parquet", split="test", target="target"),
        FoundData(path="train.npz", split="train"),
        FoundData(path="val.csv", split="validation", target="label"),
    )
    assert find_weights(root, files(root)) == ("weights.npz",)


def test_a_named_label_column_makes_a_table_a_data_set(root):
    (found,) = [d for d in find_data(root, files(root), "diagnosis") if d.path == "holdout.csv"]
    assert found == FoundData(path="holdout.csv", split="test", target="diagnosis")


@pytest.mark.parametrize(
    ("name", "target", "found"),
    [
        ("train.npz", None, (3, Task.CLASSIFICATION, 2)),
        ("val.csv", "label", (3, Task.CLASSIFICATION, 2)),
        ("test.parquet", "target", (2, Task.REGRESSION, 2)),
    ],
)
def test_a_data_set_is_read_as_a_run_will_read_it(root, name, target, found):
    digest = hashlib.sha256((root / name).read_bytes()).hexdigest()
    rows, task, classes = found
    declared = DataFile(path=name, sha256=digest, target=target)
    assert check_data(root, name, target) == CheckedData(declared=declared, rows=rows, task=task, classes=classes)


def test_many_whole_numbers_are_a_quantity(root):
    np.savez(root / "train.npz", X=np.zeros((200, 1)), y=np.arange(200))
    assert check_data(root, "train.npz", None).task is Task.REGRESSION


@pytest.mark.parametrize(
    ("path", "told"), [("gone.npz", "no file gone.npz"), ("../out.npz", "no file"), ("val.csv", "no column None")]
)
def test_what_cannot_be_read_is_said(root, path, told):
    (root.parent / "out.npz").write_bytes((root / "train.npz").read_bytes())
    with pytest.raises(MeasurementError, match=told):
        check_data(root, path, None)
