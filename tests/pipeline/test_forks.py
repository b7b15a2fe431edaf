"""A fork's pull request through both workflows: the real action measures, the artifact is handed over, the real action publishes.

GitHub is the local one. The pull request's job has a read-only token; the publishing job has a clone of the default branch, in
which the commit of the fork is not checked out.
"""

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from github_api import Fault, State
from github_server import GitHubServer
from qgate_pilot import Sandbox
from test_action import BETTER, NOTHING, TESTS, TOKEN, WORSE, Ended, Runner, arrived

from entrypoint.step import step
from qgate.domain.canonical import canonical_file
from qgate.domain.evidence import Look, PilotEvidence
from qgate.evidence.bundle import read_evidence, write_evidence
from qgate.evidence.handover import write_received

RUN = "https://github.com/octo/pilots/actions/runs/55"
MEASURED = ("scope.json", "evidence.json", "evidence/00-sorter.npz")
OLD = "e" * 40
CONTEXT = "qgate/verdict"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A pull request of a fork: `there` is its own run's workspace, `here` the publishing one's."""

    there: Runner
    here: Runner

    @property
    def state(self) -> State:
        return self.here.state

    @property
    def head(self) -> str:
        return self.there.pilot.git("rev-parse", "pull")

    def measure(self, event: str = "pull_request.fork", **inputs: str) -> Ended:
        """The pull request's own run: whatever it writes is refused."""
        allowed, self.state.permissions = self.state.permissions, {}
        ended = self.there.step(event, out="evidence-of-qgate", **inputs)
        self.state.permissions = allowed
        self.state.requests.clear()
        return ended

    def files(self) -> dict[str, bytes]:
        """What the workflow uploads of the run directory."""
        out = self.there.pilot.path / "evidence-of-qgate"
        return {name: (out / name).read_bytes() for name in MEASURED if (out / name).is_file()}

    def hand_over(self, files: Mapping[str, bytes] | bytes) -> None:
        self.state.add_artifact(run=55, content=files if isinstance(files, bytes) else zipped(files))

    def publish(self, event: str = "workflow_run.fork", **inputs: str) -> Ended:
        return self.here.step(event, **inputs)


class Elsewhere(Runner):
    """The publishing run's workspace: its event is about the fork's commit, and GitHub's state stays as the test made it."""

    def payload(self, name: str) -> dict[str, Any]:
        payload = json.loads((TESTS / "events" / f"{name}.json").read_text())
        payload["workflow_run"]["head_sha"] = (self.scratch / "head").read_text()
        return payload


class InThisProcess(Elsewhere):
    """The same without an interpreter of its own, whose imports would take most of each test's time. It measures nothing."""

    def run(self, env: dict[str, str], _program: str) -> tuple[int, str]:
        log = io.StringIO()
        return step(env, log), log.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def gate(pilot: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Gate]]:
    """Makes the pull request with a change; both runs see the same GitHub."""
    with GitHubServer(State(token=TOKEN)) as server:

        def make(files: Mapping[str, str | None], *, number: int = 7, **pull: Any) -> Gate:
            if files:
                pilot.change(files)
            here = tmp_path / "publisher"
            subprocess.run(
                ["git", "clone", "--quiet", "--branch=main", "--single-branch", str(pilot.path), str(here)], check=True
            )
            copy = Sandbox.__new__(Sandbox)
            copy.path = here
            places = [tmp_path / name for name in ("there", "here")]
            for place in places:
                place.mkdir()
            head, base = pilot.git("rev-parse", "pull"), pilot.git("rev-parse", "main")
            (places[1] / "head").write_text(head)
            server.state.commits = [head, base, OLD]
            made = Gate(
                there=Runner(pilot=pilot, scratch=places[0], server=server),
                here=Elsewhere(pilot=copy, scratch=places[1], server=server),
            )
            assert made.here.pilot.git("rev-parse", "HEAD") == base
            made.there.payload("pull_request.fork")
            server.state.pull_requests.clear()
            server.state.add_pull_request(**{"number": number, "head": head, "branch": "mallory:main", "base": base, **pull})
            return replace(made, there=Measured(pilot=pilot, scratch=places[0], server=server))

        yield make
        assert server.state.violations == []
        assert server.state.ignored_fields == []


class Measured(Runner):
    """The fork's workspace: GitHub's state stays as the test made it."""

    def payload(self, name: str) -> dict[str, Any]:
        kept = self.state.pull_requests.copy(), self.state.commits
        payload = super().payload(name)
        self.state.pull_requests, self.state.commits = kept
        return payload


def shas(state: State) -> set[str]:
    """Every commit on which something was published."""
    return {s["sha"] for s in state.statuses} | {c["head_sha"] for c in state.check_runs.values()}


def test_a_fork_s_failure_arrives_at_its_pull_request_and_commit(gate):
    fork = gate({"pilot/scaling.py": WORSE})
    measured = fork.measure()
    # The fork's own run publishes nothing, and its exit code blocks all the same.
    assert (measured.code, measured.outputs["verdict"]) == (10, "fail"), measured.log
    assert "### Not published from here" in measured.summary
    assert (fork.state.statuses, fork.state.check_runs, fork.state.comments) == ([], {}, {})

    waiting = fork.publish("workflow_run.fork_requested")
    assert (waiting.code, waiting.outputs, waiting.last_line) == (0, {}, "qgate: pending until the measuring run ends")
    assert [(s["context"], s["state"], s["sha"]) for s in fork.state.statuses] == [(CONTEXT, "pending", fork.head)]

    # Its scope may say what it likes: reach and charters are read from the commits.
    files = fork.files()
    assert b"max: 0.05" in files["scope.json"]
    fork.hand_over({**files, "scope.json": files["scope.json"].replace(b"max: 0.05", b"max: 0.99")})
    published = fork.publish()
    assert (published.code, published.outputs["verdict"]) == (10, "fail"), published.log
    assert arrived(fork.state) == {
        "comments": [(fork.here.pilot.path / ".qgate/run/comment.md").read_text()],
        "checks": [("qgate", "failure")],
        "statuses": [(CONTEXT, "failure"), ("qgate/pilot: sorter", "failure")],
    }
    assert shas(fork.state) == {fork.head}
    (comment,) = fork.state.comments.values()
    assert comment["issue_url"].endswith("/issues/7")
    # Nothing of the pull request was checked out beside the token.
    assert fork.here.pilot.git("rev-parse", "HEAD") == fork.here.pilot.git("rev-parse", "main")
    assert "1.5 * feature" in (fork.here.pilot.path / "pilot/scaling.py").read_text()


def test_a_fork_s_pass_says_everywhere_that_it_is_self_reported(gate):
    fork = gate({"pilot/scaling.py": BETTER})
    assert fork.measure().code == 0
    fork.hand_over(fork.files())
    published = fork.publish()
    assert (published.code, published.outputs["verdict"]) == (0, "pass"), published.log
    out = fork.here.pilot.path / ".qgate/run"
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["self_reported"] == RUN
    (check,) = fork.state.check_runs.values()
    (comment,) = fork.state.comments.values()
    assert check["output"]["title"].endswith("; self-reported")
    assert next(s for s in fork.state.statuses if s["context"] == CONTEXT)["description"].endswith("; self-reported")
    for text in (comment["body"], check["output"]["summary"], published.summary, (out / "report.html").read_text()):
        assert "Self-reported: what the candidate and the baselines answered" in text
        assert "actions/runs/55" in text
    # What was published can be judged again, offline, and says the same.
    assert fork.here.pilot.qgate("verify", str(out)).code == 0


def with_arrays(files: Mapping[str, bytes], change: Callable[[dict[str, np.ndarray]], None]) -> dict[str, bytes]:
    """The evidence with other arrays, and with digests that fit them, as a forger would write it."""
    name = "evidence/00-sorter.npz"
    with np.load(io.BytesIO(files[name])) as opened:
        arrays = dict(opened)
    change(arrays)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    evidence = json.loads(files["evidence.json"])
    evidence["pilots"][0]["arrays"]["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    return {**files, name: buffer.getvalue(), "evidence.json": canonical_file(evidence)}


def other_labels(arrays: dict[str, np.ndarray]) -> None:
    arrays["truth/validation"] = 1 - arrays["truth/validation"]


def not_finite(arrays: dict[str, np.ndarray]) -> None:
    name = next(n for n in arrays if n.endswith("scores"))
    arrays[name] = np.full_like(arrays[name], np.nan)


def pickled(arrays: dict[str, np.ndarray]) -> None:
    arrays["truth/validation"] = np.array([{"verdict": "pass"}], dtype=object)


def with_evidence(files: Mapping[str, bytes], change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    evidence = json.loads(files["evidence.json"])
    change(evidence)
    return {**files, "evidence.json": canonical_file(evidence)}


def rewritten(files: Mapping[str, bytes], change: Callable[[PilotEvidence], PilotEvidence]) -> dict[str, bytes]:
    """The evidence of another measurement, every digest of it right, as a forger would have qgate itself write it."""
    with TemporaryDirectory() as scratch:
        write_received(files, Path(scratch))
        evidence, _ = read_evidence(Path(scratch))
        write_evidence(replace(evidence, pilots=tuple(map(change, evidence.pilots))), Path(scratch))
        made = {name: (Path(scratch) / name).read_bytes() for name in MEASURED[:2]}
        return made | {f"evidence/{path.name}": path.read_bytes() for path in Path(scratch, "evidence").iterdir()}


def one_answer(pilot: PilotEvidence) -> PilotEvidence:
    """An array of one would be compared with every label."""
    cells = [replace(c, predictions=c.predictions[:1], scores=None, score_kind=None) for c in pilot.cells]
    return replace(pilot, cells=tuple(cells))


def one_answer_at_one_look(pilot: PilotEvidence) -> PilotEvidence:
    return replace(one_answer(pilot), looks=(Look(rows={"validation": 1}, seeds=3),))


def twice(pilot: PilotEvidence) -> PilotEvidence:
    return replace(pilot, cells=(*pilot.cells, pilot.cells[0]))


def fewer_rows(pilot: PilotEvidence) -> PilotEvidence:
    return replace(pilot, tables={**pilot.tables, "rows:validation/clusters": np.zeros(100, np.int64)})


def other_lock(evidence: dict[str, Any]) -> None:
    evidence["pilots"][0]["lock"]["baselines"]["classical"]["metrics"]["validation"]["accuracy"] = 0.5


def other_data(evidence: dict[str, Any]) -> None:
    for file in evidence["pilots"][0]["inputs"]:
        file["sha256"] = "0" * 64


def other_head(evidence: dict[str, Any]) -> None:
    evidence["head"] = OLD


def a_link(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o120777 if name == "evidence.json" else 0o100644) << 16
            made.writestr(entry, b"/proc/self/environ" if name == "evidence.json" else content)
    return buffer.getvalue()


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "a link": (a_link, "is a link or no plain file"),
    "a way out": (lambda f: {**f, "../../.git/config": b"[core]\n"}, "no part of the evidence"),
    "a bomb": (lambda f: {**f, "evidence/01-a.npz": bytes(257 * 1024 * 1024)}, "would inflate to"),
    "a pickle": (lambda f: with_arrays(f, pickled), "neither numbers nor text"),
    "not a number": (lambda f: with_arrays(f, not_finite), "a number that is not finite"),
    "other labels": (lambda f: with_arrays(f, other_labels), "labels of 'sorter': they are not those in the locked files"),
    "another lock": (lambda f: with_evidence(f, other_lock), "lock of 'sorter': it is not the base commit's entry"),
    "other data": (lambda f: with_evidence(f, other_data), "inputs of 'sorter'"),
    "one answer for all rows": (lambda f: rewritten(f, one_answer), "has not one answer for each row"),
    "one row that was looked at": (lambda f: rewritten(f, one_answer_at_one_look), "looks of 'sorter': the charter has none"),
    "an answer twice": (lambda f: rewritten(f, twice), "cells of 'sorter': one is there twice"),
    "rows in one cluster": (lambda f: rewritten(f, fewer_rows), "groups of rows of 'sorter'"),
    "another pilot": (lambda f: rewritten(f, lambda p: replace(p, pilot="other")), "the change does not reach it"),
    "another head": (lambda f: with_evidence(f, other_head), f"…{OLD}, this event about"),
    "a planted verdict": (lambda f: {**f, "verdict.json": b'{"verdict":"pass"}'}, "no part of the evidence"),
    "an extra name": (lambda f: {**f, "evidence/conftest.py": b"import os"}, "no part of the evidence"),
    "arrays that evidence.json does not know": (lambda f: {**f, MEASURED[2]: f[MEASURED[2]][:-1]}, "archive"),
    "no evidence": (lambda f: {"scope.json": f["scope.json"]}, "evidence.json is missing"),
    "no archive": (lambda _: b"verdict=pass", "no archive that can be read"),
}


@pytest.fixture(scope="module")
def honest(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A fork that passes, measured once: its repository and what it would upload."""
    copy = Sandbox.__new__(Sandbox)
    copy.path = tmp_path_factory.mktemp("honest") / "repository"
    subprocess.run(["cp", "-a", str(template), str(copy.path)], check=True)
    copy.change({"pilot/scaling.py": BETTER})
    assert copy.qgate("measure", "--base", "main", "--head", "pull", "--out", "o").code == 0
    return copy.path, {name: (copy.path / "o" / name).read_bytes() for name in MEASURED}


@pytest.fixture
def handed(honest, gate, pilot) -> tuple[Gate, dict[str, bytes]]:
    """The honest fork's pull request, with its files and nothing handed over yet."""
    path, files = honest
    shutil.rmtree(pilot.path)
    subprocess.run(["cp", "-a", str(path), str(pilot.path)], check=True)
    made = gate({})
    here = made.here
    return replace(made, here=InThisProcess(pilot=here.pilot, scratch=here.scratch, server=here.server)), files


@pytest.mark.parametrize("attempt", HOSTILE)
def test_a_hostile_artifact_ends_in_an_error_at_its_pull_request(handed, attempt):
    fork, files = handed
    forge, words = HOSTILE[attempt]
    fork.hand_over(forge(dict(files)))
    ended = fork.publish()
    assert (ended.code in {2, 12}, ended.last_line, ended.outputs["verdict"]) == (True, NOTHING, "error"), ended.log
    assert words in ended.summary
    found = arrived(fork.state)
    assert (found["checks"], found["statuses"], len(found["comments"])) == ([("qgate", "failure")], [(CONTEXT, "error")], 1)
    assert "No gate was evaluated" in found["comments"][0]
    assert shas(fork.state) == {fork.head}
    assert not (fork.here.pilot.path / ".qgate/run/verdict.json").exists()
    assert fork.here.pilot.git("status", "--porcelain") == ""


def test_two_artifacts_are_none(handed):
    fork, files = handed
    fork.hand_over(files)
    fork.hand_over(files)
    ended = fork.publish()
    assert (ended.code, ended.last_line) == (12, NOTHING)
    assert "left 2 artifacts named qgate-evidence" in ended.summary
    assert arrived(fork.state)["statuses"] == [(CONTEXT, "error")]


def test_an_artifact_that_is_too_large_is_not_asked_for(handed):
    fork, files = handed
    fork.state.add_artifact(run=55, content=zipped(files), size_in_bytes=1 << 40)
    ended = fork.publish()
    assert (ended.code, ended.last_line) == (12, NOTHING)
    assert arrived(fork.state)["statuses"] == [(CONTEXT, "error")]
    assert [r["path"] for r in fork.state.requests if "/zip" in r["path"] or "/storage/" in r["path"]] == []


def test_a_measuring_run_that_left_nothing_blocks(handed):
    fork, _ = handed
    ended = fork.publish()
    assert (ended.code, ended.last_line) == (12, NOTHING)
    assert "ended as 'success' and left 0 artifacts" in ended.summary
    assert arrived(fork.state)["statuses"] == [(CONTEXT, "error")]


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        ({"head": OLD}, f"pull request #7 has moved on to {OLD}"),
        ({"state": "closed"}, "no open pull request has this commit as its head"),
        ({"branch": "somebody:main"}, "no open pull request has this commit as its head"),
    ],
)
def test_a_commit_that_is_nobody_s_head_any_more_gets_its_own_status_alone(handed, pull, words):
    fork, files = handed
    fork.state.pull_requests[7] |= {"state": pull.get("state", "open")}
    fork.state.pull_requests[7]["head"]["sha"] = pull.get("head", fork.head)
    fork.state.pull_requests[7]["head"]["user"]["login"] = pull.get("branch", "mallory:main").partition(":")[0]
    fork.hand_over(files)
    ended = fork.publish()
    assert (ended.code, ended.last_line, ended.outputs["verdict"]) == (2, NOTHING, "error")
    assert words in ended.summary
    assert arrived(fork.state) == {"comments": [], "checks": [], "statuses": [(CONTEXT, "error")]}
    assert shas(fork.state) == {fork.head}
    assert [r["path"] for r in fork.state.requests if "/artifacts" in r["path"]] == []


def test_a_head_that_moves_on_while_it_is_judged_gets_no_comment(handed):
    """The pull request is asked for again before its comment is written."""
    fork, files = handed
    fork.hand_over(files)
    pull = {**fork.state.pull_requests[7], "head": {**fork.state.pull_requests[7]["head"], "sha": OLD}}
    fork.state.faults.append(Fault(method="GET", path="/pulls/7$", status=200, body=pull, times=9))
    assert fork.publish().code == 0
    found = arrived(fork.state)
    assert (found["comments"], found["checks"], shas(fork.state)) == ([], [("qgate", "success")], {fork.head})


@pytest.mark.parametrize("event", ["workflow_run.foreign_workflow", "workflow_run.push"])
def test_another_workflow_s_run_is_told_nothing_and_asked_nothing(handed, event):
    fork, files = handed
    fork.hand_over(files)
    ended = fork.publish(event)
    assert (ended.code, ended.last_line, ended.outputs["verdict"]) == (2, NOTHING, "error")
    assert fork.state.requests == []


@pytest.mark.parametrize("mode", ["run", "measure"])
def test_the_publishing_workflow_never_measures(handed, mode):
    fork, files = handed
    fork.hand_over(files)
    ended = fork.publish(mode=mode)
    assert (ended.code, ended.last_line) == (2, NOTHING)
    assert "a workflow_run event never measures" in ended.summary
    assert fork.state.requests == []


def test_another_path_of_the_measuring_workflow_is_named_by_the_input(handed):
    fork, files = handed
    fork.hand_over(files)
    ended = fork.publish("workflow_run.foreign_workflow", measured_by=".github/workflows/also-named-qgate-measure.yml")
    assert (ended.code, ended.outputs["verdict"]) == (0, "pass"), ended.log


def test_a_pending_status_that_is_refused_turns_the_step_red(handed):
    fork, _ = handed
    fork.state.permissions = {"actions": "read"}
    ended = fork.publish("workflow_run.fork_requested")
    assert (ended.code != 0, ended.last_line) == (True, NOTHING)


def test_a_change_that_reaches_nothing_passes_through_both_workflows(gate):
    fork = gate({"README.md": "Words\n"})
    assert fork.measure().outputs["verdict"] == "not_applicable"
    fork.hand_over(fork.files())
    published = fork.publish()
    assert (published.code, published.outputs["verdict"]) == (0, "not_applicable"), published.log
    assert arrived(fork.state)["statuses"] == [(CONTEXT, "success")]
    assert "self-reported" not in published.summary


def test_dependabot_with_a_read_only_token_is_measured_and_judged_and_nothing_is_published(gate):
    bot = gate({"pilot/scaling.py": WORSE})
    measured = bot.measure("pull_request.dependabot")
    assert (measured.code, measured.outputs["verdict"]) == (10, "fail"), measured.log
    assert "### Not published from here" in measured.summary
    assert (bot.state.statuses, bot.state.check_runs, bot.state.comments) == ([], {}, {})
