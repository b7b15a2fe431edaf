"""One pilot measured: charter and files in, evidence out. What cannot be measured is a failure in it, never left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from qgate.charter.metrics import Family
from qgate.domain.charter import ARTIFACT, Charter
from qgate.domain.environment import Environment
from qgate.domain.error_codes import coded
from qgate.domain.evidence import (
    CLUSTERS,
    Array,
    Failure,
    InputFile,
    PilotEvidence,
    rows_role,
    slice_table,
)
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.gates.partial import ONLY, is_needed
from qgate.measure import calibration
from qgate.measure.asking import Asked, ask_instead, repetitions
from qgate.measure.data import datasets
from qgate.measure.environment import Environments
from qgate.measure.growth import growth_jobs
from qgate.measure.inputs import read_inputs
from qgate.measure.jobs import CANDIDATE, REPETITION, Job, baseline_jobs, candidate_jobs, splits
from qgate.measure.reuse import Asking, Reuse, gather
from qgate.measure.rollback import answer_jobs, with_artifact
from qgate.measure.service import arrival_times, service_jobs, with_arrivals
from qgate.worker.sandbox import weakest
from qgate.workloads.dataset import Dataset

LIBRARIES = ("numpy", "scipy", "scikit-learn", "pennylane", "pennylane-lightning")
Jobs = Callable[[Charter, Mapping[str, Dataset]], tuple[Job, ...]]


@dataclass(frozen=True, kw_only=True)
class Trees:
    """Where files are read: `root` holds the head's files with their data, `worker` the copy without data and history.

    `today` is the day of the run: a calibration's age is recorded against it (None: unknown). `reuse` is where measurements
    of the same content are taken from and kept (None: everything is measured). `environments` are what lockfiles become (None:
    the bundled one for all). `only` names the families of gates that are
    measured for (none: all of them). `reviewed` are calibration snapshots as the base commit has them, by their paths.
    """

    root: Path
    worker: Path
    today: date | None = None
    reuse: Reuse | None = None
    environments: Environments | None = None
    only: tuple[Family, ...] = ()
    reviewed: Mapping[str, bytes] = field(default_factory=dict)


def everything(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """The candidate, its repetition, the baselines, what traffic returns to, and where a gate needs them how long they serve."""
    timed = *service_jobs(charter, data), *growth_jobs(charter, data)
    return *candidate_jobs(charter, data), *baseline_jobs(charter, data), *answer_jobs(charter, data), *timed


def measure_pilot(
    charter: Charter, trees: Trees, lock: Mapping[str, Any] | None, *, limits: Limits, jobs: Jobs = everything
) -> PilotEvidence:
    """Evidence for every planned cell; each part that failed is named in `failures` with its cause."""
    evidence = _measured(charter, trees, lock, limits, jobs)
    if not trees.only:
        return evidence
    return replace(evidence, facts={**evidence.facts, ONLY: [str(family) for family in trees.only]})


def _measured(charter: Charter, trees: Trees, lock: Mapping[str, Any] | None, limits: Limits, jobs: Jobs) -> PilotEvidence:
    inputs: tuple[InputFile, ...] = ()
    try:
        opened = read_inputs(charter, trees.root, trees.reviewed)
        inputs = tuple(o.file for o in opened)
        by_role = {o.file.role: o for o in opened}
        data = datasets(charter, opened)
        trace = arrival_times(by_role.get("trace"))
        needed = (job for job in jobs(charter, data) if is_needed(job.part, trees.only))
        planned = with_artifact((with_arrivals(job, charter, trace) for job in needed), by_role.get(ARTIFACT))
    except MeasurementError as error:
        return _unmeasured("data", coded(error), PilotEvidence(pilot=charter.pilot, inputs=inputs, lock=lock))
    try:
        limits = trees.environments.of(charter, limits) if trees.environments else limits
    except MeasurementError as error:
        truth = {split: data[split].labels for split in splits(charter)}
        return _unmeasured(CANDIDATE, coded(error), PilotEvidence(pilot=charter.pilot, inputs=inputs, truth=truth, lock=lock))
    asking = Asking(charter=charter, data=data, lock=lock, tree=trees.worker, limits=limits)
    gathered = gather(planned, asking, trees.reuse)
    asked = ask_instead(gathered.asked, trees.worker, limits)
    evidence = replace(_evidence(asking, inputs, asked), trace=trace, reused=gathered.reused)
    answer = next((a.answer for a in asked if a.job.part == CANDIDATE), None)
    if answer is None or not calibration.wanted(charter):
        return evidence
    sources = calibration.Sources(answer=answer, data=data, opened=opened, today=trees.today)
    return calibration.under_noise(evidence, charter, sources)


def _unmeasured(part: str, why: str, evidence: PilotEvidence) -> PilotEvidence:
    """Evidence that nothing came of, and why."""
    return replace(evidence, failures=(Failure(part=part, message=why),), facts={"libraries": libraries(Environment())})


def _evidence(asking: Asking, inputs: tuple[InputFile, ...], asked: Sequence[Asked]) -> PilotEvidence:
    charter, data = asking.charter, asking.data
    measured = {a.job.part: a.measured for a in asked if a.measured is not None}
    repeated = measured.pop(REPETITION, None)
    cells = tuple(cell for m in measured.values() for cell in m.cells)
    facts = {part: dict(m.facts) for part, m in measured.items() if m.facts}
    environment = asking.limits.environment
    ran = {"libraries": libraries(environment), "environment": environment.facts()}
    return PilotEvidence(
        pilot=charter.pilot,
        inputs=inputs,
        truth={split: data[split].labels for split in splits(charter)},
        cells=cells,
        repetitions=repetitions(repeated, cells),
        lock=asking.lock,
        facts={**ran, "sandbox": weakest(a.answer.sandbox for a in asked), **facts},
        timings={a.job.part: a.answer.seconds for a in asked},
        failures=tuple(Failure(part=a.job.part, message=a.problem) for a in asked if a.problem is not None),
        service=next((m.service for m in measured.values() if m.service), None),
        growth=next((m.growth for m in measured.values() if m.growth), ()),
        tables={name: table for m in measured.values() for name, table in m.tables.items()} | row_tables(charter, data),
    )


def row_tables(charter: Charter, data: Mapping[str, Dataset]) -> dict[str, Array]:
    """Which rows of a split belong together, and which are in a slice: nobody's answer, but the data's."""
    tables: dict[str, Array] = {}
    for split in splits(charter):
        role, found = rows_role(split), data[split]
        tables |= {f"{role}/{CLUSTERS}": found.clusters} if found.clusters is not None else {}
        tables |= {f"{role}/{slice_table(name)}": mask for name, mask in found.slices.items()}
    return tables


def libraries(environment: Environment) -> dict[str, str]:
    """Versions of what the numbers depend on, without importing any of it: those of an environment that was built, or ours."""
    python = {"python": python_version()}
    if environment.directory is None:
        return python | {name: metadata.version(name) for name in LIBRARIES}
    return python | {name: environment.versions[name] for name in LIBRARIES if name in environment.versions}
