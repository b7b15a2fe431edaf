"""`.qgate/lock.json`: what the baselines predicted, and a QUBO's candidate reached, when somebody reviewed it, pilot by pilot."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from qgate.charter.metrics import SCORERS, Family, parse_metric
from qgate.domain.canonical import canonical_file
from qgate.domain.charter import SALTS, CandidateKind, Charter, Shots, salt_role
from qgate.domain.evidence import QUBO, Cell, PilotEvidence, cell_digest, predictions_digest
from qgate.errors import MeasurementError, UsageError
from qgate.gates.scorers import score
from qgate.quantum.qubo import from_tables

SCHEMA = "qgate/lock/v1"
PATH = ".qgate/lock.json"


def read_lock(content: bytes | None) -> Mapping[str, Mapping[str, Any]]:
    """The entries by pilot; empty where there is no lock yet.

    Raises:
        UsageError: the file is not a lock of this version.
    """
    if content is None:
        return {}
    try:
        value = json.loads(content)
        pilots = value["pilots"]
        if value["schema"] != SCHEMA or not all(isinstance(entry, dict) for entry in pilots.values()):
            raise UsageError(f"{PATH} is not a lock of this version ({SCHEMA}); run `qgate lock` and commit the file")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{PATH} cannot be read ({error!r}); run `qgate lock` and commit the file") from error
    return dict(pilots)


def write_lock(entries: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The file's bytes."""
    return canonical_file({"schema": SCHEMA, "pilots": entries})


def lock_entry(charter: Charter, evidence: PilotEvidence) -> dict[str, Any]:
    """What the drift gate compares with: the data's digests, each baseline's predictions and metrics, and what they rest on.

    Raises:
        MeasurementError: a baseline or its data could not be measured.
    """
    if evidence.failures:
        raise MeasurementError("; ".join(f"{f.part}: {f.message}" for f in evidence.failures))
    entry = {
        "data": {split: data.sha256 for split, data in charter.data.items()},
        "baselines": {b.name: _baseline(b.name, b.estimator, charter, evidence) for b in charter.baselines},
        "libraries": dict(evidence.facts["libraries"]),
        "seeds": list(charter.shots.seeds),
        **({"sealed_seeds": charter.shots.sealed} if charter.shots.sealed else {}),
        "schedule": list(charter.shots.schedule),
        "candidate_entrypoint": charter.candidate.entrypoint,
        **{file.role: file.sha256 for file in evidence.inputs if file.role in {"weights", "lockfile"}},
    }
    return entry | ({"qubo": _qubo(charter.shots, evidence)} if charter.candidate.kind is CandidateKind.QUBO else {})


def _qubo(shots: Shots, evidence: PilotEvidence) -> dict[str, Any]:
    """Which QUBO it is, and the candidate's mean energy: without shots, for its shots and seeds, for each re-salted seed list.

    Sealed seeds are other ones in each run, so that of those nothing is kept.
    """
    problem = from_tables(evidence.tables_of("candidate"))
    energies = problem.energies()

    def mean(cell: Cell) -> float:
        return float(np.average(energies[cell.predictions], weights=cell.scores))

    cells = [c for c in evidence.of("candidate", QUBO) if c.key.seed is None or not shots.sealed]
    own = [{"shots": c.key.shots, "seed": c.key.seed, "energy": mean(c)} for c in cells]
    if shots.sealed:
        return {"sha256": problem.digest(), "energies": own, "seed_lists": []}
    again = [
        (shots.salted(salt), {(c.key.shots, c.key.seed): c for c in evidence.of(salt_role(salt), QUBO)}) for salt in range(SALTS)
    ]
    lists = [[mean(cells[pair]) for pair in salted.planned] for salted, cells in again if cells]
    return {"sha256": problem.digest(), "energies": own, "seed_lists": lists}


def _baseline(name: str, estimator: str, charter: Charter, evidence: PilotEvidence) -> dict[str, Any]:
    cells = {c.key.split: c for c in evidence.cells if c.key.role == f"baseline:{name}"}
    metrics: dict[str, dict[str, float]] = {split: {} for split in cells}
    for gate in charter.gates:
        metric = parse_metric(gate.name)
        if metric and metric.family is Family.PARITY and metric.baseline == name:
            cell = cells[metric.split]
            metrics[metric.split][metric.scorer] = score(SCORERS[metric.scorer], evidence.truth[metric.split], cell)
    predictions = {
        split: {"sha256": predictions_digest(cell), "answers_sha256": cell_digest(cell)} for split, cell in cells.items()
    }
    return {"estimator": estimator, "predictions": predictions, "metrics": metrics}
