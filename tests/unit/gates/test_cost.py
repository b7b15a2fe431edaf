"""Cost gates: exact arithmetic on counted circuits, and nothing that is missing passes."""

from decimal import Decimal

import pytest

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import CandidateKind, Threshold
from qgate.domain.evidence import Failure
from qgate.domain.verdict import Decision
from qgate.gates.cost import cap_rate
from qgate.gates.registry import JUDGES

COUNTED = {"candidate": {"executions": {"validation": {"total": 200, "most_per_row": 2}}}}
BUDGET = {"usd_per_shot": 0.00035, "usd_per_task": 0.3, "requests_per_day": 100}


def judge(make, name, maximum, *, budget=BUDGET, kind=CandidateKind.CIRCUIT, schedule=(100, 1000), facts=COUNTED, **extra):
    gate = make.gate(name=name, threshold=Threshold(maximum=Decimal(maximum)))
    charter = make.charter(gate, kind=kind, schedule=schedule, seeds=(1, 2), sections={"budget": budget})
    evidence = make.evidence([0, 1, 0], [0, 1, 0], {(None, None): [0, 1, 0]}, facts=facts, **extra)
    return JUDGES[parse_metric(name).family](gate, parse_metric(name), charter, evidence)


def test_a_month_is_counted_to_the_last_digit(make):
    """2 circuits x (0.3 + 1000 x 0.00035) x 100 x 30 = 3900: equal to the cap is within it, a cent less is not."""
    outcome = judge(make, "monthly_cost_usd", "3900")
    assert (outcome.decision, outcome.value, outcome.interval) == (Decision.PASS, 3900.0, None)
    assert outcome.why == (
        "30 days of 100 requests, 2 circuits of 1,000 shots each at USD 0.65: USD 3,900.00, within the USD 3,900.00 allowed; "
        "the cap breaks above 100 requests a day"
    )
    outcome = judge(make, "monthly_cost_usd", "3899.99")
    assert outcome.decision is Decision.FAIL
    assert outcome.details["breaks_above_requests_per_day"] == 99
    assert "more than the USD 3,899.99 allowed" in outcome.why


def test_doubles_would_have_got_it_wrong(make):
    """Three circuits at 0.1: 0.30000000000000004 as doubles, which is more than 0.3."""
    facts = {"candidate": {"executions": {"validation": {"total": 3, "most_per_row": 3}}}}
    outcome = judge(make, "cost_usd_per_1k_requests", "300", budget={"usd_per_task": 0.1}, facts=facts)
    assert 0.1 + 0.1 + 0.1 > 0.3
    assert (outcome.decision, outcome.value) == (Decision.PASS, 300.0)


def test_a_thousand_requests_by_the_second(make):
    budget = {"usd_per_second": 1.6, "seconds_per_circuit": 0.25}
    outcome = judge(make, "cost_usd_per_1k_requests", "799", budget=budget)
    assert (outcome.decision, outcome.value) == (Decision.FAIL, 800.0)


def test_an_evaluation_pays_for_every_row_shot_count_and_seed(make):
    """200 circuits x 2 seeds x (0.3 + 100 x 0.00035 + 0.3 + 1000 x 0.00035)."""
    outcome = judge(make, "evaluation_cost_usd", "394")
    assert (outcome.decision, outcome.value) == (Decision.PASS, 394.0)
    assert outcome.why.startswith("one evaluation, 200 circuits at 4 (shots, seed): USD 394.00")


def test_an_estimator_declares_its_circuits(make):
    outcome = judge(make, "cost_usd_per_1k_requests", "1", kind=CandidateKind.ESTIMATOR)
    assert outcome.decision is Decision.ERROR
    assert "declare budget.circuits_per_request" in outcome.why
    budget = BUDGET | {"circuits_per_request": 4}
    assert judge(make, "cost_usd_per_1k_requests", "2600", kind=CandidateKind.ESTIMATOR, budget=budget).value == 2600.0
    rows = judge(make, "evaluation_cost_usd", "100", kind=CandidateKind.ESTIMATOR, budget=budget)
    assert rows.value == pytest.approx(4 * 3 * 2 * (0.335 + 0.65))


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"budget": {"requests_per_day": 5}}, "has no price"),
        ({"budget": {"usd_per_task": 0.3}}, "needs budget.requests_per_day"),
        ({"schedule": ()}, "no shots.schedule"),
        ({"facts": {}}, "does not say how many circuits"),
        ({"failures": (Failure(part="candidate", message="it died"),)}, "candidate: it died"),
    ],
)
def test_what_is_neither_counted_nor_declared_is_an_error(make, extra, why):
    outcome = judge(make, "monthly_cost_usd", "10", **extra)
    assert outcome.decision is Decision.ERROR
    assert why in outcome.why


def test_a_cost_has_an_upper_threshold(make):
    gate = make.gate(name="monthly_cost_usd", threshold=Threshold(minimum=Decimal(1)))
    metric = parse_metric(gate.name)
    outcome = JUDGES[metric.family](gate, metric, make.charter(gate), make.evidence([0], [0], {(None, None): [0]}))
    assert outcome.decision is Decision.ERROR
    assert "no `max`" in outcome.why


def test_the_cost_by_shots_is_in_the_details_where_there_are_several(make):
    """2 circuits x (0.3 + shots x 0.00035) x 1,000 requests."""
    outcome = judge(make, "cost_usd_per_1k_requests", "1300")
    assert outcome.details["usd_per_1k_requests_by_shots"] == {"100": 670.0, "1000": 1300.0}
    assert "usd_per_1k_requests_by_shots" not in judge(make, "cost_usd_per_1k_requests", "1300", schedule=(1000,)).details


def test_the_evaluation_of_a_qubo_is_one_request_and_that_of_no_rows_is_an_error(make):
    budget = {"usd_per_task": 0.3, "circuits_per_request": 1}
    outcome = judge(make, "evaluation_cost_usd", "5", budget=budget, kind=CandidateKind.QUBO)
    assert (outcome.decision, outcome.value) == (Decision.PASS, 1.2)
    gate = make.gate(name="evaluation_cost_usd", threshold=Threshold(maximum=Decimal(5)))
    charter = make.charter(gate, kind=CandidateKind.ESTIMATOR, sections={"budget": budget})
    nothing = make.replace(make.evidence([0], [0], {(None, None): [0]}), truth={})
    outcome = JUDGES[Family.COST](gate, parse_metric(gate.name), charter, nothing)
    assert outcome.decision is Decision.ERROR
    assert outcome.why.startswith("the evidence holds no rows")


def test_the_strictest_monthly_cap_breaks_at_a_rate(make):
    """1.3 dollars a request: 100 dollars pay for 100 / 1.3 requests in 30 days."""

    def rate(*caps, budget):
        gates = [make.gate(name="monthly_cost_usd", threshold=Threshold(maximum=Decimal(cap))) for cap in caps]
        charter = make.charter(*gates, kind=CandidateKind.CIRCUIT, schedule=(1000,), seeds=(1,), sections={"budget": budget})
        return cap_rate(charter, make.evidence([0], [0], {(None, None): [0]}, facts=COUNTED))

    assert rate("300", "100", budget=BUDGET) == pytest.approx(100 / 1.3 / (30 * 86_400))
    assert rate("300", budget=BUDGET | {"monthly_cap_usd": 100}) == pytest.approx(100 / 1.3 / (30 * 86_400))
    assert rate(budget=BUDGET) is None
    assert rate("300", budget={"requests_per_day": 100}) is None
    assert rate("300", budget={"usd_per_task": 0}) is None
