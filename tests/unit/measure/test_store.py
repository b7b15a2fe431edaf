"""A cache's files: what was put in comes out, and whatever was touched does not."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qgate.changes.git import Repository
from qgate.errors import UsageError
from qgate.measure import store as module
from qgate.measure.cache_directory import check_directory
from qgate.measure.store import Entry, Key, Store

KEY = Key(pilot="triage", part="candidate", what="answer", content="ab" * 32)
ENTRY = Entry(
    value={"answer": {"takes": ["shots"]}, "sandbox": {"missing": {}}},
    arrays={"0.validation.predictions": np.array([0, 1, 1]), "scores": np.array([0.25, 0.5, 0.125])},
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path, said) -> Store:
    kept = Store(directory=tmp_path / "cache", say=said.append)
    kept.put(KEY, ENTRY)
    return kept


def file_of(store: Store) -> Path:
    (found,) = store.directory.glob("*.measurement")
    return found


def test_what_was_put_in_comes_out(store, said):
    found = store.get(KEY)
    assert found is not None
    assert (found.value, {n: a.tolist() for n, a in found.arrays.items()}) == (
        ENTRY.value,
        {"0.validation.predictions": [0, 1, 1], "scores": [0.25, 0.5, 0.125]},
    )
    assert (store.directory / ".gitignore").read_text() == "*\n"
    assert said == []


def test_every_flipped_bit_is_found_out_said_and_removed(store, said):
    path = file_of(store)
    content = path.read_bytes()
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ (1 << position % 8)]) + content[position + 1 :])
        assert (store.get(KEY), path.exists()) == (None, False), position
    assert len(said) == len(content)
    assert "of triage's candidate does not hold: its seal is broken" in said[-1]
    assert said[-1].endswith("it is removed, and measured anew")


@pytest.mark.parametrize("size", [0, 10, 64, 65, 80, -1])
def test_a_file_that_is_cut_off_is_no_hit(store, said, size):
    path = file_of(store)
    path.write_bytes(path.read_bytes()[:size])
    assert (store.get(KEY), path.exists(), len(said)) == (None, False, 1)


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, pilot="another"),
        replace(KEY, part="baseline classical"),
        replace(KEY, content="cd" * 32),
        replace(KEY, what="cells"),
    ],
)
def test_another_measurements_entry_is_not_taken_under_this_name(store, said, other):
    file_of(store).rename(store.directory / f"{other.digest}.measurement")
    assert store.get(KEY) is None
    assert said == []
    assert store.get(other) is None
    assert "it is another measurement's" in said[0]


def test_an_entry_of_another_version_is_not_taken(store, said, monkeypatch):
    old = file_of(store)
    monkeypatch.setattr(module, "VERSION", 2)
    assert store.get(KEY) is None
    assert said == []
    old.rename(store.directory / f"{KEY.digest}.measurement")
    assert store.get(KEY) is None
    assert "it is another measurement's" in said[0]


def test_an_entry_with_the_right_seal_and_another_form_is_refused(store, said):
    store.put(KEY, replace(ENTRY, value={"answer": [], "sandbox": {"missing": {}}}))
    assert store.get(KEY) is None
    assert "does not hold: $: " in said[0]


@pytest.mark.parametrize(("written", "read"), [(None, b"k"), (b"k", None), (b"k", b"l")])
def test_an_entry_that_another_key_sealed_is_none(tmp_path, said, written, read):
    sealed = Store(directory=tmp_path, say=said.append, key=written)
    sealed.put(KEY, ENTRY)
    assert sealed.get(KEY) is not None
    assert Store(directory=tmp_path, say=said.append, key=read).get(KEY) is None
    assert "its seal is broken, or another key's" in said[0]


def test_no_link_is_followed(store, said, tmp_path):
    path = file_of(store)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert (store.get(KEY), path.is_symlink(), (tmp_path / "elsewhere").exists()) == (None, False, True)
    assert len(said) == 1


def test_what_was_used_longest_ago_goes_first(store):
    size = file_of(store).stat().st_size
    file_of(store).unlink()
    small = replace(store, limit=2 * size + size // 2)
    keys = [replace(KEY, content=f"{n}{n}" * 32) for n in range(3)]
    for age, key in enumerate(keys[:2]):
        small.put(key, ENTRY)
        os.utime(store.directory / f"{key.digest}.measurement", (age + 2, age + 2))
    assert small.get(keys[0]) is not None  # used now
    small.put(keys[2], ENTRY)
    assert [small.get(key) is not None for key in keys] == [True, False, True]


def test_a_cache_that_cannot_be_written_is_said_and_fails_nothing(tmp_path, said):
    (tmp_path / "file").write_text("")
    Store(directory=tmp_path / "file/cache", say=said.append).put(KEY, ENTRY)
    assert "could not be kept" in said[0]


@pytest.fixture
def repository(tmp_path) -> Repository:
    root = tmp_path / "repository"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return Repository(root)


def test_a_directory_of_its_own_can_be_the_cache(repository, store):
    out = repository.root / ".qgate/run"
    check_directory(repository.root / ".qgate/cache", repository, out)
    check_directory(store.directory, repository, out)


def test_a_cache_that_the_change_brings_along_is_refused(repository, tmp_path):
    planted = repository.root / ".qgate/cache"
    planted.mkdir(parents=True)
    (planted / ".gitignore").write_text("*\n")
    (planted / "x.measurement").write_text("")
    check_directory(planted, repository, tmp_path / "out")
    subprocess.run(["git", "-C", str(repository.root), "add", "--force", ".qgate/cache/x.measurement"], check=True)
    with pytest.raises(UsageError, match=r"holds files of the repository, such as \.qgate/cache/x\.measurement"):
        check_directory(planted, repository, tmp_path / "out")


def test_somebody_elses_directory_is_refused(repository, tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/letter").write_text("")
    with pytest.raises(UsageError, match="holds files that qgate did not write"):
        check_directory(tmp_path / "documents", repository, tmp_path / "out")
    with pytest.raises(UsageError, match="lie in one another"):
        check_directory(tmp_path / "out/cache", repository, tmp_path / "out")
