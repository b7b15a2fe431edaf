"""The history of the default branch, through the real command and a real remote: recorded, read, and found out when rewritten."""

import json
import shutil
import subprocess

import pytest
from qgate_pilot import SCALING, Sandbox
from test_verify import KEY, PEM, public  # noqa: F401 -- a fixture

from qgate.changes.git import Repository
from qgate.domain.verdict import Decision
from qgate.errors import MeasurementError
from qgate.history import check_recorded, read_history

BRANCH = "qgate-ledger"
WORDS = {"README.md": "Words\n"}


@pytest.fixture
def main(pilot, tmp_path):
    """The pilot on its default branch, with a bare remote."""
    pilot.git("switch", "--quiet", "main")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(pilot.path), str(tmp_path / "remote.git")], check=True)
    pilot.git("remote", "add", "origin", f"file://{tmp_path / 'remote.git'}")
    return pilot


def gated(main: Sandbox, files, key: str | None = PEM):
    """A change merged on the default branch, and gated there."""
    before = main.git("rev-parse", "HEAD")
    main.change(files)
    main.git("push", "--quiet", "origin", "main")
    where = ("--base", before, "--head", "main", "--ledger-branch", BRANCH)
    return main.qgate("run", *where, environment={"QGATE_SIGNING_KEY": key or ""})


def fetched(main: Sandbox) -> None:
    main.git("fetch", "--quiet", "origin", f"+{BRANCH}:refs/remotes/origin/{BRANCH}")


def refusal(main: Sandbox, run: str = "run") -> str:
    """Why a run's record does not hold; empty where it does."""
    fetched(main)
    try:
        check_recorded(main.path / ".qgate" / run, Repository(main.path), BRANCH)
    except MeasurementError as error:
        return str(error)
    return ""


def test_runs_on_the_default_branch_are_recorded_and_read(main, public):  # noqa: F811 -- the fixture
    first = gated(main, {"pilot/scaling.py": SCALING + "\n"})
    assert first.code == 0, first
    assert f"qgate: ledger branch: updated {BRANCH}: record 1, " in first.err
    second = gated(main, WORDS)
    assert second.code == 0, second
    one, two = read_history(Repository(main.path), BRANCH)
    assert (one.decision, two.decision, two.pilots) == (Decision.PASS, Decision.NOT_APPLICABLE, ())
    (pilot,) = one.pilots
    gap = pilot.gates[0]
    assert (pilot.name, gap.name, gap.value, gap.threshold) == ("sorter", "val_accuracy_gap_vs_classical", 0.0, {"max": 0.05})
    assert gap.interval is not None
    assert pilot.charter_sha256 is not None
    assert two.head == main.git("rev-parse", "HEAD")
    place = json.loads((main.path / ".qgate/run/ledger.json").read_text())
    assert place == {"branch": BRANCH, "commit": main.git("ls-remote", "origin", BRANCH).split()[0], "number": 2}
    fetched(main)
    held = main.qgate("verify", ".qgate/run", "--ledger-branch", BRANCH, "--key", public)
    assert (held.code, held.out.splitlines()[-1]) == (0, f"recorded: number 2 in {BRANCH}, of which every record was read"), held
    assert gated(main, {"pilot/scaling.py": SCALING}).code == 0
    page = (main.path / ".qgate/run/report.html").read_text()
    assert f"Over 1 earlier run on the default branch, of which 1 passed, and this one: 0 on {one.day}, 0 now." in page


def test_a_rewritten_branch_is_found_out(main):
    gated(main, WORDS)
    shutil.copytree(main.path / ".qgate/run", main.path / ".qgate/kept")
    first = main.git("ls-remote", "origin", BRANCH).split()[0]
    gated(main, {"README.md": "Other words\n"})
    assert (refusal(main, "kept"), refusal(main)) == ("", "")
    # The end cut off: the older run still stands, the newer one's record is gone.
    main.git("push", "--quiet", "--force", "origin", f"{first}:refs/heads/{BRANCH}")
    assert refusal(main, "kept") == ""
    assert f"the branch {BRANCH} was rewritten" in refusal(main)
    # The same record, written anew: the same content, another commit.
    anew = main.git("commit-tree", "-m", "qgate: pass", main.git("rev-parse", f"{first}^{{tree}}"))
    main.git("push", "--quiet", "--force", "origin", f"{anew}:refs/heads/{BRANCH}")
    assert f"the branch {BRANCH} was rewritten" in refusal(main, "kept")
    ended = main.qgate("verify", ".qgate/kept", "--ledger-branch", BRANCH)
    assert (ended.code, "was rewritten" in ended.err) == (12, True), ended
    # Another run named as this one's record.
    place = main.path / ".qgate/run/ledger.json"
    place.write_text(place.read_text().replace(json.loads(place.read_text())["commit"], anew))
    assert "which records another run" in refusal(main)
    place.unlink()
    assert "this run was not recorded" in refusal(main)


def test_a_record_without_the_signature_is_named(main):
    gated(main, WORDS, key=None)
    unsigned = main.git("ls-remote", "origin", BRANCH).split()[0]
    gated(main, {"README.md": "Other words\n"})
    fetched(main)
    with pytest.raises(MeasurementError, match=f"the record in the commit {unsigned}: attestation.dsse.json is not signed"):
        check_recorded(main.path / ".qgate/run", Repository(main.path), BRANCH, KEY.public_key())


def test_a_change_that_is_not_merged_is_not_recorded(main):
    main.git("switch", "--quiet", "--create", "feature")
    main.change(WORDS)
    for head in (("--head", "feature"), ()):
        ended = main.qgate("run", "--base", "main", *head, "--ledger-branch", BRANCH)
        assert (ended.code, "ledger branch: skipped only runs on the default branch" in ended.err) == (0, True), ended
    assert main.git("ls-remote", "origin", BRANCH) == ""


def test_a_branch_that_refuses_changes_no_verdict(main, tmp_path):
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\ngrep -q {BRANCH} && echo 'a ruleset forbids it' >&2 && exit 1\nexit 0\n")
    hook.chmod(0o755)
    ended = gated(main, WORDS)
    assert ended.code == 0
    assert f"ledger branch: refused {BRANCH}: git push failed" in ended.err
    assert "a ruleset forbids it" in ended.err
    assert not (main.path / ".qgate/run/ledger.json").exists()
    assert read_history(Repository(main.path), BRANCH) == ()
