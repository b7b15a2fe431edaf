"""The candidate and a baseline side by side: the cells that decide, checked, scored, and subtracted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qgate.charter.metrics import SCORERS, Metric, Scorer
from qgate.domain.calibration import PART as CALIBRATION
from qgate.domain.charter import CandidateKind, Charter
from qgate.domain.evidence import CLUSTERS, Array, Cell, CellKey, PilotEvidence, rows_role, slice_table
from qgate.domain.verdict import Sizes
from qgate.errors import MeasurementError
from qgate.gates import resampling, scorers
from qgate.statistics.tango import PairedCounts

CANDIDATE = "candidate"
SERVICE = "service"
GROWTH = "growth"
REPETITION = "repetition"
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Pair = tuple[int | None, int | None]
_FEWEST_UNITS = 2
_DIGITS = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairing:
    """What a parity gate compares.

    `candidates` holds one cell per seed at the deciding shot level, in the order of the seeds; `levels` every other cell of the
    candidate on the split. `seeds` and `shots` are None where the charter declares none. `clusters` numbers the groups of rows
    that stand or fall together (a patient's images), from 0, shape (rows,); None: each row stands alone. `slice` names the part
    of the split that all of this is about; empty: the whole.
    """

    bound: scorers.Bound
    truth: Array
    baseline: Cell
    candidates: tuple[Cell, ...]
    levels: tuple[Cell, ...]
    seeds: tuple[int, ...]
    shots: int | None
    clusters: Rows | None = None
    slice: str = ""

    @property
    def scorer(self) -> Scorer:
        """The scorer that both are compared by."""
        return self.bound.scorer

    @property
    def rows(self) -> int:
        """How many rows the locked set has."""
        return len(self.truth)

    @property
    def units(self) -> int:
        """How many rows or clusters there are: what a claim about new data draws."""
        return self.rows if self.clusters is None else int(self.clusters.max()) + 1

    @property
    def sizes(self) -> Sizes:
        """What was measured, as a verdict tells it."""
        return Sizes(rows=self.rows, seeds=len(self.seeds), shots=self.shots)

    @cached_property
    def step(self) -> float:
        """How far one row can move the score."""
        return scorers.step(self.scorer, self.truth)

    @cached_property
    def baseline_score(self) -> float:
        """The baseline's score on all rows."""
        return self.score(self.baseline)

    @cached_property
    def candidate_scores(self) -> tuple[float, ...]:
        """The candidate's score, one per seed."""
        return tuple(self.score(cell) for cell in self.candidates)

    @cached_property
    def gaps(self) -> tuple[float, ...]:
        """How much worse the candidate is, one per seed: counted in rows, or freed from the rounding of the subtraction."""
        if self.scorer.name == "accuracy":
            return tuple((c.worse - c.better) / c.rows for c in self.counts)
        return tuple(round(scorers.gap(self.scorer, self.baseline_score, s), _DIGITS) for s in self.candidate_scores)

    @property
    def candidate_score(self) -> float:
        """The candidate's mean score over the seeds."""
        return sum(self.candidate_scores) / len(self.candidate_scores)

    @property
    def gap(self) -> float:
        """The mean gap over the seeds."""
        return sum(self.gaps) / len(self.gaps)

    @cached_property
    def level_scores(self) -> tuple[tuple[CellKey, float], ...]:
        """The score of every cell of the candidate, the deciding ones last."""
        others = [(cell.key, self.score(cell)) for cell in self.levels]
        return (*others, *((c.key, s) for c, s in zip(self.candidates, self.candidate_scores, strict=True)))

    @cached_property
    def counts(self) -> tuple[PairedCounts, ...]:
        """For accuracy: on how many rows one of the two alone is right, one per seed."""
        wins = [(int((d > 0).sum()), int((d < 0).sum())) for d in self.differences.T]
        return tuple(PairedCounts(worse=worse, better=better, rows=self.rows) for worse, better in wins)

    @cached_property
    def differences(self) -> npt.NDArray[np.int8]:
        """For accuracy: baseline right minus candidate right, shape (rows, seeds)."""
        right = (self.baseline.predictions == self.truth).astype(np.int8)
        return np.column_stack([right - (cell.predictions == self.truth) for cell in self.candidates]).astype(np.int8)

    @cached_property
    def left_out_gaps(self) -> Floats:
        """The gaps without each row, or each cluster of rows, shape (seeds, units).

        Raises:
            MeasurementError: the score is not defined without some of the rows.
        """
        if self.units < _FEWEST_UNITS:
            raise MeasurementError(f"{self.units} {'row' if self.clusters is None else 'cluster'} says nothing about new data")
        groups = np.arange(self.rows) if self.clusters is None else self.clusters
        baseline = resampling.left_out(self.bound, self.truth, self.baseline, groups)
        others = [resampling.left_out(self.bound, self.truth, cell, groups) for cell in self.candidates]
        sign = 1 if self.scorer.greater_is_better else -1
        return np.array([sign * (baseline - other) for other in others])

    def score(self, cell: Cell) -> float:
        """A cell's score on all rows."""
        return self.bound.score(self.truth, cell.predictions, cell.scores)


def pair(metric: Metric, charter: Charter, evidence: PilotEvidence) -> Pairing:
    """Put the two models of a parity gate side by side.

    Raises:
        MeasurementError: something declared was not measured, or cannot be compared; the text says what.
    """
    role, scorer = f"baseline:{metric.baseline}", SCORERS[metric.scorer]
    _refuse_failures(evidence, metric.baseline)
    truth = evidence.truth.get(metric.split)
    if truth is None:
        raise MeasurementError(f"the labels of the split `{metric.split}` are missing from the evidence")
    baseline, measured = _single(evidence.of(role, metric.split), role, metric.split), _by_pair(evidence, metric.split)
    planned, deciding = planned_pairs(charter), deciding_pairs(charter)
    missing = [p for p in planned if p not in measured]
    if missing:
        raise MeasurementError(f"the candidate was not measured on `{metric.split}` {told(missing)}")
    kept = _kept(metric, evidence, len(truth))
    truth, baseline = truth[kept], _only(baseline, kept)
    candidates = tuple(_only(measured[p], kept) for p in deciding)
    levels = tuple(_only(cell, kept) for p, cell in measured.items() if p not in deciding)
    bound = scorers.bind(scorer, truth, baseline, *candidates, *levels)
    seeds = tuple(seed for _, seed in deciding if seed is not None)
    return Pairing(
        bound=bound,
        truth=truth,
        baseline=baseline,
        candidates=candidates,
        levels=levels,
        seeds=seeds,
        shots=deciding[0][0],
        clusters=_clusters(metric, evidence, kept),
        slice=metric.slice,
    )


def _kept(metric: Metric, evidence: PilotEvidence, rows: int) -> Mask:
    """The rows that the gate is about: those of its slice, or all."""
    if not metric.slice:
        return np.ones(rows, dtype=bool)
    mask = evidence.tables_of(rows_role(metric.split)).get(slice_table(metric.slice))
    if mask is None or mask.shape != (rows,) or mask.dtype != np.bool_ or not mask.any():
        raise MeasurementError(f"the rows of the slice `{metric.slice}` of `{metric.split}` are missing from the evidence")
    return mask


def _clusters(metric: Metric, evidence: PilotEvidence, kept: Mask) -> Rows | None:
    """The clusters of the rows kept, numbered anew from 0."""
    clusters = evidence.tables_of(rows_role(metric.split)).get(CLUSTERS)
    if clusters is None:
        return None
    if clusters.shape != kept.shape:
        raise MeasurementError(f"the clusters of `{metric.split}` have shape {clusters.shape}, its rows {kept.shape}")
    return np.unique(clusters[kept], return_inverse=True)[1].astype(np.int64)


def _only(cell: Cell, kept: Mask) -> Cell:
    """A cell's answers to some rows; answers to another number of rows are left for the scorer to refuse."""
    lengths = {len(part) for part in (cell.predictions, cell.scores) if part is not None}
    if lengths != {len(kept)} or kept.all():
        return cell
    return replace(cell, predictions=cell.predictions[kept], scores=None if cell.scores is None else cell.scores[kept])


def planned_pairs(charter: Charter) -> tuple[Pair, ...]:
    """Every (shots, seed) that the candidate has to be measured at.

    A circuit or a QUBO without a shot schedule is simulated exactly, once: seeds mean nothing to it.
    """
    exact = charter.candidate.kind in {CandidateKind.CIRCUIT, CandidateKind.QUBO} and not charter.shots.schedule
    return ((None, None),) if exact else charter.shots.planned


def deciding_pairs(charter: Charter) -> tuple[Pair, ...]:
    """The (shots, seed) pairs that decide the gates: every seed at the last level of the schedule."""
    planned = planned_pairs(charter)
    return tuple(p for p in planned if p[0] == planned[-1][0])


def told(pairs: Sequence[Pair]) -> str:
    """Pairs of (shots, seed) in words, to name what is missing."""
    words = [", ".join(f"{name} {n}" for name, n in (("shots", s), ("seed", k)) if n is not None) for s, k in pairs]
    return "; ".join(f"at {w}" if w else "without shots" for w in words)


def _refuse_failures(evidence: PilotEvidence, baseline: str) -> None:
    """A failure of another baseline, of the repetition, of serving, growth or calibration is another gate's; all others count."""
    mine = [f for f in evidence.failures if f.part in {"candidate", f"baseline {baseline}"} or not _of_another(f.part)]
    if mine:
        raise MeasurementError("; ".join(f"{f.part}: {f.message}" for f in mine))


def _of_another(part: str) -> bool:
    return part in {REPETITION, SERVICE, GROWTH, CALIBRATION} or part.startswith("baseline ")


def _single(cells: tuple[Cell, ...], role: str, split: str) -> Cell:
    if len(cells) != 1:
        raise MeasurementError(f"`{role}` was measured {len(cells)} times on `{split}`: once is needed")
    return cells[0]


def _by_pair(evidence: PilotEvidence, split: str) -> dict[Pair, Cell]:
    measured: dict[Pair, Cell] = {}
    for cell in evidence.of(CANDIDATE, split):
        if (cell.key.shots, cell.key.seed) in measured:
            raise MeasurementError(f"{cell.key} was measured twice: which of the two decides is unknown")
        measured[cell.key.shots, cell.key.seed] = cell
    return measured
