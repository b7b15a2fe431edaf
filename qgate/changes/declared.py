"""The files that a charter names: a change of one reaches its pilot whatever the import graph says."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qgate.changes.python_source import entrypoint_module
from qgate.domain.calibration import snapshots
from qgate.domain.charter import ARTIFACT, CandidateKind, Charter

LOCK = ".qgate/lock.json"


def declared_files(charter: Charter) -> dict[str, str]:
    """Each declared path and what it is to the pilot: the end of its chain."""
    declared: dict[str, str] = {}
    for path, role in _declarations(charter):
        declared.setdefault(posixpath.normpath(path), role)
    return declared


def entrypoints(charter: Charter) -> dict[str, list[str]]:
    """The `package.module:callable` strings that the pilot's code starts from, by the end of their chains (`candidate`)."""
    candidate = charter.candidate
    own = [] if candidate.kind is CandidateKind.COMMAND or candidate.file else [candidate.entrypoint]
    own += [candidate.ansatz] if candidate.ansatz else []
    found = {"candidate": [*own, *_callables(candidate.options)]}
    for baseline in charter.baselines:
        found[f"baseline {baseline.name}"] = [baseline.estimator, *_callables(baseline.options)]
    return found


def command(charter: Charter) -> str | None:
    """The path of the executable of a `command` candidate."""
    return posixpath.normpath(charter.candidate.entrypoint) if charter.candidate.kind is CandidateKind.COMMAND else None


def _callables(options: Mapping[str, Any]) -> list[str]:
    return [string for string in _strings(options) if entrypoint_module(string)]


def _declarations(charter: Charter) -> Iterator[tuple[str, str]]:
    yield charter.path, "charter"
    yield LOCK, "lock"
    yield from ((file.path, f"data {split}") for split, file in charter.data.items())
    yield from ((s.file, f"slice {split}/{s.name}") for split, file in charter.data.items() for s in file.slices if s.file)
    if charter.lockfile:
        yield charter.lockfile, "lockfile"
    if executable := command(charter):
        yield executable, "candidate"
    if charter.candidate.file:
        yield charter.candidate.file, "qubo"
    if charter.candidate.weights:
        yield charter.candidate.weights, "weights"
    yield from _serving(charter)
    yield from ((path, "calibration") for _, path in snapshots(_section(charter, "noise")))
    if charter.rollback.target is not None and charter.rollback.target.artifact:
        yield charter.rollback.target.artifact, ARTIFACT
    yield from ((path, "candidate options") for path in _strings(charter.candidate.options))
    for baseline in charter.baselines:
        yield from ((path, f"baseline {baseline.name} options") for path in _strings(baseline.options))
    for gate in charter.gates:
        yield from ((word, f"remediation {gate.name}") for word in (gate.remediation.run or "").split())


def services(charter: Charter) -> dict[str, str]:
    """The paths of the executables that serve the pilot, by the end of their chains."""
    section = _section(charter, "service")
    named = {f"service of baseline {name}": path for name, path in section.get("baselines", {}).items()}
    return {end: posixpath.normpath(path) for end, path in ({"service": section.get("command")} | named).items() if path}


def _serving(charter: Charter) -> Iterator[tuple[str, str]]:
    """The executables that serve the pilot, and the recorded arrivals."""
    yield from ((path, end) for end, path in services(charter).items())
    if trace := _section(charter, "traffic").get("trace"):
        yield trace["path"], "traffic trace"


def _section(charter: Charter, name: str) -> Mapping[str, Any]:
    section = charter.sections.get(name)
    return section if isinstance(section, Mapping) else {}


def _strings(value: object) -> Iterator[str]:
    """Every string in a JSON value: a path among a candidate's options is a file that it reads."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _all_strings(value.values())
    elif isinstance(value, list | tuple):
        yield from _all_strings(value)


def _all_strings(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        yield from _strings(value)
