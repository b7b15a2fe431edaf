"""A step of a workflow, end to end: the action's process, a real repository, and a local GitHub that receives."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from github_api import State
from github_server import GitHubServer
from qgate_pilot import SCALING, Sandbox

from qgate.changes.git import Repository
from qgate.domain.verdict import Decision
from qgate.history import read_history

TESTS = Path(__file__).parents[1]
AS_IT_IS = "from entrypoint.__main__ import main\nmain()\n"
# The action requires every layer of the sandbox, which only its image is sure to have (tests/container): an interpreter below
# somebody's closed home cannot be run by a private user.
AS_FAR_AS_IT_GOES = "from entrypoint import step\nfrom qgate.domain.limits import Limits\nstep.LIMITS = Limits()\n" + AS_IT_IS
BETTER = SCALING.replace("-1.5 * feature", "feature * -1.5")
WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")
TOKEN = "ghs_test"
NOTHING = "qgate: no gate was evaluated"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a step ended, and what it gave the runner."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]

    @property
    def last_line(self) -> str:
        return self.log.splitlines()[-1]

    @property
    def commands(self) -> list[str]:
        """The lines that the runner acts on: all that begin with `::` outside the fences."""
        unfenced = re.sub(r"^::stop-commands::(\w+)\n.*?^::\1::\n", "", self.log, flags=re.DOTALL | re.MULTILINE)
        return [line for line in unfenced.splitlines() if line.startswith("::")]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner with a workspace, and GitHub."""

    pilot: Sandbox
    scratch: Path
    server: GitHubServer

    @property
    def state(self) -> State:
        return self.server.state

    def payload(self, name: str) -> dict[str, Any]:
        payload = json.loads((TESTS / "events" / f"{name}.json").read_text())
        commits = {"base": self.pilot.git("rev-parse", "main"), "head": self.pilot.git("rev-parse", "pull")}
        if "pull_request" in payload:
            for side, sha in commits.items():
                payload["pull_request"][side]["sha"] = sha
        if "merge_group" in payload:
            payload["merge_group"] |= {"base_sha": commits["base"], "head_sha": commits["head"]}
        if "after" in payload:
            payload |= {"before": commits["base"], "after": commits["head"], "ref": "refs/heads/main"}
        self.state.commits = list(commits.values())
        self.state.pull_requests.clear()
        self.state.add_pull_request(number=7, head=commits["head"])
        return payload

    def step(
        self,
        event: str = "pull_request.same_repository",
        *,
        signing_key: str = "",
        ledger_branch: str = "",
        every_layer: bool = False,
        **inputs: str,
    ) -> Ended:
        (self.scratch / "event.json").write_text(json.dumps(self.payload(event)))
        files = {name: self.scratch / name for name in ("summary", "output")}
        for file in files.values():
            file.write_text("")
        env = {
            "ACTIONS_RUNTIME_TOKEN": "runtime-secret",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.server.origin,
            "GITHUB_EVENT_NAME": event.partition(".")[0],
            "GITHUB_EVENT_PATH": str(self.scratch / "event.json"),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_RUN_ID": "5",
            "GITHUB_SHA": self.pilot.git("rev-parse", "HEAD"),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_WORKSPACE": str(self.pilot.path),
            "INPUT_TOKEN": TOKEN,
            "PATH": os.environ["PATH"],
            "QGATE_LEDGER_BRANCH": ledger_branch,
            "QGATE_SIGNING_KEY": signing_key,
        } | {f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()}
        code, log = self.run(env, AS_IT_IS if every_layer else AS_FAR_AS_IT_GOES)
        summary, output = (files[name].read_text() for name in ("summary", "output"))
        return Ended(code=code, log=log, summary=summary, outputs=read_outputs(output))

    def run(self, env: dict[str, str], program: str) -> tuple[int, str]:
        """The action's process: its exit code and its log."""
        command = [sys.executable, "-I", "-c", program]
        done = subprocess.run(
            command, cwd=self.pilot.path, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        return done.returncode, done.stdout


def read_outputs(text: str) -> dict[str, str]:
    """The outputs as the runner reads them."""
    found = re.findall(r"^([\w-]+)<<(\w+)\n(.*?)\n\2\n", text, flags=re.DOTALL | re.MULTILINE)
    return {name: value for name, _, value in found}


@pytest.fixture
def runner(pilot: Sandbox, tmp_path: Path) -> Iterator[Runner]:
    scratch = tmp_path / "runner"
    scratch.mkdir()
    with GitHubServer(State(token=TOKEN)) as server:
        yield Runner(pilot=pilot, scratch=scratch, server=server)
        assert server.state.violations == []
        assert server.state.ignored_fields == []


def arrived(state: State) -> dict[str, Any]:
    return {
        "comments": [re.sub(r"<!-- qgate:record \S+ -->\n", "", c["body"]) for c in state.comments.values()],
        "checks": [(c["name"], c["conclusion"]) for c in state.check_runs.values()],
        "statuses": list({s["context"]: (s["context"], s["state"]) for s in state.statuses}.values()),  # the newest counts
    }


def remarks(state: State) -> list[tuple[str, int, str]]:
    return [(note["path"], note["start_line"], note["title"]) for run in state.check_runs.values() for note in run["annotations"]]


def test_a_failed_gate_is_told_everywhere_and_fails_the_step(runner):
    runner.pilot.change({"pilot/scaling.py": WORSE})
    ended = runner.step()
    assert (ended.code, ended.last_line) == (10, "qgate: verdict fail, exit code 10")
    evidence = json.loads((runner.pilot.path / ".qgate/run/verdict.json").read_text())["evidence_sha256"]
    assert ended.outputs == {
        "verdict": "fail",
        "applicable": "true",
        "failed-gates": '[{"pilot": "sorter", "gate": "val_accuracy_gap_vs_classical", "verdict": "fail"}]',
        "report-path": ".qgate/run/report.html",
        "evidence-sha256": evidence,
    }
    comment = (runner.pilot.path / ".qgate/run/comment.md").read_text()
    assert arrived(runner.state) == {
        "comments": [comment],
        "checks": [("qgate", "failure")],
        "statuses": [("qgate/verdict", "failure"), ("qgate/pilot: sorter", "failure")],
    }
    assert ended.summary == (runner.pilot.path / ".qgate/run/summary.md").read_text()
    assert remarks(runner.state) == [(".qgate/sorter.yml", 17, "sorter: val_accuracy_gap_vs_classical: fail")]
    assert ended.commands == ["::add-mask::ghs_test"]  # the same remark by a workflow command would be shown twice
    assert ended.log.count(TOKEN) == 1  # in the command that hides it
    assert "runtime-secret" not in ended.log


def test_a_signing_key_in_the_step_s_environment_signs(runner):
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    runner.pilot.change({"README.md": "Words\n"})
    ended = runner.step(signing_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    assert (ended.code, ended.outputs["verdict"]) == (0, "not_applicable"), ended.log
    (signature,) = json.loads((runner.pilot.path / ".qgate/run/attestation.dsse.json").read_text())["signatures"]
    assert f"signed by the key {signature['keyid']}" in (runner.pilot.path / ".qgate/run/report.html").read_text()


def test_a_push_to_the_default_branch_is_recorded_in_the_ledger_branch(runner):
    runner.pilot.change({"README.md": "Words\n"})
    ended = runner.step("push", ledger_branch="qgate-ledger")
    assert ended.code == 0, ended.log
    (record,) = read_history(Repository(runner.pilot.path), "qgate-ledger")
    assert (record.decision, record.head) == (Decision.NOT_APPLICABLE, runner.pilot.git("rev-parse", "pull"))
    assert "ledger branch: updated qgate-ledger: record 1, " in ended.log
    runner.step(ledger_branch="qgate-ledger")
    assert len(read_history(Repository(runner.pilot.path), "qgate-ledger")) == 1


def test_a_ledger_branch_that_is_none_is_told_in_the_summary(runner):
    runner.pilot.change({"README.md": "Words\n"})
    ended = runner.step("push", ledger_branch="pull")
    assert ended.code == 0, ended.log
    assert "### Not published" in ended.summary
    assert "the branch pull is no ledger" in ended.summary
    assert runner.pilot.git("log", "--format=%s", "-1", "pull") == "Change"


def test_fail_on_lets_the_step_pass_and_the_output_tell_the_truth(runner):
    runner.pilot.change({"pilot/scaling.py": WORSE})
    ended = runner.step(fail_on="error", comment="false")
    assert (ended.code, ended.outputs["verdict"]) == (0, "fail")
    assert ended.last_line == "qgate: verdict fail, exit code 0"
    assert arrived(runner.state)["comments"] == []
    assert arrived(runner.state)["checks"] == [("qgate", "failure")]


def test_nothing_reached_is_green_on_every_event(runner):
    runner.pilot.change({"README.md": "Words\n"})
    for event in ("pull_request.same_repository", "merge_group", "push"):
        ended = runner.step(event)
        assert (event, ended.code, ended.outputs["verdict"]) == (event, 0, "not_applicable"), ended.log
    assert len(runner.state.comments) == 1  # of the pull request; no other event has one
    assert [s["state"] for s in runner.state.statuses] == ["pending", "success"] * 3


def test_a_schedule_gates_every_pilot_and_keeps_the_incident(runner):
    runner.pilot.change({"pilot/scaling.py": WORSE})
    runner.state.permissions["issues"] = "write"
    ended = runner.step("schedule")
    assert (ended.code, ended.outputs["verdict"]) == (10, "fail"), ended.log
    assert "reached by the default branch as it is → every pilot" in ended.log
    (issue,) = runner.state.issues.values()
    assert f"\nincident: created {issue['html_url']}\n" in ended.log


def test_refused_writes_are_listed_with_their_fix_and_change_nothing(runner):
    runner.pilot.change({"README.md": "Words\n"})
    runner.state.permissions = {"statuses": "write"}
    ended = runner.step()
    assert (ended.code, ended.outputs["verdict"]) == (0, "not_applicable")
    shown = (runner.pilot.path / ".qgate/run/summary.md").read_text()
    assert ended.summary.startswith(f"{shown}\n### Not published\n\n- `check`: GitHub refused: 403")
    refusals = ended.summary.removeprefix(shown)
    assert [line.partition(":")[0] for line in refusals.splitlines() if line.startswith("- ")] == ["- `check`", "- `comment`"]
    assert "Resource not accessible by integration" in refusals
    assert "checks: write" in refusals
    assert [(s["context"], s["state"]) for s in runner.state.statuses] == [
        ("qgate/verdict", "pending"),
        ("qgate/verdict", "success"),
    ]


def test_without_a_check_run_the_remarks_are_workflow_commands(runner):
    text = (runner.pilot.path / ".qgate/sorter.yml").read_text()
    runner.pilot.change({".qgate/sorter.yml": text.replace("max: 0.05", "mx: 0.05")})
    runner.state.permissions = {"statuses": "write"}
    _, remark, *_ = runner.step().commands
    assert remark.startswith("::error file=.qgate/sorter.yml,line=18,")
    assert runner.state.check_runs == {}


def test_an_invalid_charter_is_annotated_on_its_lines(runner):
    text = (runner.pilot.path / ".qgate/sorter.yml").read_text()
    runner.pilot.change({".qgate/sorter.yml": text.replace("max: 0.05", "mx: 0.05")})
    ended = runner.step()
    assert (ended.code, ended.last_line) == (3, NOTHING)
    assert ended.outputs["verdict"] == "error"
    assert ended.outputs["applicable"] == "true"
    assert [remark[:2] for remark in remarks(runner.state)] == [(".qgate/sorter.yml", 18)]
    assert arrived(runner.state)["checks"] == [("qgate", "failure")]
    assert arrived(runner.state)["statuses"] == [("qgate/verdict", "error")]


def test_a_commit_that_is_not_in_the_workspace_says_how_to_check_out(runner, monkeypatch):
    monkeypatch.setattr(runner.pilot, "git", lambda *_: "d" * 40)
    ended = runner.step()
    assert (ended.code, ended.last_line) == (2, NOTHING)
    assert "`fetch-depth: 0`" in ended.summary
    assert "ref: ${{ github.event.pull_request.head.sha }}" in ended.summary
    assert arrived(runner.state)["statuses"] == [("qgate/verdict", "error")]


def test_a_committed_verdict_does_not_survive(runner):
    runner.pilot.git("config", "core.excludesFile", os.devnull)
    runner.pilot.write({".qgate/run/verdict.json": '{"verdict": "pass"}', ".qgate/run/.gitignore": "*\n"})
    runner.pilot.git("add", "--all", "--force")
    runner.pilot.git("commit", "--quiet", "--message", "Plant a verdict")
    text = (runner.pilot.path / ".qgate/sorter.yml").read_text()
    runner.pilot.change({".qgate/sorter.yml": text.replace("max: 0.05", "mx: 0.05")})
    assert runner.step().code == 3
    assert not (runner.pilot.path / ".qgate/run/verdict.json").exists()


def test_a_run_directory_that_is_a_link_is_refused(runner, tmp_path):
    (tmp_path / "outside").mkdir()
    (runner.pilot.path / ".qgate/run").symlink_to(tmp_path / "outside")
    ended = runner.step()
    assert (ended.code, ended.last_line) == (2, NOTHING)
    assert "the input `out` leads through a symbolic link: .qgate/run" in ended.summary
    assert list((tmp_path / "outside").iterdir()) == []


def test_measured_in_one_step_and_published_in_another(runner):
    runner.pilot.change({"pilot/scaling.py": WORSE})
    measured = runner.step(mode="measure", token="")
    assert (measured.code, measured.outputs, measured.last_line) == (0, {"applicable": "true"}, "qgate: measured, not judged")
    assert runner.state.requests == []
    assert "Nothing was judged yet" in measured.summary
    published = runner.step(mode="publish")
    assert (published.code, published.outputs["verdict"]) == (10, "fail")
    assert arrived(runner.state)["checks"] == [("qgate", "failure")]


def test_publish_reads_the_charter_from_the_commits_and_not_from_what_was_handed_over(runner):
    runner.pilot.change({"pilot/scaling.py": WORSE})
    assert runner.step(mode="measure").code == 0
    scope = runner.pilot.path / ".qgate/run/scope.json"
    scope.write_text(scope.read_text().replace("max: 0.05", "max: 0.99"))
    assert runner.step(mode="publish").outputs["verdict"] == "fail"
    scope.write_text("{}")
    assert runner.step(mode="publish").outputs["verdict"] == "fail"


def test_publish_refuses_the_evidence_of_another_commit(runner):
    runner.pilot.change({"pilot/scaling.py": BETTER})
    assert runner.step(mode="measure").code == 0
    runner.pilot.change({"pilot/scaling.py": WORSE})
    ended = runner.step(mode="publish")
    assert (ended.code, ended.last_line, ended.outputs["verdict"]) == (2, NOTHING, "error")
    assert "measure and publish in the same workflow run" in ended.summary
    assert arrived(runner.state)["statuses"] == [("qgate/verdict", "error")]


def test_publish_without_evidence_is_an_error(runner):
    runner.pilot.change({"pilot/scaling.py": BETTER})
    ended = runner.step(mode="publish")
    assert (ended.code, ended.last_line) == (2, NOTHING)
    assert "there is no run directory" in ended.summary


def test_a_working_directory_has_its_own_charters_run_directory_and_comment(runner):
    """The same pilot one folder down."""
    moved = runner.pilot.path / "pilots/a"
    moved.mkdir(parents=True)
    for name in (".qgate", "pilot", "data", "weights.npz", "requirements.lock"):
        runner.pilot.git("mv", name, "pilots/a/")
    base = runner.pilot.commit("Move")
    runner.pilot.git("branch", "--force", "main", base)
    runner.pilot.change({"pilots/a/pilot/scaling.py": WORSE})
    ended = runner.step(working_directory="pilots/a")
    assert (ended.code, ended.outputs["verdict"]) == (10, "fail"), ended.log
    assert ended.outputs["report-path"] == "pilots/a/.qgate/run/report.html"
    assert (moved / ".qgate/run/report.html").is_file()
    assert [remark[:2] for remark in remarks(runner.state)] == [("pilots/a/.qgate/sorter.yml", 17)]
    assert arrived(runner.state)["checks"] == [("qgate (pilots/a)", "failure")]
    assert [context for context, _ in arrived(runner.state)["statuses"]] == [
        "qgate/verdict (pilots/a)",
        "qgate/pilot: sorter (pilots/a)",
    ]
    (body,) = arrived(runner.state)["comments"]
    assert re.fullmatch(r"<!-- qgate:report id=qgate/[0-9a-f]{12} -->", body.partition("\n")[0])


def test_without_every_layer_of_the_sandbox_nothing_is_measured_and_nothing_passes(runner):
    """Where this machine has every layer, the change passes; where it has not, the missing one is named and the step is red."""
    runner.pilot.change({"pilot/scaling.py": SCALING.replace("-1.5 * feature", "feature * -1.5")})
    ended = runner.step(every_layer=True)
    if ended.code == 0:
        assert ended.outputs["verdict"] == "pass"
        return
    assert (ended.code, ended.outputs["verdict"]) == (12, "error")
    assert "sandbox" in runner.pilot.why("val_accuracy_gap_vs_classical")
