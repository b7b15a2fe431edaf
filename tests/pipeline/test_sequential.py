"""A sequential pilot through the real command: the worker is asked for no more than the looks that were taken."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from qgate_pilot import CHARTER, charter_text, rows

from qgate.errors import MeasurementError
from qgate.evidence.bundle import read_evidence, write_evidence
from qgate.intake import find_scope, opened
from qgate.recomputation import held
from qgate.settings import Settings

ESTIMATOR = '''"""The candidate: a threshold on the first feature, moved by `shift`."""

import numpy as np


class Threshold:
    def __init__(self, seed, shift):
        self.seed, self.shift = seed, shift

    def predict(self, X):
        return (X[:, 0] + self.shift * X[:, 1] > 0).astype(np.int64)


def build(seed=None, shift=0.0):
    return Threshold(seed, shift)
'''
CANDIDATE = "    circuit: pilot.hybrid:circuit\n    weights: weights.npz\n    decision: sign\n"
GATE = "      max: 0.05\n"
NEW_ROWS = "      claim: {population: deployment}\n"


@pytest.fixture
def sequential(pilot):
    """Main's pilot has 1,000 validation rows and measures an estimator part by part; the pull request shifts its threshold."""

    def run(*options: str, gate: str = "", seeds: str = "[1]", shift: float = 0.0):
        np.savez(pilot.path / "data/validation.npz", **rows(1000, 7))
        text = CHARTER.replace(CANDIDATE, "    estimator: pilot.hybrid:build\n")
        text = text.replace("{schedule: [100, 1000], seeds: [1, 2, 3]}", f"{{seeds: {seeds}}}\n  sequential: true")
        pilot.git("switch", "--quiet", "main")
        pilot.write(
            {".qgate/sorter.yml": charter_text(pilot.path, text.replace(GATE, GATE + gate)), "pilot/hybrid.py": ESTIMATOR}
        )
        pilot.commit("Measure part by part")
        ended = pilot.qgate("lock", "--base", "HEAD")
        assert ended.code == 0, ended.err
        pilot.commit("Lock")
        pilot.git("switch", "--quiet", "--create", "shift")
        pilot.change({"pilot/hybrid.py": ESTIMATOR.replace("shift=0.0", f"shift={shift}")})
        return pilot.qgate("run", "--base", "main", "--head", "shift", *options)

    return run


def evidence_of(pilot):
    (measured,) = json.loads((pilot.path / ".qgate/run/evidence.json").read_text())["pilots"]
    return measured


def parity_of(pilot):
    return next(g for g in pilot.verdict()["pilots"][0]["gates"] if g["name"] == "val_accuracy_gap_vs_classical")


def test_a_clear_case_is_decided_by_a_part_of_the_rows(pilot, sequential):
    ended = sequential(gate=NEW_ROWS, shift=0.001)
    assert ended.code == 0, ended
    assert "look 1 decides every parity gate" in ended.err
    assert evidence_of(pilot)["looks"] == [{"rows": {"validation": 200}, "seeds": 1}]
    with np.load(pilot.path / ".qgate/run" / evidence_of(pilot)["arrays"]["path"]) as arrays:
        cells = [len(arrays[f"cell/{n}/predictions"]) for n, _ in enumerate(evidence_of(pilot)["cells"])]
    assert cells == [200, 1000]  # the candidate's; the baseline's, which the lock holds whole
    told = "1 of 5 looks, 20 % of the rows, 1 of 1 cell: saved 80 %"
    comment = (pilot.path / ".qgate/run/comment.md").read_text()
    assert f"Measured part by part: {told}\n" in comment
    assert f"Looks: {told}; decided at look 1, alpha spent 0.015 of 0.05" in comment
    assert pilot.qgate("verify", ".qgate/run").code == 0
    assert_held_and_not_with_fewer_rows(pilot.path)


def assert_held_and_not_with_fewer_rows(root):
    """A publishing job holds this evidence, and refuses it where it says that a look was of one row."""
    settings = Settings(repository=root, out=root / ".qgate/run", today=date(2026, 1, 31), base="main", head="shift")
    with opened(settings) as here:
        scope = find_scope(here)
        assert held(here, scope, settings, "an earlier job").measured_in == "an earlier job"
        evidence, _ = read_evidence(settings.out)
        (measured,) = evidence.pilots
        looks = (replace(measured.looks[0], rows={"validation": 1}),)
        write_evidence(replace(evidence, pilots=(replace(measured, looks=looks),)), settings.out)
        with pytest.raises(MeasurementError, match="looks"):
            held(here, scope, settings, "an earlier job")


def test_an_unclear_case_takes_every_look_at_the_attempt_s_own_alpha(pilot, sequential, tmp_path):
    """A shift of 0.48 turns 5.1 % of the rows over: at a margin of 5 % not even all of them tell."""
    ended = sequential("--ledger", str(tmp_path / "ledger.jsonl"), gate=NEW_ROWS, shift=0.48)
    assert ended.code == 11, ended
    assert [look["rows"]["validation"] for look in evidence_of(pilot)["looks"]] == [200, 400, 600, 800, 1000]
    assert parity_of(pilot)["details"]["sequential"]["alpha_spent"] == pytest.approx(0.05 * 6 / np.pi**2)


def test_a_recipe_is_decided_by_a_part_of_its_trainings(pilot, sequential):
    recipe = "      claim: {population: locked_set, subject: procedure}\n"
    ended = sequential(gate=recipe, seeds="[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", shift=0.001)
    assert ended.code == 0, ended
    assert evidence_of(pilot)["looks"] == [{"rows": {"validation": 1000}, "seeds": 3}]
    assert parity_of(pilot)["details"]["sequential"]["cells"] == [3, 10]
    assert pilot.gates() == dict.fromkeys(("val_accuracy_gap_vs_classical", "reproducibility", "evidence_drift"), "pass")
