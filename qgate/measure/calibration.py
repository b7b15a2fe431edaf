"""The candidate's circuit under the declared calibration snapshots: the same answers as without noise, once per snapshot.

The judge does it from the circuit that the worker has described; no code of the pull request runs for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter
from typing import Any

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.calibration import JUDGED, PART, noisy_role, reviewed_name, snapshots
from qgate.domain.charter import CandidateKind, Charter
from qgate.domain.error_codes import coded
from qgate.domain.evidence import Cell, CellKey, Failure, PilotEvidence
from qgate.domain.work import Answer
from qgate.errors import MeasurementError
from qgate.measure.inputs import Opened
from qgate.measure.jobs import bounds, splits, task
from qgate.quantum import noisy
from qgate.quantum.bounds import Bounds
from qgate.quantum.calibration import Snapshot, read_snapshot
from qgate.quantum.circuit import CircuitBatch
from qgate.quantum.layout import Layout, choose_layout
from qgate.quantum.noise import Noise
from qgate.quantum.noisy import Noisy
from qgate.workloads import circuit
from qgate.workloads.dataset import Dataset, classes_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A snapshot of the charter: its key (`calibration`, `reference` or `history`) and its path.

    Where the change has another judged snapshot than the base commit, both are here, the base's by `reviewed_name`.
    """

    key: str
    path: str
    snapshot: Snapshot

    def as_json(self) -> dict[str, Any]:
        """What the evidence keeps of it; its digest is among the inputs."""
        found: dict[str, Any] = {"key": self.key, "at": self.snapshot.at.isoformat()}
        found |= {"missing": list(self.snapshot.missing)} if self.snapshot.missing else {}
        return found | ({"dead_pairs": [f"{a}-{b}" for a, b in self.snapshot.dead]} if self.snapshot.dead else {})


def wanted(charter: Charter) -> bool:
    """Whether a gate asks what the device's noise does."""
    metrics = [parse_metric(g.name) for g in charter.gates]
    return any(m is not None and m.family is Family.CALIBRATION for m in metrics)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sources:
    """What noisy answers are made of, besides the charter: the worker's answer, the data, the declared files, the day."""

    answer: Answer
    data: Mapping[str, Dataset]
    opened: Sequence[Opened]
    today: date | None


def under_noise(evidence: PilotEvidence, charter: Charter, sources: Sources) -> PilotEvidence:
    """The evidence with the noisy cells and their facts; what is in the way is a failure of the part `calibration`."""
    start = perf_counter()
    try:
        cells, facts = _measured(charter, sources)
    except MeasurementError as error:
        return replace(evidence, failures=(*evidence.failures, Failure(part=PART, message=coded(error))))
    return replace(
        evidence,
        cells=evidence.cells + cells,
        facts={**evidence.facts, PART: facts},
        timings={**evidence.timings, PART: perf_counter() - start},
    )


def _measured(charter: Charter, sources: Sources) -> tuple[tuple[Cell, ...], dict[str, Any]]:
    if charter.candidate.kind is not CandidateKind.CIRCUIT:
        raise MeasurementError(
            f"the candidate's kind is `{charter.candidate.kind}`: this version of qgate puts noise into `circuit` candidates only"
        )
    if sources.answer.error is not None:
        raise MeasurementError("the candidate described no circuit to put noise into")
    if sources.today is None:
        raise MeasurementError("the day of the run is unknown, and so is the calibration's age")
    split = splits(charter)[0]
    declared = _declared(charter, {o.file.path: o for o in sources.opened})
    batches = circuit.described(sources.answer, split, sources.data[split].rows, bounds(charter))
    layout, origin = _layout(charter, declared, batches)
    results = {item: _simulated(item, layout, batches, bounds(charter)) for item in declared}
    classes, rule = classes_of(dict(sources.data)), charter.candidate.decision or ""
    cells = tuple(
        circuit.cell_of(CellKey(role=noisy_role(item.path), split=split), rule, found.values, classes, task(charter))
        for item, found in results.items()
        if isinstance(found, Noisy)
    )
    return cells, {
        "day": sources.today.isoformat(),
        "split": split,
        "device": declared[0].snapshot.device,
        "layout": list(layout),
        "layout_from": origin,
        "snapshots": {
            item.path: item.as_json() | _told(item.snapshot, found, layout, batches) for item, found in results.items()
        },
    }


def _declared(charter: Charter, opened: Mapping[str, Opened]) -> tuple[Declared, ...]:
    named = list(snapshots(charter.sections.get("noise", {})))
    named += [(key, base) for key, path in named if (base := reviewed_name(path)) in opened]
    found = tuple(Declared(key=key, path=path, snapshot=_read(opened[path])) for key, path in named)
    if not found:
        raise MeasurementError("the charter declares no `noise.calibration`")
    for item in found[1:]:
        if item.snapshot.device != found[0].snapshot.device:
            raise MeasurementError(
                f"{item.path} is of {item.snapshot.device}, and {found[0].path} of {found[0].snapshot.device}:"
                " a layout holds on one device only"
            )
    return found


def _read(opened: Opened) -> Snapshot:
    if opened.content is None:
        raise MeasurementError(f"{opened.file.path} is missing: commit the calibration snapshot")
    return read_snapshot(opened.content, opened.file.path)


def _layout(charter: Charter, declared: Sequence[Declared], batches: Sequence[CircuitBatch]) -> tuple[Layout, str]:
    """The layout and where it comes from."""
    if written := charter.sections["noise"].get("layout"):
        return tuple(int(q) for q in written), "noise.layout"
    reference = charter.sections["noise"].get("reference")
    for item in reversed(declared):  # the base commit's comes last
        if reference and item.path in {reference, reviewed_name(reference)}:
            return choose_layout(item.snapshot, batches), f"fewest errors by {item.path}"
    return tuple(range(max(b.wires for b in batches))), "each wire on the qubit of its number"


def _simulated(declared: Declared, layout: Layout, batches: Sequence[CircuitBatch], most: Bounds) -> Noisy | str:
    """The circuits under a snapshot. A day of the past on which they could not run fails nothing, and is told why.

    Raises:
        MeasurementError: they cannot run under the snapshot that is judged.
    """
    try:
        return noisy.simulate(batches, Noise(snapshot=declared.snapshot, layout=layout), most)
    except MeasurementError as problem:
        if declared.key == JUDGED:
            raise
        return str(problem)


def _told(snapshot: Snapshot, found: Noisy | str, layout: Layout, batches: Sequence[CircuitBatch]) -> dict[str, Any]:
    if isinstance(found, str):
        return {"problem": found}
    # A score is a sum of values with weights of 1 at most.
    error = found.error * found.values.shape[1]
    return {"method": found.method, "standard_error": error, **_clocks(snapshot, layout, batches)}


def _clocks(snapshot: Snapshot, layout: Layout, batches: Sequence[CircuitBatch]) -> dict[str, float | None]:
    """How long a run takes beside how long the qubits keep: idling is not in the model, and this says whether it matters."""
    noise = Noise(snapshot=snapshot, layout=layout)
    durations = [noise.duration_ns(b) for b in batches]
    known = [d for d in durations if d is not None]
    qubits = [snapshot.qubits[q] for q in layout]
    return {
        "duration_us": round(max(known) / 1e3, 3) if len(known) == len(durations) else None,
        "least_t1_us": min((round(q.t1_us, 3) for q in qubits if q.t1_us is not None), default=None),
        "least_t2_us": min((round(q.t2_us, 3) for q in qubits if q.t2_us is not None), default=None),
    }
