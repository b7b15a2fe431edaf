"""Jobs given to workers, and their answers read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgate.domain.error_codes import coded
from qgate.domain.evidence import Cell, Repetition, cell_digest
from qgate.domain.limits import Limits
from qgate.domain.work import Answer
from qgate.errors import EngineError, MeasurementError
from qgate.measure.jobs import Job, Measured
from qgate.worker.launch import run


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """A job, its answer, and what could be read in it: either `measured`, or the `problem` in words.

    `refused`: the problem is our engine's, and public PennyLane may answer.
    """

    job: Job
    answer: Answer
    measured: Measured | None = None
    problem: str | None = None
    refused: bool = False


def ask(planned: Sequence[Job], tree: Path, limits: Limits) -> tuple[Asked, ...]:
    """All jobs asked, and their answers read."""
    return tuple(heard(job, answer) for job, answer in zip(planned, answers(planned, tree, limits), strict=True))


def ask_instead(asked: Sequence[Asked], tree: Path, limits: Limits) -> tuple[Asked, ...]:
    """Where our engine refuses a part, public PennyLane's answers to it and its repetition: the two must be of one engine."""
    why = next((a.problem for a in asked if a.refused), None)
    if why is None:
        return tuple(asked)
    others = [a.job.instead(why) for a in asked if a.job.instead is not None]
    found = {other.job.part: other for other in ask(others, tree, limits)}
    return tuple(found.get(a.job.part, a) for a in asked)


def answers(planned: Sequence[Job], tree: Path, limits: Limits) -> tuple[Answer, ...]:
    """All jobs side by side, and after them, one by one, those that must have the machine to themselves; in the order given."""
    groups = [[j for j in planned if not j.alone], *([j] for j in planned if j.alone)]
    found = {
        job.part: answer
        for group in groups
        if group
        for job, answer in zip(group, run([j.order for j in group], tree, limits), strict=True)
    }
    return tuple(found[job.part] for job in planned)


def heard(job: Job, answer: Answer) -> Asked:
    """The answer with what was read in it."""
    try:
        return Asked(job=job, answer=answer, measured=_read(job, answer))
    except EngineError as error:
        return Asked(job=job, answer=answer, problem=str(error), refused=True)
    except MeasurementError as error:
        return Asked(job=job, answer=answer, problem=coded(error))


def _read(job: Job, answer: Answer) -> Measured:
    """A worker's answer as cells. Its numbers are nobody's but the pull request's, so that reading them may fail in any way."""
    if answer.error is not None:
        raise MeasurementError(answer.error)
    try:
        return job.read(answer)
    except (TypeError, KeyError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        raise MeasurementError(f"the worker's answer is malformed: {type(error).__name__}: {error}") from error


def repetitions(repeated: Measured | None, cells: Sequence[Cell]) -> tuple[Repetition, ...]:
    """Digests of each repeated cell beside those of its first measurement."""
    if repeated is None:
        return ()
    first = {c.key: c for c in cells}
    pairs = [(c.key, first[c.key], c) for c in repeated.cells if c.key in first and c.key.shots == repeated.cells[-1].key.shots]
    return tuple(Repetition(key=key, first=cell_digest(a), second=cell_digest(b)) for key, a, b in pairs)
