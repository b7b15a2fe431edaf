"""A waiver in the base's charter, through the real command: who it lets through, for how long, and what is shown."""

import json

from qgate_pilot import SCALING

WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")
WAIVER = "waivers:\n  - {{gate: val_accuracy_gap_vs_classical, reason: the new layer, approver: sre@example.com, expires: {}}}\n"
LIVE, ENDED = WAIVER.format("2999-01-31"), WAIVER.format("2020-01-31")


SURFACES = ("comment.md", "summary.md", "report.html", "junit.xml", "qgate.sarif", "codequality.json")
WORDS = ("the new layer", "sre@example.com", "2999-01-31")


def with_charter(pilot, waiver):
    """The waiver merged on `main`, and a worse candidate on top of it."""
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/sorter.yml": text + waiver})
    pilot.git("switch", "--quiet", "--create", "waived")
    return text


def test_a_live_waiver_lets_a_failed_gate_through_and_is_shown_everywhere(pilot):
    with_charter(pilot, LIVE)
    pilot.change({"pilot/scaling.py": WORSE})
    ended = pilot.qgate("run", "--base", "main", "--head", "waived")
    assert ended.code == 0, ended
    assert pilot.gates()["val_accuracy_gap_vs_classical"] == "fail"
    shown_everywhere(pilot, ended)
    run = pilot.path / ".qgate/run"
    scope = json.loads((run / "scope.json").read_text())
    assert scope["today"] is not None
    assert pilot.qgate("verify", ".qgate/run").code == 0


def shown_everywhere(pilot, ended):
    for name in SURFACES:
        shown = (pilot.path / ".qgate/run" / name).read_text()
        assert all(words in shown for words in WORDS), name
    assert all(words in " ".join(ended.out.split()) for words in WORDS)


def test_a_waiver_for_one_evidence_is_void_for_any_other(pilot):
    """Granted for what the worse candidate answered, whatever the commit."""
    pilot.change({"pilot/scaling.py": WORSE})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    (judged,) = pilot.verdict()["pilots"]
    granted = judged["evidence_sha256"]
    with_charter(pilot, LIVE.replace("}", f", evidence_sha256: {granted}}}"))
    pilot.change({"pilot/scaling.py": WORSE + "# another commit, the same answers\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "waived")
    assert ended.code == 0, ended
    shown_everywhere(pilot, ended)
    pilot.change({"pilot/scaling.py": WORSE.replace("1.5 *", "1.2 *")})
    assert pilot.qgate("run", "--base", "main", "--head", "waived").code == 10
    (judged,) = pilot.verdict()["pilots"]
    void = f"it was granted for the evidence {granted}, and this is {judged['evidence_sha256']}"
    assert judged["gates"][0]["waiver"]["void"] == void
    assert granted in (pilot.path / ".qgate/run/comment.md").read_text()


def test_a_waiver_is_shown_while_it_lives_although_its_gate_passed(pilot):
    with_charter(pilot, LIVE)
    pilot.change({"pilot/scaling.py": SCALING.replace("-1.5 * feature", "feature * -1.5")})
    ended = pilot.qgate("run", "--base", "main", "--head", "waived")
    assert ended.code == 0, ended
    shown_everywhere(pilot, ended)


def test_judging_later_gives_the_same_verdict(pilot):
    with_charter(pilot, LIVE)
    pilot.change({"pilot/scaling.py": WORSE})
    assert pilot.qgate("run", "--base", "main", "--head", "waived").code == 0
    verdict = (pilot.path / ".qgate/run/verdict.json").read_bytes()
    assert pilot.qgate("judge").code == 0
    assert (pilot.path / ".qgate/run/verdict.json").read_bytes() == verdict
    scope = pilot.path / ".qgate/run/scope.json"
    today = json.loads(scope.read_text())["today"]
    scope.write_text(scope.read_text().replace(f'"today": "{today}"', '"today": "2999-01-31"'))
    assert pilot.qgate("judge").code == 10


def test_a_waiver_that_ended_does_not_hand_the_judgement_to_the_head(pilot):
    text = with_charter(pilot, ENDED)
    pilot.change({"pilot/scaling.py": WORSE, ".qgate/sorter.yml": text.replace("max: 0.05", "max: 1.0")})
    assert pilot.qgate("run", "--base", "main", "--head", "waived").code == 10
    assert pilot.verdict()["charter"]["from"] == "base"
    assert "does not hold: it ended on 2020-01-31" in (pilot.path / ".qgate/run/comment.md").read_text()


def test_an_ended_waiver_is_red_until_it_is_taken_out(pilot):
    with_charter(pilot, ENDED)
    pilot.change({"pilot/scaling.py": SCALING + "\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "waived")
    assert (ended.code, "waiver-expired" in ended.out) == (3, True), ended


def test_a_change_cannot_waive_its_own_gate(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.change({"pilot/scaling.py": WORSE, ".qgate/sorter.yml": text + LIVE})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    (change,) = pilot.verdict()["charter_changes"]
    assert (change["effect"], change["key"]) == ("loosened", "waivers.val_accuracy_gap_vs_classical")


def test_a_new_charter_cannot_waive_its_own_gate(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/sorter.yml": None})
    pilot.git("switch", "--quiet", "--create", "first")
    pilot.change({".qgate/sorter.yml": text + LIVE, "pilot/scaling.py": WORSE})
    assert pilot.qgate("run", "--base", "main", "--head", "first").code == 10
    assert "it comes with the change that it is for" in (pilot.path / ".qgate/run/comment.md").read_text()
