"""The job that times how the candidate's service grows with its batch, its shots and its qubits."""

from collections.abc import Mapping

from qgate.domain.charter import Charter
from qgate.domain.work import Answer
from qgate.measure.jobs import Job, Measured
from qgate.workloads import growth
from qgate.workloads.dataset import Dataset

PART = "growth"


def growth_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """One job that runs alone, where a capacity gate asks and something grows.

    Raises:
        MeasurementError: there is nothing to serve.
    """
    if not growth.is_asked(charter) or not growth.series(charter):
        return ()
    order = growth.order(charter, data)

    def read(answer: Answer) -> Measured:
        return Measured(growth=growth.times(answer, order), facts=growth.facts(charter))

    return (Job(part=PART, order=order, read=read, alone=True),)
