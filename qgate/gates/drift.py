"""The other gate that every pilot has: is the baseline, and what it stands on, still what was locked and reviewed?

Three rungs. *Identical*: the same data, the same libraries, and the same bits of every answer with its scores. *Equivalent*: each
label is the same, and the locked metrics of labels and scores agree within 1e-6, since a processor may round a score's last bit
another way; predicted numbers are scores in this sense. *Stale*: a flipped label, another score, or other data, seeds or models.
Statistics come in nowhere: that no difference is significant would not make evidence the same.

What moved is told by its part: candidate, baseline, data, library, seeds. A library and the candidate's weights are causes, not
drift by themselves.
"""

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from qgate.charter.metrics import SCORERS, Family, parse_metric
from qgate.domain.charter import Baseline, CandidateKind, Charter
from qgate.domain.error_codes import coded
from qgate.domain.evidence import Cell, PilotEvidence, cell_digest, predictions_digest
from qgate.domain.verdict import Decision, GateOutcome, Remedy
from qgate.errors import MeasurementError
from qgate.gates import scorers
from qgate.quantum.qubo import from_tables

NAME = "evidence_drift"
LOCK = ".qgate/lock.json"
_CLOSE = 1e-6
_RELOCK = f"run `qgate lock` and have the change of {LOCK} reviewed"


class Part(StrEnum):
    """What evidence rests on."""

    CANDIDATE = "candidate"
    BASELINE = "baseline"
    DATA = "data"
    LIBRARY = "library"
    SEEDS = "seeds"


Moved = tuple[Part, str]


def judge_drift(charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Pass when nothing moved since the lock; a missing lock is a failure, a baseline that was not measured an error."""
    if evidence.lock is None:
        why = f"this pilot has no entry in {LOCK}, so nothing says what the baseline was when it was reviewed"
        return _outcome(charter, Decision.FAIL, why, f"run `qgate lock` and commit {LOCK}")
    try:
        moved = list(_declared(charter, evidence, evidence.lock))
        moved += [(Part.BASELINE, what) for b in charter.baselines for what in _baseline(b, charter, evidence, evidence.lock)]
        libraries = list(_libraries(evidence, evidence.lock))
        causes = [*_candidate(evidence, evidence.lock), *libraries]
        same_bits = not moved and not libraries and all(_same_bits(b, evidence, evidence.lock) for b in charter.baselines)
    except MeasurementError as problem:
        return _outcome(charter, Decision.ERROR, coded(problem), _RELOCK)
    told = [what for _, what in moved + causes]
    if moved:
        details = _details("stale", moved + causes)
        return _outcome(charter, Decision.FAIL, f"moved since the lock: {'; '.join(told)}", f"undo it, or {_RELOCK}", details)
    stayed = "data, baselines, seeds and schedule are those of the lock"
    # Another library is a cause, not a drift: a lock made on a laptop holds in the image as long as the answers are the same.
    beside = f"; {'; '.join(told)}, and the answers stayed the same" if causes else ", and so are the libraries"
    rung = "identical" if same_bits else "equivalent"
    return _outcome(charter, Decision.PASS, f"{rung}: {stayed}{beside}", "", _details(rung, causes))


def _details(rung: str, moved: list[Moved]) -> dict[str, Any]:
    """Every part, also those that stayed: what moved and what did not is the attribution."""
    parts = {str(part): [what for of, what in moved if of is part] for part in Part}
    return {"equality": rung, "moved": [what for _, what in moved], "parts": parts}


def _outcome(charter: Charter, decision: Decision, why: str, fix: str, details: dict[str, Any] | None = None) -> GateOutcome:
    return GateOutcome(
        name=NAME,
        decision=decision,
        why=why,
        owner=charter.owner,
        remedy=Remedy(summary="bring evidence and lock together", actions=(fix,)) if fix else None,
        details=details or {"moved": []},
    )


def _same_bits(baseline: Baseline, evidence: PilotEvidence, lock: Mapping[str, Any]) -> bool:
    """Whether every answer has the locked digest of predictions and scores; a lock without such digests cannot tell."""
    predictions = _mapping(_mapping(_mapping(lock, "baselines"), baseline.name), "predictions")
    return all(
        _mapping(predictions, split).get("answers_sha256") == cell_digest(_cell(baseline.name, split, evidence))
        for split in evidence.truth
    )


def _declared(charter: Charter, evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[Moved]:
    """What the charter and the files say, against the lock."""
    present = {split: _digest_of(data.path, evidence) for split, data in charter.data.items()}
    yield from ((Part.DATA, what) for what in _differences("data", _mapping(lock, "data"), present))
    shots = charter.shots
    # Sealed seeds are another change's in the lock: how many there are is all that can stay.
    seeds = {"sealed_seeds": shots.sealed} if shots.sealed else {"seeds": list(shots.seeds)}
    now = seeds | {"schedule": list(shots.schedule)}
    for name, value in now.items():
        if lock.get(name) != value:
            yield Part.SEEDS, f"{name} (locked {lock.get(name)}, now {value})"
    if lock.get("candidate_entrypoint") != charter.candidate.entrypoint:
        yield Part.CANDIDATE, f"candidate (locked `{lock.get('candidate_entrypoint')}`, now `{charter.candidate.entrypoint}`)"
    if charter.candidate.kind is CandidateKind.QUBO:
        yield from ((Part.DATA, what) for what in _qubo(evidence, lock))
    for name in sorted(set(_mapping(lock, "baselines")) - {b.name for b in charter.baselines}):
        yield Part.BASELINE, f"baseline `{name}` (locked, and gone from the charter)"


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


def _candidate(evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[Moved]:
    """The candidate's weights, which a change may well be about; what an older lock does not hold is not compared."""
    now = next((file.sha256 for file in evidence.inputs if file.role == "weights"), None)
    if lock.get("weights", now) != now:
        yield Part.CANDIDATE, f"the candidate's weights (locked {lock['weights']}, now {now})"


def _libraries(evidence: PilotEvidence, lock: Mapping[str, Any]) -> Iterator[Moved]:
    for what in _differences("library", _mapping(lock, "libraries"), _mapping(evidence.facts, "libraries")):
        yield Part.LIBRARY, what
    now = next((file.sha256 for file in evidence.inputs if file.role == "lockfile"), None)
    if lock.get("lockfile", now) != now:
        yield Part.LIBRARY, f"the lockfile (locked {lock['lockfile']}, now {now})"


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
