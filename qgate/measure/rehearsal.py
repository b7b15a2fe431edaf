"""A failed gate's remediation, tried at once: the candidate measured again with what the charter says to `set`.

Only `set` is tried here: it is the remediation that changes nothing but the candidate's options (or its `shots`). Gates that
would set the same thing share one measurement, kept as cells of the role `rehearsal:<key>`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from qgate.domain.calibration import NOISY
from qgate.domain.charter import Charter, Gate, Remediation, Shots, rehearsal_role
from qgate.domain.evidence import Failure, PilotEvidence
from qgate.domain.limits import Limits
from qgate.measure.jobs import CANDIDATE, Job, candidate_jobs
from qgate.measure.pilot import Trees, measure_pilot
from qgate.workloads.dataset import Dataset

SHOTS = "shots"


def rehearse(charter: Charter, evidence: PilotEvidence, failed: Iterable[Gate], trees: Trees, *, limits: Limits) -> PilotEvidence:
    """The evidence with the cells of every distinct remediation of the failed gates; what cannot be tried is a failure in it."""
    tried = {rehearsal_role(g.remediation): g.remediation for g in failed if g.remediation.set}
    for role, remediation in tried.items():
        again = measure_pilot(remedied(charter, remediation), trees, None, limits=limits, jobs=_candidate_alone)
        cells = tuple(replace(c, key=replace(c.key, role=name)) for c in again.cells if (name := _role_in(role, c.key.role)))
        failures = tuple(Failure(part=role, message=f.message) for f in again.failures)
        evidence = replace(
            evidence,
            cells=evidence.cells + cells,
            failures=evidence.failures + failures,
            tables={**evidence.tables, **{f"{role}/{name}": t for name, t in again.tables_of(CANDIDATE).items()}},
            timings={**evidence.timings, role: sum(again.timings.values())},
        )
    return evidence


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


def _candidate_alone(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """No repetition and no baseline: those were measured with the change itself."""
    return candidate_jobs(charter, data)[:1]
