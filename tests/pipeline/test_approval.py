"""A change that loosens its charter, as a step of a workflow with a local GitHub, and on the command line."""

import io
import json
import subprocess

import pytest
from github_api import Fault
from qgate_pilot import Sandbox
from test_action import BETTER, WORSE, Runner, arrived, runner

from entrypoint.step import step

__all__ = ["runner"]  # a fixture is used by its name
IDENTITIES = 'identities:\n  platform@example.com: octo-owner\n  sre@example.com: "@example/sre"\n'
CHARTER = ".qgate/sorter.yml"
GATE = "charter_approval"


ROLES = {"octo-owner": "write", "member": "write", "author": "admin", "passer-by": "read"}


class Judging(Runner):
    """A step that measures nothing, in this process: the interpreter's imports would take most of its time."""

    def run(self, env: dict[str, str], _program: str) -> tuple[int, str]:
        log = io.StringIO()
        return step(env, log), log.getvalue()


def judging(runner: Runner) -> Judging:
    """The same runner, for what was measured already."""
    return Judging(pilot=runner.pilot, scratch=runner.scratch, server=runner.server)


def copied(path, destination) -> Sandbox:
    subprocess.run(["cp", "-a", str(path), str(destination)], check=True)
    copy = Sandbox.__new__(Sandbox)
    copy.path = destination
    return copy


def loosen(pilot):
    """A pull request that loosens its charter, and changes the candidate for the better; the base's charter knows who is who."""
    text = (pilot.path / CHARTER).read_text() + IDENTITIES
    pilot.git("switch", "--quiet", "main")
    pilot.change({CHARTER: text})
    pilot.git("switch", "--quiet", "pull")
    pilot.git("merge", "--quiet", "--ff-only", "main")
    pilot.change({"pilot/scaling.py": BETTER, CHARTER: text.replace("max: 0.05", "max: 0.2")})


@pytest.fixture
def loosened(runner):
    loosen(runner.pilot)
    runner.state.roles = ROLES
    return runner


@pytest.fixture(scope="module")
def evidence(template, tmp_path_factory):
    """That pull request's repository, measured once."""
    pilot = copied(template, tmp_path_factory.mktemp("measured") / "repository")
    loosen(pilot)
    ended = pilot.qgate("measure", "--base", "main", "--head", "pull")
    assert ended.code == 0, ended
    return pilot.path


@pytest.fixture
def measured(evidence, runner, tmp_path):
    """A runner that has it: only the reviews are still to come."""
    runner.state.roles = ROLES
    return Judging(pilot=copied(evidence, tmp_path / "measured"), scratch=runner.scratch, server=runner.server)


def review(runner: Runner, login: str, state: str = "APPROVED", commit: str | None = None) -> None:
    runner.state.add_review(pull_request=7, login=login, state=state, commit=commit or runner.pilot.git("rev-parse", "pull"))


def asked(runner: Runner) -> list[str]:
    return [r["path"] for r in runner.state.requests if any(part in r["path"] for part in ("reviews", "permission", "teams"))]


def test_without_approval_it_fails_on_every_surface_and_once_approved_it_is_judged(loosened):
    """The same commit, before and after its owner's review."""
    ended = loosened.step()
    assert (ended.code, ended.outputs["verdict"]) == (10, "fail"), ended.log
    assert loosened.pilot.gates()[GATE] == "fail"
    assert loosened.pilot.gates()["val_accuracy_gap_vs_classical"] == "pass"
    head = loosened.pilot.git("rev-parse", "pull")[:10]
    (body,) = arrived(loosened.state)["comments"]
    assert "nobody has reviewed it" in body
    assert f"to approve the commit {head} of the pull request, then run this job again" in body
    assert arrived(loosened.state)["statuses"][-2:] == [("qgate/verdict", "failure"), ("qgate/pilot: sorter", "failure")]

    review(loosened, "octo-owner")
    again = loosened.step()
    assert (again.code, again.outputs["verdict"]) == (0, "pass"), again.log
    assert loosened.pilot.why(GATE).endswith(f"@octo-owner approved it on this commit, {head}")
    assert loosened.pilot.verdict()["charter"]["from"] == "base"
    run = loosened.pilot.path / ".qgate/run"
    assert json.loads((run / "scope.json").read_text())["reviews"]["reviews"][0]["login"] == "octo-owner"
    assert loosened.pilot.qgate("verify", ".qgate/run").code == 0
    verdict = (run / "verdict.json").read_bytes()
    assert loosened.pilot.qgate("judge").code == 0
    assert (run / "verdict.json").read_bytes() == verdict


def test_what_is_no_approval(measured):
    """Everybody who may not approve has; then a member of the approver's team does."""
    older = measured.pilot.git("rev-parse", "main")
    review(measured, "octo-owner", commit=older)
    review(measured, "author")
    review(measured, "passer-by")
    review(measured, "stranger", "DISMISSED")
    measured.state.permissions["members"] = "read"
    measured.state.teams = {"example/sre": {"member": "active"}}
    ended = measured.step(mode="publish")
    assert (ended.code, measured.pilot.gates()[GATE]) == (10, "fail"), ended.log
    why = measured.pilot.why(GATE)
    for told in (
        f"@octo-owner approved another commit, {older[:10]}",
        "@author opened the pull request",
        "@passer-by approved it, and may not write to the repository",
        "@stranger gave a review that was dismissed",
    ):
        assert told in why

    review(measured, "member")
    assert measured.step(mode="publish").code == 0
    assert "@member approved it" in measured.pilot.why(GATE)


def test_a_judged_change_can_still_fail(loosened):
    loosened.pilot.change({"pilot/scaling.py": WORSE})
    review(loosened, "octo-owner")
    ended = loosened.step()
    assert (ended.code, ended.outputs["verdict"]) == (10, "fail")
    assert loosened.pilot.gates() == {
        "val_accuracy_gap_vs_classical": "fail",
        "reproducibility": "pass",
        "evidence_drift": "pass",
        GATE: "pass",
    }


def test_reviews_that_may_not_be_read_are_no_approval(measured):
    review(measured, "octo-owner")
    refusal = {"message": "Resource not accessible by integration"}
    measured.state.faults.append(Fault(method="GET", path="/pulls/7/reviews$", status=403, body=refusal))
    ended = measured.step(mode="publish")
    assert (ended.code, ended.outputs["verdict"]) == (12, "error"), ended.log
    assert "not looked up: GitHub answered 403" in measured.pilot.why(GATE)
    assert "the job needs `pull-requests: read`" in measured.pilot.why(GATE)


def test_measured_apart_it_is_looked_up_where_it_is_judged(loosened):
    review(loosened, "octo-owner")
    assert loosened.step(mode="measure", token="").code == 0
    assert loosened.state.requests == []
    assert judging(loosened).step(mode="publish").code == 0
    assert loosened.pilot.gates()[GATE] == "pass"


def test_where_nothing_is_loosened_nothing_is_asked(runner):
    text = (runner.pilot.path / CHARTER).read_text()
    runner.pilot.change({"pilot/scaling.py": BETTER, CHARTER: text.replace("max: 0.05", "max: 0.04")})
    ended = runner.step()
    assert (ended.code, asked(runner)) == (0, []), ended.log
    assert GATE not in runner.pilot.gates()


def test_on_the_command_line_nobody_is_asked_and_that_is_no_approval(loosened):
    ended = loosened.pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 11, ended
    assert loosened.pilot.gates()[GATE] == "inconclusive"
    assert "not looked up: this run has no pull request" in loosened.pilot.why(GATE)
    assert loosened.state.requests == []


def test_another_lock_needs_approval(loosened):
    lock = json.loads((loosened.pilot.path / ".qgate/lock.json").read_text())
    lock["pilots"]["sorter"]["baselines"]["classical"]["metrics"]["validation"]["accuracy"] = 0.5
    charter = loosened.pilot.git("show", f"main:{CHARTER}")
    loosened.pilot.change({".qgate/lock.json": json.dumps(lock), CHARTER: f"{charter}\n"})
    assert loosened.step().code == 10
    assert loosened.pilot.gates()["evidence_drift"] == "pass"  # by the base's
    assert loosened.pilot.why(GATE).startswith("this change loosens lock[sorter].baselines.classical; needs approval by")


def test_a_deleted_charter_needs_approval(loosened):
    loosened.pilot.change({CHARTER: None})
    assert loosened.step().code == 10
    assert loosened.pilot.why(GATE).startswith(
        "this change loosens charter; needs approval by platform@example.com (@octo-owner)"
    )


def test_a_first_charter_is_judged_once_its_own_people_approve(runner):
    pilot = runner.pilot
    text = (pilot.path / CHARTER).read_text() + IDENTITIES
    pilot.git("switch", "--quiet", "main")
    pilot.change({CHARTER: None})
    pilot.git("switch", "--quiet", "pull")
    pilot.git("reset", "--quiet", "--hard", "main")
    pilot.change({CHARTER: text})
    runner.state.roles = {"octo-owner": "write"}
    assert runner.step().code == 10
    assert runner.pilot.why(GATE).startswith("this change loosens the charter itself, which is new; needs approval by")
    review(runner, "octo-owner")
    ended = judging(runner).step(mode="publish")
    assert (ended.code, pilot.verdict()["charter"]["from"], pilot.gates()[GATE]) == (0, "head", "pass"), ended.log
