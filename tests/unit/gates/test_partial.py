"""What some gates need, and that the others do not pass."""

from dataclasses import replace

import pytest

from qgate.charter.metrics import Family
from qgate.domain.verdict import Decision
from qgate.gates.judge import judge_pilot
from qgate.gates.partial import NEEDS, is_needed
from qgate.gates.registry import JUDGES


def test_every_family_that_is_judged_says_what_it_needs():
    assert set(NEEDS) == set(JUDGES) == set(Family)


@pytest.mark.parametrize(
    ("only", "needed"),
    [
        ((), ["candidate", "repetition", "baseline classical", "service", "growth"]),
        ((Family.LATENCY,), ["service"]),
        ((Family.COST, Family.CAPACITY), ["candidate", "service", "growth"]),
        ((Family.PARITY,), ["candidate", "repetition", "baseline classical"]),
    ],
)
def test_only_the_parts_of_the_asked_families_are_needed(only, needed):
    parts = ["candidate", "repetition", "baseline classical", "service", "growth"]
    assert [part for part in parts if is_needed(part, only)] == needed


def test_what_was_left_out_is_an_error_also_where_the_evidence_would_have_passed(make):
    """The cells are there, perfect and repeated: it is the charter's word that they were not measured for."""
    charter = make.charter(make.gate(), make.gate(name="capacity_rps"))
    evidence = make.evidence([0, 1] * 50, [0, 1] * 50, {(None, None): [0, 1] * 50})
    whole = judge_pilot(charter, evidence, reached_by=(), origin="base")
    assert whole.gates[0].decision is Decision.PASS
    partial = replace(evidence, facts={**evidence.facts, "only": ["latency"]})
    verdict = judge_pilot(charter, partial, reached_by=(), origin="base")
    assert verdict.decision is Decision.ERROR
    assert [(g.name, g.decision, g.why) for g in verdict.gates] == [
        (name, Decision.ERROR, "not measured: `qgate measure --only` asked for latency; measure without it for a whole verdict")
        for name in (charter.gates[0].name, "capacity_rps", "reproducibility", "evidence_drift")
    ]
