import json
from pathlib import Path

import pytest

from qgate.errors import UsageError
from qgate.forge.events import EventKind, EventTarget, choose_target
from qgate.forge.measuring_run import MeasuringRun, Stage

EVENTS = Path(__file__).parents[2] / "events"
HEAD = "c2d4e6f8a0b1c3d5e7f90a1b2c3d4e5f60718293"
BASE = "1f0c3a9e5b7d2846fa1b0c9d8e7f6a5b4c3d2e1f"
MERGE_COMMIT = "99aa88bb77cc66dd55ee44ff33a0b1c2d3e4f506"
RUN = "https://github.com/octo/pilots/actions/runs/5"
RUN_OF_FORK = MeasuringRun(
    number=55,
    stage=Stage.COMPLETED,
    event="pull_request",
    workflow=".github/workflows/qgate-measure.yml",
    head=HEAD,
    head_owner="mallory",
    head_branch="main",
    url="https://github.com/octo/pilots/actions/runs/55",
    started="2026-01-31T11:50:00Z",
    conclusion="success",
)


def payload(name):
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def chosen(name):
    return choose_target(name.partition(".")[0], payload(name), sha=MERGE_COMMIT, run_url=RUN)


def target(kind, **values):
    return EventTarget(kind=kind, repository="octo/pilots", default_branch="main", run_url=RUN, **values)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pull_request.same_repository", target(EventKind.PULL_REQUEST, head=HEAD, base=BASE, pull_request=7)),
        ("pull_request.fork", target(EventKind.PULL_REQUEST, head=HEAD, base=BASE, pull_request=7, head_is_fork=True)),
        ("pull_request.deleted_fork", target(EventKind.PULL_REQUEST, head=HEAD, base=BASE, pull_request=7, head_is_fork=True)),
        ("pull_request.dependabot", target(EventKind.PULL_REQUEST, head=HEAD, base=BASE, pull_request=8, by_dependabot=True)),
        ("merge_group", target(EventKind.MERGE_GROUP, head="d3e5f7091a2b3c4d5e6f708192a3b4c5d6e7f809", base=BASE)),
        ("push", target(EventKind.PUSH, head=HEAD, base=BASE, on_default_branch=True)),
        ("push.new_branch", target(EventKind.PUSH, head=HEAD)),
        ("schedule", target(EventKind.SCHEDULE, head=MERGE_COMMIT, on_default_branch=True)),
        ("workflow_dispatch", target(EventKind.WORKFLOW_DISPATCH, head=MERGE_COMMIT, on_default_branch=True)),
        ("workflow_run.fork", target(EventKind.WORKFLOW_RUN, head=HEAD, measured_in=RUN_OF_FORK)),
    ],
)
def test_each_event_names_its_target(name, expected):
    assert chosen(name) == expected


def test_a_pull_request_inside_a_repository_that_is_a_fork_is_no_fork():
    event = payload("pull_request.same_repository")
    event["pull_request"]["head"]["repo"]["fork"] = True
    event["repository"]["fork"] = True
    assert choose_target("pull_request", event, sha=MERGE_COMMIT, run_url=RUN).head_is_fork is False


@pytest.mark.parametrize("name", ["issues", "issue_comment", ""])
def test_any_other_event_is_told_which_there_are(name):
    with pytest.raises(UsageError) as caught:
        choose_target(name, payload("schedule"), sha=MERGE_COMMIT, run_url=RUN)
    assert str(caught.value) == (
        f"event {name!r} cannot be gated: it names no change. "
        "Start the workflow on one of: pull_request, merge_group, push, schedule, workflow_dispatch, workflow_run"
    )


def test_every_pilot_is_gated_where_the_default_branch_is_taken_as_it_is():
    names = ["schedule", "workflow_dispatch", "push", "pull_request.same_repository"]
    assert [chosen(name).every_pilot for name in names] == [True, True, False, False]
    elsewhere = payload("workflow_dispatch") | {"ref": "refs/heads/topic"}
    assert not choose_target("workflow_dispatch", elsewhere, sha=HEAD, run_url=RUN).every_pilot


def test_pull_request_target_is_refused_with_the_reason():
    with pytest.raises(UsageError) as caught:
        chosen("pull_request_target")
    assert str(caught.value) == (
        "event pull_request_target is refused: it runs with a write token and the repository's secrets, and a gate executes the "
        "pull request's code, so any fork could take both. Use `on: pull_request`; the exit code blocks the merge there even "
        "with a fork's read-only token"
    )


def test_a_deleted_branch_has_nothing_to_gate():
    with pytest.raises(UsageError, match="deleted its branch"):
        chosen("push.deleted_branch")


@pytest.mark.parametrize(
    ("name", "path", "value", "words"),
    [
        ("pull_request.fork", ("pull_request", "head", "sha"), "main; rm -rf /", "is 'main; rm -rf /', not a full commit SHA"),
        ("pull_request.fork", ("pull_request", "head", "sha"), None, "has no pull_request.head.sha"),
        ("pull_request.fork", ("pull_request", "number"), "7", "has no pull_request.number"),
        ("pull_request.fork", ("pull_request",), None, "has no pull_request.number"),
        ("merge_group", ("merge_group", "head_sha"), "d3e5f7", "merge_group.head_sha is 'd3e5f7'"),
        ("push", ("repository", "full_name"), "octo/pilots/../../other", "not OWNER/NAME"),
        ("push", ("repository",), "octo/pilots", "has no repository.full_name"),
        ("workflow_dispatch", ("repository", "default_branch"), None, "has no repository.default_branch"),
    ],
)
def test_a_payload_of_another_shape_is_told_by_its_field(name, path, value, words):
    event = payload(name)
    place = event
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(UsageError) as caught:
        choose_target(name.partition(".")[0], event, sha=MERGE_COMMIT, run_url=RUN)
    assert words in str(caught.value)


def test_a_manual_run_without_a_commit_is_told():
    with pytest.raises(UsageError, match="GITHUB_SHA is ''"):
        choose_target("workflow_dispatch", payload("workflow_dispatch"), sha="", run_url=RUN)
