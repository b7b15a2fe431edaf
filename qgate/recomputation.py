"""Evidence that another job measured, held to what is read here anew: labels, declared files, groups of rows, arrivals, the lock.

The job that ran the pull request's code wrote the evidence, and from a fork its workflow is the pull request's own. So labels are
read from the locked files again (the base commit's charter has their digests) and the lock from the base commit; evidence that
says otherwise is refused. What candidate and baselines answered, how long they took and what they ran on cannot be read anew
without running the code: it stays that job's word, and every surface says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from qgate.domain.calibration import snapshots
from qgate.domain.canonical import canonical_json
from qgate.domain.charter import Charter
from qgate.domain.evidence import Array, Cell, PilotEvidence, same_bits
from qgate.domain.scope import Scope
from qgate.errors import MeasurementError, UsageError
from qgate.evaluation import lock_content
from qgate.evidence.bundle import read_evidence
from qgate.evidence.handover import check_evidence
from qgate.evidence.lock import read_lock
from qgate.gates.looks import CANDIDATE, planned
from qgate.intake import Opened
from qgate.measure.data import datasets
from qgate.measure.inputs import read_inputs
from qgate.measure.jobs import splits
from qgate.measure.pilot import row_tables
from qgate.measure.service import arrival_times
from qgate.settings import Settings

_WORD = (
    "Self-reported: what the candidate and the baselines answered, how long they took, on which libraries and in what sandbox, "
    "is the word of the job that ran the change's code ({where}); nobody repeated it. Reach, charters, labels, the lock and the "
    "verdict were read and computed here."
)


def held(run: Opened, scope: Scope, settings: Settings, where: str) -> Scope:
    """The scope of evidence that the run at `where` measured and that holds: every surface says whose word it is.

    Raises:
        UsageError: it is about other commits, or malformed.
        MeasurementError: it cannot be read within bounds, or says of files and lock what they do not say here; the text names the
            first difference.
    """
    check_evidence(settings.out)
    evidence, _ = read_evidence(settings.out)
    if (evidence.base, evidence.head) != (scope.base, scope.head):
        raise UsageError(
            f"the evidence in {settings.out} is about {evidence.base}…{evidence.head}, "
            f"this event about {scope.base}…{scope.head}\n"
            "  fix: measure and publish in the same workflow run"
        )
    locks = read_lock(lock_content(run, settings))
    charters = {sourced.charter.pilot: sourced.charter for sourced in scope.reached}
    for pilot in evidence.pilots:
        if pilot.pilot not in charters:
            _refuse("pilots", pilot, "the change does not reach it")
        _hold_pilot(charters[pilot.pilot], pilot, run, locks.get(pilot.pilot))
    return replace(scope, measured_in=where, notes=(*scope.notes, _WORD.format(where=where)))


def _hold_pilot(charter: Charter, claim: PilotEvidence, run: Opened, lock: Mapping[str, Any] | None) -> None:
    opened = read_inputs(charter, run.tree)
    # Which snapshot counts depends on both commits, and what follows from it is self-reported in any case.
    noise = {role for role, _ in snapshots(charter.sections.get("noise", {}))}
    files = {o.file for o in opened if o.file.role not in noise}
    if {file for file in claim.inputs if file.role not in noise} != files:
        _refuse("inputs", claim, "the declared files, or their digests, are others")
    if canonical_json(claim.lock) != canonical_json(lock):
        _refuse("lock", claim, "it is not the base commit's entry of .qgate/lock.json")
    data = datasets(charter, opened)
    _same("labels", {split: data[split].labels for split in splits(charter)}, claim.truth, claim)
    _same("groups of rows", row_tables(charter, data), claim.row_tables, claim)
    trace = arrival_times(next((o for o in opened if o.file.role == "trace"), None))
    _same("arrivals", _present(trace), _present(claim.trace), claim)
    if claim.looks and not charter.sequential:
        _refuse("looks", claim, "the charter has none")
    if claim.looks:
        planned(charter, claim)  # a look that was said to be of one row would be held to one row
    for problem in _misshapen(claim):
        _refuse("cells", claim, problem)


def _present(trace: Array | None) -> dict[str, Array]:
    return {} if trace is None else {"trace": trace}


def _same(what: str, here: Mapping[str, Array], said: Mapping[str, Array], claim: PilotEvidence) -> None:
    if here.keys() != said.keys() or not all(same_bits(here[name], said[name]) for name in here):
        _refuse(what, claim, "they are not those in the locked files")


def _misshapen(claim: PilotEvidence) -> Iterator[str]:
    """A cell that is there twice, or has not one answer for each row: an array of one would be compared with all labels."""
    if len({cell.key for cell in claim.cells}) != len(claim.cells):
        yield "one is there twice"
    for cell in claim.cells:
        rows = {len(claim.truth[cell.key.split])} if cell.key.split in claim.truth else set()
        if rows and cell.key.role == CANDIDATE:
            rows |= {look.rows[cell.key.split] for look in claim.looks[-1:] if cell.key.split in look.rows}
        if rows and not _has_rows(cell, rows):
            yield f"{cell.key} has not one answer for each row"


def _has_rows(cell: Cell, rows: set[int]) -> bool:
    arrays = [cell.predictions] if cell.scores is None else [cell.predictions, cell.scores]
    return cell.predictions.ndim == 1 and all(a.ndim and len(a) in rows for a in arrays) and len({len(a) for a in arrays}) == 1


def _refuse(part: str, claim: PilotEvidence, why: str) -> NoReturn:
    raise MeasurementError(
        f"the evidence that was handed over does not hold: {part} of {claim.pilot!r}: {why}\n"
        "  fix: measure again with the same version of qgate, on the files of this very commit"
    )
