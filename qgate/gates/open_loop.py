"""Latency as a service under load showed it, for services over HTTP: which run can decide, and what it says.

The run decides where batch means can be trusted (`statistics.quantiles`): 5,000 requests where workers are busy half of the time
at most, 30,000 up to 80 %. Elsewhere the simulated queue decides, and where a declared quantum processor's queue is to be waited
for, which no run on loopback does. A run whose requests left late, or beside which echoes were slow, says nothing of the service.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qgate.domain.evidence import Array, LoadedRun
from qgate.errors import MeasurementError
from qgate.gates.service import Loaded
from qgate.queueing.latency import with_round_trips
from qgate.statistics.bounds import Bounds
from qgate.statistics.quantiles import Latencies, batch_bounds

_MS = 1000.0
_P99 = 0.99
# The share of the threshold that lateness and slow echoes may have, each at its p99.
LATE = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """What a role's loaded run says of a quantile, in milliseconds."""

    bounds: Bounds
    run: LoadedRun


def observed(pilot: Loaded, role: str, q: float, *, alpha: float, utilisation: float) -> Observed | None:
    """The quantile as the run showed it with the declared round trips; None where the simulated queue has to decide."""
    run, waits = pilot.measured.loaded.get(role), pilot.traffic.queue or pilot.traffic.network
    if run is None or (waits and pilot.of(role).remote):
        return None
    values = with_round_trips(run.latency, pilot.traffic)
    bounds = batch_bounds(Latencies(values=_MS * values, utilisation=utilisation), q, alpha)
    return None if bounds is None else Observed(bounds=bounds, run=run)


def void(pilot: Loaded, run: LoadedRun, most_ms: float) -> str:
    """Why a run says nothing about a latency of this size, or nothing."""
    allowed = LATE * most_ms
    late = _MS * float(np.quantile(run.lag, _P99))
    if late > allowed:
        return f"requests left {late:.3g} ms late at the p99, and {allowed:.3g} ms are allowed: the load was not the declared one"
    median, slow = (_MS * np.quantile(_echo(pilot), [0.5, _P99])).tolist()
    if slow - median > allowed:
        return (
            f"echoes, which cost nothing, took {slow:.3g} ms at the p99 and {median:.3g} ms at the median, and {allowed:.3g} ms "
            "more are allowed: the runner is too noisy; run it on a machine that does nothing else"
        )
    return ""


def _echo(pilot: Loaded) -> Array:
    if pilot.measured.echo is None:
        raise MeasurementError("the echoes beside the load are missing from the evidence: measure again")
    return pilot.measured.echo


def details(pilot: Loaded, run: LoadedRun) -> dict[str, Any]:
    """How the load went."""
    median, slow = (_MS * np.quantile(_echo(pilot), [0.5, _P99])).tolist()
    return {
        "method": "open-loop run over HTTP; Student's t on 20 batches' shares of exceedances",
        "requests": len(run.latency),
        "send_lag_p99_ms": _MS * float(np.quantile(run.lag, _P99)),
        "echo_ms": {"median": median, "p99": slow},
    }
