"""End-to-end latency, throughput and capacity of a service under traffic, from the service times that were measured.

Each replicate resamples the measured rounds and draws its own arrivals, so that the replicates' spread carries what the
measurement and the simulation leave uncertain. The n-th replicate of two services sees the same rounds, arrivals and draws
(common random numbers): their difference is theirs and not the load's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qgate.queueing.side_by_side import sojourns
from qgate.queueing.traffic import Traffic, arrivals
from qgate.statistics.replicates import resampled_rounds

Floats = npt.NDArray[np.float64]
REQUESTS = 20_000
SWEPT_REQUESTS = 5_000
# Shares of the saturation throughput at which latency is simulated to find the capacity: close together where the curve bends.
LOADS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_WARM_UP = 0.1
_GRID = np.arange(1001) / 1000
_SEED = 20_260_101
# How many are simulated side by side: more would take hundreds of MB and hardly less time.
_QUEUES = 400


@dataclass(frozen=True, kw_only=True)
class Service:
    """Measured seconds by round and batch size; `sizes` rise from 1 to the largest batch; `remote`: a quantum processor serves.

    The times are held as bytes of float64 of shape (rounds, sizes), so that equal services are equal values.
    """

    sizes: tuple[int, ...]
    times: bytes
    remote: bool = False

    @property
    def seconds(self) -> Floats:
        """The times, shape (rounds, sizes)."""
        return np.frombuffer(self.times).reshape(-1, len(self.sizes))


@lru_cache(maxsize=64)  # several gates ask for quantiles of one simulation
def quantile_tables(service: Service, traffic: Traffic, rate: float, replicates: int, requests: int = REQUESTS) -> Floats:
    """Latency quantiles in seconds at 0, 0.001 … 1, shape (replicates, 1001); the first tenth of the requests is left out."""
    return np.asarray(_quantiles(service, traffic, (rate,), replicates, requests)[0])


@lru_cache(maxsize=16)  # a run judges twice, once to know what to rehearse
def _swept_tables(service: Service, traffic: Traffic, rates: tuple[float, ...], replicates: int) -> Floats:
    return _quantiles(service, traffic, rates, replicates, SWEPT_REQUESTS)


def at(tables: Floats, q: float) -> Floats:
    """The replicates' q-quantiles, in seconds."""
    return tables[:, round(q * 1000)]


def saturations(service: Service, traffic: Traffic, replicates: int) -> Floats:
    """Requests per second that the workers complete when full batches always wait, by replicate."""
    fixed = sum(float(np.mean(times)) for times in (traffic.queue, traffic.network) if service.remote and times)
    means = [float(service.seconds[_rounds(service, n)][:, -1].mean()) for n in range(replicates)]
    return traffic.policy.workers * traffic.policy.max_size / (np.array(means) + fixed)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """Latency against load: `rates` in requests per second, and the quantiles by replicate, (replicates, rates, limits)."""

    rates: Floats
    quantiles: Floats
    capacities: Floats


def sweep(service: Service, traffic: Traffic, limits: Mapping[float, float], replicates: int) -> Sweep:
    """The highest rate at which every quantile keeps its limit in seconds, by replicate; 0 where the lowest rate breaks one."""
    saturation = float(np.median(saturations(service, traffic, replicates)))
    rates = saturation * np.array(LOADS)
    tables = _swept_tables(service, traffic, tuple(rates.tolist()), replicates)
    quantiles = np.stack([np.stack([at(t, q) for q in limits], axis=-1) for t in tables], axis=1)
    excess = np.log(quantiles / np.array(list(limits.values()))).max(axis=2)
    return Sweep(rates=rates, quantiles=quantiles, capacities=np.array([_crossing(rates, e) for e in excess]))


def _crossing(rates: Floats, excess: Floats) -> float:
    """The rate where the logarithm of latency over limit turns positive, between the last rate that holds and the next."""
    held = np.flatnonzero(excess <= 0)
    if not len(held):
        return 0.0
    last = int(held[-1])
    if last == len(rates) - 1:
        return float(rates[-1])
    share = -excess[last] / (excess[last + 1] - excess[last])
    return float(rates[last] + share * (rates[last + 1] - rates[last]))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Drawn:
    """What chance gives a replicate at whatever rate: its service times by batch size, and what each batch and request gets."""

    service: Floats
    picks: npt.NDArray[np.int64]
    remote: Floats
    round_trips: tuple[Floats, ...]


def _drawn(service: Service, traffic: Traffic, requests: int, replicate: int) -> _Drawn:
    rng = np.random.default_rng([_SEED, replicate, 2])
    table = _by_size(service, service.seconds[_rounds(service, replicate)])
    picks = rng.integers(table.shape[1], size=requests)
    remote = _remote(service, traffic, requests, rng)
    return _Drawn(service=table, picks=picks, remote=remote, round_trips=tuple(_round_trips(requests, traffic, rng)))


def _quantiles(service: Service, traffic: Traffic, rates: Sequence[float], replicates: int, requests: int) -> Floats:
    """Shape (rates, replicates, 1001)."""
    drawn = [_drawn(service, traffic, requests, n) for n in range(replicates)]
    at_once = max(1, _QUEUES // replicates)
    groups = [rates[first : first + at_once] for first in range(0, len(rates), at_once)]
    return np.concatenate([_simulated(traffic, some, drawn, requests) for some in groups])


def _simulated(traffic: Traffic, rates: Sequence[float], drawn: Sequence[_Drawn], requests: int) -> Floats:
    """Every replicate at every rate, side by side."""
    replicates = range(len(drawn))
    arrived = [arrivals(traffic, rate, requests, np.random.default_rng([_SEED, n, 1])) for rate in rates for n in replicates]
    tables, picks, remote = (np.stack([getattr(d, name) for d in drawn] * len(rates)) for name in ("service", "picks", "remote"))
    found = sojourns(np.stack(arrived), traffic.policy, tables, picks, remote)
    for trips in zip(*(d.round_trips for d in drawn), strict=True):
        found = found + np.stack(trips * len(rates))
    # Sorted first, a thousand quantiles are found in a third of the time.
    kept = np.sort(found[:, int(requests * _WARM_UP) :], axis=1)
    return np.asarray(np.quantile(kept, _GRID, axis=1).T.reshape(len(rates), len(drawn), len(_GRID)))


def with_round_trips(seconds: Floats, traffic: Traffic) -> Floats:
    """Measured latencies with the declared round trips of their regions, always the same ones."""
    return sum(_round_trips(len(seconds), traffic, np.random.default_rng([_SEED, 3])), start=seconds)


def _round_trips(requests: int, traffic: Traffic, rng: np.random.Generator) -> Iterator[Floats]:
    """By region what its requests' ways add, 0 for the others'."""
    if traffic.round_trips:
        region = rng.integers(len(traffic.round_trips), size=requests)
        for number, times in enumerate(traffic.round_trips):
            yield np.where(region == number, rng.choice(np.array(times), requests), 0.0)


def _remote(service: Service, traffic: Traffic, requests: int, rng: np.random.Generator) -> Floats:
    """What the declared queue and network of a quantum processor add to each batch."""
    declared = [np.array(times) for times in (traffic.queue, traffic.network) if service.remote and times]
    return sum((rng.choice(times, requests) for times in declared), start=np.zeros(requests))


def _rounds(service: Service, replicate: int) -> npt.NDArray[np.int64]:
    return resampled_rounds(len(service.seconds), np.random.default_rng([_SEED, replicate, 0]))


def _by_size(service: Service, seconds: Floats) -> Floats:
    """Sorted times of every batch size, shape (largest, rounds); between measured sizes on the line through equal ranks."""
    ordered, wanted = np.sort(seconds, axis=0), np.arange(1, service.sizes[-1] + 1)
    return np.array([np.interp(wanted, service.sizes, row) for row in ordered]).T
