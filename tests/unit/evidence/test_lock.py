"""The lock file: read, written, and refused when it is something else."""

import pytest

from qgate.errors import UsageError
from qgate.evidence.lock import read_lock, write_lock


def test_entries_are_read_back():
    entries = {"b": {"seeds": [1]}, "a": {"data": {}}}
    assert read_lock(write_lock(entries)) == entries


def test_no_file_is_no_entry():
    assert read_lock(None) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema": "qgate/lock/v2", "pilots": {}}',
        b'{"schema": "qgate/lock/v1", "pilots": {"a": 1}}',
        b"\xff",
    ],
)
def test_anything_else_says_how_to_make_one(content):
    with pytest.raises(UsageError, match="run `qgate lock` and commit the file"):
        read_lock(content)
