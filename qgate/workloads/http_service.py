"""A service over HTTP (`pilot.service`): what is asked of the worker that starts and loads it, and what its answer says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qgate.domain.charter import Charter
from qgate.domain.evidence import Array, LoadedRun, ServiceTimes
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.queueing.traffic import arrivals, read_traffic
from qgate.statistics.quantiles import ENOUGH_UNDER_LOAD
from qgate.workloads import estimator, service
from qgate.workloads.dataset import Dataset

KIND, ANSWERS = "http_service", "http_answers"
LOAD_SECONDS = 150.0
BLOCKS = 4  # of a load: a divisor of the batches of batch means, so that none of them straddles two blocks
_SEED = 20_260_102
_LEAST_SPAN = 0.5  # of what sending takes on average: where arrivals come in bursts, some runs are shorter


def roles(charter: Charter) -> dict[str, str]:
    """Who is started, by the commands of the charter: the candidate, the baselines of latency gaps, and what traffic returns to.

    Raises:
        MeasurementError: a baseline of a gap has no command.
    """
    section = charter.sections["service"]
    found = {"candidate": section["command"]}
    for baseline in service.baselines(charter):
        if baseline.name not in section.get("baselines", {}):
            raise MeasurementError(f"a gap against {baseline.name} needs its service: `service.baselines.{baseline.name}`")
        found[f"baseline:{baseline.name}"] = section["baselines"][baseline.name]
    return found


def order(charter: Charter, data: Mapping[str, Dataset], ports: Sequence[int], alone: str | None = None) -> WorkOrder:
    """The order for the worker, without the times of arrival; `ports` are one for the echo, and one for each service.

    `alone` is the only role that is started, where one is named.

    Raises:
        MeasurementError: there is nothing to ask a service.
    """
    traffic = charter.sections["traffic"]
    value = service.plan(charter) | {
        "services": [_service(role, command, charter) for role, command in roles(charter).items() if alone in (None, role)],
        "workers": int(traffic.get("workers", 1)),
        "load": {
            "rate": float(traffic["rate_rps"]),
            "blocks": BLOCKS,
            "seconds": LOAD_SECONDS,
            "enough": [list(pair) for pair in ENOUGH_UNDER_LOAD],
        },
    }
    return WorkOrder(kind=KIND, value=value, arrays=service.rows(data), ports=tuple(ports))


def answers_order(ask: estimator.Ask, charter: Charter, data: Mapping[str, Dataset], port: int) -> WorkOrder:
    """The order to start the service at `ask.entrypoint` and have it answer whole splits."""
    arrays = {f"{split}.X": data[split].features for split in ask.splits}
    if "train" in data:
        arrays |= {"train.X": data["train"].features, "train.y": data["train"].labels}
    role = f"baseline:{charter.rollback.target.baseline}" if charter.rollback.target else ask.role
    value = {"service": _service(role, ask.entrypoint, charter), "splits": list(ask.splits)}
    return WorkOrder(kind=ANSWERS, value=value, arrays=arrays, ports=(port,))


def with_arrivals(asked: WorkOrder, charter: Charter, trace: Array | None) -> WorkOrder:
    """The order with the times at which requests are due: those of the charter's traffic, always the same ones.

    Raises:
        MeasurementError: its traffic cannot be drawn.
    """
    try:
        traffic = read_traffic(charter.sections["traffic"], trace)
    except ValueError as problem:
        raise MeasurementError(f"pilot.traffic: {problem}") from problem
    most = max(count for _, count in ENOUGH_UNDER_LOAD)
    due = arrivals(traffic, traffic.rate, most, np.random.default_rng(_SEED))
    return replace(asked, arrays={**asked.arrays, "load.due": due})


def _service(role: str, command: str, charter: Charter) -> dict[str, Any]:
    shots, seed = charter.shots.deciding[0] if role == "candidate" else (None, None)
    baseline = next((b for b in charter.baselines if role == f"baseline:{b.name}"), None)
    options = baseline.options if baseline else charter.candidate.options
    # What traffic merely returns to is timed, not loaded: a load takes minutes, and the simulated queue decides as well.
    loaded = role == "candidate" or role.partition(":")[2] in service.compared(charter)
    return {"role": role, "command": command, "options": dict(options), "shots": shots, "seed": seed, "loaded": loaded}


def times(answer: Answer, asked: WorkOrder) -> ServiceTimes:
    """The answer as service times with the loaded runs.

    Raises:
        MeasurementError: times are missing, of another shape, not positive, or longer than the worker ran.
    """
    named = [told["role"] for told in asked.value["services"]]
    timed = service.checked_times(answer, named, tuple(asked.value["sizes"]))
    echo = answer.arrays.get("echo")
    runs = {role: _run(role, answer, asked) for role in named if f"latency/{role}" in answer.arrays}
    sent = sum(_LEAST_SPAN * len(run.latency) for run in runs.values()) / asked.value["load"]["rate"]
    total = float(sum(t.sum() for t in timed.seconds.values())) + sent
    if total > answer.seconds:
        raise MeasurementError(f"the worker claims to have served for {total:.3g} s and ran for {answer.seconds:.3g} s")
    return ServiceTimes(
        sizes=timed.sizes,
        seconds=timed.seconds,
        calibration=timed.calibration,
        loaded=runs,
        echo=service.positive("the echo", echo, None if echo is None else (echo.size,)),
    )


def _run(role: str, answer: Answer, asked: WorkOrder) -> LoadedRun:
    latency, lag = answer.arrays[f"latency/{role}"], answer.arrays.get(f"lag/{role}")
    counts = {count for _, count in asked.value["load"]["enough"]}
    if latency.ndim != 1 or len(latency) not in counts or lag is None:
        raise MeasurementError(f"the loaded run of `{role}` has another number of requests than was asked for")
    if lag.dtype != np.float64 or lag.shape != latency.shape or not (np.isfinite(lag) & (lag >= 0)).all():
        raise MeasurementError(f"the send lags of `{role}` are no times")
    return LoadedRun(latency=service.positive(role, latency, lag.shape), lag=lag)


def facts(charter: Charter, confined_by: Any) -> dict[str, Any]:
    """How it was measured, for the evidence; no measured number, so that two runs agree on it."""
    started = roles(charter)
    return service.plan_facts(charter) | {
        "candidate": f"`{started['candidate']}` over HTTP on loopback, one keep-alive connection, in the worker",
        "baselines": [role.partition(":")[2] for role in started if role != "candidate"],
        "services": started,
        "confined_by": confined_by,
        "load": (
            f"open loop: requests of one row leave at the times of the charter's arrivals, latency counts from then; keep-alive "
            f"connections; {BLOCKS} blocks of each service in random order; as many requests as batch means need, where "
            f"they fit into {LOAD_SECONDS:g} s"
        ),
        "echo": "requests to a server that answers at once, before everything and during the load",
        "threads": "1 (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS) unless the service says otherwise; not pinned to a processor",
        "garbage_collector": "the load generator's: off during a timing and the load; a service's is its own",
    }
