"""Serving: what is asked about how long batches take, and the answer as checked service times."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qgate.charter.metrics import Family, parse_metric, quantile_of
from qgate.domain.charter import ROLLBACK, Baseline, Candidate, CandidateKind, Charter, served_role
from qgate.domain.evidence import Array, ServiceTimes
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.statistics.quantiles import requests_needed
from qgate.workloads.artifact import KIND as ARTIFACT_KIND
from qgate.workloads.dataset import Dataset
from qgate.workloads.estimator import DEVICE

SERVED = (CandidateKind.ESTIMATOR, CandidateKind.CIRCUIT, CandidateKind.KERNEL)
_SERVED_BY = {
    CandidateKind.CIRCUIT: "its QNode, one call for each row, on lightning.qubit",
    CandidateKind.KERNEL: "one state for each row on lightning.qubit, its overlaps with the training rows' and the model on them",
}
LARGEST_BATCH = 1024
SECONDS = 120.0
_ROUNDS = 100
_EXCEEDANCES = 3  # allowed for beyond the fewest requests, so that one slow round is not the answer
_ROWS = 512


def baselines(charter: Charter) -> tuple[Baseline, ...]:
    """Those that a latency gap is measured against, and the one that traffic returns to."""
    named, back = compared(charter), served_role(charter)
    return tuple(b for b in charter.baselines if b.name in named or f"baseline:{b.name}" == back)


def compared(charter: Charter) -> frozenset[str]:
    """The names of the baselines that a latency gap is measured against."""
    return frozenset(g.name.partition("_vs_")[2] for g in charter.gates if _is_timed(g.name)) - {""}


def is_asked(charter: Charter) -> bool:
    """Whether a gate needs service times that this version can measure."""
    can_be = charter.candidate.kind in SERVED or "service" in charter.sections
    return can_be and any(_is_timed(g.name) for g in charter.gates)


def _is_timed(gate: str) -> bool:
    metric = parse_metric(gate)
    return metric is not None and metric.family in {Family.LATENCY, Family.CAPACITY}


def rounds(charter: Charter) -> int:
    """Timings of each batch size: what the strictest quantile needs with a few exceedances to spare."""
    asked = [(quantile_of(g.name), g.alpha) for g in charter.gates]
    return max([_ROUNDS, *(requests_needed(q, alpha, _EXCEEDANCES) for q, alpha in asked if q is not None)])


def sizes(charter: Charter) -> tuple[int, ...]:
    """The timed batch sizes: powers of two up to the largest batch, and that one; between them latency lies on a line.

    Raises:
        MeasurementError: the largest batch is larger than this version times.
    """
    largest = int(charter.sections.get("traffic", {}).get("batch", {}).get("max_size", 1))
    if largest > LARGEST_BATCH:
        raise MeasurementError(f"traffic.batch.max_size is {largest:,}; this version times batches of up to {LARGEST_BATCH:,}")
    powers = {2**k for k in range(math.ceil(math.log2(largest)))} if largest > 1 else set()
    return tuple(sorted(powers | {largest}))


def order(charter: Charter, data: Mapping[str, Dataset], alone: str | None = None) -> WorkOrder:
    """The order for the worker: candidate and baselines in one process, since they take turns; or the one role that is `alone`.

    Raises:
        MeasurementError: there is nothing to serve, or the batches are too large.
    """
    artifact = [_artifact()] if served_role(charter) == ROLLBACK else []
    models = [_candidate(charter), *(_baseline(b) for b in baselines(charter)), *artifact]
    value = {"models": [m for m in models if alone in (None, m["role"])], **plan(charter)}
    return WorkOrder(kind="service", value=value, arrays=rows(data))


def plan(charter: Charter) -> dict[str, Any]:
    """The rounds of timings.

    Raises:
        MeasurementError: the batches are too large.
    """
    return {"sizes": list(sizes(charter)), "rounds": rounds(charter), "seconds": SECONDS, "seed": 0}


def rows(data: Mapping[str, Dataset]) -> dict[str, Array]:
    """The rows that are served, and the training data where there is some.

    Raises:
        MeasurementError: there are none.
    """
    split = next((s for s in ("validation", *(s for s in data if s != "train"), "train") if s in data), None)
    if split is None:
        raise MeasurementError("latency is measured on the rows of a data set, and the charter declares none")
    arrays = {"serve.X": data[split].features[:_ROWS]}
    if "train" in data:
        arrays |= {"train.X": data["train"].features, "train.y": data["train"].labels}
    return arrays


def _candidate(charter: Charter) -> dict[str, Any]:
    shots, seed = charter.shots.deciding[0]
    return _model("candidate", charter.candidate) | {"shots": shots, "seed": seed}


def _model(role: str, candidate: Candidate) -> dict[str, Any]:
    return {
        "role": role,
        "kind": str(candidate.kind),
        "entrypoint": candidate.entrypoint,
        "options": dict(candidate.options),
        "weights": candidate.weights,
        "model": candidate.model,
        "regularisation": candidate.regularisation,
        "device": DEVICE,
    }


def _baseline(baseline: Baseline) -> dict[str, Any]:
    asked = Candidate(kind=CandidateKind.ESTIMATOR, entrypoint=baseline.estimator, options=baseline.options)
    return _model(f"baseline:{baseline.name}", asked) | {"shots": None, "seed": None}


def _artifact() -> dict[str, Any]:
    """The rollback's fitted model, which the order carries as its array `artifact`; without it, it is not served."""
    return {"role": ROLLBACK, "kind": ARTIFACT_KIND}


def times(answer: Answer, asked: WorkOrder) -> ServiceTimes:
    """The answer as service times; an artifact that could not be served has none, which says nothing about the others.

    Raises:
        MeasurementError: a model's times are missing, of another shape, not positive, or add up to more than the worker ran.
    """
    roles = [m["role"] for m in asked.value["models"] if m["role"] != ROLLBACK or f"seconds/{ROLLBACK}" in answer.arrays]
    timed = checked_times(answer, roles, tuple(asked.value["sizes"]))
    total = float(sum(t.sum() for t in timed.seconds.values()) + timed.calibration.sum())
    if total > answer.seconds:
        raise MeasurementError(f"the worker claims {total:.3g} s of service times and ran for {answer.seconds:.3g} s")
    return timed


def checked_times(answer: Answer, roles: Sequence[str], widths: tuple[int, ...]) -> ServiceTimes:
    """The rounds of every role, of one shape, and the fixed computation.

    Raises:
        MeasurementError: one is missing, of another shape, or not positive.
    """
    found = {role: answer.arrays.get(f"seconds/{role}") for role in roles}
    counts = {len(t) for t in found.values() if t is not None and t.ndim}
    expected = (next(iter(counts), 0), len(widths))
    checked = {role: positive(role, t, expected) for role, t in found.items()}
    calibration = answer.arrays.get("calibration")
    steady = positive("calibration", calibration, None if calibration is None else (calibration.size,))
    return ServiceTimes(sizes=widths, seconds=checked, calibration=steady)


def positive(role: str, array: Array | None, shape: tuple[int, ...] | None) -> Array:
    """The times of a role.

    Raises:
        MeasurementError: they are missing, of another shape, or not positive.
    """
    if array is None or array.dtype != np.float64 or array.shape != shape or not array.size:
        raise MeasurementError(f"the service times of `{role}` are missing or of another shape than the other ones'")
    if not (np.isfinite(array) & (array > 0)).all():
        raise MeasurementError(f"the service times of `{role}` are not all positive numbers")
    return array


def facts(charter: Charter) -> dict[str, Any]:
    """How it was measured, for the evidence; no measured number, so that two runs agree on it."""
    shots, _ = charter.shots.deciding[0]
    served = _SERVED_BY.get(charter.candidate.kind, "predict, one call for each batch")
    at_shots = f" at {shots:,} shots" if shots is not None else ""
    return {
        "candidate": f"{served}{at_shots}, in the worker, not on a quantum processor",
        "baselines": [b.name for b in baselines(charter)],
        **plan_facts(charter),
        "garbage_collector": "off during a timing, run between rounds",
        "threads": "1 (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS); not pinned to a processor",
    }


def plan_facts(charter: Charter) -> dict[str, Any]:
    """What the rounds are, in words."""
    return {
        "batch_sizes": list(sizes(charter)),
        "rounds_planned": rounds(charter),
        "interleaving": "in each round all batch sizes in random order, and on the same rows all models in random order",
        "warm_up": "three batches of each size",
        "runner_noise": "one fixed computation, timed 100 times before the first and once in every round",
    }
