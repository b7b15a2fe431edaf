"""How growth is told beside a capacity: the law in words, what was measured, and the reason where there is none."""

import math

import numpy as np

from qgate.domain.evidence import Failure, GrowthTimes
from qgate.gates.growth import growth_details

SIZES = tuple(range(4, 13))


def timed(truth, scale=0.001):
    """Five rounds of seconds that scatter by 2 % about the truth in milliseconds."""
    return scale * np.array(truth) * np.random.default_rng(1).lognormal(0, 0.02, (5, len(truth)))


def told(make, *growth, failures=()):
    return growth_details(make.evidence([0], [0], {(None, None): [0]}, growth=growth, failures=failures))


def test_a_declared_law_has_its_rate_with_bounds_and_both_laws_where_it_ends(make):
    qubits = GrowthTimes(name="qubits", sizes=SIZES, seconds=timed([1 + 2.0 ** (q - 6) for q in SIZES]), floor=timed([1.0])[:, 0])
    found = told(make, qubits)["qubits"]
    assert found["law"].startswith("exponential above a floor of ")
    assert " times with each one more (between 1.9" in found["law"]
    assert "; at 18, as far as this reaches, " in found["law"]
    fit = found["fits"]["exponential"]
    assert math.isclose(fit["rate"], math.log(2), rel_tol=0.05)
    assert fit["rate_lower"] < math.log(2) < fit["rate_upper"]
    assert math.isclose(fit["floor_ms"] + math.exp(fit["level"] + 12 * fit["rate"]), 65, rel_tol=0.05)
    assert (found["sizes"], found["reach"]) == (list(SIZES), 18)
    assert math.isclose(found["floor_ms"], 1, rel_tol=0.05)


def test_a_power_law_has_its_exponent(make):
    batch = GrowthTimes(name="batch", sizes=SIZES, seconds=timed([q**2 for q in SIZES]), floor=timed([0.001])[:, 0])
    assert told(make, batch)["batch"]["law"].startswith("power law above a floor of ")
    assert ": exponent " in told(make, batch)["batch"]["law"]


def test_what_cannot_be_told_or_was_not_measured_says_why(make):
    few = GrowthTimes(name="batch", sizes=(1, 2, 3, 4), seconds=timed([1, 2, 3, 4]))
    broken = GrowthTimes(name="qubits", sizes=SIZES, failed="ValueError: no 8 qubits here")
    found = told(make, few, broken)
    assert found["batch"]["law"].startswith("law not identifiable: the measurement needs sizes up to 12 at least")
    assert found["qubits"] == {"law": "not measured: ValueError: no 8 qubits here"}
    assert told(make, failures=(Failure(part="growth", message="the worker died"),)) == {"law": "not measured: the worker died"}
    assert told(make) == {}
