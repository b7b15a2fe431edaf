"""How each claim is decided: population x subject, each with the method whose error rates hold for it.

| claim | one candidate cell | several seeds |
|---|---|---|
| locked set, artifact | exact comparison (undecidable with shots) | t over seeds |
| locked set, procedure | undecidable | t over seeds |
| deployment, artifact | Tango and exact test; jackknife for other scores | rows as clusters; jackknife over seeds and rows |
| | a median: bootstrap over rows | the same, each row with all its seeds |
| deployment, procedure | undecidable | from three seeds: crossed seeds and rows; jackknife over both |

Where rows stand or fall together in clusters, the jackknife leaves out whole clusters, for accuracy as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from qgate.domain.charter import CandidateKind, Charter, Gate, Population, Subject
from qgate.domain.verdict import Decision
from qgate.gates import row_bootstrap
from qgate.gates.pairing import Pairing
from qgate.gates.scorers import NOT_SMOOTH
from qgate.statistics import crossed, jackknife, sample_size
from qgate.statistics.bounds import Bounds, decide, decide_exactly
from qgate.statistics.clustered import clustered_bounds
from qgate.statistics.crossed import Components
from qgate.statistics.paired_binary import decide_paired
from qgate.statistics.seeds import MINIMUM_SEEDS, gap_variance, seed_bounds


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A claim decided. `reason` says why it could not be; `components` is the variance that rows and seeds bring."""

    decision: Decision
    method: str
    bounds: Bounds | None = None
    reason: str = ""
    components: Components | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def rule(gate: Gate, margin: Decimal, pairing: Pairing, charter: Charter) -> Ruling:
    """Decide a gate's own claim.

    Raises:
        MeasurementError: the score has no interval on these rows.
    """
    if gate.claim.population is Population.DEPLOYMENT:
        return rule_deployment(gate, margin, pairing, charter)
    if gate.claim.subject is Subject.PROCEDURE and (reason := _too_few_trainings(pairing, charter, MINIMUM_SEEDS)):
        return _undecidable(reason)
    if len(pairing.candidates) >= MINIMUM_SEEDS and (pairing.step or len(set(pairing.gaps)) > 1):
        bounds = seed_bounds(pairing.gaps, gate.alpha, step=pairing.step)
        return Ruling(decision=decide(bounds, float(margin)), method="t over seeds", bounds=bounds)
    if pairing.shots is not None and len(pairing.candidates) == 1:
        return _undecidable("one seed does not show how far shot noise moves the score: declare at least three seeds")
    return _compare(pairing, margin)


def rule_deployment(gate: Gate, margin: Decimal, pairing: Pairing, charter: Charter) -> Ruling:
    """Decide, or at least bound, the gap for new data like the locked rows.

    Raises:
        MeasurementError: the score has no interval on these rows.
    """
    procedure = gate.claim.subject is Subject.PROCEDURE
    if procedure and (reason := _too_few_trainings(pairing, charter, crossed.MINIMUM_SEEDS)):
        return _undecidable(reason)
    if pairing.scorer.name in NOT_SMOOTH:
        return _not_smooth(gate, margin, pairing, procedure=procedure)
    if pairing.scorer.name == "accuracy" and pairing.clusters is None:
        return _accuracy(gate, margin, pairing, procedure=procedure)
    return _any_score(gate, margin, pairing)


def required_rows(ruling: Ruling, margin: Decimal, pairing: Pairing, alpha: float) -> int | None:
    """Rows that would decide a deployment claim at the gap that was measured, with 80 % power; None: no number of rows."""
    if ruling.bounds is None or ruling.components is None:
        return None
    parts, gap, rows = ruling.components, ruling.bounds.estimate, pairing.rows
    needed = sample_size.required_rows(
        row_variance=rows * (parts.row + parts.residual),
        effect=abs(float(margin) - gap),
        alpha=alpha,
        seed_variance=max(parts.seed - parts.residual, 0.0),
    )
    if needed is None:
        return None
    # Models that agree on every row still leave room for rare disagreements.
    at_least = sample_size.identical_rows(float(margin), alpha) if gap < margin and 0 < margin < 1 else 0
    return max(needed, at_least, rows + 1)


def resolution(ruling: Ruling, pairing: Pairing, alpha: float) -> float | None:
    """The distance from the threshold that these rows can decide with 80 % power."""
    if ruling.components is None:
        return None
    total = ruling.components.row + ruling.components.seed
    return sample_size.resolution(rows=pairing.rows, row_variance=pairing.rows * total, alpha=alpha)


def required_seeds(margin: Decimal, pairing: Pairing, alpha: float) -> int | None:
    """Seeds that would decide a claim about the locked rows at the gap that was measured, with 80 % power."""
    if len(pairing.gaps) < MINIMUM_SEEDS:
        return None
    variance = gap_variance(pairing.gaps, step=pairing.step)
    return sample_size.required_seeds(gap_variance=variance, effect=abs(float(margin) - pairing.gap), alpha=alpha)


def seeds_resolution(pairing: Pairing, alpha: float) -> float | None:
    """The distance from the threshold that these seeds can decide on the locked rows with 80 % power."""
    if len(pairing.gaps) < MINIMUM_SEEDS:
        return None
    variance = gap_variance(pairing.gaps, step=pairing.step)
    return sample_size.seeds_resolution(seeds=len(pairing.gaps), gap_variance=variance, alpha=alpha)


def _undecidable(reason: str) -> Ruling:
    return Ruling(decision=Decision.INCONCLUSIVE, method="none", reason=reason)


def _too_few_trainings(pairing: Pairing, charter: Charter, needed: int) -> str:
    """Why the seeds say nothing about the training recipe (empty: they do)."""
    if charter.candidate.kind is CandidateKind.CIRCUIT or charter.candidate.weights is not None:
        return "the candidate's weights are fixed, so its seeds repeat the shots and not the training: claim `subject: artifact`"
    trainings = len(pairing.candidates)
    if trainings < needed:
        runs = "one training run does" if trainings == 1 else f"{trainings} training runs do"
        return f"{runs} not show how far training moves the score: declare at least three seeds"
    return ""


def _compare(pairing: Pairing, margin: Decimal) -> Ruling:
    """Nothing is random: compare numbers, counts as counts."""
    gap = pairing.gaps[0]
    if pairing.scorer.name == "accuracy":
        exact = Fraction(pairing.counts[0].worse - pairing.counts[0].better, pairing.rows)
    else:
        exact = Fraction(repr(gap))
    bounds = Bounds(estimate=gap, lower=gap, upper=gap)
    return Ruling(decision=decide_exactly(exact, Fraction(margin)), method="exact comparison", bounds=bounds)


def _accuracy(gate: Gate, margin: Decimal, pairing: Pairing, *, procedure: bool) -> Ruling:
    if len(pairing.candidates) == 1:
        return _paired(gate, margin, pairing)
    if procedure:
        bounds, method = crossed.crossed_bounds(pairing.differences, gate.alpha), "crossed seeds and rows"
        parts = crossed.components(pairing.differences.astype(np.float64))
    else:
        bounds, method = clustered_bounds(pairing.differences, gate.alpha), "t over rows, each with all its seeds"
        parts = Components(row=float(pairing.differences.mean(axis=1).var()) / pairing.rows)
    return Ruling(decision=decide(bounds, float(margin)), method=method, bounds=bounds, components=parts)


def _paired(gate: Gate, margin: Decimal, pairing: Pairing) -> Ruling:
    counts = pairing.counts[0]
    found = decide_paired(counts, float(margin), gate.alpha)
    share, gap = counts.discordant / counts.rows, found.bounds.estimate
    told = decide(found.bounds, float(margin))
    reason = ""
    if told is not found.decision:
        p = found.exact.passing if told is Decision.PASS else found.exact.failing
        reason = f"the score interval alone would say {told}, and the exact test does not agree (p = {p:.3f})"
    return Ruling(
        decision=found.decision,
        method="Tango's score interval and the exact unconditional test",
        bounds=found.bounds,
        reason=reason,
        components=Components(row=(share - gap**2) / counts.rows),
        details={"exact_p": {"pass": found.exact.passing, "fail": found.exact.failing}},
    )


def _not_smooth(gate: Gate, margin: Decimal, pairing: Pairing, *, procedure: bool) -> Ruling:
    """A median by the bootstrap, a maximum not at all: no sample holds the worst row of new data."""
    name = pairing.scorer.name
    if name != "median_absolute_error" or procedure:
        return _undecidable(f"{name} hangs on single rows, which says nothing about new {'trainings' if procedure else 'ones'}")
    bounds = row_bootstrap.bootstrap_bounds(pairing, gate.alpha)
    return Ruling(decision=decide(bounds, float(margin)), method=row_bootstrap.METHOD, bounds=bounds)


def _any_score(gate: Gate, margin: Decimal, pairing: Pairing) -> Ruling:
    # Between a row and a whole cluster. Simulated with 10 to 100 clusters of 5 to 20 rows at most 4.3 % err; with single rows as
    # pseudo-rows 5.8 % do, and with whole clusters won and lost no claim is ever decided.
    step, without = pairing.step * float(np.sqrt(pairing.rows / pairing.units)), pairing.left_out_gaps
    over = "rows" if pairing.clusters is None else "clusters of rows"
    if len(pairing.candidates) == 1:
        bounds, method = jackknife.jackknife_bounds(pairing.gaps[0], without[0], gate.alpha, step=step), "paired jackknife"
        method += "" if pairing.clusters is None else f" over {over}"
        parts = Components(row=jackknife.jackknife_variance(without[0], step=step))
    else:
        gaps, method = np.array(pairing.gaps), f"paired jackknife over seeds and {over}"
        bounds = jackknife.seeds_jackknife_bounds(gaps, without, gate.alpha, step=step)
        parts = jackknife.seed_and_row_variance(gaps, without, step=step)
    return Ruling(decision=decide(bounds, float(margin)), method=method, bounds=bounds, components=parts)
