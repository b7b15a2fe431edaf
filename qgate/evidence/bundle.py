"""Evidence on disk: `evidence.json` with a digest of everything, arrays in `evidence/*.npz`, times apart in `timings.json`.

Two runs of one commit write the same bytes except for `timings.json` and, where a gate asks for latency, the service times in
`evidence/*-times.npz` with their digest. Reading checks every digest and never unpickles.
"""

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from qgate.domain.canonical import canonical_file
from qgate.domain.evidence import (
    Array,
    Cell,
    CellKey,
    Evidence,
    Failure,
    GrowthTimes,
    InputFile,
    LoadedRun,
    Look,
    PilotEvidence,
    Repetition,
    ServiceTimes,
    cell_digest,
    table_digest,
)
from qgate.domain.schemas import load_schema
from qgate.errors import UsageError
from qgate.evidence.timings import TIMINGS, times

SCHEMA = "qgate/evidence/v1"
EVIDENCE, ARRAYS = "evidence.json", "evidence"


def write_evidence(evidence: Evidence, directory: Path) -> str:
    """Writes the bundle; returns the SHA-256 of `evidence.json`, which holds the digest of every other part."""
    (directory / ARRAYS).mkdir(parents=True, exist_ok=True)
    pilots = [_write_pilot(p, position, directory) for position, p in enumerate(evidence.pilots)]
    content = canonical_file({"schema": SCHEMA, "base": evidence.base, "head": evidence.head, "pilots": pilots})
    (directory / EVIDENCE).write_bytes(content)
    (directory / TIMINGS).write_bytes(canonical_file({p.pilot: times(p.timings, p.reused) for p in evidence.pilots}))
    return hashlib.sha256(content).hexdigest()


def _write_pilot(pilot: PilotEvidence, position: int, directory: Path) -> dict[str, Any]:
    slug = re.sub(r"[^a-z0-9]+", "-", pilot.pilot.lower()).strip("-")[:40]
    path = f"{ARRAYS}/{position:02d}-{slug}.npz"
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **_arrays(pilot))
    (directory / path).write_bytes(buffer.getvalue())
    written = {
        "pilot": pilot.pilot,
        "arrays": {"path": path, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()},
        "splits": sorted(pilot.truth),
        "inputs": [asdict(i) for i in pilot.inputs],
        "cells": [{**asdict(c.key), "score_kind": c.score_kind, "sha256": cell_digest(c)} for c in pilot.cells],
        "repetitions": [{**asdict(r.key), "first": r.first, "second": r.second} for r in pilot.repetitions],
        "lock": None if pilot.lock is None else dict(pilot.lock),
        "facts": dict(pilot.facts),
        "failures": [asdict(f) for f in pilot.failures],
        "service": pilot.service and _write_service(pilot.service, path.replace(".npz", "-times.npz"), directory),
    }
    written |= {"growth": _write_growth(pilot.growth, path.replace(".npz", "-growth.npz"), directory)} if pilot.growth else {}
    if pilot.rehearsed_services:
        written["rehearsed_services"] = {
            role: _write_service(service, path.replace(".npz", f"-rehearsal-{number}-times.npz"), directory)
            for number, (role, service) in enumerate(sorted(pilot.rehearsed_services.items()))
        }
    written |= {"tables": {name: table_digest(t) for name, t in pilot.tables.items()}} if pilot.tables else {}
    return written | ({"looks": [asdict(look) for look in pilot.looks]} if pilot.looks else {})


def _write_service(service: ServiceTimes, path: str, directory: Path) -> dict[str, Any]:
    """Apart from the other arrays, which are the same in every run."""
    buffer = io.BytesIO()
    seconds = {f"seconds/{role}": times for role, times in service.seconds.items()}
    for role, run in service.loaded.items():
        seconds |= {f"latency/{role}": run.latency, f"lag/{role}": run.lag}
    seconds |= {} if service.echo is None else {"echo": service.echo}
    np.savez_compressed(buffer, allow_pickle=False, calibration=service.calibration, **seconds)
    (directory / path).write_bytes(buffer.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    written = {"path": path, "sha256": digest, "sizes": list(service.sizes), "roles": list(service.seconds)}
    return written | ({"loaded": list(service.loaded)} if service.loaded else {})


def _write_growth(growth: Sequence[GrowthTimes], path: str, directory: Path) -> dict[str, Any]:
    """Apart from the other arrays as well."""
    buffer = io.BytesIO()
    arrays = {f"seconds/{one.name}": one.seconds for one in growth if one.seconds is not None}
    arrays |= {f"floor/{one.name}": one.floor for one in growth if one.floor is not None}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    (directory / path).write_bytes(buffer.getvalue())
    series = [{"name": one.name, "sizes": list(one.sizes), "failed": one.failed} for one in growth]
    return {"path": path, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "series": series}


def _arrays(pilot: PilotEvidence) -> dict[str, Array]:
    arrays = {f"truth/{split}": truth for split, truth in pilot.truth.items()}
    if pilot.trace is not None:
        arrays["traffic/trace"] = pilot.trace
    arrays |= {f"table/{name}": table for name, table in pilot.tables.items()}
    for number, cell in enumerate(pilot.cells):
        arrays[f"cell/{number}/predictions"] = cell.predictions
        if cell.scores is not None:
            arrays[f"cell/{number}/scores"] = cell.scores
    # An array by columns has other bytes in the file than the same one by rows, as which it comes back from a cache.
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}


def read_evidence(directory: Path) -> tuple[Evidence, str]:
    """The bundle in `directory` and the SHA-256 of its `evidence.json`.

    Raises:
        UsageError: a file is missing or malformed, or a digest does not hold; the text names the first that does not.
    """
    content = _bytes(directory, EVIDENCE)
    value = _checked(content, directory)
    pilots = tuple(_read_pilot(p, directory) for p in value["pilots"])
    return Evidence(base=value["base"], head=value["head"], pilots=pilots), hashlib.sha256(content).hexdigest()


def _bytes(directory: Path, path: str) -> bytes:
    full = directory / path
    if not full.resolve().is_relative_to(directory.resolve()) or not full.is_file():
        raise UsageError(f"{full} is missing: run `qgate measure --out {directory}` first")
    return full.read_bytes()


def _checked(content: bytes, directory: Path) -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- only reading a bundle needs it

    try:
        value = json.loads(content)
    except ValueError as error:
        raise UsageError(f"{directory / EVIDENCE} is not JSON: {error}") from error
    problem = next(iter(Draft202012Validator(load_schema("evidence")).iter_errors(value)), None)
    if problem is not None:
        raise UsageError(f"{directory / EVIDENCE}: {problem.json_path}: {problem.message}")
    return value


def _read_pilot(value: Mapping[str, Any], directory: Path) -> PilotEvidence:
    path, arrays = value["arrays"]["path"], _read_arrays(value["arrays"], directory)
    return PilotEvidence(
        pilot=value["pilot"],
        inputs=tuple(InputFile(**i) for i in value["inputs"]),
        truth={split: arrays[f"truth/{split}"] for split in value["splits"]},
        cells=tuple(_read_cell(c, n, arrays, directory / path) for n, c in enumerate(value["cells"])),
        repetitions=tuple(Repetition(key=_key(r), first=r["first"], second=r["second"]) for r in value["repetitions"]),
        lock=value["lock"],
        facts=value["facts"],
        failures=tuple(Failure(**f) for f in value["failures"]),
        service=None if value["service"] is None else _read_service(value["service"], directory),
        growth=_read_growth(value["growth"], directory) if "growth" in value else (),
        trace=arrays.get("traffic/trace"),
        tables={name: _read_table(name, digest, arrays, directory / path) for name, digest in value.get("tables", {}).items()},
        looks=tuple(Look(**look) for look in value.get("looks", ())),
        rehearsed_services={r: _read_service(s, directory) for r, s in value.get("rehearsed_services", {}).items()},
    )


def _read_arrays(file: Mapping[str, Any], directory: Path) -> dict[str, Array]:
    content = _bytes(directory, file["path"])
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        where = directory / file["path"]
        raise UsageError(f"{where} is not what evidence.json says it is: its sha256 differs from {file['sha256']}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _read_service(value: Mapping[str, Any], directory: Path) -> ServiceTimes:
    arrays = _read_arrays(value, directory)
    seconds = {role: arrays[f"seconds/{role}"] for role in value["roles"]}
    loaded = {role: LoadedRun(latency=arrays[f"latency/{role}"], lag=arrays[f"lag/{role}"]) for role in value.get("loaded", ())}
    return ServiceTimes(
        sizes=tuple(value["sizes"]),
        seconds=seconds,
        calibration=arrays["calibration"],
        loaded=loaded,
        echo=arrays.get("echo"),
    )


def _read_growth(value: Mapping[str, Any], directory: Path) -> tuple[GrowthTimes, ...]:
    arrays = _read_arrays(value, directory)
    return tuple(
        GrowthTimes(
            name=one["name"],
            sizes=tuple(one["sizes"]),
            seconds=arrays.get(f"seconds/{one['name']}"),
            floor=arrays.get(f"floor/{one['name']}"),
            failed=one["failed"],
        )
        for one in value["series"]
    )


def _read_table(name: str, digest: str, arrays: Mapping[str, Array], path: Path) -> Array:
    table = arrays[f"table/{name}"]
    if table_digest(table) != digest:
        raise UsageError(f"{path}: the table {name} is not what evidence.json says it is")
    return table


def _key(value: Mapping[str, Any]) -> CellKey:
    return CellKey(role=value["role"], split=value["split"], shots=value["shots"], seed=value["seed"])


def _read_cell(value: Mapping[str, Any], number: int, arrays: Mapping[str, Array], path: Path) -> Cell:
    cell = Cell(
        key=_key(value),
        predictions=arrays[f"cell/{number}/predictions"],
        scores=arrays.get(f"cell/{number}/scores"),
        score_kind=value["score_kind"],
    )
    if cell_digest(cell) != value["sha256"]:
        raise UsageError(f"{path}: the cell {cell.key} is not what evidence.json says it is")
    return cell
