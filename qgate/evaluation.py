"""Measuring and judging what is reached: the stages that need the scientific stack."""

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qgate.changes.export import export_tree
from qgate.charter.read import read_charter
from qgate.domain.charter import Charter, Gate, served_command
from qgate.domain.evidence import Evidence, PilotEvidence
from qgate.domain.limits import Limits
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.verdict import Decision, Verdict
from qgate.errors import UsageError
from qgate.evidence.bundle import read_evidence, write_evidence
from qgate.evidence.lock import PATH as LOCK
from qgate.evidence.lock import lock_entry, read_lock
from qgate.evidence.scope_file import read_scope
from qgate.gates.judge import judge, judge_pilot
from qgate.gates.rollback import is_locked
from qgate.gates.sequential import undecided
from qgate.intake import Opened, nothing_reached
from qgate.measure.cache_directory import check_directory
from qgate.measure.confinement import limits_of
from qgate.measure.content import tree_digest
from qgate.measure.environment import environments
from qgate.measure.jobs import lock_jobs
from qgate.measure.known_good import rehearse_known_good, target_jobs
from qgate.measure.looks import measure_in_looks
from qgate.measure.pilot import Trees, measure_pilot
from qgate.measure.rehearsal import rehearse
from qgate.measure.reuse import Reuse
from qgate.measure.ruler import reviewed_snapshots
from qgate.measure.store import Store
from qgate.settings import Settings
from qgate.worker.sandbox import open_to_workers

Say = Callable[[str], None]
Left = Callable[[Charter, PilotEvidence], Charter]


def measure(run: Opened, scope: Scope, settings: Settings, say: Say, left: Left | None = None) -> None:
    """Evidence for every reached pilot, in the order of their charters, written to the run directory.

    `left` is what a charter's gates have left of their alpha, given the evidence so far (None: all of it).
    """
    locks = read_lock(lock_content(run, settings))
    store = _store(run, settings, say)
    pilots = []
    with environments(run.tree, settings.setup, say) as built:
        for sourced in scope.reached:
            charter, limits = sourced.charter, limits_of(sourced, settings.limits)
            say(f"measuring {charter.pilot}: {charter.candidate.kind} {charter.candidate.entrypoint}")
            with _worker_tree(run, settings.prefix) as tree:
                reuse = Reuse(store=store, tree=tree_digest(tree.root)) if store else None
                trees = Trees(
                    root=run.tree,
                    worker=tree.here,
                    today=settings.today,
                    reuse=reuse,
                    only=settings.only,
                    environments=built,
                    reviewed=_reviewed(charter, run, settings),
                )
                looking = _Looking(charter=charter, say=say, left=left)
                evidence = looking.measured(trees, locks.get(charter.pilot), limits)
                if _moved(sourced, evidence):
                    say(f"{charter.pilot}: the baseline moved; rehearsing the rollback with that of the base commit")
                    with _worker_tree(run, settings.prefix, run.change.base) as known_good:
                        base = replace(trees, worker=known_good.here)
                        evidence = rehearse_known_good(charter, evidence, base, limits=limits)
                if failed := failed_gates(charter, evidence):
                    say(f"{charter.pilot}: {', '.join(g.name for g in failed)} failed; rehearsing what the charter would do")
                    evidence = rehearse(charter, evidence, failed, trees, limits=limits)
                pilots.append(evidence)
    write_evidence(Evidence(base=scope.base, head=scope.head, pilots=tuple(pilots)), settings.out)


@dataclass(frozen=True, kw_only=True)
class _Looking:
    """How much of a pilot is measured: everything at once, or where its charter is sequential what its parity gates need."""

    charter: Charter
    say: Say
    left: Left | None

    def measured(self, trees: Trees, lock: Mapping[str, Any] | None, limits: Limits) -> PilotEvidence:
        """The pilot's evidence."""
        if not self.charter.sequential:
            return measure_pilot(self.charter, trees, lock, limits=limits)
        return measure_in_looks(self.charter, trees, lock, limits=limits, undecided=self._undecided)

    def _undecided(self, evidence: PilotEvidence) -> bool:
        charter = self.left(self.charter, evidence) if self.left else self.charter
        found = undecided(judge_pilot(charter, evidence, reached_by=(), origin="").gates)
        told = "leaves gates undecided" if found else "decides every parity gate"
        self.say(f"{charter.pilot}: look {len(evidence.looks)} {told}")
        return found


def failed_gates(charter: Charter, evidence: PilotEvidence) -> tuple[Gate, ...]:
    """The gates that fail on this evidence and whose remediation can be tried at once."""
    verdict = judge_pilot(charter, evidence, reached_by=(), origin="")
    failed = {g.name for g in verdict.gates if g.decision is Decision.FAIL}
    return tuple(g for g in charter.gates if g.name in failed and g.remediation.can_be_rehearsed)


def judge_run(directory: Path) -> Verdict:
    """The verdict on what `measure` wrote, read back: a run and its later judgement go through the same bytes.

    Raises:
        UsageError: the run directory is incomplete or does not hold together.
    """
    scope = read_scope(directory, _charter)
    if not scope.reached:
        return nothing_reached(scope)
    evidence, digest = read_evidence(directory)
    return replace(judge(evidence, scope), evidence_sha256=digest)


def _charter(text: bytes, path: str) -> Charter:
    """A charter that was valid when it was measured; whether its waivers hold, the judge says by the day of the run."""
    charter = read_charter(text, path, today=date.min).charter
    if charter is None:
        raise UsageError(f"the charter {path} in the run directory is invalid")
    return charter


def lock(run: Opened, settings: Settings, say: Say) -> Mapping[str, Any]:
    """Entries of `.qgate/lock.json` for every charter: baselines measured on the locked data.

    Raises:
        MeasurementError: a baseline or its data could not be measured.
    """
    entries = {}
    with environments(run.tree, settings.setup, say) as built:
        for sourced in run.found.charters:
            charter, limits = sourced.charter, limits_of(sourced, settings.limits)
            say(f"measuring what the lock of {charter.pilot} holds")
            with _worker_tree(run, settings.prefix) as tree:
                trees = Trees(root=run.tree, worker=tree.here, environments=built)
                evidence = measure_pilot(charter, trees, None, limits=limits, jobs=lock_jobs)
            entries[charter.pilot] = lock_entry(charter, evidence)
    return entries


@dataclass(frozen=True, kw_only=True)
class _Exported:
    """The head's files for the worker: all of them below `root`, the working directory's at `here`."""

    root: Path
    here: Path


def rehearse_rollbacks(run: Opened, settings: Settings, say: Say) -> Iterator[tuple[Charter, PilotEvidence]]:
    """Every charter with the evidence on what its traffic would return to: of this tree, and of nothing else."""
    locks = read_lock(lock_content(run, settings))
    with environments(run.tree, settings.setup, say) as built:
        for sourced in run.found.charters:
            charter, limits = sourced.charter, limits_of(sourced, settings.limits)
            say(f"rehearsing the rollback of {charter.pilot}")
            with _worker_tree(run, settings.prefix) as tree:
                trees = Trees(root=run.tree, worker=tree.here, environments=built)
                yield charter, measure_pilot(charter, trees, locks.get(charter.pilot), limits=limits, jobs=target_jobs)


def _moved(sourced: SourcedCharter, evidence: PilotEvidence) -> bool:
    """Whether traffic would return to a baseline that this change moved; of a new charter, the head's is all there is."""
    target = sourced.charter.rollback.target
    if target is None or target.artifact or served_command(sourced.charter) or sourced.origin != "base":
        return False
    measured = any(c.key.role == f"baseline:{target.baseline}" for c in evidence.cells)
    return measured and not is_locked(sourced.charter, evidence)


@contextmanager
def _worker_tree(run: Opened, prefix: str, commit: str | None = None) -> Iterator[_Exported]:
    """A clean export of the head, or of another commit, for the worker.

    No history, and no data file of any pilot, since they may share their labels.
    """
    files = [file for found in run.found.charters for file in found.charter.data.values()]
    slices = [chosen.file for file in files for chosen in file.slices if chosen.file]
    data = {str(Path(prefix, path)) for path in (*(file.path for file in files), *slices)}
    with TemporaryDirectory(prefix="qgate-tree-") as scratch:
        open_to_workers(Path(scratch))
        export_tree(run.repository, commit or run.change.head, Path(scratch), leave_out=data)
        yield _Exported(root=Path(scratch), here=Path(scratch, prefix))


def _store(run: Opened, settings: Settings, say: Say) -> Store | None:
    """The cache, if the run was given one. The signing key, where there is one, seals its entries too."""
    if settings.cache is None:
        return None
    check_directory(settings.cache, run.repository, settings.out)
    key = settings.signing_key and hashlib.sha256(b"qgate/cache\0" + settings.signing_key.strip().encode()).digest()
    return Store(directory=settings.cache, say=say, key=key or None)


def _reviewed(charter: Charter, run: Opened, settings: Settings) -> Mapping[str, bytes]:
    """The calibration snapshots that the base commit has; on a push to the default branch the commit's own are reviewed."""
    if settings.own_charter:
        return {}

    def read(path: str) -> bytes | None:
        return run.repository.read(run.change.base, posixpath.normpath(posixpath.join(settings.prefix, path)))

    return reviewed_snapshots(charter, read, settings.today)


def lock_content(run: Opened, settings: Settings) -> bytes | None:
    """The lock's bytes: the base commit's, the head's where the base has none (or on a push to the default branch)."""
    path = str(Path(settings.prefix, LOCK))
    base = None if settings.own_charter else run.repository.read(run.change.base, path)
    here = run.tree / LOCK
    return base if base is not None else (here.read_bytes() if here.is_file() and not here.is_symlink() else None)
