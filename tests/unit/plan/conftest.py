"""A charter from YAML, and its data on disk."""

import hashlib
from datetime import date

import numpy as np
import pytest

from qgate.charter.read import read_charter

CHARTER = """\
version: 1
pilot:
  name: sorter
  owner: a@example.com
  candidate: CANDIDATE
  baselines: {classical: {estimator: "a.b:c"}}
  data:
    validation: {path: val.npz, sha256: SHA}
  shots: SHOTS
  traffic: {rate_rps: 40}
  budget: {usd_per_shot: 0.00035, usd_per_task: 0.3}
  success_metrics:
GATES
rollback: {traffic: blue_green, approver: b@example.com}
"""
CANDIDATES = {"circuit": "{circuit: a.b:c, weights: w.npz, decision: sign}", "estimator": '{estimator: "a.b:c"}'}


@pytest.fixture
def charter_of(tmp_path):
    def make(*gates, candidate="circuit", shots="{schedule: [100, 1000], seeds: [1, 2, 3, 4, 5]}", rows=200):
        np.savez(tmp_path / "val.npz", X=np.zeros((rows, 2)), y=np.arange(rows) % 2)
        lines = "\n".join(f"    - {{{gate}, remediation: {{summary: revert the last release, rerun: parity}}}}" for gate in gates)
        text = CHARTER.replace("GATES", lines).replace("CANDIDATE", CANDIDATES[candidate]).replace("SHOTS", shots)
        text = text.replace("SHA", hashlib.sha256((tmp_path / "val.npz").read_bytes()).hexdigest())
        reading = read_charter(text.encode(), ".qgate/sorter.yml", today=date(2026, 1, 1))
        assert reading.problems == ()
        return reading.charter

    return make
