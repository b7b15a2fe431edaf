"""The classical service as the base commit has it, asked where the change moved the baseline that traffic would return to.

A baseline whose answers are those of the lock has been rehearsed by being measured, and nothing is asked twice.
"""

from collections.abc import Mapping
from dataclasses import replace

from qgate.domain.charter import ROLLBACK, Charter
from qgate.domain.evidence import Failure, PilotEvidence
from qgate.domain.limits import Limits
from qgate.measure.jobs import Job, baseline_jobs
from qgate.measure.pilot import Trees, measure_pilot
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


def _target_alone(charter: Charter, data: Mapping[str, Dataset]) -> tuple[Job, ...]:
    target = charter.rollback.target
    return tuple(job for job in baseline_jobs(charter, data) if target and job.part == f"baseline {target.baseline}")
