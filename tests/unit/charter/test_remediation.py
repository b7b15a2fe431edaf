"""The lint: a remediation names something to do."""

import pytest

from qgate.charter.remediation import ACTIONS, WISHES, can_be_done


@pytest.mark.parametrize(
    "remediation",
    [
        "disable layer X and re-run the parity suite",
        "Fall back to classical_v3.",
        "switch traffic to the classical baseline",
        "temporarily disable ZZ entanglers",
        "improve the ansatz: add one entangling layer",
        "increase shots to 10000",
        "recalibrate on the newest snapshot",
        {"summary": "improve the quantum model", "set": {"layers": 1}},
        {"summary": "improve the quantum model", "run": "ops/cap_batch.sh"},
        {"summary": "undo", "steps": ["kubectl argo rollouts undo triage"]},
        {"summary": "undo", "steps": ["investigate the cause", "kubectl argo rollouts undo triage"]},
        {"summary": "undo", "steps": ["1. ask the owner for the last snapshot"]},
        {"summary": "revert the encoding", "steps": ["investigate"]},
    ],
)
def test_something_to_do(remediation):
    assert can_be_done(remediation)


@pytest.mark.parametrize(
    "remediation",
    [
        "improve the quantum model",
        "Improve the quantum model!",
        "make it better",
        "fix it",
        "retrain the model",
        "reduce latency",
        "re-run.",
        "investigate the regression",
        "look at the run",
        "tune hyperparameters",
        "TBD",
        "…",
        {"summary": "improve the quantum model"},
        {"summary": "improve the quantum model", "rerun": "parity"},
        {"summary": "improve the quantum model", "set": {}, "steps": []},
        {"summary": "see the steps", "steps": ["investigate the regression", "fix it"]},
        {"summary": "see the steps", "steps": [1, None]},
        {},
    ],
)
def test_a_wish(remediation):
    assert not can_be_done(remediation)


def test_no_word_is_an_action_and_a_wish():
    assert not ACTIONS & WISHES
