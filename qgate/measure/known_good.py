"""The classical service that traffic would return to, asked on its own.

In a run that is the base commit's, where the change moved the baseline: one whose answers are those of the lock has been
rehearsed by being measured, and nothing is asked twice. `qgate rollback --rehearse` asks the service and nobody else, since the
candidate may be what is broken.
"""

from collections.abc import Mapping
from dataclasses import replace

from qgate.domain.charter import ROLLBACK, Charter, served_role
from qgate.domain.evidence import Failure, PilotEvidence
from qgate.domain.limits import Limits
from qgate.gates.latency import is_latency
from qgate.measure.jobs import Job, baseline_jobs
from qgate.measure.pilot import Trees, measure_pilot
from qgate.measure.rollback import answer_jobs
from qgate.measure.service import service_jobs
from qgate.workloads.dataset import Dataset


def rehearse_known_good(charter: Charter, evidence: PilotEvidence, trees: Trees, *, limits: Limits) -> PilotEvidence:
    """The evidence with what the target's baseline answers in `trees.worker`, the base commit's files."""
    again = measure_pilot(charter, replace(trees, reuse=None, only=()), None, limits=limits, jobs=_target_alone)
    return replace(
        evidence,
        cells=evidence.cells + tuple(replace(c, key=replace(c.key, role=ROLLBACK)) for c in again.cells),
        failures=evidence.failures + tuple(Failure(part=ROLLBACK, message=f.message) for f in again.failures),
        timings={**evidence.timings, ROLLBACK: sum(again.timings.values())},
    )


def target_jobs(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    """What a rehearsal needs: the target's answers, and where a latency gate is to be met how long it takes to serve."""
    role = served_role(charter)
    timed = service_jobs(charter, data, role) if role and any(is_latency(g) for g in charter.gates) else ()
    return *(answer_jobs(charter, data) or _target_alone(charter, data)), *timed


def _target_alone(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    target = charter.rollback.target
    return tuple(job for job in baseline_jobs(charter, data) if target and job.part == f"baseline {target.baseline}")
