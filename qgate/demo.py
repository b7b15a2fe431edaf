"""`qgate demo`: the sample pilots' pull requests, gated for real on this machine. No forge, no network.

Each example of `examples/` becomes a git repository of its own: its files are the base commit, a patch from `pulls/` the change.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qgate.domain.verdict import Decision
from qgate.errors import UsageError
from qgate.forge.nothing import NoForge
from qgate.pipeline import Gated, gate
from qgate.settings import Settings

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = (_PACKAGE / "examples", _PACKAGE.parent / "examples")
_CACHES = ("__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache")
# Fixed, so that the samples' commits have the same SHAs everywhere and two demos can be compared.
_IDENTITY = {"NAME": "qgate demo", "EMAIL": "demo@example.com", "DATE": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A pull request of `examples/` and the verdict it must get."""

    example: str
    pull: str
    expected: Decision


SAMPLES = (
    Sample(example="tumour-triage", pull="good-refactor", expected=Decision.PASS),
    Sample(example="tumour-triage", pull="drop-entangler", expected=Decision.FAIL),
    Sample(example="calibrated-iris", pull="good-refactor", expected=Decision.PASS),
    Sample(example="calibrated-iris", pull="recalibrate", expected=Decision.FAIL),
    Sample(example="digit-sorter", pull="good-refactor", expected=Decision.PASS),
    Sample(example="digit-sorter", pull="unscaled-pixels", expected=Decision.FAIL),
    Sample(example="wine-cultivars", pull="good-refactor", expected=Decision.PASS),
    Sample(example="wine-cultivars", pull="full-turn", expected=Decision.FAIL),
    Sample(example="event-timetable", pull="good-refactor", expected=Decision.PASS),
    Sample(example="event-timetable", pull="strong-couplings", expected=Decision.FAIL),
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One sample gated: where its repository is and how it ended."""

    sample: Sample
    repository: Path
    out: Path
    gated: Gated

    @property
    def as_expected(self) -> bool:
        """Whether the gate said what it must."""
        return self.gated.verdict is not None and self.gated.verdict.decision is self.sample.expected


def gate_samples(directory: Path, say: Callable[[str], None], *, today: date) -> Iterator[Shown]:
    """Gates every sample below `directory`, which is emptied first."""
    shutil.rmtree(directory, ignore_errors=True)
    for sample in SAMPLES:
        repository = directory / f"{sample.example}-{sample.pull}"
        make_repository(examples() / sample.example, sample.pull, repository)
        say(f"{sample.example}: pull request {sample.pull}")
        out = repository / ".qgate/run"
        settings = Settings(repository=repository, out=out, today=today, base="main", head="pull")
        yield Shown(sample=sample, repository=repository, out=out, gated=gate(settings, NoForge(), say))


def examples() -> Path:
    """The folder of the examples, in a checkout or in an installed package.

    Raises:
        UsageError: this installation has none.
    """
    found = next((folder for folder in _FOLDERS if folder.is_dir()), None)
    if found is None:
        raise UsageError("this installation of qgate has no examples; run the demo from a checkout")
    return found


def make_repository(example: Path, pull: str, destination: Path) -> None:
    """A repository whose branch `main` holds the example, and `pull` the change of its patch, checked out."""
    patch = example / "pulls" / f"{pull}.patch"
    shutil.copytree(example, destination, ignore=shutil.ignore_patterns("pulls", "run", *_CACHES))
    _git(destination, "init", "--quiet", "--initial-branch=main")
    _commit(destination, "The pilot as it is served")
    _git(destination, "switch", "--quiet", "--create", "pull")
    _git(destination, "apply", str(patch))
    _commit(destination, pull.replace("-", " ").capitalize())


def _commit(repository: Path, message: str) -> None:
    _git(repository, "add", "--all", "--force")
    _git(repository, "commit", "--quiet", "--message", message)


def _git(repository: Path, *arguments: str) -> None:
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _IDENTITY.items()}
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    env = {"PATH": os.environ["PATH"]} | who | nothing
    subprocess.run(["git", "-C", str(repository), *arguments], check=True, env=env)
