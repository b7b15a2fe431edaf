"""The rollback's artifact asked for its answers, beside everything else. A target that is a baseline is measured as one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from qgate.domain.charter import ROLLBACK, Charter
from qgate.domain.work import Answer
from qgate.measure.inputs import Opened
from qgate.measure.jobs import Job, Measured, splits, task
from qgate.workloads import artifact, estimator
from qgate.workloads.dataset import Dataset


def artifact_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """The target's artifact, asked about every split that the gates are about; none where the charter names no artifact."""
    target = charter.rollback.target
    if target is None or target.artifact is None or not splits(charter):
        return ()
    asked, kind = artifact.ask(splits(charter)), task(charter)

    def read(answer: Answer) -> Measured:
        return Measured(cells=estimator.cells(answer, asked, data, kind))

    return (Job(part=ROLLBACK, order=artifact.order(asked, data), read=read),)


def with_artifact(jobs: Iterable[Job], opened: Opened | None) -> tuple[Job, ...]:
    """The jobs with the artifact's bytes where it is loaded or served; one that is gone, or another file, is loaded by nobody."""
    if opened is None:
        return tuple(jobs)
    if opened.content is None or opened.file.sha256 != opened.file.declared_sha256:
        return tuple(job for job in jobs if job.part != ROLLBACK)
    content = opened.content
    return tuple(replace(job, order=artifact.with_bytes(job.order, content)) if _loads(job) else job for job in jobs)


def _loads(job: Job) -> bool:
    return job.part == ROLLBACK or any(model["role"] == ROLLBACK for model in job.order.value.get("models", ()))
