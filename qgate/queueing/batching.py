"""The event loop: requests join batches, batches wait for a worker, every request of a batch ends with it.

A worker takes a batch once it is free and the batch is ready: full, or its first request waited long enough. Whoever arrived by
then comes along, up to the largest size. One step a batch: a million requests take one to two seconds in plain Python.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The batching policy: at most `max_size` requests, of which the first waits `max_wait` seconds; batches served at once."""

    max_size: int = 1
    max_wait: float = 0.0
    workers: int = 1


def sojourns(
    arrived: Floats, policy: Policy, service: Sequence[Sequence[float]], picks: Sequence[int], remote: Sequence[float]
) -> Floats:
    """Seconds from each request's arrival to the end of its batch, shape (requests,).

    Args:
        arrived: rising arrival times, shape (requests,).
        policy: how batches are made.
        service: by batch size (the first entry is for one request) the service times to pick from.
        picks: which of them the n-th batch takes; as many as there are requests.
        remote: what the n-th batch takes besides, wherever else its worker waits; as many as there are requests.
    """
    times, largest, wait = arrived.tolist(), policy.max_size, policy.max_wait
    count, ended, first, batch = len(times), [0.0] * len(times), 0, 0
    free = [0.0] * min(policy.workers, count)
    while first < count:
        begin, last = times[first] + wait, first + largest
        if last <= count and times[last - 1] < begin:
            begin = times[last - 1]
        begin = max(begin, free[0])
        end = bisect_right(times, begin, first + 1, min(count, last)) if largest > 1 else first + 1
        done = begin + service[end - first - 1][picks[batch]] + remote[batch]
        heapreplace(free, done)
        ended[first:end] = [done] * (end - first)
        first, batch = end, batch + 1
    return np.array(ended) - arrived
