"""When a sequential pilot is looked at, and what had been measured by then. Measuring and judging ask the same plan.

Over rows where every parity gate claims something about new data and fixed weights: a sealed order of the rows, which follows
from the charter and the data, is cut into parts of equal size; rows that stand or fall together are never parted. Over seeds, in
the order of the charter, where any gate claims something else: then all rows are answered by a few seeds first. Never over both:
with every added seed the old rows tell something new, and no published boundary holds for looks along two ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import Charter, Claim, Population, Subject
from qgate.domain.evidence import CLUSTERS, Array, Cell, Look, PilotEvidence, rows_role
from qgate.errors import MeasurementError
from qgate.statistics.sealed import sealed_order
from qgate.statistics.sequential import row_levels, seed_levels, seed_looks

CANDIDATE = "candidate"
Rows = npt.NDArray[np.int64]
_MOST_LOOKS, _FEWEST_UNITS_A_LOOK = 5, 100


class Over(StrEnum):
    """What is measured part by part."""

    ROWS = "rows"
    SEEDS = "seeds"


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """All looks there may be. Over rows, `part` says for each row of a split at which look, from 1, it is measured."""

    over: Over
    looks: tuple[Look, ...]
    part: Mapping[str, Rows] = field(default_factory=dict)

    def seen(self, split: str, look: int) -> npt.NDArray[np.bool_]:
        """Which rows had been measured at a look (from 1)."""
        return self.part[split] <= look


def parity_splits(charter: Charter) -> tuple[str, ...]:
    """The splits that parity gates ask about."""
    metrics = [parse_metric(g.name) for g in charter.gates]
    return tuple(dict.fromkeys(m.split for m in metrics if m is not None and m.family is Family.PARITY))


def over(charter: Charter) -> Over:
    """Rows where all parity gates are about new rows alone; else seeds, where a claim about new rows can be decided as well."""
    new_rows = Claim(population=Population.DEPLOYMENT, subject=Subject.ARTIFACT)
    named = [(parse_metric(g.name), g.claim) for g in charter.gates]
    claims = {claim for metric, claim in named if metric is not None and metric.family is Family.PARITY}
    return Over.ROWS if claims == {new_rows} else Over.SEEDS


def plan(charter: Charter, units: Mapping[str, Rows]) -> Plan:
    """The looks of a sequential charter.

    Args:
        charter: the pilot's.
        units: for each split of a parity gate which rows stand together, numbered from 0; each row its own number where none do.
    """
    rows = {split: len(ids) for split, ids in units.items()}
    if over(charter) is Over.SEEDS:
        looks = tuple(Look(rows=rows, seeds=seeds) for seeds in seed_looks(len(charter.shots.seeds)))
        return Plan(over=Over.SEEDS, looks=looks)
    count = looks_over_rows(min((int(ids.max()) + 1 for ids in units.values() if len(ids)), default=0))
    part = {split: _parts(charter, split, ids, count) for split, ids in units.items()}
    looks = tuple(
        Look(rows={split: int((numbers <= look).sum()) for split, numbers in part.items()}, seeds=len(charter.shots.seeds))
        for look in range(1, count + 1)
    )
    return Plan(over=Over.ROWS, looks=looks, part=part)


def looks_over_rows(units: int) -> int:
    """How often so many rows or clusters are looked at."""
    return min(max(units // _FEWEST_UNITS_A_LOOK, 1), _MOST_LOOKS)


def last_level(charter: Charter, alpha: float, *, rows: int) -> float:
    """What is left of alpha for the last look, at all rows and seeds: it bounds the power of all looks from below."""
    if over(charter) is Over.SEEDS:
        return seed_levels(len(charter.shots.seeds), alpha)[-1]
    count = looks_over_rows(rows)
    return row_levels(tuple(look / count for look in range(1, count + 1)), alpha)[-1]


def _parts(charter: Charter, split: str, ids: Rows, count: int) -> Rows:
    position = _position(charter.sha256, split, charter.data[split].sha256, int(ids.max()) + 1)
    return position[ids] * count // len(position) + 1


@lru_cache(maxsize=16)
def _position(charter_sha256: str, split: str, data_sha256: str, count: int) -> Rows:
    """At which place of the sealed order each unit stands."""
    found = np.empty(count, dtype=np.int64)
    found[list(sealed_order(charter_sha256, split, data_sha256, count=count))] = np.arange(count)
    return found


def units_of(evidence: PilotEvidence, split: str) -> Rows:
    """Which rows of a measured split stand together.

    Raises:
        MeasurementError: its labels are missing, or its clusters have another length.
    """
    truth, clusters = evidence.truth.get(split), evidence.tables_of(rows_role(split)).get(CLUSTERS)
    if truth is None or not len(truth):
        raise MeasurementError(f"the labels of the split `{split}` are missing from the evidence")
    if clusters is not None and clusters.shape != truth.shape:
        raise MeasurementError(f"the clusters of `{split}` have shape {clusters.shape}, its rows {truth.shape}")
    return numbered(len(truth), clusters)


def numbered(rows: int, clusters: Array | None) -> Rows:
    """The units of a split numbered from 0, shape (rows,): its clusters, or each row alone."""
    return np.arange(rows) if clusters is None else np.unique(clusters, return_inverse=True)[1].astype(np.int64)


def planned(charter: Charter, evidence: PilotEvidence) -> Plan:
    """The plan of what was measured, once the looks in the evidence were found to be its first ones.

    Raises:
        MeasurementError: they are not, or there are none.
    """
    found = plan(charter, {split: units_of(evidence, split) for split in parity_splits(charter)})
    taken = len(evidence.looks)
    if not taken or evidence.looks != found.looks[:taken]:
        raise MeasurementError(
            "the looks in the evidence are not those that the charter and its data give, so no error rate holds: measure again"
        )
    return found


def at_look(look: int, found: Plan, charter: Charter, evidence: PilotEvidence) -> tuple[Charter, PilotEvidence]:
    """The charter and the evidence as they stood at a look (from 1): nothing measured later is in it.

    Raises:
        MeasurementError: the candidate's cells do not hold the rows that were measured.
    """
    if found.over is Over.SEEDS:
        seeds = charter.shots.seeds[: found.looks[look - 1].seeds]
        kept = tuple(c for c in evidence.cells if c.key.role != CANDIDATE or c.key.seed is None or c.key.seed in seeds)
        return with_seeds(charter, seeds), replace(evidence, cells=kept)
    cells = tuple(_rows_of(cell, look, found, len(evidence.looks)) for cell in evidence.cells)
    truth = {s: t[found.seen(s, look)] if s in found.part else t for s, t in evidence.truth.items()}
    tables = dict(evidence.tables)
    for split in found.part:
        names = [name for name in tables if name.startswith(f"{rows_role(split)}/")]
        tables |= {name: tables[name][found.seen(split, look)] for name in names}
    return charter, replace(evidence, cells=cells, truth=truth, tables=tables)


def with_seeds(charter: Charter, seeds: tuple[int, ...]) -> Charter:
    """The charter as if it declared these seeds."""
    return replace(charter, shots=replace(charter.shots, seeds=seeds))


def _rows_of(cell: Cell, look: int, found: Plan, taken: int) -> Cell:
    split = cell.key.split
    if split not in found.part:
        return cell
    seen = found.seen(split, look)
    if cell.key.role == CANDIDATE:
        seen = seen[found.seen(split, taken)]
    if len(cell.predictions) != len(seen):
        raise MeasurementError(f"{cell.key} holds {len(cell.predictions)} rows, and {len(seen)} had been measured by then")
    return replace(cell, predictions=cell.predictions[seen], scores=None if cell.scores is None else cell.scores[seen])


def as_measured(charter: Charter, evidence: PilotEvidence) -> Charter:
    """The charter with the seeds that had been measured when measuring stopped; as it is where it is not sequential."""
    if not charter.sequential or not evidence.looks:
        return charter
    return with_seeds(charter, charter.shots.seeds[: evidence.looks[-1].seeds])
