"""A sequential pilot measured part by part: the candidate answers what one look needs, and more where that decides too little.

What is judged at a look, and whether it decides, is not known here: `undecided` says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from qgate.domain.charter import Charter
from qgate.domain.error_codes import coded
from qgate.domain.evidence import Array, Cell, Failure, PilotEvidence
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.gates.looks import Over, Plan, numbered, parity_splits, plan, units_of, with_seeds
from qgate.measure.jobs import CANDIDATE, REPETITION, Job, answers_job, repetition_job
from qgate.measure.pilot import Trees, everything, measure_pilot
from qgate.workloads import estimator
from qgate.workloads.dataset import Dataset

Undecided = Callable[[PilotEvidence], bool]


def measure_in_looks(
    charter: Charter, trees: Trees, lock: Mapping[str, Any] | None, *, limits: Limits, undecided: Undecided
) -> PilotEvidence:
    """Evidence up to the first look that leaves nothing undecided; what cannot be measured is a failure in it, and ends it."""
    evidence = measure_pilot(charter, trees, lock, limits=limits, jobs=partial(_jobs, look=1))
    answered = any(cell.key.role == CANDIDATE for cell in evidence.cells)
    if not evidence.truth or not (answered or _failed(evidence)):
        return evidence  # no data, or no gate was asked for that needs the candidate: nothing was looked at
    found = plan(charter, {split: units_of(evidence, split) for split in parity_splits(charter)})
    evidence = replace(evidence, looks=found.looks[:1])
    while len(evidence.looks) < len(found.looks) and not _failed(evidence) and undecided(evidence):
        more = measure_pilot(charter, trees, None, limits=limits, jobs=partial(_jobs, look=len(evidence.looks) + 1))
        evidence = _added(evidence, more, found)
    return evidence


def _failed(evidence: PilotEvidence) -> bool:
    """Whether parity gates are errors whatever is measured besides."""
    return any(f.part in {CANDIDATE, "data"} or f.part.startswith("baseline ") for f in evidence.failures)


def _jobs(charter: Charter, data: Mapping[str, Dataset], *, look: int) -> tuple[Job, ...]:
    """What a look asks for; the first one also for everything besides the candidate."""
    found = plan(charter, {split: numbered(data[split].rows, data[split].clusters) for split in parity_splits(charter)})
    rows = {split: np.flatnonzero(part == look) for split, part in found.part.items()}
    candidate = answers_job(charter, data, _pairs(charter, found, look), rows)
    if look > 1:
        return (candidate,)
    besides = (job for job in everything(charter, data) if job.part not in {CANDIDATE, REPETITION})
    return candidate, repetition_job(charter, data, rows), *besides


def _pairs(charter: Charter, found: Plan, look: int) -> tuple[estimator.Pair, ...]:
    """The (shots, seed) that a look adds: over rows all of them, on the rows that it adds."""
    if found.over is Over.ROWS:
        return estimator.pairs(charter.shots)
    before = found.looks[look - 2].seeds if look > 1 else 0
    added = with_seeds(charter, charter.shots.seeds[before : found.looks[look - 1].seeds]).shots
    return added.planned if look > 1 else estimator.pairs(added)  # once without shots is enough


def _added(evidence: PilotEvidence, more: PilotEvidence, found: Plan) -> PilotEvidence:
    """The evidence with one more look, or with the failure that kept it from being taken."""
    timings = {**evidence.timings, CANDIDATE: sum(e.timings.get(CANDIDATE, 0.0) for e in (evidence, more))}
    look = len(evidence.looks) + 1
    try:
        cells = _joined(evidence.cells, more.cells, found, look) if not more.failures else evidence.cells
    except MeasurementError as problem:
        failure = Failure(part=CANDIDATE, message=coded(problem))
        return replace(evidence, timings=timings, failures=(*evidence.failures, failure))
    looks = found.looks[: look if not more.failures else look - 1]
    return replace(evidence, cells=cells, looks=looks, timings=timings, failures=evidence.failures + more.failures)


def _joined(before: tuple[Cell, ...], added: tuple[Cell, ...], found: Plan, look: int) -> tuple[Cell, ...]:
    if found.over is Over.SEEDS:
        return before + added
    new = {cell.key: cell for cell in added}
    return tuple(
        _with_rows(cell, new[cell.key], found.part[cell.key.split], look) if cell.key in new else cell for cell in before
    )


def _with_rows(cell: Cell, new: Cell, part: Array, look: int) -> Cell:
    """A cell's answers with those to the rows of a further look, in the order of the rows.

    Raises:
        MeasurementError: the candidate answers in another form than before.
    """
    numbers = np.concatenate([np.flatnonzero(part < look), np.flatnonzero(part == look)])
    order = np.argsort(numbers)
    if (cell.scores is None) != (new.scores is None) or cell.score_kind != new.score_kind:
        raise MeasurementError(f"{cell.key} had scores of the kind {cell.score_kind}, and has {new.score_kind} on further rows")
    scores = None if cell.scores is None or new.scores is None else np.concatenate([cell.scores, new.scores])[order]
    return replace(cell, predictions=np.concatenate([cell.predictions, new.predictions])[order], scores=scores)
