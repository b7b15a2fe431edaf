"""What a runbook says of weights, steps, what to watch, and a rehearsal."""

import pytest

from qgate.charter.routes import read_route
from qgate.domain.charter import Platform, Rollback, Route, Strategy
from qgate.domain.verdict import Decision, GateOutcome, Runbook
from qgate.rollback.runbook import runbook

PASSED = GateOutcome(name="rollback_rehearsal", decision=Decision.PASS, why="it answered", owner="sre@example.com")


def test_the_published_text_alone():
    found = Rollback(traffic="blue_green_to_v3", approver="sre@example.com", route=read_route("blue_green_to_v3"))
    assert runbook(found, None) == Runbook(
        traffic="blue_green_to_v3",
        approver="sre@example.com",
        steps=("# switch all traffic from hybrid to v3 at once, and keep hybrid running until v3 is verified",),
        why="the charter names no `rollback.target`, so there is no classical service to rehearse",
        before={"hybrid": 100, "v3": 0},
        after={"hybrid": 0, "v3": 100},
    )


def test_a_platforms_steps_and_a_rehearsal():
    route = read_route(
        {"strategy": "canary", "platform": "argo_rollouts", "service": "triage", "to": "v3", "from": "v4", "share": 10}
    )
    found = Rollback(
        traffic="canary_to_v3", approver="a@example.com", route=route, verify=("curl -fsS $URL/healthz",), rehearsed="2026-11-02"
    )
    assert runbook(found, PASSED) == Runbook(
        traffic="canary_to_v3",
        approver="a@example.com",
        steps=(
            "kubectl argo rollouts abort triage --namespace default",
            "kubectl argo rollouts undo triage --namespace default",
            "kubectl argo rollouts promote triage --namespace default --full",
            "kubectl argo rollouts status triage --namespace default --timeout 300s",
        ),
        rehearsal="pass",
        why="it answered",
        before={"v4": 10, "v3": 90},
        after={"v4": 0, "v3": 100},
        watch="kubectl argo rollouts get rollout triage --namespace default --watch",
        verify=("curl -fsS $URL/healthz",),
        rehearsed="2026-11-02",
    )


def test_the_charters_own_steps_stand_before_the_platforms():
    route = Route(strategy=Strategy.CANARY, platform=Platform.ISTIO, service="triage", to="v3")
    found = runbook(Rollback(traffic="t", approver="a@example.com", route=route, steps=("make undo",)), None)
    assert (found.steps, found.watch.split()[:3]) == (("make undo",), ["kubectl", "get", "virtualservice"])


def test_the_first_check_is_watched_where_no_platform_says_what_to_watch():
    found = runbook(Rollback(traffic="t", approver="a@example.com", verify=("curl -fsS $URL/it's",)), None)
    assert found.watch == "watch --interval 5 'curl -fsS $URL/it'\"'\"'s'"


@pytest.mark.parametrize(
    ("text", "strategy", "to"),
    [
        ("blue_green_to_classical_v3", Strategy.BLUE_GREEN, "classical_v3"),
        ("canary_to_pixel_model_v7", Strategy.CANARY, "pixel_model_v7"),
        ("weighted_to_v3", Strategy.WEIGHTED_ROUTE, "v3"),
        ("weighted_route_to_v3", Strategy.WEIGHTED_ROUTE, "v3"),
        ("feature_flag_to_classical", Strategy.FEATURE_FLAG, "classical"),
        ("solver_flag_to_annealing", Strategy.FEATURE_FLAG, "annealing"),
        ("blue_green", None, ""),
        ("go back to v3", None, ""),
        ("canary_to_$(id)", None, ""),
        ("a_" * 1000, None, ""),
    ],
)
def test_what_the_text_names(text, strategy, to):
    assert read_route(text) == Route(strategy=strategy, to=to)


def test_of_a_canary_the_text_does_not_say_how_much_it_has():
    found = runbook(Rollback(traffic="t", approver="a@example.com", route=read_route("canary_to_v3")), None)
    assert (found.before, found.after) == ({}, {"hybrid": 0, "v3": 100})
