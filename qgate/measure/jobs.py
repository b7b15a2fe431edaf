"""What to ask the workers for one pilot, and how each answer becomes cells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from qgate.charter.metrics import SCORERS, Family, Task, parse_metric
from qgate.domain.charter import Baseline, CandidateKind, Charter, Shots
from qgate.domain.evidence import Array, Cell, GrowthTimes, ServiceTimes
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum.bounds import Bounds
from qgate.workloads import circuit, estimator, kernel
from qgate.workloads.dataset import Dataset
from qgate.workloads.fallback import Fallback, fallback
from qgate.workloads.kernel_answer import TRAIN

CANDIDATE = "candidate"
REPETITION = "repetition"


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Checked cells or service times, and how they came about."""

    cells: tuple[Cell, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    service: ServiceTimes | None = None
    tables: Mapping[str, Array] = field(default_factory=dict)
    growth: tuple[GrowthTimes, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One worker's order; `part` names it in failures; `read` makes its answer into cells or raises MeasurementError.

    `alone`: nothing else runs beside it, since it measures time. `instead` is the job that asks public PennyLane, by why our
    engine does not answer; None where nothing else answers.
    """

    part: str
    order: WorkOrder
    read: Callable[[Answer], Measured]
    alone: bool = False
    instead: Callable[[str], "Job"] | None = None


def splits(charter: Charter) -> tuple[str, ...]:
    """The splits that the parity gates ask about, in charter order; without such gates the first one that is not for training.

    So that the candidate is measured, and measured again, whatever the gates are about.
    """
    metrics = [parse_metric(g.name) for g in charter.gates]
    asked = tuple(dict.fromkeys(m.split for m in metrics if m and m.family is Family.PARITY))
    return asked or tuple(split for split in charter.data if split != "train")[:1]


def bounds(charter: Charter) -> Bounds:
    """How large a circuit the charter lets be simulated."""
    return Bounds.declared(charter.sections.get("simulation", {}))


def task(charter: Charter) -> Task:
    """What the truth holds, by the scorers that the gates name.

    Raises:
        MeasurementError: classification and regression gates in one charter.
    """
    metrics = [parse_metric(g.name) for g in charter.gates]
    tasks = {SCORERS[m.scorer].task for m in metrics if m and m.family is Family.PARITY}
    if len(tasks) > 1:
        raise MeasurementError(
            "the charter has classification and regression gates; one pilot predicts classes or numbers, not both"
        )
    predicts_numbers = charter.candidate.decision == "value"
    return next(iter(tasks), Task.REGRESSION if predicts_numbers else Task.CLASSIFICATION)


def baseline_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """Every baseline, fitted on the training data and asked once."""
    return tuple(_baseline(b, charter, data) for b in charter.baselines)


def _baseline(baseline: Baseline, charter: Charter, data: Mapping[str, Dataset]) -> Job:
    ask = estimator.Ask(
        role=f"baseline:{baseline.name}",
        entrypoint=baseline.estimator,
        options=baseline.options,
        pairs=((None, None),),
        splits=splits(charter),
    )
    kind = task(charter)
    return Job(
        part=f"baseline {baseline.name}",
        order=estimator.order(ask, data),
        read=lambda answer: Measured(cells=estimator.cells(answer, ask, data, kind)),
    )


def candidate_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, Job]:
    """The candidate on everything, and again on its first deciding cell in a process that hashes text differently.

    Raises:
        MeasurementError: this version does not measure that kind of candidate.
    """
    first, again = _candidate_jobs(charter, data)
    return first, replace(again, order=replace(again.order, hash_seed=1))


def rehearsal_job(charter: Charter, data: Mapping[str, Dataset]) -> Job:
    """The candidate alone, as a remediation would have it: without re-salted seed lists and without a QUBO's references.

    Raises:
        MeasurementError: as `candidate_jobs`.
    """
    return _candidate_jobs(charter, data, alone=True)[0]


def _candidate_jobs(charter: Charter, data: Mapping[str, Dataset], *, alone: bool = False) -> tuple[Job, Job]:
    kind = charter.candidate.kind
    if kind in {CandidateKind.ESTIMATOR, CandidateKind.COMMAND}:
        return _estimator_jobs(charter, data)
    if kind is CandidateKind.CIRCUIT:
        return _circuit_jobs(charter, data, salted=not alone)
    if kind is CandidateKind.KERNEL:
        return _kernel_jobs(charter, data, salted=not alone)
    return _qubo_jobs(charter, compared=not alone)


def _first(shots: Shots) -> Shots:
    """A schedule of the first deciding (shots, seed) alone."""
    count, seed = shots.deciding[0]
    return Shots(schedule=() if count is None else (count,), seeds=() if seed is None else (seed,))


def _estimator_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, Job]:
    return answers_job(charter, data, estimator.pairs(charter.shots)), repetition_job(charter, data)


def answers_job(
    charter: Charter, data: Mapping[str, Dataset], pairs: tuple[estimator.Pair, ...], rows: Mapping[str, Array] | None = None
) -> Job:
    """An estimator's or a command's answers at some (shots, seed), about all rows of each split or those that are numbered."""
    return _asked(charter, data, _ask(charter, pairs, splits(charter), rows or {}), CANDIDATE)


def repetition_job(charter: Charter, data: Mapping[str, Dataset], rows: Mapping[str, Array] | None = None) -> Job:
    """The first deciding (shots, seed) on the first split, about the same rows, once more."""
    return _asked(charter, data, _ask(charter, charter.shots.deciding[:1], splits(charter)[:1], rows or {}), REPETITION)


def _ask(charter: Charter, pairs: tuple[estimator.Pair, ...], on: tuple[str, ...], rows: Mapping[str, Array]) -> estimator.Ask:
    candidate = charter.candidate
    return estimator.Ask(
        role="candidate",
        entrypoint=candidate.entrypoint,
        options=candidate.options,
        pairs=pairs,
        splits=on,
        kind=str(candidate.kind),
        rows=rows,
    )


def _asked(charter: Charter, data: Mapping[str, Dataset], ask: estimator.Ask, part: str) -> Job:
    candidate, kind = charter.candidate, task(charter)
    facts = {"device": estimator.DEVICE} if candidate.kind is CandidateKind.ESTIMATOR else {"executable": candidate.entrypoint}

    def read(answer: Answer) -> Measured:
        estimator.check_takes(answer, charter.shots, candidate.entrypoint)
        return Measured(cells=estimator.cells(answer, ask, data, kind), facts=facts)

    return Job(part=part, order=estimator.order(ask, data), read=read)


def _kernel_jobs(charter: Charter, data: Mapping[str, Dataset], *, salted: bool) -> tuple[Job, Job]:
    candidate, kind = charter.candidate, task(charter)

    def job(part: str, shots: Shots, on: tuple[str, ...], instead: Fallback | None = None) -> Job:
        def read(answer: Answer) -> Measured:
            found = kernel.kernels(answer, data, on, instead, bounds=bounds(charter))
            cells = kernel.cells(found, candidate=candidate, shots=shots, data=data, task=kind)
            facts = kernel.facts(found, candidate=candidate, shots=shots, labels=data[TRAIN].labels, task=kind)
            if part == CANDIDATE and salted:
                cells += kernel.salted_cells(found, candidate=candidate, shots=shots, data=data, task=kind)
                facts |= kernel.salted_facts(found, candidate, shots)
            return Measured(cells=cells, facts=facts)

        return Job(
            part=part,
            order=kernel.order(candidate, data, on, instead, bounds=bounds(charter)),
            read=read,
            instead=None if instead else lambda why: job(part, shots, on, fallback(why)),
        )

    return job(CANDIDATE, charter.shots, splits(charter)), job(REPETITION, _first(charter.shots), splits(charter)[:1])


def _circuit_jobs(charter: Charter, data: Mapping[str, Dataset], *, salted: bool) -> tuple[Job, Job]:
    candidate, kind = charter.candidate, task(charter)
    rule = candidate.decision
    if rule is None:
        raise MeasurementError("a circuit candidate needs `decision`: sign, argmax, parity or value")

    def job(part: str, shots: Shots, on: tuple[str, ...], instead: Fallback | None = None) -> Job:
        def read(answer: Answer) -> Measured:
            results = circuit.simulated(answer, data, on, instead, bounds=bounds(charter))
            cells = circuit.cells(results, rule=rule, shots=shots, data=data, task=kind)
            facts = circuit.facts(results, answer, instead)
            if part == CANDIDATE and salted:
                cells += circuit.salted_cells(results, rule=rule, shots=shots, data=data, task=kind)
                facts |= circuit.salted_facts(results, shots)
            return Measured(cells=cells, facts=facts)

        return Job(
            part=part,
            order=circuit.order(candidate, data, on, instead, bounds=bounds(charter)),
            read=read,
            instead=None if instead else lambda why: job(part, shots, on, fallback(why)),
        )

    return job(CANDIDATE, charter.shots, splits(charter)), job(REPETITION, _first(charter.shots), splits(charter)[:1])


def _qubo_jobs(charter: Charter, *, compared: bool) -> tuple[Job, Job]:
    from qgate.workloads import qubo  # noqa: PLC0415 -- dimod takes a second to import, which other pilots need not pay

    candidate = charter.candidate

    def job(part: str, shots: Shots, instead: Fallback | None = None) -> Job:
        def read(answer: Answer) -> Measured:
            found = qubo.solved(answer, candidate, instead, bounds=bounds(charter))
            cells, facts = qubo.cells(found, shots), qubo.facts(found)
            if part == CANDIDATE and compared:
                cells += (*qubo.salted_cells(found, shots), *qubo.references(found.qubo, shots))
                facts |= qubo.salted_facts(found, shots)
            return Measured(cells=cells, facts=facts, tables=qubo.tables(found.qubo))

        return Job(
            part=part,
            order=qubo.order(candidate, instead, bounds(charter)),
            read=read,
            # QAOA is made of the coefficients: there is no circuit of the user's that PennyLane could run instead.
            instead=None if instead or candidate.ansatz is None else lambda why: job(part, shots, fallback(why)),
        )

    return job(CANDIDATE, charter.shots), job(REPETITION, _first(charter.shots))


def lock_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """What a lock holds: the baselines; and of a QUBO's candidate the energies that later ones are compared with."""
    own = candidate_jobs(charter, data)[:1] if charter.candidate.kind is CandidateKind.QUBO else ()
    return *own, *baseline_jobs(charter, data)
