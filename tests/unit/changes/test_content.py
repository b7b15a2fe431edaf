"""The digest of a pilot's files: what it imports and declares, by path and content, and nothing else."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from qgate.changes.content import content_digest
from qgate.domain.charter import Baseline, CandidateKind, DataFile

FILES = {
    "pilot/__init__.py": "",
    "pilot/hybrid.py": "from pilot.scaling import angle\n\n\ndef build():\n    return angle\n",
    "pilot/scaling.py": "angle = 1\n",
    "pilot/unused.py": "x = 1\n",
    "data/val.npz": "rows",
    ".qgate/sorter.yml": "charter",
    ".qgate/lock.json": "{}",
    "README.md": "words",
}


@pytest.fixture
def digest(tmp_path: Path):
    candidate = SimpleNamespace(
        kind=CandidateKind.ESTIMATOR, entrypoint="pilot.hybrid:build", options={}, weights=None, file=None, ansatz=None
    )
    charter = SimpleNamespace(
        path=".qgate/sorter.yml",
        candidate=candidate,
        baselines=(Baseline(name="classical", estimator="sklearn.linear_model:LogisticRegression"),),
        data={"validation": DataFile(path="data/val.npz", sha256="0" * 64)},
        lockfile=None,
        gates=(),
        sections={},
        rollback=SimpleNamespace(target=None),
    )

    def of(**changed):
        for name, text in (
            FILES | {name.replace("__", "/").replace("_dot_", "."): text for name, text in changed.items()}
        ).items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return content_digest(tmp_path, charter)

    return of


@pytest.mark.parametrize(("name", "counts"), [
    ("pilot__scaling_dot_py", True),
    ("pilot__hybrid_dot_py", True),
    ("data__val_dot_npz", True),
    ("pilot__unused_dot_py", False),
    ("README_dot_md", False),
    (".qgate__sorter_dot_yml", False),
    (".qgate__lock_dot_json", False),
])  # fmt: skip
def test_what_the_pilot_is_made_of_counts(digest, name, counts):
    before = digest()
    text = FILES[name.replace("__", "/").replace("_dot_", ".")]
    assert (digest(**{name: f"{text}\n# more\n"}) != before) is counts
