"""The rollback's target asked for its answers, beside everything else: a file that is loaded, or a service that is started.

A target that is neither is a baseline, and measured as one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from qgate.domain.charter import ROLLBACK, Charter, served_command
from qgate.domain.work import Answer
from qgate.measure.inputs import Opened
from qgate.measure.jobs import Job, Measured, splits, task
from qgate.measure.service import free_ports
from qgate.workloads import artifact, estimator, http_service
from qgate.workloads.dataset import Dataset


def answer_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """The target's artifact or service, asked about every split that the gates are about; none where it has neither."""
    target, command = charter.rollback.target, served_command(charter)
    if target is None or not (target.artifact or command) or not splits(charter):
        return ()
    asked, kind = replace(artifact.ask(splits(charter)), entrypoint=command or ""), task(charter)
    order = http_service.answers_order(asked, charter, data, *free_ports(1)) if command else artifact.order(asked, data)

    def read(answer: Answer) -> Measured:
        return Measured(cells=estimator.cells(answer, asked, data, kind))

    return (Job(part=ROLLBACK, order=order, read=read),)


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
