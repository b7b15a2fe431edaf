"""From a valid document to the charter."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

from qgate.charter.read import read_charter
from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Claim,
    Constraint,
    DataFile,
    Gate,
    OnInconclusive,
    Platform,
    Population,
    Remediation,
    Rollback,
    Route,
    Sandbox,
    Shots,
    Slice,
    Strategy,
    Subject,
    Target,
    Threshold,
    Waiver,
)
from qgate.domain.source import Position

VALID = Path("tests/examples/charters/valid")
SHA = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"
OWNER, SRE = "platform@example.com", "sre@example.com"


def charter(name):
    path = VALID / f"{name}.yml"
    return read_charter(path.read_bytes(), f".qgate/{name}.yml", today=date(2026, 6, 1)).charter


def digest(name):
    return hashlib.sha256((VALID / f"{name}.yml").read_bytes()).hexdigest()


def test_circuit():
    def at(line):
        return Position(path=".qgate/circuit.yml", line=line, column=7)

    assert charter("circuit") == Charter(
        path=".qgate/circuit.yml",
        sha256=digest("circuit"),
        pilot="circuit",
        owner=OWNER,
        candidate=Candidate(
            kind=CandidateKind.CIRCUIT,
            entrypoint="triage.hybrid:circuit",
            options={"layers": 3, "scale": 0.15, "mode": "no", "start": "1:30", "entangle": True, "prune": None},
            weights="models/weights.npz",
            decision="parity",
        ),
        baselines=(
            Baseline(name="classical", estimator="triage.classical:build", options={"C": 0.1}),
            Baseline(name="classical_v2", estimator="triage.classical:build_v2"),
        ),
        data={"test": DataFile(path="data/test.csv", sha256=SHA, target="diagnosis")},
        gates=(
            Gate(
                name="test_roc_auc_gap_vs_classical",
                threshold=Threshold(maximum=Decimal("0.01")),
                owner=OWNER,
                remediation=Remediation(summary="roll back the encoding to the last release, then re-run the parity suite"),
                position=at(16),
                claim=Claim(population=Population.DEPLOYMENT, subject=Subject.PROCEDURE),
            ),
            Gate(
                name="test_log_loss_gap_vs_classical_v2",
                threshold=Threshold(maximum=Decimal("-0.5")),
                owner=OWNER,
                remediation=Remediation(summary="as written", steps=("ops/reset.sh",)),
                position=at(22),
            ),
        ),
        rollback=Rollback(traffic="weighted_route", approver=SRE),
        shots=Shots(schedule=(100,), seeds=(0, 4294967295)),
    )


def test_a_gate_s_own_owner_wins_over_the_pilot_s():
    assert [gate.owner for gate in charter("complete").gates] == [OWNER, OWNER, SRE, OWNER, OWNER, OWNER]


def test_thresholds_are_exact():
    gates = charter("complete").gates
    assert gates[0].threshold == Threshold(maximum=Decimal("0.005"))
    assert gates[5].threshold == Threshold(minimum=Decimal("0.6"))
    assert [type(gate.threshold.maximum) for gate in gates[:2]] == [Decimal, Decimal]


def test_choices():
    assert charter("complete").gates[0].on_inconclusive is OnInconclusive.REVIEW
    assert [gate.acknowledge_underpowered for gate in charter("complete").gates[:2]] == [True, False]
    assert charter("complete").gates[1].claim == Claim()
    assert charter("qubo").gates[1].threshold == Threshold(minimum=Decimal("0.9"))


def test_the_sandbox_is_left_to_the_door_or_asked_for():
    assert [charter(name).sandbox for name in ("minimal", "complete")] == [None, Sandbox.REQUIRED]


def test_a_qubo_and_its_constraints():
    candidate = charter("qubo").candidate
    assert candidate == Candidate(
        kind=CandidateKind.QUBO,
        entrypoint="models/schedule.qubo",
        options={"layers": 3},
        constraints=(
            Constraint(name="constraint 1", coefficients={"0": 1.0, "1": 1.0, "2": 1.0}, minimum=1.0, maximum=1.0),
            Constraint(name="at most two nights", coefficients={"0": 1.0, "3": 1.0, "4": 1.5}, maximum=2.0),
            Constraint(name="constraint 3", coefficients={"1": 1.0, "2": -1.0}, minimum=0.0, maximum=0.0),
        ),
    )
    assert candidate.file == "models/schedule.qubo"


def test_a_qubo_from_a_callable_with_an_ansatz():
    candidate = charter("qubo-ansatz").candidate
    assert candidate == Candidate(
        kind=CandidateKind.QUBO,
        entrypoint="schedule.model:build",
        options={"penalty": 4},
        weights="models/angles.npz",
        ansatz="schedule.circuit:ansatz",
    )
    assert candidate.file is None


def test_sequential_is_chosen():
    assert [charter(name).sequential for name in ("minimal", "sequential-rows", "sequential-seeds")] == [False, True, True]


def test_clusters_and_slices_of_the_data():
    declared = charter("complete").data["validation"]
    assert declared.clusters == "patient"
    assert declared.slices == (Slice(name="elderly", column=3, minimum=65), Slice(name="rare", mask="rare"))
    assert charter("complete").gates[1].name == "val_accuracy_gap_vs_classical/elderly"


def test_a_split_goes_by_its_full_name():
    assert charter("minimal").data == {"validation": DataFile(path="data/val.npz", sha256=SHA)}


def test_remediation_waivers_and_rollback():
    got = charter("complete")
    assert got.gates[0].remediation == Remediation(
        summary="drop the entangling layer and re-run parity", set={"layers": 1}, rerun="parity"
    )
    assert got.waivers == (
        Waiver(
            gate="latency_p99_ms",
            reason="the new region opens in January",
            approver=SRE,
            expires="2027-01-31",
            evidence_sha256="c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646",
        ),
    )
    assert got.rollback == Rollback(
        traffic="blue_green_to_classical_v3",
        approver=SRE,
        steps=("kubectl argo rollouts undo triage", "watch the error rate for ten minutes"),
        verify=("curl -fsS $URL/healthz",),
        max_age_days=30,
        route=Route(strategy=Strategy.BLUE_GREEN, to="classical_v3"),
        target=Target(
            baseline="classical",
            artifact="models/classical_v3.joblib",
            sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            metrics={"accuracy": Decimal("0.951")},
        ),
    )


def test_a_route_that_names_its_platform():
    got = charter("rollback-route")
    assert got.rollback == Rollback(
        traffic="canary_to_classical-v3",
        approver=SRE,
        route=Route(
            strategy=Strategy.CANARY,
            to="classical-v3",
            platform=Platform.ISTIO,
            service="triage",
            origin="hybrid-v4",
            share=10,
            namespace="production",
        ),
        target=Target(baseline="classical", metrics={"accuracy": Decimal(1)}, tolerance=Decimal("0.002")),
        rehearsed="2026-05-20",
    )


def test_sections_are_plain_json():
    got = charter("complete")
    assert got.sections == {
        "noise": {"calibration": "calibration/device.json", "max_age_days": 14},
        "traffic": {
            "arrivals": "poisson",
            "rate_rps": 40,
            "batch": {"max_size": 32, "max_wait_ms": 5},
            "workers": 2,
            "regions": [{"name": "eu-west", "rtt_ms": [18, 25, 60]}],
        },
        "budget": {"usd_per_shot": 0.00035, "usd_per_task": 0.3, "monthly_cap_usd": 4000, "requests_per_day": 20000},
    }
    assert type(got.sections["budget"]["usd_per_shot"]) is float
    assert (got.pilot, got.paths, got.lockfile) == ("tumour-triage", ("src/triage/**",), "requirements.lock")


def test_slices_by_files_and_seeds_that_are_only_counted_yet():
    found = charter("sealed-slices")
    assert (found.shots.sealed, found.shots.seeds) == (5, (0, 1, 2, 3, 4))
    digest = found.data["validation"].sha256
    assert found.data["validation"].slices == (
        Slice(name="elderly", file="data/elderly.csv", sha256=digest),
        Slice(name="rare", file="data/rare.npz", sha256=digest),
    )
