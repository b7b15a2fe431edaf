"""This run as an attempt of its pull request: found in the ledger before it is judged, recorded with what it came to afterwards.

The ledger is the file of `--ledger`, or one line of our own comment on the pull request. Without either nothing is counted, and
the whole alpha is spent.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qgate.changes.git import Repository
from qgate.domain.attempt import Estimate
from qgate.domain.canonical import canonical_json
from qgate.domain.charter import Charter
from qgate.domain.evidence import PilotEvidence, answers_digest
from qgate.domain.report import Recorded
from qgate.domain.scope import Scope
from qgate.domain.verdict import Verdict
from qgate.errors import UsageError
from qgate.evidence.attempt_state import State, read_state, write_state
from qgate.evidence.bundle import read_evidence
from qgate.evidence.ledger import Entry, read_ledger, write_ledger
from qgate.evidence.scope_file import write_scope
from qgate.forge.base import Forge
from qgate.gates.rehearsal import without_rehearsals
from qgate.gates.spending import spending
from qgate.report.comment import marker_of
from qgate.settings import Settings

_UNKNOWN = 3  # the attempt that what is measured must be able to decide, where it is not known


_UNCOUNTED = (
    "Attempts of this pull request are not counted, so that each spends the whole alpha: qgate's comment is switched off, "
    "or the token may not read it."
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The ledger, and its text as it was read: the file's bytes or the comment's record.

    `why_lost` is why a record could not be used.
    """

    state: State
    before: bytes | str
    why_lost: str = ""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The scope with its attempts, and what is to be recorded: one entry a pilot, still without what it came to.

    `found` is None where nothing is counted.
    """

    scope: Scope
    found: Found | None = None
    entries: tuple[Entry, ...] = ()


def count(scope: Scope, settings: Settings, forge: Forge) -> Counted:
    """The scope as the judge will read it: every reached pilot with its attempt, written to the run directory again.

    Raises:
        UsageError: the ledger's file does not hold, or could be part of the change.
        qgate.errors.QgateError: the forge could not be asked.
    """
    found = _in_file(settings.ledger, settings) if settings.ledger else _in_comment(settings, forge)
    if found is None:
        return Counted(scope=_uncounted(scope, settings))
    measured = {e.pilot: e for e in read_evidence(settings.out)[0].pilots}
    pairs = [(c.charter, measured[c.charter.pilot]) for c in scope.reached if c.charter.pilot in measured]
    # A candidate that was not measured has shown nothing to anybody.
    entries = tuple(_entry(charter, evidence, settings) for charter, evidence in pairs if _answered(evidence))
    attempts = tuple(found.state.ledger.attempt(entry) for entry in entries)
    counted = replace(scope, attempts=attempts, notes=(*scope.notes, *_notes(found, entries, settings)))
    write_scope(counted, settings.out)
    return Counted(scope=counted, found=found, entries=entries)


def _uncounted(scope: Scope, settings: Settings) -> Scope:
    """Where a pull request's attempts are not counted, every surface says so."""
    if not settings.pull_request:
        return scope
    told = replace(scope, notes=(*scope.notes, _UNCOUNTED))
    write_scope(told, settings.out)
    return told


def left(settings: Settings, forge: Forge | None) -> Callable[[Charter, PilotEvidence], Charter]:
    """What the gates have left of their alpha, were the evidence so far all there will be: what measuring by parts asks.

    Where measuring runs apart from judging (no forge), nobody knows the attempt: then each is taken for the third.
    """
    found = _in_file(settings.ledger, settings) if settings.ledger else _in_comment(settings, forge) if forge else None

    def spent(charter: Charter, evidence: PilotEvidence) -> Charter:
        if found is not None:
            return spending(charter, found.state.ledger.attempt(_entry(charter, evidence, settings)).number)
        return spending(charter, _UNKNOWN) if settings.pull_request and forge is None else charter

    return spent


def record(counted: Counted, verdict: Verdict, settings: Settings) -> Recorded | None:
    """The run recorded with what it came to: in the ledger's file, or as what the comment will keep.

    Raises:
        UsageError: another run has written to the file meanwhile.
    """
    if counted.found is None:
        return None
    ledger, before = counted.found.state.ledger, counted.found.before
    for entry in counted.entries:
        ledger, _ = ledger.record(replace(entry, estimates=_estimates(entry.pilot, verdict)))
    if isinstance(before, str):
        state = replace(counted.found.state, ledger=ledger)
        return Recorded(text=write_state(state, settings.signing_key), before=before)
    if settings.ledger is not None:
        _write(settings.ledger, before, write_ledger(ledger))
    return None


def _in_file(path: Path, settings: Settings) -> Found:
    root = settings.repository
    if path.is_relative_to(root):
        name = path.relative_to(root).as_posix()
        if Repository(root).git.answer("check-ignore", "--quiet", "--", name, codes=(0, 1)).returncode:
            raise UsageError(
                f"the ledger {path} could be part of the change: git does not ignore it\n"
                "  fix: name a file outside of the repository, or in the run directory, or list it in .gitignore"
            )
    content = path.read_bytes() if path.is_file() else b""
    state = State(pull_request=settings.pull_request, ledger=read_ledger(content, str(path)))
    return Found(state=state, before=content)


def _write(path: Path, before: bytes, after: bytes) -> None:
    """The file as a whole, or as it was; never half of it."""
    if (path.read_bytes() if path.is_file() else b"") != before:
        raise UsageError(f"{path}: another run has recorded an attempt meanwhile, and this one is not recorded: run it again")
    if after != before:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        beside.write_bytes(after)
        beside.replace(path)


def _in_comment(settings: Settings, forge: Forge) -> Found | None:
    there = forge.recorded(marker_of(settings.prefix)) if settings.pull_request else None
    if there is None:
        return None
    empty = State(pull_request=settings.pull_request)
    if not there.comment:
        return Found(state=empty, before="")
    try:
        return Found(state=read_state(there.text, settings.signing_key, settings.pull_request), before=there.text)
    except UsageError as error:
        return Found(state=replace(empty, lost=True), before=there.text, why_lost=str(error))


def _entry(charter: Charter, evidence: PilotEvidence, settings: Settings) -> Entry:
    rows = {split: data.sha256 for split, data in charter.data.items() if split != "train"}
    return Entry(
        pull_request=settings.pull_request,
        pilot=charter.pilot,
        content_sha256=answers_digest(without_rehearsals(evidence)),
        locked_set_sha256=hashlib.sha256(canonical_json(rows)).hexdigest(),
        day=settings.today.isoformat(),
    )


def _answered(evidence: PilotEvidence) -> bool:
    return any(cell.key.role == "candidate" for cell in evidence.cells)


def _notes(found: Found, entries: tuple[Entry, ...], settings: Settings) -> Iterator[str]:
    if found.state.lost:
        because = f" ({found.why_lost})" if found.why_lost else ""
        yield (
            f"There were more attempts than are counted here: this comment's record of them did not hold{because}, and counting "
            "began anew. Look at the comment's edits."
        )
    for entry in entries:
        ledger, _ = found.state.ledger.record(entry)
        if worn := ledger.wear_told(entry.locked_set_sha256, settings.today):
            yield f"{entry.pilot}: {worn}."


def _estimates(pilot: str, verdict: Verdict) -> tuple[Estimate, ...]:
    """What the gates came to that have a claim on the rows: no more of the rows is told than that."""
    gates = next((p.gates for p in verdict.pilots if p.name == pilot), ())
    return tuple(Estimate(gate=g.name, verdict=str(g.decision), value=_rounded(g.value)) for g in gates if g.alpha is not None)


def _rounded(value: float | None) -> float | None:
    """Three significant digits: an estimate is for people to compare, not for fitting the locked rows."""
    return None if value is None else float(f"{value:.3g}")
