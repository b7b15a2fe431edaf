"""A gate that will rarely be decided is a problem at its line, unless the charter accepts that."""

from pathlib import Path

import pytest

from qgate.domain.source import Severity
from qgate.plan.pilot import Earlier, plan_pilot
from qgate.plan.power import underpowered

GAP = "name: val_accuracy_gap_vs_classical, max: {}, claim: {{population: {}}}"


@pytest.fixture
def problems(charter_of, tmp_path: Path):
    def make(gate, **declared):
        charter = charter_of(gate, **declared)
        plan = plan_pilot(charter, tmp_path, Earlier(outcomes={}, seconds={}), discordance=0.1)
        return list(underpowered(charter, plan, Severity.ERROR))

    return make


def test_it_says_what_the_sizes_can_do_and_what_would_do(problems):
    (found,) = problems(GAP.format("0.005", "deployment"))
    assert (found.code, found.key, found.position.line) == ("underpowered", "pilot.success_metrics[0]", 13)
    assert found.message == (
        "`val_accuracy_gap_vs_classical` claims deployment/artifact, and the declared sizes decide it in 8 % of all runs of a "
        "candidate as good as its baseline; they resolve 0.0556, and ≤ 0.005 is asked (assumed: 10 % of the rows disagree)"
    )
    assert found.fix == (
        "declare 24,731 rows, a wider margin or a narrower claim; or accept it with `acknowledge_underpowered: true`"
    )


def test_what_can_never_be_decided_is_one_too(problems):
    (found,) = problems(GAP.format("0.05", "locked_set"), shots="{schedule: [100], seeds: [1]}")
    assert found.message.startswith(
        "`val_accuracy_gap_vs_classical` is never decided: always inconclusive: one seed does not show"
    )


@pytest.mark.parametrize(
    ("gate", "declared"),
    [
        (GAP.format("0.005", "deployment") + ", acknowledge_underpowered: true", {}),
        (GAP.format("0.08", "deployment"), {}),
        (GAP.format("0.005", "locked_set"), {"candidate": "estimator", "shots": "{seeds: [1]}"}),
        (GAP.format("-0.01", "deployment"), {}),
        ("name: val_roc_auc_gap_vs_classical, max: 0.001", {}),
        ("name: latency_p95_ms, max: 120", {}),
    ],
)
def test_others_are_none(problems, gate, declared):
    assert problems(gate, **declared) == []
