"""Measurements taken from a cache where something says whether they still hold, and kept there once they were confirmed.

Two things are kept of a part. Its **answer**, by the files of the worker's tree and the order: then no worker is asked. Its
**cells**, where the judge makes them of a described candidate, by the description: then nothing is simulated, also after a
commit that leaves the circuit as it is. Nothing is taken or kept that this run does not confirm: the candidate's deciding cell is
measured again in every run, and a baseline equals the lock. Times, and what an executable of a `command` answers, are never kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgate.domain.canonical import canonical_json
from qgate.domain.charter import CandidateKind, Charter
from qgate.domain.evidence import predictions_digest, table_digest
from qgate.domain.limits import Limits
from qgate.domain.provenance import Reused
from qgate.domain.work import Answer
from qgate.measure.asking import Asked, answers, ask, heard, repetitions
from qgate.measure.content import answer_digest, order_digest, reading, surroundings
from qgate.measure.entries import answer_entry, answer_of, cells_entry, measured_of
from qgate.measure.jobs import CANDIDATE, REPETITION, Job, Measured
from qgate.measure.store import Key, Store
from qgate.workloads.dataset import Dataset

ANSWER, CELLS = "answer", "cells"
_BASELINE = "baseline "
_DESCRIBED = (CandidateKind.CIRCUIT, CandidateKind.KERNEL, CandidateKind.QUBO)
_KEPT = (*_DESCRIBED, CandidateKind.ESTIMATOR)  # what an executable starts besides the tree's own files, nobody knows


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """The cache, and the digest of all files that the worker's tree was exported with."""

    store: Store
    tree: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Asking:
    """What the jobs of a pilot are asked and confirmed with."""

    charter: Charter
    data: Mapping[str, Dataset]
    lock: Mapping[str, Any] | None
    tree: Path
    limits: Limits


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    """A part's answer as it was read, and the keys of the entries that it was taken from (none: a worker was asked)."""

    asked: Asked
    used: tuple[Key, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    """Every job's answer, and which of them came from the cache."""

    asked: tuple[Asked, ...]
    reused: Reused | None = None


def gather(planned: Sequence[Job], asking: Asking, reuse: Reuse | None) -> Gathered:
    """Every job answered: from the cache where it knows and the answer is confirmed, else by a worker."""
    if reuse is None:
        return Gathered(asked=ask(planned, asking.tree, asking.limits))
    memory = _Memory(asking=asking, reuse=reuse)
    kept = [job for job in planned if _can_be_confirmed(job, planned, asking)]
    found = _first(planned, kept, memory)
    found |= _anew([found[job.part] for job in kept if found[job.part].used and not _confirmed(job, found, asking)], memory)
    for job in kept:
        if _confirmed(job, found, asking):
            memory.keep(found[job.part])
    return Gathered(asked=tuple(found[job.part].asked for job in planned), reused=_told(found, memory))


def _first(planned: Sequence[Job], kept: Sequence[Job], memory: "_Memory") -> dict[str, _Found]:
    """Every part for the first time: what the cache holds of `kept`, and the workers' answers to the rest."""
    recalled = {job.part: answer for job in kept if (answer := memory.answer(job)) is not None}
    said = recalled | memory.ask([job for job in planned if job.part not in recalled])
    found = {job.part: _Found(asked=heard(job, said[job.part])) for job in planned if job not in kept}
    return found | {job.part: memory.heard(job, said[job.part], recalled=job.part in recalled) for job in kept}


def _anew(doubted: Sequence[_Found], memory: "_Memory") -> dict[str, _Found]:
    """What the cache said and nothing confirmed, removed and measured anew."""
    for found in doubted:
        for key in found.used:
            memory.reuse.store.drop(key, "did not repeat" if key.part == CANDIDATE else "is not what the lock says")
    said = memory.ask([f.asked.job for f in doubted if any(key.what == ANSWER for key in f.used)])
    return {f.asked.job.part: _Found(asked=heard(f.asked.job, said.get(f.asked.job.part, f.asked.answer))) for f in doubted}


def _can_be_confirmed(job: Job, planned: Sequence[Job], asking: Asking) -> bool:
    """Whether this run measures the part again, or the lock holds what it must be."""
    if job.part == CANDIDATE:
        return asking.charter.candidate.kind in _KEPT and any(j.part == REPETITION for j in planned)
    return _locked(job, asking) is not None


def _locked(job: Job, asking: Asking) -> Mapping[str, Any] | None:
    """What the lock says a baseline predicts, by split; None where it says nothing or the part is no baseline."""
    name = job.part.removeprefix(_BASELINE)
    if name == job.part or asking.lock is None:
        return None
    entry = asking.lock.get("baselines", {}).get(name, {})
    return entry.get("predictions") if isinstance(entry, Mapping) and isinstance(entry.get("predictions"), Mapping) else None


def _confirmed(job: Job, found: Mapping[str, _Found], asking: Asking) -> bool:
    """Whether what was measured of the part in this run, or the lock, says the same bit by bit."""
    measured = found[job.part].asked.measured
    if measured is None:
        return False
    locked = _locked(job, asking)
    if locked is not None:
        said = [(locked.get(c.key.split), predictions_digest(c)) for c in measured.cells]
        return all(isinstance(entry, Mapping) and entry.get("sha256") == digest for entry, digest in said)
    again = found[REPETITION].asked.measured
    return again is not None and _repeats(measured, again)


def _repeats(measured: Measured, again: Measured) -> bool:
    pairs = repetitions(again, measured.cells)
    tables = {name: table_digest(table) for name, table in measured.tables.items()}
    same_tables = all(tables.get(name) == table_digest(table) for name, table in again.tables.items())
    return bool(pairs) and all(pair.first == pair.second for pair in pairs) and same_tables


def _told(found: Mapping[str, _Found], memory: "_Memory") -> Reused | None:
    parts = {part: f.used[-1].short for part, f in found.items() if f.used}
    sealed = memory.reuse.store.key is not None
    return Reused(pilot=memory.asking.charter.pilot, planned=len(found), parts=parts, sealed=sealed) if parts else None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Memory:
    """The cache as one pilot's jobs see it."""

    asking: Asking
    reuse: Reuse

    def ask(self, jobs: Sequence[Job]) -> dict[str, Answer]:
        """The workers' answers."""
        said = answers(jobs, self.asking.tree, self.asking.limits)
        return {job.part: answer for job, answer in zip(jobs, said, strict=True)}

    def answer(self, job: Job) -> Answer | None:
        """What the cache holds as the job's answer."""
        entry = self.reuse.store.get(self._answer_key(job))
        return None if entry is None else answer_of(entry)

    def heard(self, job: Job, answer: Answer, *, recalled: bool) -> _Found:
        """The answer read: by the cache where it holds the cells of a described candidate, else by the job."""
        used = (self._answer_key(job),) if recalled else ()
        key = self._cells_key(job, answer)
        if key is None or (entry := self.reuse.store.get(key)) is None:
            return _Found(asked=heard(job, answer), used=used)
        try:
            return _Found(asked=Asked(job=job, answer=answer, measured=measured_of(entry)), used=(*used, key))
        except (ValueError, TypeError) as problem:
            self.reuse.store.drop(key, f"does not hold: {problem}")
            return _Found(asked=heard(job, answer), used=used)

    def keep(self, found: _Found) -> None:
        """A confirmed part, as far as the cache does not have it."""
        asked = found.asked
        if asked.measured is None:
            return
        new = {self._answer_key(asked.job): answer_entry(asked.answer)}
        if (key := self._cells_key(asked.job, asked.answer)) is not None:
            new[key] = cells_entry(asked.measured)
        for key, entry in new.items():
            if key not in found.used:
                self.reuse.store.put(key, entry)

    def _answer_key(self, job: Job) -> Key:
        limits = self.asking.limits
        ran_in = {"sandbox_required": limits.sandbox_required, "environment": limits.environment.sha256}
        return self._key(job, ANSWER, {"tree": self.reuse.tree, "order": order_digest(job.order), **ran_in})

    def _cells_key(self, job: Job, answer: Answer) -> Key | None:
        """None where the worker itself answers cells, or nothing."""
        charter = self.asking.charter
        if answer.error is not None or job.part != CANDIDATE or charter.candidate.kind not in _DESCRIBED:
            return None
        read_by = {"answer": answer_digest(answer), "order": order_digest(job.order)}
        return self._key(job, CELLS, read_by | reading(charter, self.asking.data))

    def _key(self, job: Job, what: str, content: Mapping[str, Any]) -> Key:
        whole = hashlib.sha256(canonical_json({**content, "surroundings": surroundings()})).hexdigest()
        return Key(pilot=self.asking.charter.pilot, part=job.part, what=what, content=whole)
