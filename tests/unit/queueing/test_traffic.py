"""The charter's traffic in seconds, and the arrivals that each process makes of it."""

import numpy as np
import pytest

from qgate.queueing.batching import Policy
from qgate.queueing.traffic import Burst, Traffic, arrivals, read_traffic


def test_a_charters_traffic_is_read_in_seconds():
    section = {
        "rate_rps": 40,
        "batch": {"max_size": 32, "max_wait_ms": 5},
        "workers": 2,
        "regions": [{"name": "eu-west", "rtt_ms": [18, 25]}, {"name": "eu-north", "rtt_ms": [40]}],
        "qpu": {"region": "eu-central", "queue_ms": [200], "network_ms": [10, 20]},
    }
    assert read_traffic(section) == Traffic(
        rate=40.0,
        policy=Policy(max_size=32, max_wait=0.005, workers=2),
        round_trips=((0.018, 0.025), (0.04,)),
        queue=(0.2,),
        network=(0.01, 0.02),
    )
    assert read_traffic({"rate_rps": 3}) == Traffic(rate=3.0, policy=Policy())


BURSTY = {"rate_rps": 50, "arrivals": "bursty", "burst": {"factor": 5, "share": 0.1, "mean_ms": 2000}}


def gaps_of(traffic, rate, seed=3, count=200_000):
    times = arrivals(traffic, rate, count, np.random.default_rng(seed))
    assert (np.diff(times) >= 0).all()
    return np.diff(times)


def test_poisson_arrivals_have_exponential_gaps():
    gaps = gaps_of(read_traffic({"rate_rps": 50}), 50)
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.01)
    assert gaps.std() / gaps.mean() == pytest.approx(1, rel=0.01)


def test_bursts_keep_the_mean_rate_and_crowd_requests():
    traffic = read_traffic(BURSTY)
    assert traffic.burst == Burst(factor=5.0, share=0.1, seconds=2.0)
    times = np.cumsum(gaps_of(traffic, 50, count=1_000_000))
    assert len(times) / times[-1] == pytest.approx(50, rel=0.05)
    per_second = np.bincount(times.astype(int))[:-1]
    assert per_second.var() / per_second.mean() > 5  # Poisson: 1
    assert np.quantile(per_second, 0.97) > 200  # a tenth of the time at 250 a second


def test_a_trace_is_replayed_from_a_random_request_at_the_asked_rate():
    traffic = read_traffic({"rate_rps": 4, "arrivals": "trace"}, np.array([10.0, 11.0, 11.0, 14.0]))
    gaps = gaps_of(traffic, 4, count=1_000)
    assert sorted(set(np.round(gaps, 9))) == [0.0, 0.1875, 0.5625]  # 0, 1 and 3 seconds at 0.75 a second, made 4 a second
    first = {arrivals(traffic, 4, 2, np.random.default_rng(s))[0].round(4) for s in range(20)}
    assert first == {0.0, 0.1875, 0.5625}


@pytest.mark.parametrize("section", [{"rate_rps": 50}, BURSTY], ids=["poisson", "bursty"])
def test_the_same_generator_gives_the_same_arrivals(section):
    np.testing.assert_array_equal(gaps_of(read_traffic(section), 50, count=500), gaps_of(read_traffic(section), 50, count=500))


@pytest.mark.parametrize(
    ("section", "trace", "message"),
    [
        ({"arrivals": "bursty"}, None, "need `traffic.burst`"),
        (BURSTY | {"burst": {"factor": 11, "share": 0.1, "mean_ms": 1}}, None, "factor times share is 1 at most"),
        (BURSTY | {"burst": {"factor": 5, "share": 0.1, "mean_ms": 3}}, None, "less than one request"),
        ({"arrivals": "trace"}, None, "need `traffic.trace`"),
        ({"arrivals": "trace"}, [1.0], "at least two"),
        ({"arrivals": "trace"}, [1.0, np.nan], "at least two"),
        ({"arrivals": "trace"}, [2.0, 1.0], "rise"),
        ({"arrivals": "trace"}, [2.0, 2.0], "rise"),
    ],
)
def test_traffic_that_cannot_be_is_refused(section, trace, message):
    with pytest.raises(ValueError, match=message):
        read_traffic({"rate_rps": 50} | section, None if trace is None else np.array(trace))
