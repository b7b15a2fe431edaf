"""The stages alone, each from the directory that the one before wrote; and what starts light."""

import json
import subprocess
import sys

import pytest
from qgate_pilot import SCALING

WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")


def test_measure_then_judge_is_run(pilot):
    pilot.change({"pilot/scaling.py": WORSE})
    where = ("--base", "main", "--head", "pull")
    assert pilot.qgate("run", *where, "--out", "whole").code == 10
    measured = pilot.qgate("measure", *where, "--out", "stages")
    assert measured.code == 0, measured
    assert not (pilot.path / "stages/verdict.json").exists()
    assert pilot.qgate("judge", "--out", "stages").code == 10
    assert (pilot.path / "stages/verdict.json").read_bytes() == (pilot.path / "whole/verdict.json").read_bytes()


def test_judge_refuses_evidence_that_was_touched(pilot):
    pilot.change({"pilot/scaling.py": WORSE})
    assert pilot.qgate("measure", "--base", "main", "--head", "pull").code == 0
    evidence = pilot.path / ".qgate/run/evidence.json"
    digest = json.loads(evidence.read_text())["pilots"][0]["cells"][0]["sha256"]
    evidence.write_text(evidence.read_text().replace(digest, "0" * 64))
    ended = pilot.qgate("judge")
    assert ended.code == 2, ended
    assert "is not what evidence.json says it is" in ended.err
    assert ended.last_line == "qgate: no gate was evaluated"


def test_judge_without_a_measurement_says_what_to_run(pilot):
    ended = pilot.qgate("judge")
    assert ended.code == 2
    assert "run `qgate measure" in ended.err


def test_detect_says_what_is_reached_and_how(pilot):
    pilot.change({"pilot/scaling.py": WORSE, "notebook.py": "import cirq\n"})
    ended = pilot.qgate("detect", "--base", "main", "--head", "pull", "--json")
    assert ended.code == 0, ended
    found = json.loads(ended.out)
    assert found["applicable"] is True
    assert found["pilots"] == [
        {"pilot": "sorter", "charter": ".qgate/sorter.yml", "chains": ["pilot/scaling.py → pilot/hybrid.py → candidate"]}
    ]
    assert [(u["path"], u["line"]) for u in found["uncovered"]] == [("notebook.py", 1)]


def test_run_gates_the_work_tree_with_its_untracked_files(pilot):
    pilot.write({"pilot/scaling.py": "from pilot.fresh import angle\n", "pilot/fresh.py": WORSE})
    ended = pilot.qgate("run", "--base", "main")
    assert ended.code == 10, ended
    assert pilot.verdict()["head"].startswith("worktree:")
    assert pilot.qgate("run", "--base", "main", "--json").out == (pilot.path / ".qgate/run/verdict.json").read_text()


def test_validate_prints_problems_as_annotations(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.write({".qgate/sorter.yml": text.replace("success_metrics", "sucess_metrics")})
    ended = pilot.qgate("validate", "--format", "github")
    assert ended.code == 3
    first = ended.out.splitlines()[0]
    assert first.startswith("::error ")
    assert "file=.qgate/sorter.yml" in first


@pytest.mark.parametrize("command", ["detect", "validate", "run"])
def test_what_reaches_nothing_starts_without_the_scientific_stack(pilot, command):
    """`run` on a change that reaches nothing as well: it must end before scipy could even be imported."""
    pilot.change({"README.md": "x\n"})
    arguments = [command] if command == "validate" else [command, "--base", "main", "--head", "pull"]
    script = (
        "import sys\nfrom qgate.cli import cli\n"
        f"code = cli({arguments!r}, standalone_mode=False)\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'pennylane', 'pennylane_lightning', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'{code} {sorted(heavy)}' if code or heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=pilot.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_some_gates_are_measured_and_the_others_are_errors(pilot):
    """The cost is counted from the captured circuit; nobody asked for the baseline, a repetition, or parity."""
    charter = (pilot.path / ".qgate/sorter.yml").read_text()
    cost = (
        "    - {name: evaluation_cost_usd, max: 100000, remediation: {summary: fewer shots, run: ops/fewer_shots.sh}}\nrollback:"
    )
    budget = "  budget: {usd_per_shot: 0.00035}\n  success_metrics:"
    pilot.change({".qgate/sorter.yml": charter.replace("rollback:", cost, 1).replace("  success_metrics:", budget, 1)})
    pilot.git("switch", "--quiet", "main")
    pilot.git("merge", "--quiet", "pull")
    pilot.git("switch", "--quiet", "pull")
    pilot.change({"pilot/scaling.py": SCALING + "\n"})
    measured = pilot.qgate("measure", "--base", "main", "--head", "pull", "--only", "cost")
    assert measured.code == 0, measured
    [evidence] = json.loads((pilot.path / ".qgate/run/evidence.json").read_text())["pilots"]
    assert (evidence["facts"]["only"], {c["role"] for c in evidence["cells"]}) == (["cost"], {"candidate"} | salted(evidence))
    assert evidence["repetitions"] == []
    assert pilot.qgate("judge").code == 12
    gates = pilot.gates()
    assert gates.pop("evaluation_cost_usd") == "pass"
    assert set(gates.values()) == {"error"}, gates
    parity = next(name for name in gates if name.startswith("val_"))
    assert pilot.why(parity) == "not measured: `qgate measure --only` asked for cost; measure without it for a whole verdict"
    refused = pilot.qgate("measure", "--only", "speed")
    assert (refused.code, "'speed' is not one of 'parity', 'latency'" in refused.err) == (2, True)


def salted(evidence):
    return {c["role"] for c in evidence["cells"] if c["role"].startswith("salt:")}
