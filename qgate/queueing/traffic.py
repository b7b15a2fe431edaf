"""The charter's traffic as a value in seconds, and arrival times drawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.queueing.batching import Policy

Floats = npt.NDArray[np.float64]
_MS_PER_SECOND = 1000


@dataclass(frozen=True, kw_only=True)
class Burst:
    """Bursts of a mean length in seconds that take a share of the time at `factor` times the mean rate."""

    factor: float
    share: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What arrives and how it is served. `trace` holds recorded arrival times; the others are declared distributions, in seconds.

    `round_trips` has one tuple for each region, and a request comes from each with equal probability. A quantum processor's
    `queue` and `network` times are drawn for each batch while its worker waits.
    """

    rate: float
    policy: Policy
    burst: Burst | None = None
    trace: tuple[float, ...] | None = None
    round_trips: tuple[tuple[float, ...], ...] = ()
    queue: tuple[float, ...] = ()
    network: tuple[float, ...] = ()


def read_traffic(section: Mapping[str, Any], trace: Floats | None = None) -> Traffic:
    """The charter's `traffic`, already checked against its schema. `trace` is the recorded arrivals' file.

    Raises:
        ValueError: bursts that hold more requests than there are, or a trace that is missing or does not rise.
    """
    arrivals, batch, qpu = section.get("arrivals", "poisson"), section.get("batch", {}), section.get("qpu", {})
    return Traffic(
        rate=float(section["rate_rps"]),
        policy=Policy(
            max_size=int(batch.get("max_size", 1)),
            max_wait=float(batch.get("max_wait_ms", 0)) / _MS_PER_SECOND,
            workers=int(section.get("workers", 1)),
        ),
        burst=_burst(section.get("burst", {}), float(section["rate_rps"])) if arrivals == "bursty" else None,
        trace=_trace(trace) if arrivals == "trace" else None,
        round_trips=tuple(_seconds(region["rtt_ms"]) for region in section.get("regions", ())),
        queue=_seconds(qpu.get("queue_ms", ())),
        network=_seconds(qpu.get("network_ms", ())),
    )


def _seconds(milliseconds: Any) -> tuple[float, ...]:
    return tuple(float(x) / _MS_PER_SECOND for x in milliseconds)


def _burst(section: Mapping[str, Any], rate: float) -> Burst:
    if not section:
        raise ValueError("bursty arrivals need `traffic.burst`: factor, share and mean_ms")
    burst = Burst(
        factor=float(section["factor"]), share=float(section["share"]), seconds=float(section["mean_ms"]) / _MS_PER_SECOND
    )
    if burst.factor * burst.share > 1:
        raise ValueError(
            f"bursts of {burst.factor:g} times the rate for {burst.share:g} of the time hold more requests than arrive; "
            "factor times share is 1 at most"
        )
    if burst.factor * rate * burst.seconds < 1:
        raise ValueError("bursts of less than one request are no bursts: lengthen `traffic.burst.mean_ms`, or write `poisson`")
    return burst


def _trace(trace: Floats | None) -> tuple[float, ...]:
    if trace is None:
        raise ValueError("arrivals from a trace need `traffic.trace`: a file of arrival times")
    if len(trace) < 2 or not np.isfinite(trace).all() or (np.diff(trace) < 0).any() or trace[-1] <= trace[0]:  # noqa: PLR2004 -- a gap has two ends
        raise ValueError("the trace must hold at least two finite arrival times that rise")
    return tuple(trace.tolist())


def arrivals(traffic: Traffic, rate: float, count: int, rng: np.random.Generator) -> Floats:
    """Arrival times in seconds of `count` requests at a mean rate per second; the same generator gives the same pattern."""
    if traffic.trace is not None:
        return _recorded(np.diff(np.array(traffic.trace)), rate, count, rng)
    due = np.cumsum(rng.exponential(1.0, count))
    return _bursty(traffic.burst, rate, due, rng) if traffic.burst else np.asarray(due / rate)


def _recorded(gaps: Floats, rate: float, count: int, rng: np.random.Generator) -> Floats:
    """The trace from a random request on, from its start again where it ends, its clock set to the mean rate."""
    start = int(rng.integers(len(gaps)))
    times: Floats = np.cumsum(np.resize(np.roll(gaps, -start), count))
    return np.asarray(times / (rate * gaps.mean()))


def _bursty(burst: Burst, rate: float, due: Floats, rng: np.random.Generator) -> Floats:
    """A Poisson process whose rate switches between two levels: unit arrivals set on the clock of the expected number."""
    calm = rate * (1 - burst.factor * burst.share) / (1 - burst.share)
    lengths, levels, reached = [], [], 0.0
    means = (burst.seconds * (1 - burst.share) / burst.share, burst.seconds)
    bursting = bool(rng.random() < burst.share)
    while reached < due[-1]:
        length = float(rng.exponential(means[bursting]))
        levels.append(burst.factor * rate if bursting else calm)
        lengths.append(length)
        reached += length * levels[-1]
        bursting = not bursting
    clock = np.concatenate([[0.0], np.cumsum(lengths)])
    expected = np.concatenate([[0.0], np.cumsum(np.array(lengths) * levels)])
    return np.asarray(np.interp(due, expected, clock))
