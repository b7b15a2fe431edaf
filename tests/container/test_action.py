"""The action in a workflow that `act` runs: the image built, the pull request gated, and what reached GitHub, word for word."""

import base64
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.container

WORKFLOW = """\
name: gate
on: pull_request
permissions:
  contents: read
  checks: write
  statuses: write
  pull-requests: write
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - id: qgate
        uses: qgate/qgate-action@v1
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.qgate.outputs) }}
        run: printf 'outputs=%s\\n' "$(printf '%s' "$OUTPUTS" | base64 -w0)"
"""
# A job of this workflow needs a shell and nothing else: the image that the action is built on has one.
JOB_IMAGE = "python:3.13-slim-trixie"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How the workflow ended."""

    code: int
    log: str

    @property
    def outputs(self):
        return json.loads(base64.b64decode(re.search(r"outputs=(\S+)$", self.log, flags=re.MULTILINE)[1]))

    @property
    def step_exit_code(self):
        """The exit code of the action's container; act tells only one that is not 0."""
        found = re.search(r"exit with `FAILURE`: (\d+)$", self.log, flags=re.MULTILINE)
        return int(found[1]) if found else 0

    @property
    def annotations(self):
        """The commands that the runner took for annotations."""
        return "".join(f"{line}\n" for line in re.findall(r"::(?:error|warning|notice) .*$", self.log, flags=re.MULTILINE))


@pytest.fixture
def run_workflow(action, tmp_path):
    """Runs the workflow on a workspace, as if GitHub had received the push."""

    def run(workspace, github):
        home = tmp_path / "home"
        home.mkdir()
        (tmp_path / "gate.yml").write_text(WORKFLOW)
        (tmp_path / "event.json").write_text(json.dumps(workspace.event))
        command = [
            str(Path(sys.executable).with_name("act")),
            "pull_request",
            *("--directory", str(workspace.path), "--workflows", str(tmp_path / "gate.yml")),
            *("--eventpath", str(tmp_path / "event.json"), "--bind", "--rm", "--pull=false"),
            *("--platform", f"ubuntu-latest={JOB_IMAGE}", "--local-repository", f"qgate/qgate-action@v1={action}"),
            *("--secret", "GITHUB_TOKEN=ghs_test", "--env", f"GITHUB_API_URL={github.url}"),
        ]
        env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config")}
        done = subprocess.run(
            command, cwd=tmp_path, env=env, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900
        )
        return Ran(code=done.returncode, log=done.stdout)

    return run


@pytest.fixture(scope="session")
def python_version(action):
    command = ["docker", "run", "--rm", "--entrypoint", "/opt/qgate/bin/python", "qgate:test", "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


def test_a_failing_pull_request_word_for_word(run_workflow, workspace, github, golden, python_version):
    here = workspace("drop-entangler")
    server = github(here)
    ran = run_workflow(here, server)
    assert (ran.code, ran.step_exit_code) == (1, 10), ran.log
    arrived = server.arrived()
    assert (arrived["violations"], arrived["ignored_fields"]) == ([], [])

    outputs = ran.outputs
    evidence = outputs["evidence-sha256"]
    assert re.fullmatch("[0-9a-f]{64}", evidence)

    def scrubbed(text):
        """The text without what differs between machines.

        Commits do by a checkout's file modes, the evidence by a processor's last bits, the sandbox by the kernel.
        """
        for secret, word in ((here.base, "base"), (here.head, "head"), (evidence, "evidence"), (python_version, "python")):
            text = text.replace(secret, f"<{word}>")
        text = re.sub(r"(whatever the commit: `)[0-9a-f]{64}`", r"\1<answers>`", text)
        text = re.sub(r"(<!-- qgate:record )\S+", r"\1<attempts>", text)
        text = re.sub(r"(`sandbox\.landlock`: )[^\n\\]+", r"\1<abi>", text)
        return text.replace(here.base[:7], "<base7>").replace(here.head[:7], "<head7>")

    (comment,) = arrived["comments"]
    assert comment["user"]["login"] == "github-actions[bot]"
    golden("action/comment.md", scrubbed(comment["body"]))
    (check,) = arrived["check_runs"]
    assert re.fullmatch("sha256:[0-9a-f]{64}", check.pop("external_id"))
    golden("action/check_run.json", scrubbed(json.dumps(check, indent=1, ensure_ascii=False) + "\n"))
    golden("action/statuses.json", scrubbed(json.dumps(arrived["statuses"], indent=1, ensure_ascii=False) + "\n"))
    assert ran.annotations == ""  # they stand on the check run
    golden("action/outputs.json", scrubbed(json.dumps(outputs, indent=1) + "\n"))
    summary = (here.path / ".qgate/run/summary.md").read_text(encoding="utf-8")
    golden("action/summary.md", scrubbed(summary))
    assert summary in ran.log  # act prints the summary as the step left it

    assert here.files_of_others() == []
    assert "ghs_test" not in ran.log


def test_a_passing_pull_request(run_workflow, workspace, github):
    here = workspace("good-refactor")
    server = github(here)
    ran = run_workflow(here, server)
    assert (ran.code, ran.step_exit_code) == (0, 0), ran.log
    arrived = server.arrived()
    assert arrived["violations"] == []
    assert ran.outputs["verdict"] == "pass"
    assert ran.outputs["failed-gates"] == "[]"
    assert [(c["name"], c["conclusion"]) for c in arrived["check_runs"]] == [("qgate", "success")]
    assert [s["state"] for s in arrived["statuses"]] == ["pending", "success", "success"]
    assert len(arrived["comments"]) == 1
    assert here.files_of_others() == []
