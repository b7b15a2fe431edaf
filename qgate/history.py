"""The history of the default branch: each run there appends one record to the ledger branch, and later runs read them.

A record is a publication: a branch that refuses it changes no verdict, and is told like a comment that could not be written.
"""

import json
import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qgate.changes.git import Repository
from qgate.changes.ledger_branch import Kept, LedgerBranch
from qgate.domain.canonical import canonical_file
from qgate.domain.provenance import History, PastValue
from qgate.domain.report import Outcome, Publication, Recorded, Report
from qgate.domain.review import Reviews
from qgate.errors import GitError, MeasurementError, QgateError, UsageError
from qgate.evidence.attestation import NAME as ATTESTATION
from qgate.evidence.attestation import Envelope, check_signature, read_envelope
from qgate.evidence.record import PastGate, Record, read_record, write_record
from qgate.forge.base import Forge
from qgate.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VARIABLE = "QGATE_LEDGER_BRANCH"
PLACE = "ledger.json"
_SURFACE = "ledger branch"
_log = logging.getLogger(__name__)


def read_history(repository: Repository, branch: str, *, env: Mapping[str, str] | None = None) -> tuple[Record, ...]:
    """Every record of the branch, the oldest first, as the remote has them now; none where there is no such branch yet.

    `env` is git's, for a remote that asks who wants to know.

    Raises:
        GitError: the remote does not answer, or the branch is none that only grew.
        UsageError: a commit holds no record.
    """
    return _records(branch, LedgerBranch(repository=repository, name=branch, env=env or {}).fetched())


def past_values(settings: Settings) -> History:
    """What each gate came to in the runs that the ledger branch holds; nothing without one, or where it cannot be read.

    That is no reason to withhold a verdict, and recording this run meets the same refusal and tells it.
    """
    if settings.ledger_branch is None:
        return {}
    try:
        records = read_history(Repository(settings.repository), settings.ledger_branch, env=settings.git_env)
    except QgateError as error:
        _log.warning("the report has no trends: %s", error)
        return {}
    found: dict[tuple[str, str], tuple[PastValue, ...]] = {}
    for record in records:
        for pilot, gate in ((one.name, gate) for one in record.pilots for gate in one.gates):
            if (past := _past(record, gate)) is not None:
                found[pilot, gate.name] = (*found.get((pilot, gate.name), ()), past)
    return found


def _past(record: Record, gate: PastGate) -> PastValue | None:
    """None for a gate that was not measured then. A record is JSON of anybody who may write to the branch: it may say NaN."""
    numbers = (gate.value, *(gate.interval or ()), *gate.threshold.values())
    if gate.value is None or not all(number is not None and math.isfinite(number) for number in numbers):
        return None
    return PastValue(day=record.day, decision=gate.decision, value=gate.value, interval=gate.interval, threshold=gate.threshold)


def _records(branch: str, chain: tuple[Kept, ...]) -> tuple[Record, ...]:
    records = []
    for kept in chain:
        try:
            records.append(read_record(kept.content))
        except UsageError as error:
            raise UsageError(f"the branch {branch} is no ledger of qgate's: commit {kept.commit}: {error}") from error
    return tuple(records)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A `Forge` that records what it publishes, where it is a verdict on the default branch's own commit."""

    forge: Forge
    settings: Settings
    branch: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    def publish(self, report: Report) -> tuple[Publication, ...]:
        """The forge's publications, and the record's."""
        return (*self.forge.publish(report), *self._recorded(report))

    def recorded(self, marker: str) -> Recorded | None:
        """As the forge keeps it."""
        return self.forge.recorded(marker)

    def reviews(self, accounts: Collection[str]) -> Reviews | None:
        """As the forge has them."""
        return self.forge.reviews(accounts)

    def _recorded(self, report: Report) -> tuple[Publication, ...]:
        if ATTESTATION not in report.files:
            return ()  # no verdict, so nothing to record
        try:
            return (self._append(read_envelope(report.files[ATTESTATION].encode())),)
        except QgateError as error:
            return (Publication(surface=_SURFACE, outcome=Outcome.REFUSED, detail=f"{self.branch}: {error}"),)

    def _append(self, envelope: Envelope) -> Publication:
        repository = Repository(self.settings.repository)
        head = json.loads(envelope.payload)["predicate"]["head"]
        if not _on_default_branch(repository, head, self.settings):
            told = "only runs on the default branch are recorded"
            return Publication(surface=_SURFACE, outcome=Outcome.SKIPPED, detail=told)
        branch = LedgerBranch(repository=repository, name=self.branch, env=self.env)
        content = write_record(envelope, self.settings.today)
        message = f"qgate: {read_record(content).decision} at {head}"
        kept, number = branch.append(content, message, partial(_records, self.branch))
        place = {"branch": self.branch, "commit": kept.commit, "number": number}
        (self.settings.out / PLACE).write_bytes(canonical_file(place))
        return Publication(surface=_SURFACE, outcome=Outcome.UPDATED, detail=f"{self.branch}: record {number}, {kept.commit}")


def recording(forge: Forge, settings: Settings, env: Mapping[str, str] | None = None) -> Forge:
    """The forge, recording as well where the settings name a branch; `env` is git's, for its pushes."""
    if settings.ledger_branch is None:
        return forge
    return Recording(forge=forge, settings=settings, branch=settings.ledger_branch, env=env or {})


def _on_default_branch(repository: Repository, head: str, settings: Settings) -> bool:
    """A push to it, or a commit that it holds; the work tree is no commit, and a pull request is not merged yet."""
    if settings.own_charter or settings.pull_request or head.startswith("worktree:"):
        return settings.own_charter
    return repository.merge_base(head, repository.default_branch()) == head


def check_recorded(directory: Path, repository: Repository, branch: str, key: "Ed25519PublicKey | None" = None) -> int:
    """The number of the run in `directory` in the ledger branch as this clone knows it, of which every record was read.

    Raises:
        MeasurementError: a record is none, is not signed by `key` (where one is given), or the run is not where it was recorded:
            the branch was rewritten.
    """
    try:
        chain = LedgerBranch(repository=repository, name=branch).known()
        records = _records(branch, chain)
        for kept, record in zip(chain, records, strict=True):
            if key is not None:
                _check_signed(kept.commit, record, key)
        place = _place(directory)
        envelope = read_envelope((directory / ATTESTATION).read_bytes())
    except (UsageError, OSError) as error:
        raise MeasurementError(str(error)) from error
    numbers = {kept.commit: number for number, kept in enumerate(chain, start=1)}
    number = numbers.get(place["commit"])
    if number is None:
        raise MeasurementError(
            f"the branch {branch} was rewritten: this run was recorded in the commit {place['commit']}, which it does not "
            "hold any more; fetch it again first, if this clone is older than the run"
        )
    if records[number - 1].envelope != envelope:
        raise MeasurementError(f"{PLACE} names the commit {place['commit']}, which records another run")
    return number


def _check_signed(commit: str, record: Record, key: "Ed25519PublicKey") -> None:
    try:
        check_signature(record.envelope, key)
    except UsageError as error:
        raise UsageError(f"the record in the commit {commit}: {error}") from error


def _place(directory: Path) -> Mapping[str, str]:
    path = directory / PLACE
    if not path.is_file():
        raise GitError(f"{PLACE} is missing: this run was not recorded")
    try:
        place = json.loads(path.read_bytes())
        return {"commit": str(place["commit"])}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{PLACE} cannot be read: {error!r}") from error
