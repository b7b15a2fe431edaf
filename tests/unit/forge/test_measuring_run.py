"""What is believed of a `workflow_run` event, and what is not asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from qgate.errors import UsageError
from qgate.forge.measuring_run import MeasuringRun, Stage, measuring_run

EVENTS = Path(__file__).parents[2] / "events"
OF_FORK = MeasuringRun(
    number=55,
    stage=Stage.COMPLETED,
    event="pull_request",
    workflow=".github/workflows/qgate-measure.yml",
    head="c2d4e6f8a0b1c3d5e7f90a1b2c3d4e5f60718293",
    head_owner="mallory",
    head_branch="main",
    url="https://github.com/octo/pilots/actions/runs/55",
    started="2026-01-31T11:50:00Z",
    conclusion="success",
)


def payload(name="fork", **changes):
    event = json.loads((EVENTS / f"workflow_run.{name}.json").read_text(encoding="utf-8"))
    event["workflow_run"] |= changes
    return event


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fork", OF_FORK),
        ("fork_requested", replace(OF_FORK, stage=Stage.REQUESTED, conclusion="")),
        ("deleted_fork", replace(OF_FORK, head_owner="")),
        ("foreign_workflow", replace(OF_FORK, workflow=".github/workflows/also-named-qgate-measure.yml")),
    ],
)
def test_what_github_knows_of_the_run(name, expected):
    assert measuring_run(payload(name)) == expected


def test_a_reusable_workflow_is_named_without_its_ref():
    assert measuring_run(payload(path=".github/workflows/qgate-measure.yml@refs/heads/main")) == OF_FORK


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "pull_request_target", "schedule", None])
def test_no_other_event_s_run_is_read(event):
    with pytest.raises(UsageError, match="evidence is taken from pull_request and merge_group alone"):
        measuring_run(payload(event=event))


def test_no_other_repository_s_run_is_read():
    with pytest.raises(UsageError, match="belongs to another repository"):
        measuring_run(payload(repository={"id": 6001}))


def test_a_stage_that_is_not_waited_for_says_what_to_write():
    with pytest.raises(UsageError, match=r"types: \[requested, completed\]"):
        measuring_run({**payload(), "action": "in_progress"})


@pytest.mark.parametrize("changes", [{"head_sha": "main"}, {"head_sha": None}, {"id": "55"}, {"id": True}, {"id": None}])
def test_a_run_without_number_or_commit_is_refused(changes):
    with pytest.raises(UsageError, match="no id or no full commit SHA"):
        measuring_run(payload(**changes))


def test_a_payload_of_another_event_is_told():
    with pytest.raises(UsageError, match="has no workflow_run"):
        measuring_run({"repository": {"id": 5001}})
