"""One pilot measured: charter and files in, evidence out. What cannot be measured is a failure in it, never left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from qgate.domain.charter import Charter
from qgate.domain.evidence import (
    CLUSTERS,
    Array,
    Cell,
    Failure,
    InputFile,
    PilotEvidence,
    Repetition,
    cell_digest,
    rows_role,
    slice_table,
)
from qgate.domain.limits import Limits
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure import calibration
from qgate.measure.data import dataset
from qgate.measure.inputs import read_inputs
from qgate.measure.jobs import CANDIDATE, REPETITION, Job, Measured, baseline_jobs, candidate_jobs, splits
from qgate.measure.service import arrival_times, service_jobs
from qgate.worker.launch import run
from qgate.worker.sandbox import weakest
from qgate.workloads.dataset import Dataset

LIBRARIES = ("numpy", "scipy", "scikit-learn", "pennylane", "pennylane-lightning")
Jobs = Callable[[Charter, Mapping[str, Dataset]], tuple[Job, ...]]


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Where files are read: `root` holds the head's files with their data, `worker` the copy without data and history.

    `today` is the day of the run: a calibration's age is recorded against it (None: unknown).
    """

    root: Path
    worker: Path
    today: date | None = None


def everything(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """The candidate, its repetition, the baselines, and where a gate needs them how long they take to serve."""
    return *candidate_jobs(charter, data), *baseline_jobs(charter, data), *service_jobs(charter, data)


def measure_pilot(
    charter: Charter, trees: Trees, lock: Mapping[str, Any] | None, *, limits: Limits, jobs: Jobs = everything
) -> PilotEvidence:
    """Evidence for every planned cell; each part that failed is named in `failures` with its cause."""
    inputs: tuple[InputFile, ...] = ()
    try:
        opened = read_inputs(charter, trees.root)
        inputs = tuple(o.file for o in opened)
        by_role = {o.file.role: o for o in opened}
        data = {split: dataset(by_role[f"data {split}"], declared) for split, declared in charter.data.items()}
        trace = arrival_times(by_role.get("trace"))
        planned = jobs(charter, data)
    except MeasurementError as error:
        failure = Failure(part="data", message=str(error))
        return PilotEvidence(pilot=charter.pilot, inputs=inputs, lock=lock, failures=(failure,), facts={"libraries": libraries()})
    answered = _answered(planned, trees.worker, limits)
    evidence = replace(_evidence(charter, inputs, data, lock, answered), trace=trace)
    answer = next((a for job, a in answered if job.part == CANDIDATE), None)
    if answer is None or not calibration.wanted(charter):
        return evidence
    sources = calibration.Sources(answer=answer, data=data, opened=opened, today=trees.today)
    return calibration.under_noise(evidence, charter, sources)


def _answered(planned: Sequence[Job], tree: Path, limits: Limits) -> tuple[tuple[Job, Answer], ...]:
    """All jobs side by side, and after them, one by one, those that must have the machine to themselves."""
    groups = [[j for j in planned if not j.alone], *([j] for j in planned if j.alone)]
    return tuple(
        pair for group in groups if group for pair in zip(group, run([j.order for j in group], tree, limits), strict=True)
    )


def _evidence(
    charter: Charter,
    inputs: tuple[InputFile, ...],
    data: Mapping[str, Dataset],
    lock: Mapping[str, Any] | None,
    answered: Sequence[tuple[Job, Answer]],
) -> PilotEvidence:
    measured: dict[str, Measured] = {}
    failures: list[Failure] = []
    for job, answer in answered:
        try:
            measured[job.part] = _read(job, answer)
        except MeasurementError as error:
            failures.append(Failure(part=job.part, message=str(error)))
    repeated = measured.pop(REPETITION, None)
    cells = tuple(cell for m in measured.values() for cell in m.cells)
    facts = {part: dict(m.facts) for part, m in measured.items() if m.facts}
    return PilotEvidence(
        pilot=charter.pilot,
        inputs=inputs,
        truth={split: data[split].labels for split in splits(charter)},
        cells=cells,
        repetitions=_repetitions(repeated, cells),
        lock=lock,
        facts={"libraries": libraries(), "sandbox": weakest(answer.sandbox for _, answer in answered), **facts},
        timings={job.part: answer.seconds for job, answer in answered},
        failures=tuple(failures),
        service=next((m.service for m in measured.values() if m.service), None),
        tables=_tables(charter, data, measured),
    )


def _tables(charter: Charter, data: Mapping[str, Dataset], measured: Mapping[str, Measured]) -> dict[str, Array]:
    """What the parts measured besides cells, and which rows of a split belong together."""
    tables = {name: table for m in measured.values() for name, table in m.tables.items()}
    for split in splits(charter):
        role, found = rows_role(split), data[split]
        tables |= {f"{role}/{CLUSTERS}": found.clusters} if found.clusters is not None else {}
        tables |= {f"{role}/{slice_table(name)}": mask for name, mask in found.slices.items()}
    return tables


def _read(job: Job, answer: Answer) -> Measured:
    """A worker's answer as cells. Its numbers are nobody's but the pull request's, so that reading them may fail in any way."""
    if answer.error is not None:
        raise MeasurementError(answer.error)
    try:
        return job.read(answer)
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        raise MeasurementError(f"the worker's answer is malformed: {type(error).__name__}: {error}") from error


def _repetitions(repeated: Measured | None, cells: Sequence[Cell]) -> tuple[Repetition, ...]:
    """Digests of each repeated cell beside those of its first measurement."""
    if repeated is None:
        return ()
    first = {c.key: c for c in cells}
    pairs = [(c.key, first[c.key], c) for c in repeated.cells if c.key in first and c.key.shots == repeated.cells[-1].key.shots]
    return tuple(Repetition(key=key, first=cell_digest(a), second=cell_digest(b)) for key, a, b in pairs)


def libraries() -> dict[str, str]:
    """Installed versions of what the numbers depend on, without importing any of it."""
    return {"python": python_version()} | {name: metadata.version(name) for name in LIBRARIES}
