"""The job that times how long the candidate and its baselines take to serve, and the arrival times of a declared trace."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from qgate.domain.charter import Charter
from qgate.domain.evidence import Array
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure.inputs import Opened
from qgate.measure.jobs import Job, Measured
from qgate.worker.sandbox import LOOPBACK
from qgate.workloads import http_service, service
from qgate.workloads.dataset import Dataset

PART = "service"


def service_jobs(charter: Charter, data: Mapping[str, Dataset], alone: str | None = None) -> tuple[Job, ...]:
    """One job that has the machine to itself, where a gate needs service times: of everybody, or of the role that is `alone`.

    Raises:
        MeasurementError: nothing can be served as the charter declares it.
    """
    if not service.is_asked(charter):
        return ()
    if "service" in charter.sections:
        return (_http_job(charter, data, alone),)
    order = service.order(charter, data, alone)

    def read(answer: Answer) -> Measured:
        return Measured(service=service.times(answer, order), facts=service.facts(charter))

    return (Job(part=PART, order=order, read=read, alone=True),)


def _http_job(charter: Charter, data: Mapping[str, Dataset], alone: str | None) -> Job:
    order = http_service.order(charter, data, free_ports(1 + (1 if alone else len(http_service.roles(charter)))), alone)

    def read(answer: Answer) -> Measured:
        facts = http_service.facts(charter, answer.sandbox.get(LOOPBACK))
        return Measured(service=http_service.times(answer, order), facts=facts)

    return Job(part=PART, order=order, read=read, alone=True)


def with_arrivals(job: Job, charter: Charter, trace: Array | None) -> Job:
    """The job with the traffic's times of arrival, where it puts a load on services.

    Raises:
        MeasurementError: the traffic cannot be drawn.
    """
    if job.order.kind != http_service.KIND:
        return job
    return replace(job, order=http_service.with_arrivals(job.order, charter, trace))


def free_ports(count: int) -> tuple[int, ...]:
    """TCP ports that nobody listens on now: a worker without a network of its own shares the machine's."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.socket(socket.AF_INET)) for _ in range(count)]
        for one in opened:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in opened)


def arrival_times(opened: Opened | None) -> Array | None:
    """The recorded arrivals: a text file with one time in seconds on each line; None where the charter names no such file.

    Raises:
        MeasurementError: the file is missing, is not the declared one, or holds something else.
    """
    if opened is None:
        return None
    file = opened.file
    if opened.content is None:
        raise MeasurementError(f"{file.path} is missing; the charter declares it as the traffic's trace")
    if file.sha256 != file.declared_sha256:
        raise MeasurementError(
            f"{file.path} is not what the charter locked: its sha256 is {file.sha256}, declared is {file.declared_sha256}"
        )
    try:
        return np.array([float(line) for line in opened.content.split()], dtype=np.float64)
    except ValueError as error:
        raise MeasurementError(f"{file.path} must hold one arrival time in seconds on each line: {error}") from error
