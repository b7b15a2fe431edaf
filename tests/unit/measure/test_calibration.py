"""The calibration part of a pilot's evidence: cells and facts from a described circuit, failures where something is missing."""

import hashlib
import json
from datetime import date

import numpy as np
import pennylane as qml
import pytest

from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    DataFile,
    Gate,
    Remediation,
    Rollback,
    Shots,
    Threshold,
)
from qgate.domain.evidence import Failure, InputFile, PilotEvidence
from qgate.domain.source import Position
from qgate.domain.work import Answer
from qgate.measure import calibration
from qgate.measure.inputs import Opened
from qgate.quantum import noisy
from qgate.quantum.calibration import read_snapshot
from qgate.quantum.capture import describe
from qgate.quantum.description import encode
from qgate.quantum.noise import Noise
from qgate.workloads.dataset import Dataset

ROWS = 6
X = np.random.default_rng(1).uniform(-1, 1, (ROWS, 2))
Y = np.array([0, 1, 0, 1, 0, 1])
TODAY = date(2026, 6, 1)


def circuit(x, weights):
    qml.RY(x[0] + weights, wires=0)
    qml.RY(x[1], wires=1)
    qml.CNOT([0, 1])
    return qml.expval(qml.Z(1))


def device(day="2026-05-22", pairs=((0, 1), (1, 2)), name="here", **changes):
    qubits = [
        {"gate_error": 0.001 * (3 - q), "prob_meas1_prep0": 0.02, "prob_meas0_prep1": 0.04, "t1_us": 90 + q, "t2_us": 60}
        for q in range(3)
    ]
    qubits = [q | {"gate_length_ns": 40} for q in qubits]
    couplers = [{"qubits": list(p), "gate_error": 0.01, "gate_length_ns": 300} for p in pairs]
    return {"schema": "qgate/calibration/v1", "device": name, "date": day, "qubits": qubits, "couplers": couplers} | changes


def charter_of(noise, kind=CandidateKind.CIRCUIT, gate="calibration_contrast"):
    return Charter(
        path=".qgate/c.yml",
        sha256="c" * 64,
        pilot="triage",
        owner="a@example.com",
        candidate=Candidate(kind=kind, entrypoint="a:b", weights="w.npz", decision="sign"),
        baselines=(Baseline(name="classical", estimator="c:d"),),
        data={"validation": DataFile(path="data/v.npz", sha256="0" * 64)},
        gates=(
            Gate(
                name=gate,
                threshold=Threshold(),
                owner="a@example.com",
                remediation=Remediation(summary="x"),
                position=Position(path=".qgate/c.yml", line=1, column=1),
            ),
        ),
        rollback=Rollback(traffic="blue", approver="a@example.com"),
        shots=Shots(),
        sections={"noise": noise},
    )


def opened(**files):
    found = []
    for path, value in files.items():
        content = None if value is None else json.dumps(value).encode()
        digest = None if content is None else hashlib.sha256(content).hexdigest()
        file = InputFile(role="calibration", path=f"{path}.json", declared_sha256=None, sha256=digest)
        found.append(Opened(file=file, content=content))
    return found


def answer():
    value, arrays = encode(describe(circuit, X, {"weights": 0.4}).batches)
    return Answer(value={"described": {"validation": value}}, arrays={f"validation/{k}": a for k, a in arrays.items()})


def measured(noise, files, *, today=TODAY, given=None, **changes):
    sources = calibration.Sources(
        answer=given or answer(), data={"validation": Dataset(features=X, labels=Y)}, opened=opened(**files), today=today
    )
    return calibration.under_noise(PilotEvidence(pilot="triage"), charter_of(noise, **changes), sources)


def expected(value, layout):
    batches = describe(circuit, X, {"weights": 0.4}).batches
    snapshot = read_snapshot(json.dumps(value).encode(), "x")
    return (1 + noisy.simulate(batches, Noise(snapshot=snapshot, layout=layout)).values[:, 0]) / 2


def test_cells_hold_the_noisy_answers_on_the_charters_layout():
    found = measured({"calibration": "now.json", "layout": [2, 1]}, {"now": device()})
    (cell,) = found.cells
    assert (cell.key.role, cell.key.split, cell.key.shots, cell.key.seed) == ("noisy:now.json", "validation", None, None)
    assert np.array_equal(cell.scores, expected(device(), (2, 1)))
    assert np.array_equal(cell.predictions, (cell.scores > 0.5).astype(int))
    assert found.failures == ()
    assert list(found.timings) == ["calibration"]
    assert found.facts["calibration"] == {
        "day": "2026-06-01",
        "split": "validation",
        "device": "here",
        "layout": [2, 1],
        "layout_from": "noise.layout",
        "snapshots": {
            "now.json": {
                "key": "calibration",
                "at": "2026-05-22T00:00:00+00:00",
                "method": noisy.EXACT_BACK,
                "standard_error": 0.0,
                "duration_us": 0.38,
                "least_t1_us": 91,
                "least_t2_us": 60,
            }
        },
    }


def test_the_layout_of_the_reference_stays_under_a_newer_calibration():
    """The reference prefers the qubits 1 and 2; today's snapshot would prefer 0 and 1."""
    today = device(couplers=[{"qubits": [0, 1], "gate_error": 0.001}, {"qubits": [1, 2], "gate_error": 0.2}])
    then = device("2025-01-01", couplers=[{"qubits": [0, 1], "gate_error": 0.05}, {"qubits": [1, 2], "gate_error": 0.01}])
    found = measured({"calibration": "now.json", "reference": "then.json"}, {"now": today, "then": then})
    facts = found.facts["calibration"]
    assert set(facts["layout"]) == {1, 2}
    assert facts["layout_from"] == "fewest errors by then.json"
    scores = {c.key.role: c.scores for c in found.cells}
    layout = tuple(facts["layout"])
    assert np.array_equal(scores["noisy:now.json"], expected(today, layout))
    assert np.array_equal(scores["noisy:then.json"], expected(then, layout))


def test_without_a_layout_wires_are_on_the_qubits_of_their_numbers():
    facts = measured({"calibration": "now.json"}, {"now": device()}).facts["calibration"]
    assert (facts["layout"], facts["layout_from"]) == ([0, 1], "each wire on the qubit of its number")


def test_a_day_of_the_past_that_could_not_run_it_is_told_and_fails_nothing():
    files = {"now": device(), "old": device("2024-01-01", pairs=((1, 2),))}
    found = measured({"calibration": "now.json", "history": ["old.json"]}, files)
    assert [c.key.role for c in found.cells] == ["noisy:now.json"]
    assert found.failures == ()
    problem = found.facts["calibration"]["snapshots"]["old.json"]["problem"]
    assert problem == "here of 2024-01-01 with the layout [0, 1]: wires 0 and 1 need the qubits 0 and 1, which are not connected"


@pytest.mark.parametrize(
    ("noise", "files", "changes", "message"),
    [
        ({"calibration": "now.json"}, {"now": None}, {}, "now.json is missing: commit the calibration snapshot"),
        (
            {"calibration": "now.json"},
            {"now": {}},
            {},
            "now.json is no calibration snapshot: it is neither IBM's properties (`qubits`, `gates`) nor qgate/calibration/v1",
        ),
        (
            {"calibration": "now.json"},
            {"now": device(pairs=((1, 2),))},
            {},
            "here of 2026-05-22 with the layout [0, 1]: wires 0 and 1 need the qubits 0 and 1, which are not connected",
        ),
        (
            {"calibration": "now.json", "history": ["o.json"]},
            {"now": device(), "o": device(name="there")},
            {},
            "o.json is of there, and now.json of here: a layout holds on one device only",
        ),
        (
            {"calibration": "now.json"},
            {"now": device()},
            {"today": None},
            "the day of the run is unknown, and so is the calibration's age",
        ),
        (
            {"calibration": "now.json"},
            {"now": device()},
            {"given": Answer(error="it crashed")},
            "the candidate described no circuit to put noise into",
        ),
        (
            {"calibration": "now.json"},
            {"now": device()},
            {"kind": CandidateKind.KERNEL},
            "the candidate's kind is `kernel`: this version of qgate puts noise into `circuit` candidates only",
        ),
        ({}, {}, {}, "the charter declares no `noise.calibration`"),
    ],
)
def test_what_is_in_the_way_is_a_failure(noise, files, changes, message):
    found = measured(noise, files, **changes)
    assert found.failures == (Failure(part="calibration", message=f"{message} [noise/calibration]"),)
    assert (found.cells, dict(found.facts)) == ((), {})


@pytest.mark.parametrize(("gate", "asked"), [("calibration_flips", True), ("val_accuracy_gap_vs_classical", False)])
def test_only_a_calibration_gate_asks_for_it(gate, asked):
    assert calibration.wanted(charter_of({"calibration": "now.json"}, gate=gate)) is asked
