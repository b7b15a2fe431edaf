"""A failed gate's remediation is tried at once, and the comment says whether it helps."""

import pytest
from qgate_pilot import CIRCUIT

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
    assert "**Rehearsed:** with it: " in comment


def test_a_remediation_that_does_not_help(switchable):
    rehearsed, comment = switchable("plus")
    assert rehearsed["verdict"] == "fail"
    assert "**Rehearsed:** it does not help: " in comment


def test_a_remediation_that_cannot_be_tried(pilot, switchable):
    rehearsed, comment = switchable("minus, layers: 3")
    assert rehearsed["verdict"] == "error"
    assert "layers, which circuit does not take" in rehearsed["why"]
    assert "**Rehearsed:** it could not be tried: " in comment
