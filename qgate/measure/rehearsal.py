"""A failed gate's remediation, tried at once: the candidate measured again with what it sets, and where its script has run.

`set` changes the candidate's options, or with `shots` the number that decides. `run` names a script, which a worker runs on a
copy of the head's files; the candidate is then measured from that copy. Gates that would do the same share one measurement, kept
as cells of the role `rehearsal:<key>` and as service times under it.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from qgate.charter.metrics import Family
from qgate.domain.calibration import NOISY
from qgate.domain.charter import Charter, Gate, Remediation, Shots, rehearsal_role
from qgate.domain.error_codes import coded
from qgate.domain.evidence import Failure, PilotEvidence
from qgate.domain.limits import Limits
from qgate.errors import MeasurementError
from qgate.gates.partial import is_needed
from qgate.gates.rehearsal import FACTS, SCRIPT, rerun_families
from qgate.measure.jobs import CANDIDATE, Job, rehearsal_job
from qgate.measure.pilot import Jobs, Trees, measure_pilot
from qgate.measure.remedied_tree import remedied_tree
from qgate.measure.service import service_jobs
from qgate.worker.sandbox import weakest
from qgate.workloads.dataset import Dataset

SHOTS = "shots"
_SANDBOX = "sandbox"


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """One remediation of failed gates, and the families that they have judged anew."""

    remediation: Remediation
    families: frozenset[Family]


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """The files to measure from, and what the script did to them (none: there is no script)."""

    trees: Trees
    facts: Mapping[str, Any] = field(default_factory=dict)
    sandbox: tuple[Mapping[str, Any], ...] = ()


def rehearse(charter: Charter, evidence: PilotEvidence, failed: Iterable[Gate], trees: Trees, *, limits: Limits) -> PilotEvidence:
    """The evidence with every distinct remediation of the failed gates measured; what cannot be tried is a failure in it."""
    for role, trial in _trials(failed).items():
        try:
            with _prepared(charter, trial.remediation, trees, limits) as prepared:
                remedy = remedied(charter, trial.remediation)
                again = measure_pilot(remedy, prepared.trees, None, limits=limits, jobs=_anew(trial.families))
                evidence = _with(evidence, role, again, prepared)
        except MeasurementError as error:
            failure = Failure(part=f"{role}/{SCRIPT}", message=coded(error))
            evidence = replace(evidence, failures=(*evidence.failures, failure))
    return evidence


def _trials(failed: Iterable[Gate]) -> dict[str, _Trial]:
    trials: dict[str, _Trial] = {}
    for gate in failed:
        if gate.remediation.can_be_rehearsed:
            role, families = rehearsal_role(gate.remediation), rerun_families(gate)
            known = trials[role].families if role in trials else frozenset()
            trials[role] = _Trial(remediation=gate.remediation, families=known | families)
    return trials


@contextmanager
def _prepared(charter: Charter, remediation: Remediation, trees: Trees, limits: Limits) -> Iterator[_Prepared]:
    """The head's files, or a copy of them that the script has changed; the copy ends with the rehearsal.

    Raises:
        MeasurementError: the script did not do its work.
    """
    if remediation.run is None:
        yield _Prepared(trees=trees)
        return
    ran_with = trees.environments.of(charter, limits) if trees.environments else limits
    with remedied_tree(trees.worker, remediation.run, ran_with) as done:
        # What a cache holds was measured of other files.
        yield _Prepared(
            trees=replace(trees, worker=done.tree, reuse=None), facts={"changed": list(done.changed)}, sandbox=(done.sandbox,)
        )


def _with(evidence: PilotEvidence, role: str, again: PilotEvidence, prepared: _Prepared) -> PilotEvidence:
    cells = tuple(replace(c, key=replace(c.key, role=name)) for c in again.cells if (name := _role_in(role, c.key.role)))
    failures = tuple(Failure(part=_part_in(role, f.part), message=f.message) for f in again.failures)
    tried = {**prepared.facts, **{part: again.facts[part] for part in (CANDIDATE,) if part in again.facts}}
    facts = {**evidence.facts, FACTS: {**evidence.facts.get(FACTS, {}), role: tried}}
    if prepared.sandbox:
        facts[_SANDBOX] = weakest((*([facts[_SANDBOX]] if _SANDBOX in facts else []), *prepared.sandbox))
    services = {} if again.service is None else {role: again.service}
    return replace(
        evidence,
        cells=evidence.cells + cells,
        failures=evidence.failures + failures,
        facts=facts,
        tables={**evidence.tables, **{f"{role}/{name}": t for name, t in again.tables_of(CANDIDATE).items()}},
        timings={**evidence.timings, role: sum(again.timings.values())},
        rehearsed_services={**evidence.rehearsed_services, **services},
    )


def _part_in(rehearsal: str, part: str) -> str:
    return rehearsal if part == CANDIDATE else f"{rehearsal}/{part}"


def _role_in(rehearsal: str, role: str) -> str | None:
    """The name of a rehearsed cell: the candidate's own, or its answers under a calibration; nothing else is tried again."""
    if role == CANDIDATE:
        return rehearsal
    return f"{rehearsal}/{role}" if role.startswith(NOISY) else None


def remedied(charter: Charter, remediation: Remediation) -> Charter:
    """The charter with what the remediation sets, reduced to the shots that decide."""
    options: dict[str, Any] = dict(remediation.set)
    deciding = charter.shots.schedule[-1:]
    shots = (int(options.pop(SHOTS)),) if SHOTS in options else deciding
    candidate = replace(charter.candidate, options={**charter.candidate.options, **options})
    return replace(charter, candidate=candidate, shots=Shots(schedule=shots, seeds=charter.shots.seeds), sequential=False)


def _anew(families: frozenset[Family]) -> Jobs:
    """The candidate, and how long it takes to serve where that is judged: repetition and baselines are the change's own."""

    def jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
        planned = rehearsal_job(charter, data), *service_jobs(charter, data)
        return tuple(job for job in planned if is_needed(job.part, families))

    return jobs
