"""A pilot's charter and evidence, with the knobs that the gates' tests turn."""

import hashlib
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Claim,
    DataFile,
    Gate,
    Population,
    Remediation,
    Rollback,
    Shots,
    Subject,
    Threshold,
)
from qgate.domain.evidence import Cell, CellKey, InputFile, PilotEvidence, Repetition, predictions_digest
from qgate.domain.source import Position

SHA = hashlib.sha256(b"rows").hexdigest()


def make_gate(name="val_accuracy_gap_vs_classical", maximum="0.005", claim="locked_set/artifact", **extra):
    population, subject = claim.split("/")
    values = {
        "threshold": Threshold(maximum=Decimal(maximum)),
        "owner": "platform@example.com",
        "remediation": Remediation(summary="drop the entangler", set={"layers": 1}, run="ops/x.sh", rerun="parity"),
        "position": Position(path=".qgate/c.yml", line=9, column=7),
        "claim": Claim(population=Population(population), subject=Subject(subject)),
    }
    return Gate(name=name, **(values | extra))


def make_charter(*gates, schedule=(), seeds=(), kind=CandidateKind.ESTIMATOR, weights=None, **extra):
    values = {
        "path": ".qgate/c.yml",
        "sha256": "c" * 64,
        "pilot": "triage",
        "owner": "platform@example.com",
        "candidate": Candidate(kind=kind, entrypoint="a:b", weights=weights),
        "baselines": (Baseline(name="classical", estimator="c:d"),),
        "data": {"validation": DataFile(path="data/v.npz", sha256=SHA)},
        "gates": gates or (make_gate(),),
        "rollback": Rollback(traffic="blue", approver="sre@example.com", steps=("undo",)),
        "shots": Shots(schedule=schedule, seeds=seeds),
        "lockfile": "requirements.lock",
    }
    return Charter(**(values | extra))


def make_cell(role, predictions, *, shots=None, seed=None, scores=None, kind=None, split="validation"):
    key = CellKey(role=role, split=split, shots=shots, seed=seed)
    return Cell(key=key, predictions=np.asarray(predictions), scores=scores, score_kind=kind)


def make_evidence(truth, baseline, candidates, lock=None, **extra):
    """`candidates` maps (shots, seed) to predictions, or to (predictions, scores, kind); so is `baseline`."""
    cells = [_cell("baseline:classical", None, None, baseline)]
    cells += [_cell("candidate", shots, seed, answer) for (shots, seed), answer in candidates.items()]
    values = {
        "pilot": "triage",
        "inputs": (
            InputFile(role="data validation", path="data/v.npz", declared_sha256=SHA, sha256=SHA),
            InputFile(role="lockfile", path="requirements.lock", declared_sha256=None, sha256="d" * 64),
        ),
        "truth": {"validation": np.asarray(truth)},
        "cells": tuple(cells),
        "repetitions": (Repetition(key=cells[-1].key, first="e" * 64, second="e" * 64),),
        "lock": lock,
        "facts": {"libraries": {"numpy": "2.4.6"}},
    }
    return PilotEvidence(**(values | extra))


def _cell(role, shots, seed, answer):
    if isinstance(answer, tuple):
        predictions, scores, kind = answer
        return make_cell(role, predictions, shots=shots, seed=seed, scores=scores, kind=kind)
    return make_cell(role, answer, shots=shots, seed=seed)


def make_lock(evidence, *, metrics, seeds=(), schedule=()):
    cell = next(c for c in evidence.cells if c.key.role == "baseline:classical")
    return {
        "data": {"validation": SHA},
        "baselines": {
            "classical": {
                "estimator": "c:d",
                "predictions": {"validation": {"sha256": predictions_digest(cell)}},
                "metrics": {"validation": metrics},
            }
        },
        "libraries": {"numpy": "2.4.6"},
        "seeds": list(seeds),
        "schedule": list(schedule),
        "candidate_entrypoint": "a:b",
    }


@pytest.fixture
def make():
    return SimpleNamespace(
        gate=make_gate, charter=make_charter, cell=make_cell, evidence=make_evidence, lock=make_lock, sha=SHA, replace=replace
    )
