"""What noise does to the candidate's answers on the locked rows: contrast, flipped decisions, lost accuracy, each with bounds.

On the locked rows an exact simulation leaves nothing random: both bounds are the value. Trajectories have a standard error, which
moves a slope a little, and decisions only on rows whose score lies that near to the border. For new data like the locked rows the
bounds are those of the jackknife (contrast), of Clopper and Pearson (flips) and of Tango (accuracy).
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from qgate.domain.calibration import noisy_role
from qgate.domain.evidence import Array, Cell, PilotEvidence
from qgate.errors import MeasurementError
from qgate.statistics.bounds import Bounds
from qgate.statistics.jackknife import jackknife_bounds
from qgate.statistics.tango import PairedCounts, tango_bounds

Floats = npt.NDArray[np.float64]
_DIGITS = 12  # frees a slope from the rounding of its sums
_FEWEST_ROWS = 3
_GROUPS = 16  # of trajectories, whose spread is the standard error: 15 degrees of freedom


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A metric's value, exactly, with bounds for the locked rows and for new ones; `words` say it, with the value put in."""

    exact: Fraction
    locked: Bounds
    deployment: Bounds
    words: str

    @property
    def value(self) -> float:
        """The value as a number."""
        return float(self.exact)


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """The candidate with and without noise on one split; `error` is the standard error of a noisy score (0: exact)."""

    truth: Array
    ideal: Cell
    noisy: Cell
    error: float

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.truth)

    @cached_property
    def contrast(self) -> float:
        """The slope of noisy against ideal scores, each column about its mean.

        Raises:
            MeasurementError: the ideal scores do not differ, so that there is nothing to shrink.
        """
        products, _ = self._about_the_mean
        return round(float(products.sum()) / self.spread, _DIGITS)

    @cached_property
    def spread(self) -> float:
        """The sum of squares of the ideal scores about their means; never 0."""
        squares = self._about_the_mean[1]
        found = float(squares.sum())
        if not found > 0:
            raise MeasurementError("the candidate's scores without noise are all equal, so that noise has no contrast to take")
        return found

    @cached_property
    def left_out_contrasts(self) -> Floats:
        """The contrast without each row, shape (rows,): its terms leave the sums, and the means move."""
        products, squares = self._about_the_mean
        weight = self.rows / (self.rows - 1)
        return np.asarray((products.sum() - weight * products) / (squares.sum() - weight * squares))

    @cached_property
    def _about_the_mean(self) -> tuple[Floats, Floats]:
        """Each row's ideal times noisy, and ideal squared, about the means of their columns."""
        ideal, noisy = _scores(self.ideal), _scores(self.noisy)
        ideal, noisy = ideal - ideal.mean(axis=0), noisy - noisy.mean(axis=0)
        return (ideal * noisy).sum(axis=1), (ideal**2).sum(axis=1)

    @cached_property
    def flips(self) -> npt.NDArray[np.bool_]:
        """Which decisions noise changes, shape (rows,)."""
        _need_classes(self.ideal, "whose decisions could flip")
        return np.asarray(self.ideal.predictions != self.noisy.predictions)

    @cached_property
    def counts(self) -> PairedCounts:
        """On how many rows only the ideal candidate is right, and only the noisy one."""
        _need_classes(self.ideal, "whose accuracy could drop")
        right, still = self.ideal.predictions == self.truth, self.noisy.predictions == self.truth
        return PairedCounts(worse=int((right & ~still).sum()), better=int((still & ~right).sum()), rows=self.rows)

    def undecided(self, alpha: float) -> int:
        """On how many rows the noisy decision lies within its own error, one-sided at `alpha`."""
        if not self.error:
            return 0
        return int((_margins(self.noisy) <= self.factor(alpha) * self.error).sum())

    def factor(self, alpha: float) -> float:
        """Standard errors to a bound at `alpha`."""
        return float(stats.t.isf(alpha, _GROUPS - 1))

    def summary(self) -> dict[str, Any]:
        """The point of the drift curve."""
        found: dict[str, Any] = {"contrast": self.contrast}
        if self.ideal.predictions.dtype.kind != "f":
            right = int((self.noisy.predictions == self.truth).sum())
            found |= {"flips": int(self.flips.sum()), "accuracy": right / self.rows}
        return found


def effect_of(evidence: PilotEvidence, split: str, path: str, error: float) -> Effect:
    """The candidate without shots beside the candidate under the snapshot in `path`; `error` is that of a noisy score.

    Raises:
        MeasurementError: one of the two was not measured.
    """
    ideal = [c for c in evidence.of("candidate", split) if c.key.shots is None]
    noisy = evidence.of(noisy_role(path), split)
    if len(ideal) != 1 or len(noisy) != 1 or split not in evidence.truth:
        raise MeasurementError(
            f"on `{split}` the evidence holds {len(ideal)} measurements without noise and {len(noisy)} under {path}:"
            " one of each is needed"
        )
    return Effect(truth=evidence.truth[split], ideal=ideal[0], noisy=noisy[0], error=error)


def contrast(effect: Effect, alpha: float, _bound: Decimal) -> Reading:
    """How much of their spread the scores keep."""
    value = effect.contrast
    half = effect.factor(alpha) * effect.error / np.sqrt(effect.spread)
    if effect.rows < _FEWEST_ROWS:
        raise MeasurementError(f"{effect.rows} rows say nothing about the slope of scores: three are the fewest")
    new = jackknife_bounds(value, effect.left_out_contrasts, alpha)
    shots = f", and takes {1 / value**2:,.1f} times the shots for the same resolution" if value > 0 else ""
    return Reading(
        exact=Fraction(repr(value)),
        locked=_wider(_certain(value), half, half),
        deployment=_wider(new, half, half),
        words=f"the candidate keeps {{value}} of its contrast under {{calibration}}{shots}",
    )


def flipped(effect: Effect, alpha: float, bound: Decimal) -> Reading:
    """How many decisions change: a share of the rows where the bound is below 1, else their number."""
    rows, count, open_rows = effect.rows, int(effect.flips.sum()), effect.undecided(alpha)
    unit = rows if bound < 1 else 1
    low = float(stats.beta.ppf(alpha, count, rows - count + 1)) if count else 0.0
    high = float(stats.beta.isf(alpha, count + 1, rows - count)) if count < rows else 1.0
    new = Bounds(estimate=count / unit, lower=low * rows / unit, upper=high * rows / unit)
    share = ", {value} of all," if bound < 1 else ""
    return Reading(
        exact=Fraction(count, unit),
        locked=_within(_wider(_certain(count / unit), open_rows / unit, open_rows / unit), 0.0, rows / unit),
        deployment=_within(_wider(new, open_rows / unit, open_rows / unit), 0.0, rows / unit),
        words=f"{count:,} of {rows:,} decisions{share} change under {{calibration}}",
    )


def dropped(effect: Effect, alpha: float, bound: Decimal) -> Reading:
    """How much accuracy is lost; negative where noise happens to help."""
    if abs(bound) >= 1:
        raise MeasurementError(
            f"an accuracy drop lies between -1 and 1, so a `max` of {bound} decides nothing: 5 points are 0.05"
        )
    counts, open_share = effect.counts, effect.undecided(alpha) / effect.rows
    exact = Fraction(counts.worse - counts.better, counts.rows)
    before, after = ((c.predictions == effect.truth).mean() for c in (effect.ideal, effect.noisy))
    return Reading(
        exact=exact,
        locked=_within(_wider(_certain(float(exact)), open_share, open_share), -1.0, 1.0),
        deployment=_within(_wider(tango_bounds(counts, alpha), open_share, open_share), -1.0, 1.0),
        words=f"accuracy goes from {before:.3f} to {after:.3f} under {{calibration}}: a drop of {{value}}",
    )


def _certain(value: float) -> Bounds:
    return Bounds(estimate=value, lower=value, upper=value)


def _wider(bounds: Bounds, below: float, above: float) -> Bounds:
    return Bounds(estimate=bounds.estimate, lower=bounds.lower - below, upper=bounds.upper + above)


def _within(bounds: Bounds, least: float, most: float) -> Bounds:
    return Bounds(estimate=bounds.estimate, lower=max(bounds.lower, least), upper=min(bounds.upper, most))


def _scores(cell: Cell) -> Floats:
    """Scores, or predicted numbers, shape (rows, columns)."""
    found = cell.scores if cell.scores is not None else cell.predictions
    if found.dtype.kind != "f":
        raise MeasurementError("the candidate gives labels without scores, so that its contrast is unknown")
    return np.asarray(found, dtype=np.float64).reshape(len(found), -1)


def _margins(cell: Cell) -> Floats:
    """How far each decision is from another one, in the unit of the scores."""
    scores = _scores(cell)
    if scores.shape[1] == 1:
        border = 0.5 if cell.score_kind == "probability" else 0.0
        return np.asarray(np.abs(scores[:, 0] - border))
    ordered = np.sort(scores, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def _need_classes(cell: Cell, what: str) -> None:
    if cell.predictions.dtype.kind == "f":
        raise MeasurementError(f"the candidate predicts numbers, and no classes {what}: gate `calibration_contrast`")
