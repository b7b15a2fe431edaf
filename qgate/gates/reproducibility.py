"""The gate that every pilot has: are the declared inputs the ones that were read, and does the same seed give the same bits?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import ARTIFACT, CandidateKind, Charter
from qgate.domain.evidence import QUBO, InputFile, PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome, Remedy, Sizes, worst
from qgate.gates.looks import as_measured
from qgate.gates.pairing import CANDIDATE, planned_pairs, told

NAME = "reproducibility"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as declared, and what to do about it."""

    decision: Decision
    what: str
    fix: str


def judge_reproducibility(charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Pass when every declared file is there and true, every planned cell was measured, and a repetition gave the same bits."""
    cells = _cells(as_measured(charter, evidence), evidence)
    findings = [*_inputs(charter, evidence), *_seeds(charter), *cells, *_repetitions(evidence)]
    fixes = tuple(dict.fromkeys(f.fix for f in findings))
    rows = max((len(truth) for truth in evidence.truth.values()), default=0)
    return GateOutcome(
        name=NAME,
        decision=worst(f.decision for f in findings) if findings else Decision.PASS,
        why="; ".join(f.what for f in findings) or _all_true(evidence),
        owner=charter.owner,
        sizes=Sizes(rows=rows, seeds=len(charter.shots.seeds), shots=next(reversed(charter.shots.schedule), None)),
        remedy=Remedy(summary="make the evidence reproducible", actions=fixes) if fixes else None,
        details={
            "inputs": [{"role": i.role, "path": i.path, "sha256": i.sha256} for i in evidence.inputs],
            "repetitions": [{"cell": str(r.key), "same": r.first == r.second} for r in evidence.repetitions],
        },
    )


def _all_true(evidence: PilotEvidence) -> str:
    files, cells = len(evidence.inputs), len(evidence.repetitions)
    return f"{files} declared {'file is' if files == 1 else 'files are'} there and true, and {cells} repeated " + (
        "cell gave the same bits" if cells == 1 else "cells gave the same bits"
    )


def _inputs(charter: Charter, evidence: PilotEvidence) -> Iterator[Finding]:
    if charter.lockfile is None:
        yield _failed(
            "the charter declares no lockfile: the bundled environment was used, which nobody can rebuild from the repository",
            "commit a lockfile with hashes and name it in `pilot.environment.lockfile`",
        )
    yield from _environment(evidence)
    seen = {i.path for i in evidence.inputs}
    declared = {f"data {split}": data.path for split, data in charter.data.items()}
    declared |= {f"slice {split}/{s.name}": s.file for split, data in charter.data.items() for s in data.slices if s.file}
    declared |= {"lockfile": charter.lockfile} if charter.lockfile else {}
    declared |= {"qubo": charter.candidate.file} if charter.candidate.file else {}
    declared |= {"weights": charter.candidate.weights} if charter.candidate.weights else {}
    for role, path in declared.items():
        if path not in seen:
            yield Finding(decision=Decision.ERROR, what=f"{role} `{path}` was not hashed", fix="measure again")
    for file in evidence.inputs:
        if file.role != ARTIFACT:  # which its own gate judges
            yield from _input(file)


def _environment(evidence: PilotEvidence) -> Iterator[Finding]:
    """What the lockfile pins and the environment that was used does not have."""
    environment = evidence.facts.get("environment")
    if isinstance(environment, Mapping) and (unmet := environment.get("unmet")):
        yield _failed(
            f"the bundled environment was used, which is not the lockfile's: {', '.join(unmet)}",
            "run with `setup: auto`, which builds the lockfile's environment",
        )


def _input(file: InputFile) -> Iterator[Finding]:
    name = f"{file.role} `{file.path}`"
    if file.sha256 is None:
        yield _failed(f"{name} is missing", f"commit `{file.path}`, or correct its path in the charter")
    elif file.declared_sha256 is None and file.role.startswith("data"):
        yield _failed(f"{name} has no sha256 in the charter", f"declare `sha256: {file.sha256}` for `{file.path}`")
    elif file.declared_sha256 is not None and file.declared_sha256 != file.sha256:
        yield _failed(
            f"{name} is not the declared file: its sha256 is {file.sha256}, and {file.declared_sha256} was declared",
            f"restore `{file.path}`, or have its new sha256 reviewed in the charter",
        )


def _seeds(charter: Charter) -> Iterator[Finding]:
    if charter.shots.schedule and not charter.shots.seeds:
        yield _failed("shots are declared without seeds, so their noise cannot be repeated", "declare `pilot.shots.seeds`")


def _cells(charter: Charter, evidence: PilotEvidence) -> Iterator[Finding]:
    for failure in evidence.failures:
        what = f"{failure.part} could not be measured: {failure.message}"
        yield Finding(decision=Decision.ERROR, what=what, fix=f"make {failure.part} run, and push again")
    for split in dict.fromkeys(_splits(charter)):
        measured = {(c.key.shots, c.key.seed) for c in evidence.of(CANDIDATE, split)}
        missing = [p for p in planned_pairs(charter) if p not in measured]
        if missing:
            what = f"the candidate was not measured on `{split}` {told(missing)}"
            yield Finding(decision=Decision.ERROR, what=what, fix="measure the whole schedule")


def _splits(charter: Charter) -> Iterator[str]:
    if charter.candidate.kind is CandidateKind.QUBO:
        yield QUBO
    for gate in charter.gates:
        metric = parse_metric(gate.name)
        if metric is not None and metric.family is Family.PARITY:
            yield metric.split


def _repetitions(evidence: PilotEvidence) -> Iterator[Finding]:
    if not evidence.repetitions:
        yield Finding(
            decision=Decision.ERROR,
            what="no cell was measured twice, so that nothing is known of repeatability",
            fix="measure again",
        )
    for repetition in evidence.repetitions:
        if repetition.first != repetition.second:
            yield _failed(
                f"{repetition.key} gave different bits with the same seed",
                "pass the injected `seed` to every source of randomness in the candidate",
            )


def _failed(what: str, fix: str) -> Finding:
    return Finding(decision=Decision.FAIL, what=what, fix=fix)
