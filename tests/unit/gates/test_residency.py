"""Data residency: a violation names the data set, the rule and the region; what is not declared is no pass."""

import pytest

from qgate.domain.charter import DataFile
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot
from qgate.gates.residency import allows, judge_residency


def charter(make, residency, *regions, qpu=None):
    traffic = {"rate_rps": 1, "regions": [{"name": r, "rtt_ms": [1]} for r in regions]} | (
        {"qpu": {"region": qpu}} if qpu else {}
    )
    data = {"validation": DataFile(path="data/v.npz", sha256=make.sha, residency=residency)}
    return make.charter(data=data, sections={"traffic": traffic})


def test_regions_inside_the_residency_pass(make):
    outcome = judge_residency(charter(make, "eu", "eu-west", "EU-north-1", qpu="eu-central"), None)
    assert (outcome.name, outcome.decision) == ("data_residency", Decision.PASS)
    assert outcome.why == "the service is placed in eu-west, EU-north-1, eu-central, which keeps data.validation in eu"


def test_a_violation_names_data_set_rule_and_region(make):
    outcome = judge_residency(charter(make, "eu", "eu-west", "us-east-1"), None)
    assert outcome.decision is Decision.FAIL
    assert outcome.why == "data.validation (`data/v.npz`) must stay in eu, and a region of traffic.regions is us-east-1"
    assert outcome.owner == "platform@example.com"
    outcome = judge_residency(charter(make, "eu", "eu-west", qpu="us-west"), None)
    assert outcome.why == "data.validation (`data/v.npz`) must stay in eu, and the region of traffic.qpu is us-west"


def test_a_residency_without_a_placement_is_an_error(make):
    outcome = judge_residency(charter(make, "eu"), None)
    assert outcome.decision is Decision.ERROR
    assert outcome.remedy.actions == ("declare `pilot.traffic.regions`, and `pilot.traffic.qpu.region`",)


def test_a_pilot_whose_data_may_go_anywhere_has_no_such_gate(make):
    evidence = make.evidence([0, 1], [0, 1], {(None, None): [0, 1]})
    free, bound = make.charter(), charter(make, "eu", "us-east-1")
    names = [[g.name for g in judge_pilot(c, evidence, reached_by=(), origin="base").gates] for c in (free, bound)]
    assert "data_residency" not in names[0]
    assert names[1] == [*names[0], "data_residency"]
    assert judge_pilot(bound, evidence, reached_by=(), origin="base").decision is Decision.FAIL


@pytest.mark.parametrize(
    ("rule", "region", "allowed"),
    [
        ("eu", "eu", True),
        ("eu", "eu-west-1", True),
        ("eu", "europe-west1", False),
        ("eu-west", "eu", False),
        ("us", "us2", False),
    ],
)
def test_a_residency_is_a_region_or_a_prefix_of_regions(rule, region, allowed):
    assert allows(rule, region) is allowed
