"""What one gate needs, and what it can decide at the declared sizes. Pure: a gate, sizes and a spread in, a plan out."""

from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from qgate.charter.metrics import Family, Metric, parse_metric, quantile_of
from qgate.domain.charter import CandidateKind, Charter, Gate, Population, Subject
from qgate.gates.looks import last_level
from qgate.gates.scorers import NOT_SMOOTH
from qgate.plan.spread import Spread
from qgate.statistics import crossed, sample_size, seeds
from qgate.statistics.quantiles import requests_needed

_FEW_DISCORDANT = 10
_ARITHMETIC = "computed from the charter's prices and volumes: nothing is sampled"
_OTHERS = MappingProxyType(
    {
        Family.COST: _ARITHMETIC,
        Family.CAPACITY: "found by simulating the service under rising load: rows and seeds do not bear on it",
        Family.CALIBRATION: "computed with the declared device's noise: rows are not sampled",
        Family.SEEDS: "decided by how many seeds there are: rows do not bear on it",
        Family.QUBO: "decided by the samples at the declared shots and seeds",
    }
)
_COMPARED = "rows are not sampled: on the locked set the exact comparison decides, whatever the margin"
_SEEDS = "rows are not sampled: what is random on the locked set is the seeds"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What the charter declares for a gate: `step` is how far one row moves its score (0: continuously)."""

    rows: int
    seeds: int
    shots: int | None
    step: float


@dataclass(frozen=True, kw_only=True)
class GatePlan:
    """What can be said of a gate before it is measured, for a candidate that is exactly as good as its baseline.

    `claim` is that of a parity gate. `resolves` is the margin that the declared sizes decide in four of five cases, `power` the
    chance that they decide the declared one; `rows` and `seeds` would decide it in four of five (None: not known, or none is
    enough). `new_data_rows` would decide it for new data, where the gate claims only the locked rows. `decidable` is False where
    the declared sizes can never pass it. `says` are sentences for the reader.
    """

    name: str
    claim: str | None
    threshold: str
    decidable: bool = True
    resolves: float | None = None
    power: float | None = None
    rows: int | None = None
    seeds: int | None = None
    requests: int | None = None
    new_data_rows: int | None = None
    says: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Every field, as plain JSON values."""
        return asdict(self) | {"says": list(self.says)}


def plan_gate(gate: Gate, metric: Metric, charter: Charter, sizes: Sizes | None, spread: Spread | None) -> GatePlan:
    """The plan of one gate; `sizes` and `spread` are those of a parity gate, None for others."""
    if sizes is None or spread is None:
        return _other(gate, metric)
    margin = float(gate.threshold.maximum) if gate.threshold.maximum is not None else None
    if margin is None:
        return _never(gate, "a gap is bounded from above, and this gate has no `max`")
    if reason := _undecidable(gate, metric, charter, sizes):
        return _never(gate, reason)
    if charter.sequential:
        last = replace(gate, alpha=last_level(charter, gate.alpha, rows=sizes.rows))
        found = _planned(last, margin, sizes, spread)
        return replace(found, says=(*found.says, f"looked at part by part: planned by the last look's level, {last.alpha:.3g}"))
    return _planned(gate, margin, sizes, spread)


def _planned(gate: Gate, margin: float, sizes: Sizes, spread: Spread) -> GatePlan:
    if gate.claim.population is Population.DEPLOYMENT:
        return _deployment(gate, margin, sizes, spread)
    return _locked(gate, margin, sizes, spread)


def _other(gate: Gate, metric: Metric) -> GatePlan:
    quantile = quantile_of(gate.name)
    if metric.family is Family.LATENCY and quantile is not None and 0 < quantile < 1:
        needed = requests_needed(quantile, gate.alpha)
        says = f"a bound on the {100 * quantile:g} % quantile takes {needed:,} independent requests, more where they queue"
        return _plan(gate, requests=needed, says=(says,))
    return _plan(gate, says=(_OTHERS.get(metric.family, "sampled under the declared load until it is decided"),))


def _undecidable(gate: Gate, metric: Metric, charter: Charter, sizes: Sizes) -> str:
    """Why the declared sizes can never decide the claim (empty: they can); the same rules as `qgate.gates.claims`."""
    procedure, deployment = gate.claim.subject is Subject.PROCEDURE, gate.claim.population is Population.DEPLOYMENT
    if procedure and (charter.candidate.kind is CandidateKind.CIRCUIT or charter.candidate.weights is not None):
        return (
            "always inconclusive: the candidate's weights are fixed, so its seeds repeat no training; claim `subject: artifact`"
        )
    fewest = crossed.MINIMUM_SEEDS if deployment else seeds.MINIMUM_SEEDS
    if procedure and sizes.seeds < fewest:
        return f"always inconclusive: {sizes.seeds} of the {fewest} training seeds that a recipe needs at least"
    if deployment and metric.scorer in NOT_SMOOTH:
        return f"always inconclusive: {metric.scorer} hangs on single rows, which says nothing about new ones"
    if not deployment and sizes.shots is not None and sizes.seeds < seeds.MINIMUM_SEEDS:
        return "always inconclusive: one seed does not show how far shot noise moves the score; declare at least three"
    return ""


def _deployment(gate: Gate, margin: float, sizes: Sizes, spread: Spread) -> GatePlan:
    if spread.row is None:
        return _plan(gate, says=(spread.source,))
    needed = _rows(gate, margin, spread)
    return _plan(
        gate,
        resolves=_resolution(gate, sizes, spread),
        power=sample_size.power_to_decide(rows=sizes.rows, row_variance=_total(sizes, spread), effect=margin, alpha=gate.alpha),
        rows=needed,
        says=(*_limited_by_rows(needed, sizes), *_few_disagree(sizes, spread), spread.source),
    )


def _limited_by_rows(needed: int | None, sizes: Sizes) -> tuple[str, ...]:
    if needed is None:
        return ("no number of rows decides this margin; more seeds or a wider margin may",)
    if needed <= sizes.rows:
        return ()
    return (f"no number of shots will help: {sizes.rows:,} rows are too few, and {needed:,} would decide it",)


def _few_disagree(sizes: Sizes, spread: Spread) -> tuple[str, ...]:
    """Where the normal approximation is optimistic: with six discordant rows, 80 % are 67 % (docs/statistics.md, row 5)."""
    expected = sizes.rows * (spread.row or 0.0)
    if sizes.step == 0 or expected >= _FEW_DISCORDANT:
        return ()
    return (f"about {expected:.0f} rows are expected to disagree, and with so few of them power and needs are optimistic",)


def _rows(gate: Gate, margin: float, spread: Spread) -> int | None:
    """Rows that decide the margin for new data; models that agree on every row still leave room for rare disagreements."""
    variance = spread.row or 0.0
    needed = sample_size.required_rows(row_variance=variance, effect=margin, alpha=gate.alpha, seed_variance=spread.mean)
    if margin <= 0 or needed is None:
        return None
    return max(needed, sample_size.identical_rows(margin, gate.alpha)) if margin < 1 else needed


def _resolution(gate: Gate, sizes: Sizes, spread: Spread) -> float:
    return sample_size.resolution(rows=sizes.rows, row_variance=_total(sizes, spread), alpha=gate.alpha)


def _total(sizes: Sizes, spread: Spread) -> float:
    """The variance of one row's contribution with what the seeds add to each."""
    return (spread.row or 0.0) + sizes.rows * spread.mean


def _locked(gate: Gate, margin: float, sizes: Sizes, spread: Spread) -> GatePlan:
    """The claim about these rows, and what the same margin would take for new data."""
    rows = None if spread.row is None else _rows(gate, margin, spread)
    told = _new_data(gate, sizes, spread, rows)
    if sizes.seeds < seeds.MINIMUM_SEEDS:
        return _plan(gate, power=1.0 if margin >= 0 else 0.0, new_data_rows=rows, says=(_COMPARED, *told))
    if spread.seed is None:
        return _plan(gate, new_data_rows=rows, says=(_SEEDS, spread.source))
    # As `seed_bounds` widens its interval: seeds that agree to the last row do not show that all would.
    variance = spread.seed + seeds.gap_variance(np.zeros(sizes.seeds), step=sizes.step)
    needed = sample_size.required_seeds(gap_variance=variance, effect=margin, alpha=gate.alpha)
    return _plan(
        gate,
        resolves=sample_size.seeds_resolution(seeds=sizes.seeds, gap_variance=variance, alpha=gate.alpha),
        power=sample_size.seeds_power(seeds=sizes.seeds, gap_variance=variance, effect=margin, alpha=gate.alpha),
        seeds=needed,
        new_data_rows=rows,
        says=(_SEEDS, *_limited_by_seeds(needed, sizes), *told),
    )


def _limited_by_seeds(needed: int | None, sizes: Sizes) -> tuple[str, ...]:
    if needed is None:
        return ("no number of seeds decides this margin for a candidate that is only as good",)
    return (f"{needed:,} seeds would decide it, or more shots, which calm each seed",) if needed > sizes.seeds else ()


def _new_data(gate: Gate, sizes: Sizes, spread: Spread, rows: int | None) -> tuple[str, ...]:
    """What these rows could say of new data, and where that figure comes from."""
    if spread.row is None:
        return (spread.source,)
    resolved = f"for new data, {sizes.rows:,} rows resolve {_resolution(gate, sizes, spread):.3g}"
    return (f"{resolved}, and {'no number' if rows is None else f'{rows:,}'} would decide this margin", spread.source)


def _never(gate: Gate, reason: str) -> GatePlan:
    return _plan(gate, decidable=False, power=0.0, says=(reason,))


def _plan(gate: Gate, **fields: Any) -> GatePlan:
    metric = parse_metric(gate.name)
    claim = str(gate.claim) if metric and metric.family is Family.PARITY else None
    return GatePlan(name=gate.name, claim=claim, threshold=str(gate.threshold), **fields)
