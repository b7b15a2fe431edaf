"""Queues side by side against each one's own event loop, to the bit."""

import numpy as np
import pytest

from qgate.queueing import batching
from qgate.queueing.batching import Policy
from qgate.queueing.side_by_side import sojourns

QUEUES, REQUESTS, TIMES = 20, 300, 50


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(max_wait=0.5, workers=2),
        Policy(max_size=7, max_wait=0.3),
        Policy(max_size=8, workers=3),
        Policy(max_size=16, max_wait=1.0, workers=2),
        Policy(max_size=1_000, max_wait=20.0),
        Policy(max_size=5, max_wait=0.01, workers=400),
    ],
    ids=str,
)
@pytest.mark.parametrize("together", [False, True])
def test_every_queue_is_its_own_event_loop(policy, together):
    rng = np.random.default_rng(0)
    gaps = rng.exponential(rng.uniform(0.05, 1.0, (QUEUES, 1)), (QUEUES, REQUESTS))
    arrived = np.cumsum(np.round(gaps, 1) if together else gaps, axis=1)  # rounded, several come at the same moment
    service = rng.lognormal(-1, 1, (QUEUES, policy.max_size, TIMES))
    picks = rng.integers(TIMES, size=(QUEUES, REQUESTS))
    remote = rng.exponential(0.1, (QUEUES, REQUESTS)) * rng.integers(2, size=(QUEUES, 1))
    expected = [
        batching.sojourns(arrived[q], policy, service[q].tolist(), picks[q].tolist(), remote[q].tolist()) for q in range(QUEUES)
    ]
    assert sojourns(arrived, policy, service, picks, remote).tolist() == np.array(expected).tolist()
