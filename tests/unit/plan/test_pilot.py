import io
import json
from decimal import Decimal

import pytest
from rich.console import Console

from qgate.errors import MeasurementError, UsageError
from qgate.plan.effort import Effort
from qgate.plan.pilot import Earlier, plan_pilot, read_earlier
from qgate.plan.table import print_plans

NOTHING = Earlier(outcomes={}, seconds={})
GATES = (
    "name: val_accuracy_gap_vs_classical, max: 0.005, claim: {population: deployment}",
    "name: val_recall_gap_vs_classical, max: 0.05",
    "name: val_roc_auc_gap_vs_classical, max: 0.02",
    "name: latency_p95_ms, max: 120",
    "name: evaluation_cost_usd, max: 800",
)


def test_the_plan_as_people_read_it(charter_of, tmp_path, golden):
    plan = plan_pilot(charter_of(*GATES), tmp_path, NOTHING, discordance=0.1)
    text = io.StringIO()
    print_plans([plan], Console(file=text, width=80))
    golden("plan.txt", "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n")


def test_the_plan_as_machines_read_it(charter_of, tmp_path):
    plan = plan_pilot(charter_of(*GATES), tmp_path, NOTHING, discordance=0.1)
    found = json.loads(json.dumps(plan.as_json()))
    assert (found["pilot"], found["charter"]) == ("sorter", ".qgate/sorter.yml")
    assert [gate["name"] for gate in found["gates"]] == [gate.split(",")[0].removeprefix("name: ") for gate in GATES]
    assert found["gates"][0]["rows"] == 24731
    assert found["effort"]["usd"] == 985.0


def test_what_measuring_a_circuit_takes(charter_of, tmp_path):
    """200 rows at 100 and 1,000 shots with five seeds: 2,000 tasks at 0.30 and 1,100,000 shots at 0.00035 dollars."""
    plan = plan_pilot(charter_of(GATES[0]), tmp_path, Earlier(outcomes={}, seconds={"sorter": 2.5}), discordance=0.1)
    assert plan.effort == Effort(candidate_answers=2200, circuits=2000, shots=1_100_000, usd=Decimal("985.00000"), seconds=2.5)


def test_only_an_estimator_knows_its_circuits(charter_of, tmp_path):
    plan = plan_pilot(charter_of(GATES[0], candidate="estimator"), tmp_path, NOTHING, discordance=0.1)
    assert plan.effort == Effort(candidate_answers=2200)


def test_data_that_is_not_what_was_locked_has_no_plan(charter_of, tmp_path):
    charter = charter_of(GATES[0])
    (tmp_path / "val.npz").write_bytes(b"other")
    with pytest.raises(MeasurementError, match="is not what the charter locked"):
        plan_pilot(charter, tmp_path, NOTHING, discordance=0.1)


def test_no_earlier_run_is_no_figure_and_a_broken_one_an_error(tmp_path):
    assert read_earlier(tmp_path) == NOTHING
    (tmp_path / "verdict.json").write_text("{}")
    with pytest.raises(UsageError):
        read_earlier(tmp_path)
