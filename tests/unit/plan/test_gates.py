"""Against the published arithmetic: 10 % disagreement, one-sided 5 %, 80 % power."""

from dataclasses import replace

import pytest

from qgate.charter.metrics import parse_metric
from qgate.plan.gates import Sizes, plan_gate
from qgate.plan.spread import Spread, assumed

ACCURACY = "name: val_accuracy_gap_vs_classical, max: {}"
DEPLOYMENT = ACCURACY + ", claim: {{population: deployment, subject: {}}}"


@pytest.fixture
def planned(charter_of):
    def make(gate, *, spread=None, **declared):
        charter = charter_of(gate, **declared)
        (found,) = charter.gates
        metric, rows = parse_metric(found.name), declared.get("rows", 200)
        shots = charter.shots
        sizes = Sizes(rows=rows, seeds=len(shots.seeds), shots=next(reversed(shots.schedule), None), step=1 / rows)
        known = spread or assumed(rows=rows, step=1 / rows, discordance=0.1)
        return plan_gate(found, metric, charter, sizes if metric.split else None, known if metric.split else None)

    return make


@pytest.mark.parametrize(("margin", "rows"), [(0.005, 24731), (0.02, 1546), (0.05, 248)])
def test_new_data_takes_the_published_rows(planned, margin, rows):
    plan = planned(DEPLOYMENT.format(margin, "artifact"))
    assert plan.rows == rows
    assert round(plan.resolves, 3) == 0.056
    assert plan.says == (
        f"no number of shots will help: 200 rows are too few, and {rows:,} would decide it",
        "assumed: 10 % of the rows disagree",
    )


def test_enough_rows_have_the_planned_power(planned):
    plan = planned(DEPLOYMENT.format(0.02, "artifact"), rows=1546)
    assert plan.power == pytest.approx(0.8, abs=0.001)
    assert plan.says == ("assumed: 10 % of the rows disagree",)


def test_rows_on_which_the_models_agree_leave_room_for_rare_ones(planned):
    still = Spread(row=0.0, seed=0.0, source="measured")
    assert planned(DEPLOYMENT.format(0.005, "artifact"), spread=still).rows == 598


def test_on_the_locked_set_without_noise_the_exact_comparison_decides(planned):
    plan = planned(ACCURACY.format(0.005), candidate="estimator", shots="{seeds: [1]}")
    assert (plan.power, plan.resolves, plan.rows, plan.seeds, plan.new_data_rows) == (1.0, None, None, None, 24731)
    assert plan.says == (
        "rows are not sampled: on the locked set the exact comparison decides, whatever the margin",
        "for new data, 200 rows resolve 0.0556, and 24,731 would decide this margin",
        "assumed: 10 % of the rows disagree",
    )


def test_on_the_locked_set_seeds_decide(planned):
    few, enough = planned(ACCURACY.format(0.005)), planned(ACCURACY.format(0.05))
    assert few.power < 0.5
    assert enough.power > 0.95
    assert few.seeds > 5 >= enough.seeds
    assert f"{few.seeds:,} seeds would decide it, or more shots, which calm each seed" in few.says
    assert not any("would decide it, or more shots" in sentence for sentence in enough.says)


def test_a_margin_that_an_equal_candidate_breaks_cannot_be_shown(planned):
    locked, new = planned(ACCURACY.format(-0.01)), planned(DEPLOYMENT.format(-0.01, "artifact"))
    assert "no number of seeds decides this margin for a candidate that is only as good" in locked.says
    assert "no number of rows decides this margin; more seeds or a wider margin may" in new.says
    assert (locked.seeds, new.rows) == (None, None)
    assert max(locked.power, new.power) < 0.05


def test_seeds_that_differ_cannot_be_made_up_for_by_rows(planned):
    loud = Spread(row=0.1, seed=0.01, mean=0.002, source="measured")
    plan = planned(DEPLOYMENT.format(0.02, "procedure"), spread=loud, candidate="estimator")
    assert plan.rows is None
    assert plan.says[0] == "no number of rows decides this margin; more seeds or a wider margin may"


@pytest.mark.parametrize(
    ("gate", "declared", "told"),
    [
        (DEPLOYMENT.format(0.02, "procedure"), {}, "weights are fixed"),
        (
            DEPLOYMENT.format(0.02, "procedure"),
            {"candidate": "estimator", "shots": "{seeds: [1, 2]}"},
            "2 of the 3 training seeds",
        ),
        (ACCURACY.format(0.02), {"shots": "{schedule: [10], seeds: [1]}"}, "one seed does not show"),
        ("name: val_max_error_gap_vs_classical, max: 1, claim: {population: deployment}", {}, "hangs on single rows"),
        ("name: val_accuracy_gap_vs_classical, min: 0.1", {}, "this gate has no `max`"),
    ],
)
def test_what_can_never_be_decided_is_said_before_anything_runs(planned, gate, declared, told):
    plan = planned(gate, **declared)
    assert (plan.decidable, plan.power) == (False, 0.0)
    assert told in plan.says[0]


def test_a_score_without_a_known_variance_has_no_figures(planned):
    unknown = assumed(rows=200, step=0.0, discordance=0.1)
    for text in (ACCURACY.format(0.02), DEPLOYMENT.format(0.02, "artifact")):
        plan = planned(text, spread=unknown)
        assert (plan.resolves, plan.power, plan.rows, plan.seeds) == (None, None, None, None)
        assert plan.says[-1] == "nothing is known of this score's variance before a first run"


@pytest.mark.parametrize(("name", "needed"), [("latency_p95_ms", 59), ("latency_p99_ms", 299)])
def test_a_quantile_takes_its_requests(planned, name, needed):
    assert planned(f"name: {name}, max: 100").requests == needed


def test_costs_are_arithmetic(planned):
    plan = planned("name: evaluation_cost_usd, max: 100")
    assert plan.says == ("computed from the charter's prices and volumes: nothing is sampled",)
    assert replace(plan, says=()).as_json()["power"] is None


def test_so_few_discordant_rows_are_said_to_flatter_the_plan(planned):
    few = planned(DEPLOYMENT.format(0.05, "artifact"), rows=60)
    assert few.says[1] == "about 6 rows are expected to disagree, and with so few of them power and needs are optimistic"


@pytest.mark.parametrize(("rows", "level", "power"), [(150, "0.05", 0.192), (1546, "0.0192", 0.661)])
def test_looks_are_planned_by_what_the_last_one_has_left_of_alpha(charter_of, rows, level, power):
    charter = replace(charter_of(DEPLOYMENT.format(0.02, "artifact"), candidate="estimator", rows=rows), sequential=True)
    (gate,) = charter.gates
    sizes = Sizes(rows=rows, seeds=1, shots=None, step=1 / rows)
    plan = plan_gate(gate, parse_metric(gate.name), charter, sizes, assumed(rows=rows, step=1 / rows, discordance=0.1))
    assert plan.power == pytest.approx(power, abs=0.001)
    assert plan.says[-1] == f"looked at part by part: planned by the last look's level, {level}"


def test_looks_at_seeds_leave_half_of_alpha_for_the_last(charter_of):
    charter = replace(charter_of(ACCURACY.format(0.05), candidate="estimator", shots="{seeds: [1, 2, 3, 4]}"), sequential=True)
    (gate,) = charter.gates
    sizes = Sizes(rows=200, seeds=4, shots=None, step=1 / 200)
    spread = assumed(rows=200, step=1 / 200, discordance=0.1)
    at_once = plan_gate(replace(gate, alpha=0.025), parse_metric(gate.name), replace(charter, sequential=False), sizes, spread)
    plan = plan_gate(gate, parse_metric(gate.name), charter, sizes, spread)
    assert (plan.power, plan.seeds) == (at_once.power, at_once.seeds)
