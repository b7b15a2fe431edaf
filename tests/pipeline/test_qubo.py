"""A QUBO pilot through the real command: a file solved by QAOA, a callable, what moved, and what cannot be measured."""

import pytest
from qgate_pilot import Sandbox

CHARTER = """\
pilot:
  name: roster
  owner: platform@example.com
  candidate:
    qubo: SOURCE
    options: OPTIONS
    constraints: [{name: one of two, exactly_one: ["0", "1"]}, {name: cap, sum: {"1": 1, "2": 1}, max: 1}]
  environment: {lockfile: requirements.lock}
  shots: {schedule: [500], seeds: [1, 2, 3]}
  success_metrics:
    - {name: qubo_energy_gap, max: 0.05, remediation: {summary: add a layer, set: {layers: 3}}}
    - {name: qubo_random_ratio, min: 0.5, remediation: restore the couplings of the roster and re-run the qubo suite}
    - {name: qubo_feasible_rate, min: 0.5, remediation: restore the couplings of the roster and re-run the qubo suite}
    - {name: qubo_p_opt, min: 0.2, remediation: restore the couplings of the roster and re-run the qubo suite}
rollback: {traffic: solver_flag_to_annealing, approver: sre@example.com}
"""
COO = "0 0 -2\n1 1 -1\n2 2 0.5\n0 1 3\n1 2 1\n"
MODEL = '''"""The roster."""


def qubo(penalty=3.0):
    return {(0, 0): -2.0, (1, 1): -1.0, (2, 2): 0.5, (0, 1): penalty, (1, 2): 1.0}
'''


def repository(path, source: str, options: str, files: dict[str, str]) -> Sandbox:
    path.mkdir()
    sandbox = Sandbox(path)
    charter = CHARTER.replace("SOURCE", source).replace("OPTIONS", options)
    sandbox.write({**files, "requirements.lock": "pennylane==0.45.1\n", ".qgate/roster.yml": charter})
    sandbox.commit("Pilot")
    ended = sandbox.qgate("lock", "--base", "HEAD")
    assert ended.code == 0, ended.err
    sandbox.commit("Lock")
    sandbox.git("switch", "--quiet", "--create", "pull")
    return sandbox


@pytest.fixture
def file_pilot(tmp_path) -> Sandbox:
    return repository(tmp_path / "file", "roster.coo", "{layers: 2}", {"roster.coo": COO})


@pytest.fixture
def callable_pilot(tmp_path) -> Sandbox:
    return repository(tmp_path / "callable", "roster:qubo", "{layers: 2, penalty: 3}", {"roster.py": MODEL})


def test_a_file_that_says_the_same_passes_and_two_runs_write_the_same_evidence(file_pilot):
    file_pilot.change({"roster.coo": "# the same, in another order\n1 0 3\n2 1 1\n2 2 0.5\n1 1 -1\n0 0 -2\n"})
    for out in ("one", "two"):
        ended = file_pilot.qgate("run", "--base", "main", "--head", "pull", "--out", out)
        assert ended.code == 0, ended
    for name in ("evidence.json", "verdict.json", "evidence/00-roster.npz"):
        assert (file_pilot.path / "one" / name).read_bytes() == (file_pilot.path / "two" / name).read_bytes()
    judged = file_pilot.qgate("judge", "--out", "one")
    assert judged.code == 0, judged
    assert "Energies, the least at the left" in (file_pilot.path / "one/report.html").read_text()


def test_another_qubo_drifts_and_its_energies_do_not_compare(file_pilot):
    file_pilot.change({"roster.coo": COO.replace("0 1 3", "0 1 1")})
    assert file_pilot.qgate("run", "--base", "main").code == 10
    gates = file_pilot.gates()
    assert (gates["evidence_drift"], gates["qubo_energy_gap"], gates["reproducibility"]) == ("fail", "error", "pass")
    assert file_pilot.why("qubo_energy_gap").startswith("the QUBO is not the locked one, so their energies do not compare")
    assert "the QUBO's coefficients (locked " in file_pilot.why("evidence_drift")
    (pilot,) = file_pilot.verdict()["pilots"]
    assert pilot["reached_by"] == ["roster.coo → qubo"]


def test_a_broken_file_is_an_error_with_its_line(file_pilot):
    file_pilot.change({"roster.coo": COO + "0 x 1\n"})
    assert file_pilot.qgate("run", "--base", "main").code == 12
    assert "roster.coo:6: expected two variable numbers and a value, found '0 x 1'" in file_pilot.why("qubo_p_opt")
    assert set(file_pilot.gates().values()) == {"error"}


def test_a_missing_file_is_an_error(file_pilot):
    file_pilot.change({"roster.coo": None})
    assert file_pilot.qgate("run", "--base", "main").code == 10
    assert "qubo `roster.coo` is missing" in file_pilot.why("reproducibility")
    assert file_pilot.gates()["qubo_p_opt"] == "error"


def test_a_callable_with_options_passes_and_one_that_draws_lots_is_not_reproducible(callable_pilot):
    callable_pilot.change({"roster.py": MODEL.replace("return {", "return 0 or {")})
    ended = callable_pilot.qgate("run", "--base", "main")
    assert ended.code == 0, ended
    lots = MODEL.replace("def qubo", "import random\n\n\ndef qubo").replace("-2.0", "-2.0 - random.random()")
    callable_pilot.change({"roster.py": lots})
    assert callable_pilot.qgate("run", "--base", "main").code == 10
    assert callable_pilot.gates()["reproducibility"] == "fail"
    assert "candidate/qubo/shots=500/seed=1 gave different bits" in callable_pilot.why("reproducibility")


def test_what_the_callable_raises_is_told_in_its_words(callable_pilot):
    callable_pilot.change({"roster.py": MODEL.replace("    return {", "    1 / 0\n    return {")})
    assert callable_pilot.qgate("run", "--base", "main").code == 12
    assert "ZeroDivisionError: division by zero" in callable_pilot.why("qubo_random_ratio")
    assert "roster.py:5 in qubo" in callable_pilot.why("qubo_random_ratio")
