"""The calibrated pilot through the whole pipeline: its README's numbers, its two pull requests, its provenance."""

import hashlib
import json
import runpy
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from qgate.domain.verdict import Decision
from qgate.forge.nothing import NoForge
from qgate.pipeline import gate
from qgate.report.capacity_text import capacity_lines
from qgate.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "calibrated-iris"
NEWER = ROOT / "tests" / "unit" / "quantum" / "snapshots" / "ibm_lagos-2024-05-27.json"
PULLS = ("good-refactor", "recalibrate")


@pytest.fixture
def gated(shown):
    """Of each pull request: its repository and how it ended."""
    return {pull: (one.repository, one.gated) for pull in PULLS for one in [shown["calibrated-iris", pull]]}


def gates(gated, pull):
    (pilot,) = gated[pull][1].verdict.pilots
    return {g.name: g for g in pilot.gates}


def test_the_refactoring_passes_every_gate(gated):
    assert {g.decision for g in gates(gated, "good-refactor").values()} == {Decision.PASS}
    assert gated["good-refactor"][1].exit_code == 0


def test_the_new_calibration_fails_by_contrast_alone(gated):
    found = gates(gated, "recalibrate")
    assert {name: g.decision for name, g in found.items() if g.decision is not Decision.PASS} == {
        "calibration_contrast": Decision.FAIL,
        "charter_approval": Decision.INCONCLUSIVE,
    }
    assert "this change loosens pilot.noise.calibration (calibration/ibm_lagos.json)" in found["charter_approval"].why
    assert gated["recalibrate"][1].verdict.pilots[0].reached_by == ("calibration/ibm_lagos.json → calibration",)
    assert found["calibration_contrast"].why == (
        "the candidate keeps 0.417 of its contrast under ibm_lagos's calibration of 2024-05-27, and takes 5.8 times the shots for"
        " the same resolution; less than the 0.6 required"
    )


@pytest.mark.parametrize("pull", PULLS)
def test_the_readme_says_what_was_measured(gated, pull):
    found = gates(gated, pull)
    drift = {point["path"]: point for point in found["calibration_contrast"].details["drift"]}
    now = drift["calibration/ibm_lagos.json"]
    row = f"| 0.940 | {now['contrast']:.3f} | {now['flips']} | {now['accuracy']:.3f} |"
    assert f"| with `pulls/{pull}.patch` {row}" in (EXAMPLE / "README.md").read_text()
    assert found["calibration_flips"].value == now["flips"]
    assert found["calibration_accuracy_drop"].value == pytest.approx(0.94 - now["accuracy"], abs=1e-12)
    assert found["calibration_contrast"].details["layout"] == [2, 1, 3, 5]


def test_the_layout_of_the_reference_is_kept_under_the_new_calibration(gated):
    first, second = (gates(gated, pull)["calibration_contrast"].details for pull in PULLS)
    assert first["layout"] == second["layout"]
    older = "calibration/ibm_lagos-2021-07-26.json"
    assert [p for p in first["drift"] if p["path"] == older] == [p for p in second["drift"] if p["path"] == older]


def test_a_second_run_of_one_commit_on_one_day_gives_the_same_evidence(gated, tmp_path):
    repository, first = gated["recalibrate"]
    evidence = (repository / ".qgate/run/evidence.json").read_bytes()
    out = tmp_path / "again"
    settings = Settings(repository=repository, out=out, today=date(2026, 11, 24), base="main", head="pull")
    second = gate(settings, NoForge(), lambda _: None)
    assert untimed((out / "evidence.json").read_bytes()) == untimed(evidence)
    served = {"latency_p95_ms", "throughput_rps", "capacity_rps", "rollback_rehearsal"}
    (one,), (other,) = first.verdict.pilots, second.verdict.pilots
    assert [g for g in one.gates if g.name not in served] == [g for g in other.gates if g.name not in served]
    inputs = json.loads(evidence)["pilots"][0]["inputs"]
    digest = hashlib.sha256(NEWER.read_bytes()).hexdigest()
    assert {"role": "calibration", "path": "calibration/ibm_lagos.json", "declared_sha256": None, "sha256": digest} in inputs


def untimed(evidence):
    """What does not depend on the clock: everything but the digests of measured times."""
    (pilot,) = json.loads(evidence)["pilots"]
    return {name: value for name, value in pilot.items() if name not in {"service", "growth"}}


def test_the_capacity_curve_and_how_it_grows_are_in_the_report(gated):
    repository, found = gated["good-refactor"][0], gates(gated, "good-refactor")
    details = found["capacity_rps"].details
    assert sorted(details["growth"]) == ["qubits", "shots"]
    assert details["growth"]["qubits"]["sizes"] == list(range(4, 13))
    assert details["headroom"] > 1
    assert "queue and network and region times are drawn as the charter declares them" in found["latency_p95_ms"].claim_words
    report = (repository / ".qgate/run/report.html").read_text()
    assert "<title>latency against requests per second: within 2,000 ms up to" in report
    assert report.count("<title>growth: ") == 2
    assert capacity_lines(found["capacity_rps"])[0].endswith("the upright line is the limit of 2,000 ms")


def test_the_calibrations_are_the_published_ones():
    reference = EXAMPLE / "calibration" / "ibm_lagos-2021-07-26.json"
    assert (EXAMPLE / "calibration" / "ibm_lagos.json").read_bytes() == reference.read_bytes()
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (reference, NEWER)}
    assert digests == {
        "ibm_lagos-2021-07-26.json": "c3ab22b7bba9d0c0767ea7c62b424b94b0091f5b10350d459c685c6d6e1c761e",
        "ibm_lagos-2024-05-27.json": "55514b9331e1df2f06ac3f7494c112e3ea0c90a333f9363f47f62b4be13d8f66",
    }


def test_data_script_writes_the_same_bytes(tmp_path):
    (tmp_path / "make_data.py").write_bytes((EXAMPLE / "data" / "make_data.py").read_bytes())
    runpy.run_path(str(tmp_path / "make_data.py"), run_name="__main__")
    for name in ("train.npz", "validation.npz"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / "data" / name).read_bytes()


def test_lock_holds_the_pins_of_the_runtime():
    relock = runpy.run_path(str(ROOT / "examples" / "relock.py"))
    expected = relock["required"]((ROOT / "requirements" / "runtime.lock").read_text(), relock["DIRECT"])
    assert (EXAMPLE / "requirements.lock").read_text() == expected


def test_training_script_makes_the_committed_weights(tmp_path):
    command = [sys.executable, "-B", "-W", "error", "training/train.py", "--out", tmp_path]
    subprocess.run(command, cwd=EXAMPLE, env={"PYTHONPATH": "src"}, check=True)
    with np.load(tmp_path / "circuit.npz") as made, np.load(EXAMPLE / "weights" / "circuit.npz") as committed:
        assert {key: array.shape for key, array in committed.items()} == {"scales": (4,), "angles": (2, 4, 2)}
        # Eighty steps of Adam carry the last bits of another processor's sines a long way: to a thousandth of a radian, say.
        assert all(np.allclose(made[key], committed[key], rtol=0, atol=1e-3) for key in committed)
    reached, recorded = (json.loads((where / "training.json").read_text()) for where in (tmp_path, EXAMPLE / "weights"))
    assert reached == pytest.approx(recorded, abs=1e-3)
