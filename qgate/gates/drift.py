"""The other gate that every pilot has: is the baseline, and what it stands on, still what was locked and reviewed?

Predictions are held to their digest, and scores to the locked metrics within 1e-6: a processor may round a score's last bit
another way, and that is no drift. Predicted numbers are scores in this sense. A flipped label always is a drift.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from qgate.charter.metrics import SCORERS, Family, parse_metric
from qgate.domain.charter import Baseline, CandidateKind, Charter
from qgate.domain.evidence import Cell, PilotEvidence, predictions_digest
from qgate.domain.verdict import Decision, GateOutcome, Remedy
from qgate.errors import MeasurementError
from qgate.gates import scorers
from qgate.quantum.qubo import from_tables

NAME = "evidence_drift"
LOCK = ".qgate/lock.json"
_CLOSE = 1e-6
_RELOCK = f"run `qgate lock` and have the change of {LOCK} reviewed"


def judge_drift(charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Pass when nothing moved since the lock; a missing lock is a failure, a baseline that was not measured an error."""
    if evidence.lock is None:
        why = f"this pilot has no entry in {LOCK}, so nothing says what the baseline was when it was reviewed"
        return _outcome(charter, Decision.FAIL, why, f"run `qgate lock` and commit {LOCK}")
    try:
        moved = list(_declared(charter, evidence, evidence.lock))
        moved += [what for b in charter.baselines for what in _baseline(b, charter, evidence, evidence.lock)]
        libraries = list(_libraries(evidence, evidence.lock))
    except MeasurementError as problem:
        return _outcome(charter, Decision.ERROR, str(problem), _RELOCK)
    if moved:
        moved += libraries
        return _outcome(charter, Decision.FAIL, f"moved since the lock: {'; '.join(moved)}", f"undo it, or {_RELOCK}", moved)
    stayed = "data, baselines, seeds and schedule are those of the lock"
    # Another library is a cause, not a drift: a lock made on a laptop holds in the image as long as the answers are the same.
    beside = f"; {'; '.join(libraries)}, and the answers stayed the same" if libraries else ", and so are the libraries"
    return _outcome(charter, Decision.PASS, stayed + beside, "", libraries)


def _outcome(charter: Charter, decision: Decision, why: str, fix: str, moved: list[str] | None = None) -> GateOutcome:
    return GateOutcome(
        name=NAME,
        decision=decision,
        why=why,
        owner=charter.owner,
        remedy=Remedy(summary="bring evidence and lock together", actions=(fix,)) if fix else None,
        details={"moved": moved or []},
    )


def _declared(charter: Charter, evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[str]:
    """What the charter and the files say, against the lock."""
    present = {split: _digest_of(data.path, evidence) for split, data in charter.data.items()}
    yield from _differences("data", _mapping(lock, "data"), present)
    shots = charter.shots
    # Sealed seeds are another change's in the lock: how many there are is all that can stay.
    seeds = {"sealed_seeds": shots.sealed} if shots.sealed else {"seeds": list(shots.seeds)}
    now = seeds | {"schedule": list(shots.schedule)}
    for name, value in now.items():
        if lock.get(name) != value:
            yield f"{name} (locked {lock.get(name)}, now {value})"
    if lock.get("candidate_entrypoint") != charter.candidate.entrypoint:
        yield f"candidate (locked `{lock.get('candidate_entrypoint')}`, now `{charter.candidate.entrypoint}`)"
    if charter.candidate.kind is CandidateKind.QUBO:
        yield from _qubo(evidence, lock)
    for name in sorted(set(_mapping(lock, "baselines")) - {b.name for b in charter.baselines}):
        yield f"baseline `{name}` (locked, and gone from the charter)"


def _qubo(evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[str]:
    """A QUBO is the problem itself, as data is: energies of another one mean something else."""
    tables = evidence.tables_of("candidate")
    if not tables:
        raise MeasurementError("the QUBO was not measured, so nothing is known of its drift")
    locked, now = _mapping(lock, "qubo").get("sha256"), from_tables(tables).digest()
    if locked != now:
        yield f"the QUBO's coefficients (locked {locked}, now {now})"


def _digest_of(path: str, evidence: PilotEvidence) -> str | None:
    return next((file.sha256 for file in evidence.inputs if file.path == path), None)


def _libraries(evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[str]:
    yield from _differences("library", _mapping(lock, "libraries"), _mapping(evidence.facts, "libraries"))


def _differences(what: str, locked: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*locked, *now}):
        if locked.get(name) != now.get(name):
            yield f"{what} `{name}` (locked {locked.get(name, 'nothing')}, now {now.get(name, 'nothing')})"


def _baseline(baseline: Baseline, charter: Charter, evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[str]:
    name = f"baseline `{baseline.name}`"
    if baseline.name not in _mapping(lock, "baselines"):
        yield f"{name} (not in the lock)"
        return
    locked = _mapping(_mapping(lock, "baselines"), baseline.name)
    if locked.get("estimator") != baseline.estimator:
        yield f"{name} (locked `{locked.get('estimator')}`, now `{baseline.estimator}`)"
    predictions, metrics = _mapping(locked, "predictions"), _mapping(locked, "metrics")
    for split in sorted({*predictions, *metrics} - {*evidence.truth}):
        yield f"{name} on `{split}` (locked, and no longer measured)"
    for split in sorted(evidence.truth):
        cell, where = _cell(baseline.name, split, evidence), f"{name} on `{split}`"
        if split not in predictions or split not in metrics:
            yield f"{where} (not in the lock)"
            continue
        held = _mapping(metrics, split)
        yield from (
            f"{where}: {scorer} (not in the lock)" for scorer in _gated(charter, baseline.name, split) if scorer not in held
        )
        yield from _scores(where, evidence.truth[split], cell, held)
        if not _same_answers(cell, _mapping(predictions, split), held):
            yield f"{where}: its predictions"


def _gated(charter: Charter, baseline: str, split: str) -> Iterator[str]:
    """The scorers that the charter's gates ask of a baseline on a split."""
    for gate in charter.gates:
        metric = parse_metric(gate.name)
        if metric is not None and (metric.family, metric.baseline, metric.split) == (Family.PARITY, baseline, split):
            yield metric.scorer


def _cell(name: str, split: str, evidence: PilotEvidence) -> Cell:
    cells = evidence.of(f"baseline:{name}", split)
    if len(cells) != 1:
        reasons = "; ".join(f"{f.part}: {f.message}" for f in evidence.failures)
        raise MeasurementError(
            f"baseline `{name}` was measured {len(cells)} times on `{split}`, once is needed; {reasons}".rstrip("; ")
        )
    return cells[0]


def _scores(where: str, truth: Any, cell: Cell, locked: Mapping[str, Any]) -> Iterator[str]:
    for name, before in sorted(locked.items()):
        if name not in SCORERS or not isinstance(before, int | float):
            raise MeasurementError(f"{LOCK} holds the metric {name!r} = {before!r} of {where}, which no scorer computes")
        now = scorers.score(SCORERS[name], truth, cell)
        if not math.isclose(now, before, rel_tol=_CLOSE, abs_tol=_CLOSE):
            yield f"{where}: {name} (locked {before:.6g}, now {now:.6g})"


def _same_answers(cell: Cell, locked: Mapping[str, Any], metrics: Mapping[str, Any]) -> bool:
    numbers_held_by_metrics = cell.predictions.dtype.kind == "f" and bool(metrics)
    return numbers_held_by_metrics or locked.get("sha256") == predictions_digest(cell)


def _mapping(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    if not isinstance(found, Mapping):
        raise MeasurementError(f"{LOCK} or the evidence has no `{key}` where one belongs; {_RELOCK}")
    return found
