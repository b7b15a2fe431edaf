"""The default branch gated as it is, from a scheduled workflow step: which pilots, by which files, and what arrives."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from github_api import State
from github_server import GitHubServer
from qgate_pilot import SCALING

CALIBRATION = Path(__file__).parents[2] / "examples/calibrated-iris/calibration/ibm_lagos.json"
WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")
NOISE = """\
  noise: {calibration: calibration.json}
"""
AGE = """\
    - name: calibration_age_days
      max: 1
      remediation: {summary: fetch the calibration of the day, steps: ["1. run the job that fetches it"]}
"""


def calibration(day: str) -> str:
    return json.dumps(json.loads(CALIBRATION.read_text()) | {"last_update_date": f"{day}T00:00:00+00:00"})


@pytest.fixture
def main(pilot):
    """The pilot on its default branch."""
    pilot.git("switch", "--quiet", "main")
    return pilot


class Nightly:
    """A workflow on the default branch, on a local GitHub."""

    def __init__(self, main, server: GitHubServer, folder: Path) -> None:
        self.main, self.server, self.folder = main, server, folder

    @property
    def state(self) -> State:
        return self.server.state

    def environment(self, event: str = "schedule", **payload) -> dict[str, str]:
        head = self.main.git("rev-parse", "main")
        self.state.commits.append(head)
        told = {"repository": {"full_name": "acme/sorter", "default_branch": "main"}, "sender": {"login": "somebody"}} | payload
        (self.folder / "event.json").write_text(json.dumps(told))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": "ghs_test",
            "GITHUB_API_URL": self.server.origin,
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "acme/sorter",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SHA": head,
            "GITHUB_WORKSPACE": str(self.main.path),
        }

    def run(self, event: str = "schedule", **payload):
        return self.main.qgate("run", environment=self.environment(event, **payload))


@pytest.fixture
def nightly(main, tmp_path):
    state = State(repository="acme/sorter", commits=[], token="ghs_test")
    with GitHubServer(state) as server:
        yield Nightly(main, server, tmp_path)


def test_a_schedule_gates_every_pilot_although_nothing_was_changed(nightly):
    ended = nightly.run()
    assert ended.code == 0, ended
    (pilot,) = nightly.main.verdict()["pilots"]
    assert pilot["reached_by"] == ["the default branch as it is → every pilot"]
    assert pilot["charter"]["from"] == "own"
    assert [(s["context"], s["state"]) for s in nightly.state.statuses] == [
        ("qgate/verdict", "success"),
        ("qgate/pilot: sorter", "success"),
    ]
    assert nightly.state.violations == []


def test_a_push_gates_what_it_reaches(nightly):
    before = nightly.main.git("rev-parse", "main")
    nightly.main.change({"README.md": "Words\n"})
    head = nightly.main.git("rev-parse", "main")
    ended = nightly.run("push", ref="refs/heads/main", before=before, after=head)
    assert (ended.code, nightly.main.verdict()["verdict"]) == (0, "not_applicable"), ended


def test_a_schedule_takes_the_calibration_that_the_workflow_fetched(nightly):
    main, today = nightly.main, datetime.now(UTC).date().isoformat()
    charter = (main.path / ".qgate/sorter.yml").read_text()
    charter = charter.replace("  success_metrics:\n", f"{NOISE}  success_metrics:\n").replace("rollback:", f"{AGE}rollback:")
    main.change({".qgate/sorter.yml": charter, "calibration.json": calibration("2021-07-26")})
    main.write({"calibration.json": calibration(today)})
    fresh = nightly.run()
    assert (fresh.code, main.gates()["calibration_age_days"]) == (0, "pass"), fresh
    assert main.verdict()["notes"][0] == "`calibration.json` is what the workflow fetched, not the commit's."
    # A push is gated by what was pushed.
    before, head = main.git("rev-parse", "main~1"), main.git("rev-parse", "main")
    pushed = nightly.run("push", ref="refs/heads/main", before=before, after=head)
    assert (pushed.code, main.gates()["calibration_age_days"]) == (10, "fail"), pushed


TITLE = "qgate: the default branch does not pass"


def test_a_failing_branch_has_one_incident_until_it_passes_again(nightly):
    main, state = nightly.main, nightly.state
    state.permissions["issues"] = "write"
    state.collaborators = {"oncall"}
    charter = (main.path / ".qgate/sorter.yml").read_text() + "identities: {sre@example.com: oncall}\n"
    main.change({"pilot/scaling.py": WORSE, ".qgate/sorter.yml": charter})
    first, second = nightly.run(), nightly.run("workflow_dispatch", ref="refs/heads/main")
    assert (first.code, second.code) == (10, 10), first
    (issue,) = state.issues.values()
    assert (issue["title"], issue["state"], [a["login"] for a in issue["assignees"]]) == (TITLE, "open", ["oncall"])
    body = issue["body"]
    assert "- `sorter`: `sre@example.com` decides, assigned as `oncall`\n" in body
    assert "#### ↩️ Rollback of `sorter`" in body
    assert "kubectl argo rollouts undo sorter" in body
    assert "`val_accuracy_gap_vs_classical`" in body
    # A push that reaches nothing says nothing of the pilot.
    main.change({"README.md": "Words\n"})
    before, after = main.git("rev-parse", "main~1"), main.git("rev-parse", "main")
    nightly.run("push", ref="refs/heads/main", before=before, after=after)
    assert issue["state"] == "open"
    main.change({"pilot/scaling.py": SCALING})
    passing = nightly.run()
    assert passing.code == 0, passing
    assert (issue["state"], len(state.comments)) == ("closed", 1)
    (comment,) = state.comments.values()
    assert comment["body"].startswith("✅ The default branch passes again at `")
    assert state.violations == []


def test_a_charter_that_cannot_be_read_is_an_incident_and_a_refusal_changes_no_exit_code(nightly):
    nightly.main.change({".qgate/sorter.yml": "version: 1\n"})
    refused = nightly.run()
    assert (refused.code, 'incident: refused GitHub refused: 403 "Resource not' in refused.err) == (3, True), refused
    nightly.state.permissions["issues"] = "write"
    assert nightly.run().code == 3
    (issue,) = nightly.state.issues.values()
    assert "**The default branch was not judged at `" in issue["body"]
    assert "## ❌ qgate: invalid charter" in issue["body"]


def test_an_incident_declared_by_hand_has_the_runbook_and_is_closed_by_the_next_run(nightly):
    state, environment = nightly.state, nightly.environment()
    state.permissions["issues"] = "write"
    declared = nightly.main.qgate("rollback", "--issue", environment=environment)
    assert declared.code == 0, declared
    (issue,) = state.issues.values()
    assert f"qgate: incident: created {issue['html_url']}" in declared.err.splitlines()
    assert (issue["title"], "kubectl argo rollouts undo sorter" in issue["body"]) == (TITLE, True)
    assert "**Declared by `qgate rollback --issue` at `" in issue["body"]
    again = nightly.main.qgate("rollback", "--issue", "--json", environment=environment)
    assert (json.loads(again.out)[0]["pilot"], len(state.issues)) == ("sorter", 1)
    assert nightly.run().code == 0
    assert issue["state"] == "closed"
    assert state.violations == []


def test_what_keeps_an_incident_from_being_declared_is_said(nightly):
    environment = nightly.environment()
    refused = nightly.main.qgate("rollback", "--issue", environment=environment)
    assert (refused.code, "the incident could not be opened in acme/sorter: 403" in refused.err) == (2, True), refused
    in_a_pull_request = environment | {"GITHUB_EVENT_NAME": "pull_request"}
    for changed, words in ((in_a_pull_request, "this job is about a pull_request"), ({"GITHUB_TOKEN": ""}, "is not set")):
        refused = nightly.main.qgate("rollback", "--issue", environment=environment | changed)
        assert (refused.code, words in refused.err) == (2, True), refused
    assert nightly.state.issues == {}
