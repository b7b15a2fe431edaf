"""What an undecided gate could buy: where its uncertainty comes from, whether its shots suffice, and the honest ways out.

All from the evidence at hand. A score's contributions of single rows are its jackknife pseudo-values (for accuracy: the row's
difference itself), so that any smooth score is split like a mean.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from qgate.charter.metrics import Needs, Task
from qgate.domain.charter import CandidateKind, Charter, Gate, Population
from qgate.domain.evidence import Cell
from qgate.errors import MeasurementError
from qgate.gates import resampling, wording
from qgate.gates.pairing import Pairing
from qgate.gates.scorers import NOT_SMOOTH
from qgate.statistics import shot_bias
from qgate.statistics.bounds import Bounds
from qgate.statistics.variance import Split, d_study, shares, split_variance

_FEWEST = 2
_WHOLE = 1e-6  # how near a count of shots is to a whole number
_SHARE_OF_MARGIN = 0.25  # a bias below a quarter of the margin cannot decide much

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What is known of the uncertainty's sources; None where the evidence does not say."""

    split: Split | None = None
    shots: dict[str, Any] | None = None


def bought(pairing: Pairing, charter: Charter, margin: float, alpha: float) -> Bought:
    """Both answers; neither where the score is not defined without some of the rows."""
    try:
        return Bought(split=_variance(pairing, charter, alpha), shots=_shots(pairing, charter, margin, alpha))
    except MeasurementError:
        return Bought()


def _variance(pairing: Pairing, charter: Charter, alpha: float) -> Split | None:
    """The variance of the mean gap split into rows, seeds and shots; None where seeds or a smooth score are missing."""
    if len(pairing.candidates) < _FEWEST or pairing.units < _FEWEST or pairing.scorer.name in NOT_SMOOTH:
        return None
    gaps, units = np.array(pairing.gaps)[:, None], pairing.units
    split = split_variance((units * gaps - (units - 1) * pairing.left_out_gaps).T, alpha)
    # Of fixed weights, a seed repeats the shots and nothing else: what differs within a row is their noise.
    return replace(split, pair=0.0, shot=split.pair) if _fixed_weights(charter) and pairing.shots else split


def variance_told(split: Split, charter: Charter) -> dict[str, Any]:
    """The components and the table of what more would buy, as plain JSON values."""
    told: dict[str, Any] = {"row": split.row, "seed": split.seed, "seed_interval": list(split.seed_interval)}
    told |= {"row_and_seed": split.pair} if split.shot is None else {"shot": split.shot}
    told["seeds_repeat"] = "shots" if _fixed_weights(charter) else "training and shots"
    return told | {"standard_error": d_study(split), "shares": shares(split)}


def _shots(pairing: Pairing, charter: Charter, margin: float, alpha: float) -> dict[str, Any] | None:
    """How much worse the gap is at this shot count than without shot noise, and what that was learned from."""
    if pairing.shots is None or pairing.units < _FEWEST or pairing.scorer.name in NOT_SMOOTH:
        return None
    found = _from_exact(pairing, alpha) or _from_counts(pairing, charter, alpha) or _from_levels(pairing, alpha)
    if found is None:
        return None
    source, bias, more = found
    limit = _SHARE_OF_MARGIN * abs(margin)
    inside, outside = -limit <= bias.lower and bias.upper <= limit, bias.lower > limit or bias.upper < -limit
    verdict = "adequate" if inside else "inadequate" if outside else "undecided"
    return {"gap_from_shots": bias.estimate, "interval": [bias.lower, bias.upper], "limit": limit, "shots_are": verdict} | {
        "learned_from": source,
        **more,
    }


def no_shots_help(split: Split | None, *, distance: float, alpha: float) -> bool:
    """Whether the rows alone, under as many seeds and shots as one likes, leave a gap at this distance undecided."""
    return split is not None and float(ndtri(1 - alpha) * np.sqrt(split.row / split.design.rows)) > distance


def ways_out(gate: Gate, pairing: Pairing, needs: wording.Needs) -> list[str]:
    """What decides an undecided gate honestly, the best first."""
    deployment = gate.claim.population is Population.DEPLOYMENT
    ways = [_more(pairing, needs, deployment=deployment)]
    resolved = needs.resolution if deployment else needs.seeds_resolution
    if resolved:
        what = f"{pairing.rows:,} rows" if deployment else f"{len(pairing.seeds):,} seeds"
        wider = _rounded_up(max(pairing.gap, 0.0) + resolved)
        ways.append(f"have a margin of {wider} reviewed, with a reason: that is what {what} can decide")
    if deployment:
        ways.append("claim `population: locked_set`, which says something about these rows only")
    ways.append("gate the change against the candidate on the main branch, which differs from it on far fewer rows")
    if pairing.scorer.task is Task.CLASSIFICATION and pairing.scorer.needs is Needs.PREDICTIONS and _probabilities(pairing):
        ways.append("gate `brier` or `log_loss`, which vary less than counts of right answers")
    return [way for way in ways if way]


def _more(pairing: Pairing, needs: wording.Needs, *, deployment: bool) -> str:
    """More of what the claim is short of; empty where none would do."""
    if deployment:
        return f"measure about {needs.rows:,} rows instead of {pairing.rows:,}" if needs.rows else ""
    return f"measure with about {needs.seeds:,} seeds instead of {len(pairing.seeds):,}" if needs.seeds else ""


def _rounded_up(value: float) -> str:
    """With two digits."""
    scale = 10.0 ** (1 - int(np.floor(np.log10(value))))
    return f"{np.ceil(value * scale - 1e-9) / scale:.6g}"


def _fixed_weights(charter: Charter) -> bool:
    return charter.candidate.kind is CandidateKind.CIRCUIT or charter.candidate.weights is not None


def _probabilities(pairing: Pairing) -> bool:
    return all(cell.score_kind == "probability" for cell in (pairing.baseline, *pairing.candidates))


Found = tuple[str, Bounds, dict[str, Any]]


def _contributions(pairing: Pairing, cells: tuple[Cell, ...]) -> Floats:
    """Each row's part of the gap, the mean over cells, up to the baseline's: shape (units,)."""
    units, sign = pairing.units, -1 if pairing.scorer.greater_is_better else 1
    groups = np.arange(pairing.rows) if pairing.clusters is None else pairing.clusters
    parts = [units * pairing.score(c) - (units - 1) * resampling.left_out(pairing.bound, pairing.truth, c, groups) for c in cells]
    return np.asarray(sign * np.mean(parts, axis=0))


def _from_exact(pairing: Pairing, alpha: float) -> Found | None:
    exact = tuple(cell for cell in pairing.levels if cell.key.shots is None)
    if not exact:
        return None
    bias = shot_bias.bias_from_exact(_contributions(pairing, pairing.candidates), _contributions(pairing, exact[:1]), alpha)
    return "the candidate without shots", bias, {}


def _from_counts(pairing: Pairing, charter: Charter, alpha: float) -> Found | None:
    """Two classes by majority of shots: the share of shots for the second class is a whole number of them."""
    scores, count = pairing.candidates[0].scores, pairing.shots or 0
    majority = charter.candidate.decision in {"sign", "parity"} and pairing.scorer.name == "accuracy"
    if not majority or scores is None or scores.ndim != 1 or count < 4:  # noqa: PLR2004 -- two halvings
        return None
    second = scores * count
    if np.abs(second - np.round(second)).max() > _WHOLE:
        return None
    is_second = pairing.truth == pairing.bound.classes[1]
    right = np.where(is_second, np.round(second), count - np.round(second)).astype(np.int64)
    found = shot_bias.shot_bias(right, count, alpha)
    # A score that is too low is a gap that is too high.
    bias = Bounds(estimate=-found.bias.estimate, lower=-found.bias.upper, upper=-found.bias.lower)
    return "the first seed's counts, thinned", bias, {"pre_asymptotic": found.pre_asymptotic}


def _from_levels(pairing: Pairing, alpha: float) -> Found | None:
    counts = sorted({cell.key.shots for cell in pairing.levels if cell.key.shots is not None})
    if not counts or pairing.shots is None:
        return None
    few = counts[-1]
    below = tuple(cell for cell in pairing.levels if cell.key.shots == few)
    levels = np.column_stack([_contributions(pairing, below), _contributions(pairing, pairing.candidates)])
    bias = shot_bias.bias_between(levels, (few, pairing.shots), alpha)
    return f"the schedule's levels of {few:,} and {pairing.shots:,} shots", bias, {}
