"""The command publishes from a workflow step as the action does: what arrived at a real local server."""

import json
import sys
from pathlib import Path

import pytest
from qgate_pilot import SCALING

sys.path.insert(0, str(Path(__file__).parent.parent / "forge"))

from github_api import State
from github_server import GitHubServer

WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")


@pytest.fixture
def workflow(pilot, tmp_path):
    """A pull request's workflow on a local GitHub; gives the server and the step's environment."""
    pilot.change({"pilot/scaling.py": WORSE})
    head, base = pilot.git("rev-parse", "pull"), pilot.git("rev-parse", "main")
    repository = {"full_name": "acme/sorter", "default_branch": "main"}
    event = {
        "action": "synchronize",
        "number": 7,
        "pull_request": {
            "number": 7,
            "state": "open",
            "head": {"sha": head, "ref": "pull", "repo": repository},
            "base": {"sha": base, "ref": "main", "repo": repository},
            "user": {"login": "somebody"},
        },
        "repository": repository,
        "sender": {"login": "somebody"},
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    pulls = [{"number": 7, "head": head}]
    state = State(repository="acme/sorter", commits=[base, head], pull_requests=pulls, token="ghs_test")
    with GitHubServer(state) as server:
        environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": "ghs_test",
            "GITHUB_API_URL": server.origin,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_REPOSITORY": "acme/sorter",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SHA": head,
            "GITHUB_WORKSPACE": str(pilot.path),
        }
        yield state, environment


def test_measure_judge_and_publish_arrive_as_one_comment(pilot, workflow):
    state, environment = workflow
    where = ("--base", "main", "--head", "pull")
    assert pilot.qgate("measure", *where).code == 0
    assert pilot.qgate("judge").code == 10
    assert state.comments == {}
    published = pilot.qgate("publish", environment=environment)
    assert published.code == 10, published
    (comment,) = state.comments.values()
    marker, _, rest = (pilot.path / ".qgate/run/comment.md").read_text().partition("\n")
    first, record, *others = comment["body"].splitlines(keepends=True)
    assert (first.strip(), "".join(others), record.startswith("<!-- qgate:record ")) == (marker, rest, True)
    (check,) = state.check_runs.values()
    assert check["conclusion"] == "failure"
    assert [s["context"] for s in state.statuses] == ["qgate/verdict", "qgate/pilot: sorter"]
    assert state.violations == []


def test_run_publishes_by_itself_in_a_workflow_and_not_elsewhere(pilot, workflow):
    state, environment = workflow
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    assert state.comments == {}
    assert pilot.qgate("run", environment=environment).code == 10
    assert pilot.qgate("run", environment=environment).code == 10
    assert len(state.comments) == 1


def test_publish_without_a_verdict_says_what_to_run(pilot):
    ended = pilot.qgate("publish", "--forge", "none")
    assert ended.code == 2
    assert "run `qgate judge" in ended.err


def test_github_outside_a_workflow_is_refused(pilot):
    ended = pilot.qgate("run", "--forge", "github", environment={"GITHUB_ACTIONS": "", "GITHUB_EVENT_NAME": ""})
    assert ended.code == 2
    assert "GITHUB_EVENT_NAME is not set" in ended.err


@pytest.mark.parametrize("stage", ["run", "publish"])
def test_a_workflow_run_is_the_action_s_alone(pilot, workflow, stage):
    """The command knows nothing of artifacts: it would measure a fork's commit beside a token that may write."""
    state, environment = workflow
    event = Path(__file__).parents[1] / "events/workflow_run.fork.json"
    ended = pilot.qgate(stage, environment=environment | {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_EVENT_PATH": str(event)})
    assert ended.code == 2, ended
    assert "a workflow_run event is the action's alone" in ended.err
    assert state.requests == []
    assert not (pilot.path / ".qgate/run/evidence.json").exists()
