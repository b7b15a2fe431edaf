"""A failed gate's remediation is tried at once, and the comment says whether it helps."""

from datetime import date

import pytest
from qgate_pilot import CIRCUIT

from qgate.forge.nothing import NoForge
from qgate.gates import service
from qgate.pipeline import gate
from qgate.settings import Settings

SWITCHED = CIRCUIT.replace("def circuit(x, weights):", 'def circuit(x, weights, sign="plus"):').replace(
    "angle(x[0])", 'angle(x[0]) * (1 if sign == "plus" else -1)'
)
REMEDY = 'remediation: {summary: "turn the angle the other way", set: {sign: OPTION}, rerun: parity}'


@pytest.fixture
def switchable(pilot):
    """Main's circuit has an option; the pull request breaks what the option's default does."""

    def remedied_by(option: str):
        text = (pilot.path / ".qgate/sorter.yml").read_text()
        old = 'remediation: {summary: "re-train and re-run the parity suite", rerun: parity}'
        assert old in text
        pilot.git("switch", "--quiet", "main")
        pilot.write({".qgate/sorter.yml": text.replace(old, REMEDY.replace("OPTION", option)), "pilot/hybrid.py": SWITCHED})
        pilot.commit("Give the circuit an option")
        pilot.git("switch", "--quiet", "--create", "wrong")
        pilot.change({"pilot/scaling.py": "def angle(feature):\n    return 1.5 * feature\n"})
        ended = pilot.qgate("run", "--base", "main", "--head", "wrong")
        assert ended.code == 10, ended
        gate = next(g for g in pilot.verdict()["pilots"][0]["gates"] if g["name"] == "val_accuracy_gap_vs_classical")
        return gate["remediation"]["rehearsed"], (pilot.path / ".qgate/run/comment.md").read_text()

    return remedied_by


def test_a_remediation_that_helps(switchable):
    rehearsed, comment = switchable("minus")
    assert rehearsed["verdict"] == "pass"
    assert rehearsed["ci"][1] <= 0.05
    assert "**Rehearsed:** with *turn the angle the other way*: gap " in comment


def test_a_remediation_that_does_not_help(switchable):
    rehearsed, comment = switchable("plus")
    assert rehearsed["verdict"] == "fail"
    assert "**Rehearsed:** *turn the angle the other way* does not help: gap " in comment


def test_a_remediation_that_cannot_be_tried(pilot, switchable):
    rehearsed, comment = switchable("minus, layers: 3")
    assert rehearsed["verdict"] == "error"
    assert "layers, which circuit does not take" in rehearsed["why"]
    assert "**Rehearsed:** it could not be tried: " in comment


MEND = """#!/bin/sh
sed -i 's/return 1.5/return -1.5/' pilot/scaling.py
"""


@pytest.fixture
def scripted(pilot):
    """Main's charter names a script; the pull request breaks what it mends."""

    def remedied_by(script: str):
        text = (pilot.path / ".qgate/sorter.yml").read_text()
        old = 'remediation: {summary: "re-train and re-run the parity suite", rerun: parity}'
        assert old in text
        new = 'remediation: {summary: "turn the sign", run: ops/mend.sh}'
        pilot.git("switch", "--quiet", "main")
        pilot.write({".qgate/sorter.yml": text.replace(old, new), "ops/mend.sh": script})
        (pilot.path / "ops/mend.sh").chmod(0o755)
        pilot.commit("Add the script")
        pilot.git("switch", "--quiet", "--create", "wrong")
        pilot.change({"pilot/scaling.py": "def angle(feature):\n    return 1.5 * feature\n"})
        ended = pilot.qgate("run", "--base", "main", "--head", "wrong")
        assert ended.code == 10, ended
        gate = next(g for g in pilot.verdict()["pilots"][0]["gates"] if g["name"] == "val_accuracy_gap_vs_classical")
        return gate["remediation"]["rehearsed"], (pilot.path / ".qgate/run/comment.md").read_text()

    return remedied_by


def test_a_script_that_helps_is_measured_from_its_copy(pilot, scripted):
    rehearsed, comment = scripted(MEND)
    assert (rehearsed["verdict"], rehearsed["run"], rehearsed["changed"]) == ("pass", "ops/mend.sh", ["pilot/scaling.py"])
    assert "**Rehearsed:** with *ops/mend.sh* run: gap " in comment
    assert (pilot.path / "pilot/scaling.py").read_text() == "def angle(feature):\n    return 1.5 * feature\n"
    judged = (pilot.path / ".qgate/run/verdict.json").read_bytes()
    assert pilot.qgate("judge", "--out", ".qgate/run").code == 10
    assert (pilot.path / ".qgate/run/verdict.json").read_bytes() == judged


def test_a_script_that_fails_is_told_with_its_last_lines(scripted):
    rehearsed, comment = scripted("#!/bin/sh\necho '<b>no cluster</b>'\nexit 3\n")
    why = "ops/mend.sh ended with exit code 3: <b>no cluster</b> [remediation/not-rehearsed]"
    assert (rehearsed["verdict"], rehearsed["why"]) == ("error", why)
    assert "**Rehearsed:** it could not be tried: " in comment
    assert "<b>no cluster" not in comment


SERVED = """\
  traffic:
    rate_rps: 2
    workers: 1
    regions: [{name: eu, rtt_ms: [0, 1, 2]}]
  success_metrics:"""
LATENCY = """\
    - name: latency_p50_ms
      max: 25
      remediation: {summary: stop the wait, run: ops/quick.sh, rerun: parity}
rollback:"""
WAITING = "import time\n\n\ndef angle(feature):\n    time.sleep(0.04)\n    return -1.5 * feature\n"


def test_a_latency_is_rehearsed_by_serving_again(pilot, monkeypatch):
    """In this process, since a machine that runs tests is often too noisy to be believed; 40 ms and 5 ms are far apart."""
    monkeypatch.setattr(service, "NOISE_LIMIT", 1000)
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    served = text.replace("rollback:", LATENCY, 1).replace("  success_metrics:", SERVED, 1)
    pilot.git("switch", "--quiet", "main")
    pilot.write({".qgate/sorter.yml": served, "ops/quick.sh": "#!/bin/sh\nsed -i /sleep/d pilot/scaling.py\n"})
    (pilot.path / "ops/quick.sh").chmod(0o755)
    pilot.commit("Serve it")
    pilot.git("switch", "--quiet", "--create", "slow")
    pilot.change({"pilot/scaling.py": WAITING})
    settings = Settings(repository=pilot.path, out=pilot.path / "run", today=date(2026, 11, 24), base="main", head="slow")
    gated = gate(settings, NoForge(), lambda _: None)
    slow = next(g for g in gated.verdict.pilots[0].gates if g.name == "latency_p50_ms")
    told = slow.remedy.rehearsed
    assert (slow.decision, told["verdict"], told["changed"]) == ("fail", "pass", ["pilot/scaling.py"]), (slow.why, told)
    assert (told["value"] <= 25, slow.value >= 40) == (True, True)
    assert [(g["name"], g["verdict"]) for g in told["gates"]] == [("val_accuracy_gap_vs_classical", "pass")]
    assert "**Rehearsed:** with *ops/quick.sh* run: latency p50 " in gated.report.comment
