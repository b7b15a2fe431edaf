"""Exponential or power law: which of the two a time follows as a size grows, chosen by the data or left open.

Each law is fitted to log times by least squares, without and with a constant floor; Akaike's criterion for few points (AICc:
Hurvich & Tsai 1989) takes the better of the two and compares the laws. A difference of 4 alone is not enough: a cubic above a
floor, timed once at 2 to 8, is called exponential nine times of ten. So a law is declared only of a design that can tell, and
the floor must have been measured apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

Floats = npt.NDArray[np.float64]
DECISIVE = 4.0
RATIO, LARGEST, POINTS, REPEATS = 3, 12, 8, 3
REACH = 1.5  # both laws are shown up to so many times the largest size, and nothing beyond
_CONFIDENCE = 0.95
_MISFIT = 0.01


class Law(StrEnum):
    """How a time grows: as `size ** rate`, or as `exp(rate * size)`."""

    POWER = "power"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One law's best fit: seconds are `floor + exp(level) * size ** rate` or `floor + exp(level + rate * size)`.

    `interval` bounds the rate with 95 % confidence, given that the law is the right one.
    """

    law: Law
    level: float
    rate: float
    floor: float
    interval: tuple[float, float]
    aicc: float

    def at(self, sizes: Floats) -> Floats:
        """Seconds at the sizes."""
        return np.asarray(self.floor + np.exp(self.level + self.rate * _basis(self.law, sizes)))


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Both laws fitted above the measured floor; `law` is the declared one, or None and `why` says why there is none."""

    law: Law | None
    why: str
    power: Fit
    exponential: Fit

    @property
    def better(self) -> Fit:
        """The fit with the smaller AICc, declared or not."""
        return min(self.power, self.exponential, key=lambda fit: fit.aicc)


def growth(sizes: Sequence[float], seconds: Floats, floor: Floats | None = None) -> Growth:
    """Which law the times follow.

    Declared is the law that fits better by `DECISIVE` both above the floor as it was measured and above one that the times
    themselves suggest, if any: a floor that misses part of what is constant makes a power law look exponential.

    Args:
        sizes: positive and distinct, at least four.
        seconds: positive times, shape (repeats, sizes).
        floor: positive times measured with nothing of what grows, shape (any,); None where there are none.

    Raises:
        ValueError: fewer than four sizes, or times of another shape.
    """
    grid = np.array(sizes, dtype=np.float64)
    if len(grid) < 4 or seconds.ndim != 2 or seconds.shape[1] != len(grid):  # noqa: PLR2004 -- three parameters and a residual
        raise ValueError(f"times of at least four sizes are needed, and these are {seconds.shape} for {len(grid)} sizes")
    fitted = _pair(grid, seconds, None)
    measured = fitted if floor is None else _pair(grid, seconds, floor)
    why = _undecidable(grid, len(seconds), floor) or _untold(measured, fitted) or _misfit(measured, grid, seconds)
    better = min(measured, key=lambda fit: fit.aicc).law
    return Growth(law=None if why else better, why=why, power=measured[0], exponential=measured[1])


def _pair(sizes: Floats, seconds: Floats, floor: Floats | None) -> tuple[Fit, Fit]:
    return _fit(Law.POWER, sizes, seconds, floor), _fit(Law.EXPONENTIAL, sizes, seconds, floor)


def _untold(measured: tuple[Fit, Fit], fitted: tuple[Fit, Fit]) -> str:
    """Why the laws cannot be told apart, or nothing."""
    leads = [exponential.aicc - power.aicc for power, exponential in (measured, fitted)]
    if max(leads) >= 0 > min(leads):
        return "above the measured floor one law fits better, above a fitted floor the other"
    lead = min(abs(lead) for lead in leads)
    if lead >= DECISIVE:
        return ""
    return f"both laws fit about as well (their AICc differ by {lead:.2g}, and {DECISIVE:g} is decisive)"


def _undecidable(sizes: Floats, repeats: int, floor: Floats | None) -> str:
    """What the design lacks, or nothing."""
    lacks = []
    if sizes.max() / sizes.min() < RATIO or sizes.max() < LARGEST:
        lacks.append(f"sizes up to {LARGEST} at least and {RATIO} times the smallest")
    if len(sizes) < POINTS:
        lacks.append(f"{POINTS} sizes")
    if repeats < REPEATS:
        lacks.append(f"{REPEATS} repeats of each")
    if floor is None:
        lacks.append("a floor measured apart")
    return f"the measurement needs {', '.join(lacks)}" if lacks else ""


def _misfit(fits: tuple[Fit, Fit], sizes: Floats, seconds: Floats) -> str:
    """The test of lack of fit against the scatter of the repeats (Draper & Smith 1998, section 2.1); nothing where it fits."""
    logs, repeats, fit = np.log(seconds), len(seconds), min(fits, key=lambda fit: fit.aicc)
    means, spare = logs.mean(axis=0), len(sizes) * (repeats - 1)
    scatter = float(((logs - means) ** 2).sum()) / spare
    strays = repeats * float(((means - np.log(fit.at(sizes))) ** 2).sum()) / (len(sizes) - 2)
    if strays <= scatter * stats.f.isf(_MISFIT, len(sizes) - 2, spare):
        return ""
    return "neither law fits: the times stray further from both than from their own means"


def _basis(law: Law, sizes: Floats) -> Floats:
    return np.log(sizes) if law is Law.POWER else sizes


def _fit(law: Law, sizes: Floats, seconds: Floats, floor: Floats | None) -> Fit:
    """With the measured floor's times as further points; where there are none, the better of no floor and a fitted one."""
    at, logs = np.tile(_basis(law, sizes), len(seconds)), np.log(seconds).reshape(-1)
    slope, level = np.polyfit(at, logs, 1)
    least = float(seconds.min())
    if floor is not None:
        known = np.asarray(np.log(floor), dtype=np.float64)
        return _minimised(law, at, logs, _above(at, logs, min(float(np.exp(known.mean())), 0.95 * least)), known)
    starts = [np.array([level, slope]), *(_above(at, logs, share * least) for share in (0.5, 0.95))]
    return min((_minimised(law, at, logs, s, np.empty(0)) for s in starts), key=lambda fit: fit.aicc)


def _above(at: Floats, logs: Floats, floor: float) -> Floats:
    """Where a fit above a floor begins: on the line through what lies above it."""
    slope, level = np.polyfit(at, np.log(np.exp(logs) - floor), 1)
    return np.array([level, slope, math.log(floor)])


def _minimised(law: Law, at: Floats, logs: Floats, start: Floats, known: Floats) -> Fit:
    """Least squares on log times; a third parameter is the floor's logarithm, and `known` those of its own times."""

    def parts(parameters: Floats) -> tuple[Floats, Floats]:
        core: Floats = np.exp(np.clip(parameters[0] + parameters[1] * at, -200, 200))
        return core, np.exp(np.clip(parameters[2:], -200, 200))

    def residuals(parameters: Floats) -> Floats:
        core, floors = parts(parameters)
        return np.concatenate([np.log(floors.sum() + core) - logs, *(level - known for level in parameters[2:])])

    def slopes(parameters: Floats) -> Floats:
        core, floors = parts(parameters)
        total = floors.sum() + core
        columns = np.stack([core / total, at * core / total, *(floor / total for floor in floors)], axis=1)
        return np.concatenate([columns, np.tile([0.0] * 2 + [1.0] * len(floors), (len(known), 1))])

    found: Any = optimize.least_squares(residuals, start, jac=slopes, method="lm", max_nfev=100)
    points, freedoms = len(logs) + len(known), len(start) + 1  # and the residuals' variance
    squares = max(2 * float(found.cost), 1e-300)
    aicc = points * math.log(squares / points) + 2 * freedoms
    aicc += 2 * freedoms * (freedoms + 1) / (points - freedoms - 1) if points > freedoms + 1 else math.inf
    level, rate = (float(x) for x in found.x[:2])
    floor = float(np.exp(found.x[2:]).sum())
    return Fit(law=law, level=level, rate=rate, floor=floor, interval=_interval(found, squares, points), aicc=aicc)


def _interval(found: Any, squares: float, points: int) -> tuple[float, float]:
    """The rate's interval from the curvature at the minimum; unbounded where the data do not bound it."""
    spare = points - len(found.x)
    if spare < 1:
        return -math.inf, math.inf
    covariance = np.linalg.pinv(found.jac.T @ found.jac) * squares / spare
    half = float(stats.t.ppf((1 + _CONFIDENCE) / 2, spare) * math.sqrt(covariance[1, 1]))
    return float(found.x[1]) - half, float(found.x[1]) + half
