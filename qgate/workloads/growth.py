"""Growth: what is asked about how long the candidate takes as its batch, its shots or its qubits grow, and the checked answer."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import CandidateKind, Charter
from qgate.domain.evidence import GrowthTimes
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.workloads import service
from qgate.workloads.dataset import Dataset
from qgate.workloads.estimator import DEVICE

BATCH, SHOTS = "batch", "shots"
ROUNDS = 5
SECONDS = 20.0  # for each series: rounds end, and models are built, before they have passed
_POINTS = 9
_LEAST = 4  # sizes that a fit needs
_FEWER = 100  # where the schedule has one shot count, growth begins at a hundredth of it


def is_asked(charter: Charter) -> bool:
    """Whether a capacity gate wants to know where the curve goes."""
    metrics = [parse_metric(g.name) for g in charter.gates]
    served = charter.candidate.kind in service.SERVED and "service" not in charter.sections
    return served and any(m is not None and m.family is Family.CAPACITY for m in metrics)


def series(charter: Charter) -> dict[str, tuple[int, ...]]:
    """What grows, and through which sizes: batches up to the charter's, its shots, and the option that `traffic.growth` names."""
    traffic = charter.sections.get("traffic", {})
    found = {BATCH: _spread(1, int(traffic.get("batch", {}).get("max_size", 1)))}
    counts = charter.shots.schedule
    if counts:
        found[SHOTS] = _spread(counts[0] if len(counts) > 1 else max(1, counts[0] // _FEWER), counts[-1])
    declared = traffic.get("growth", {})
    if declared:
        found[declared["option"]] = tuple(declared["values"])
    return {name: sizes for name, sizes in found.items() if len(sizes) >= _LEAST}


def _spread(least: int, most: int) -> tuple[int, ...]:
    """About nine whole sizes, each a like multiple of the one before."""
    return tuple(np.unique(np.round(np.geomspace(least, most, _POINTS))).astype(int).tolist())


def order(charter: Charter, data: Mapping[str, Dataset]) -> WorkOrder:
    """The order for the worker.

    Raises:
        MeasurementError: there is nothing to serve.
    """
    shots, seed = charter.shots.deciding[0]
    candidate = charter.candidate
    value: dict[str, Any] = {
        "kind": str(candidate.kind),
        "entrypoint": candidate.entrypoint,
        "options": dict(candidate.options),
        "weights": candidate.weights,
        "model": candidate.model,
        "regularisation": candidate.regularisation,
        "device": DEVICE,
        "shots": shots,
        "seed": seed,
        "series": {name: list(sizes) for name, sizes in series(charter).items()},
        "plan": {"rounds": ROUNDS, "seconds": SECONDS, "seed": 0},
    }
    return WorkOrder(kind="growth", value=value, arrays=service.rows(data))


def times(answer: Answer, asked: WorkOrder) -> tuple[GrowthTimes, ...]:
    """The answer as series; one that could not be measured has the worker's words for why.

    Raises:
        MeasurementError: times are of another shape, not positive, or longer than the worker ran.
    """
    failed = answer.value.get("failed", {})
    found = tuple(_series(name, tuple(sizes), answer, failed) for name, sizes in asked.value["series"].items())
    total = sum(float(one.seconds.sum()) for one in found if one.seconds is not None)
    if total > answer.seconds:
        raise MeasurementError(f"the worker claims {total:.3g} s of service times and ran for {answer.seconds:.3g} s")
    return found


def _series(name: str, sizes: tuple[int, ...], answer: Answer, failed: Mapping[str, Any]) -> GrowthTimes:
    if name in failed:
        return GrowthTimes(name=name, sizes=sizes, failed=str(failed[name]))
    seconds, floor = answer.arrays.get(f"seconds/{name}"), answer.arrays.get(f"floor/{name}")
    rounds = 0 if seconds is None or not seconds.ndim else len(seconds)
    checked = service.positive(name, seconds, (rounds, len(sizes)))
    return GrowthTimes(
        name=name, sizes=sizes, seconds=checked, floor=None if floor is None else service.positive(name, floor, (rounds,))
    )


def facts(charter: Charter) -> dict[str, Any]:
    """How it was measured, for the evidence; no measured number."""
    circuit = charter.candidate.kind is CandidateKind.CIRCUIT
    floors = {SHOTS: "one shot"} | ({BATCH: "no row"} if circuit else {})
    declared = charter.sections.get("traffic", {}).get("growth", {})
    if declared and circuit:
        floors[declared["option"]] = "one wire without gates"
    return {
        "sizes": {name: list(sizes) for name, sizes in series(charter).items()},
        "floors": floors,
        "rounds_planned": ROUNDS,
        "interleaving": "in each round all sizes of a series in random order, each on rows of its own",
        "served": "by the candidate in a worker that has the machine to itself; one row a call but for batches",
    }
