"""Which environment a lockfile comes to. What an environment is built like, tests/unit/worker/test_locked.py says."""

from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from qgate.domain.charter import Candidate, CandidateKind, Charter, Rollback
from qgate.domain.environment import Environment, Setup
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.measure.environment import environments
from qgate.worker import locked

HASH = f"sha256:{'a' * 64}"
NUMPY = metadata.version("numpy")
CHARTER = Charter(
    path=".qgate/p.yml",
    sha256="0" * 64,
    pilot="p",
    owner="a@example.com",
    candidate=Candidate(kind=CandidateKind.CIRCUIT, entrypoint="m:f"),
    baselines=(),
    data={},
    gates=(),
    rollback=Rollback(traffic="t", approver="a@example.com"),
    lockfile="requirements.lock",
)


@pytest.fixture
def built(monkeypatch):
    """What was built, by its pins; in the place of uv."""
    found = []
    monkeypatch.setattr(locked, "build", lambda text, place, limits: found.append((text, place, limits)))
    return found


@pytest.fixture
def of(tmp_path):
    """The environments of pilots with these lockfiles, one after the other in one run."""

    def ask(*locks, setup=Setup.AUTO, charter=CHARTER, limits=None):
        said = []
        with environments(tmp_path, setup, said.append) as asked:
            found = []
            for lock in locks:
                (tmp_path / "requirements.lock").write_text(lock)
                found.append(asked.of(charter, limits or Limits()).environment)
        return found, said

    return ask


@pytest.mark.parametrize("setup", [Setup.AUTO, Setup.BUNDLED])
def test_the_bundled_environment_is_used_where_it_has_every_pin(of, built, setup):
    assert of(f"numpy=={NUMPY}\n", setup=setup) == ([Environment()], [])
    assert built == []


@pytest.mark.parametrize("setup", Setup)
def test_without_a_lockfile_it_is_used_too(of, built, setup):
    assert of("x\n", setup=setup, charter=replace(CHARTER, lockfile=None)) == ([Environment()], [])
    assert of("x\n", setup=setup, charter=replace(CHARTER, lockfile="absent.lock")) == ([Environment()], [])
    assert built == []


def test_what_it_lacks_is_told_where_nothing_is_to_be_built(of, built):
    ([found], _) = of(f"numpy=={NUMPY}\nrotations==1.5\n", setup=Setup.BUNDLED)
    assert found.facts() == {"from": "bundled", "unmet": ["rotations==1.5 (nothing is installed)"]}
    assert built == []


@pytest.mark.parametrize(("setup", "version"), [(Setup.AUTO, "1.0"), (Setup.LOCKED, "1.0"), (Setup.LOCKED, NUMPY)])
def test_another_environment_is_built_once_for_equal_pins(of, built, setup, version):
    text = f"numpy=={version} --hash={HASH}\n"
    (first, again, other), said = of(
        text, f"# edited\n{text}", f"{text}zoo==1 --hash={HASH}\n", setup=setup, limits=Limits(seconds=7)
    )
    assert first == again
    assert first.versions == {"numpy": version}
    assert first.facts() == {"from": "lockfile", "pins": 1, "sha256": first.sha256}
    assert [(text, limits) for text, _, limits in built] == [
        (f"numpy=={version} --hash={HASH}\n", Limits(seconds=7)),
        (f"numpy=={version} --hash={HASH}\nzoo==1 --hash={HASH}\n", Limits(seconds=7)),
    ]
    assert [first.directory, other.directory] == [place for _, place, _ in built]
    assert said == [
        f"building the environment of requirements.lock: {n} {noun}" for n, noun in ((1, "library"), (2, "libraries"))
    ]
    assert not first.directory.exists()  # the run has ended


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ("numpy==1.0\n", "pins numpy without a hash"),
        (f"rotations==1.5 --hash={HASH}\n", "pins no numpy"),
        ("--index-url https://example.com\n", "is no pin"),
    ],
)
def test_what_cannot_be_built_is_an_error_and_never_the_bundled_environment(of, built, lock, words):
    with pytest.raises(MeasurementError, match=words):
        of(lock)
    assert built == []


def test_a_build_that_fails_is_an_error_with_its_fix(of, monkeypatch):
    def fail(*_):
        raise MeasurementError("no index")

    monkeypatch.setattr(locked, "build", fail)
    with pytest.raises(
        MeasurementError, match=r"(?s)requirements\.lock could not be built: no index\n  fix: every pin needs a wheel"
    ):
        of(f"numpy==1.0 --hash={HASH}\n")


UV_LOCK = f"""version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "numpy"
version = "{NUMPY}"
source = {{ registry = "https://example.com/simple" }}
wheels = [{{ url = "https://example.com/numpy-{NUMPY}-py3-none-any.whl", hash = "{HASH}", size = 1 }}]

[[package]]
name = "pilot"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "numpy" }}]

[package.metadata]
requires-dist = [{{ name = "numpy" }}]
"""
PROJECT = '[project]\nname = "pilot"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["numpy"]\n'


def uv_locked(root: Path, setup: Setup):
    with environments(root, setup, lambda _: None) as asked:
        return asked.of(replace(CHARTER, lockfile="uv.lock"), Limits()).environment


def test_the_lockfile_of_uv_is_read_by_uv(tmp_path, built):
    (tmp_path / "uv.lock").write_text(UV_LOCK)
    with pytest.raises(MeasurementError, match=r"has no pyproject\.toml beside it"):
        uv_locked(tmp_path, Setup.LOCKED)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert uv_locked(tmp_path, Setup.AUTO) == Environment()
    assert uv_locked(tmp_path, Setup.LOCKED).versions == {"numpy": NUMPY}
    assert [text for text, _, _ in built] == [f"numpy=={NUMPY} --hash={HASH}\n"]


def test_a_lockfile_that_uv_cannot_read_is_an_error(tmp_path, built):
    (tmp_path / "uv.lock").write_text("version = 'none'")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    with pytest.raises(MeasurementError, match=r"(?s)^uv\.lock cannot be read: .*version"):
        uv_locked(tmp_path, Setup.AUTO)
