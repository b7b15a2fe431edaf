"""Each row of the exit-code table through the real command, with what it says and what it leaves."""

import json

import pytest
from qgate_pilot import CIRCUIT, SCALING, Ended

NOT_EVALUATED = "qgate: no gate was evaluated"
BETTER = SCALING.replace("-1.5 * feature", "feature * -1.5")
WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")


def test_0_when_every_gate_passes(pilot):
    pilot.change({"pilot/scaling.py": BETTER})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 0, ended
    expected = {"val_accuracy_gap_vs_classical": "pass", "reproducibility": "pass", "evidence_drift": "pass"}
    assert pilot.gates() == expected
    assert pilot.verdict()["pilots"][0]["reached_by"] == ["pilot/scaling.py → pilot/hybrid.py → candidate"]


def test_0_when_nothing_is_reached(pilot):
    pilot.change({"README.md": "A pilot, described\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 0, ended
    assert pilot.verdict()["verdict"] == "not_applicable"
    comment = (pilot.path / ".qgate/run/comment.md").read_text()
    assert "Nothing in this change reaches a pilot" in comment


def test_10_when_a_gate_fails(pilot):
    pilot.change({"pilot/scaling.py": WORSE})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 10, ended
    assert pilot.gates()["val_accuracy_gap_vs_classical"] == "fail"
    assert "worse by" in pilot.why("val_accuracy_gap_vs_classical")


def test_10_when_quantum_code_has_no_charter(pilot):
    pilot.change({"pilot/experiment.py": "import qiskit\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 10, ended
    assert "pilot/experiment.py" in (pilot.path / ".qgate/run/comment.md").read_text()


def test_11_when_a_gate_cannot_be_decided(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    claim = "max: 0.05\n      claim: {population: deployment, subject: artifact}"
    pilot.git("switch", "--quiet", "main")
    pilot.write({".qgate/sorter.yml": text.replace("max: 0.05", claim.replace("0.05", "0.005"))})
    pilot.commit("Claim more")
    pilot.git("switch", "--quiet", "--create", "later")
    pilot.change({"pilot/scaling.py": BETTER})
    ended = pilot.qgate("run", "--base", "main", "--head", "later")
    assert ended.code == 11, ended
    assert pilot.gates()["val_accuracy_gap_vs_classical"] == "inconclusive"
    gate = pilot.verdict()["pilots"][0]["gates"][0]
    assert gate["required_rows"] > 100


def crashed(pilot) -> Ended:
    pilot.change({"pilot/hybrid.py": CIRCUIT + "\nraise RuntimeError('no such device')\n"})
    return pilot.qgate("run", "--base", "main", "--head", "pull")


def test_12_when_the_candidate_crashes(pilot):
    ended = crashed(pilot)
    assert ended.code == 12, ended
    assert pilot.gates()["val_accuracy_gap_vs_classical"] == "error"
    assert "RuntimeError: no such device" in pilot.why("val_accuracy_gap_vs_classical")


def test_3_when_the_charter_is_invalid(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.change({".qgate/sorter.yml": text.replace("success_metrics", "sucess_metrics")})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 3, ended
    assert ended.last_line == NOT_EVALUATED
    assert "did you mean `success_metrics`" in (pilot.path / ".qgate/run/comment.md").read_text()
    assert not (pilot.path / ".qgate/run/verdict.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--base", "nowhere"], "nowhere"),
        (["run", "--nonsense"], "No such option"),
        (["frobnicate"], "No such command"),
        (["validate", "absent.yml"], "absent.yml"),
    ],
)
def test_2_on_wrong_usage(pilot, arguments, words):
    ended = pilot.qgate(*arguments)
    assert ended.code == 2, ended
    assert words in ended.err
    assert ended.last_line == NOT_EVALUATED


def test_2_outside_a_repository(pilot, tmp_path):
    ended = pilot.qgate("run", "--repo", str(tmp_path))
    assert ended.code == 2, ended
    assert "not in a git repository" in ended.err


def test_1_on_an_internal_error(pilot):
    """A full disk is nobody's fault but must not look like a verdict: the run directory cannot be written."""
    (pilot.path / ".qgate/run").write_text("a file where the directory should be")
    pilot.change({"README.md": "x\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 1, ended
    assert ended.last_line == NOT_EVALUATED


def test_the_same_commit_twice_gives_the_same_bytes(pilot):
    pilot.change({"pilot/scaling.py": WORSE})
    first = pilot.qgate("run", "--base", "main", "--head", "pull", "--out", "one")
    second = pilot.qgate("run", "--base", "main", "--head", "pull", "--out", "two")
    assert (first.code, second.code) == (10, 10)
    for name in ("verdict.json", "evidence.json", "comment.md", "report.html", "junit.xml", "qgate.sarif", "codequality.json"):
        assert (pilot.path / "one" / name).read_bytes() == (pilot.path / "two" / name).read_bytes(), name
    assert json.loads((pilot.path / "one/timings.json").read_text())["sorter"]["candidate"] > 0


def test_a_lockfile_whose_environment_cannot_be_had_is_an_error_and_no_other_is_used(pilot):
    pilot.change({"requirements.lock": f"numpy==1.0 --hash=sha256:{'a' * 64}\n"})
    nowhere = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/", "UV_HTTP_RETRIES": "0"}
    ended = pilot.qgate("run", "--forge", "none", environment=nowhere)
    assert ended.code == 12, ended.err
    why = pilot.why("val_accuracy_gap_vs_classical")
    assert "the environment of requirements.lock could not be built" in why
    assert "127.0.0.1:9" in why
    assert pilot.verdict()["pilots"][0]["facts"].keys() == {"libraries"}
