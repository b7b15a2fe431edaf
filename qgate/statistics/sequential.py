"""Looking before everything is measured, without erring more often: what each look may reject at.

Over rows, by spending alpha: Lan and DeMets (1983), "Discrete sequential boundaries for clinical trials", Biometrika 70, 659-663,
with their function that resembles Pocock's boundaries. The boundaries follow from the joint distribution of the statistics at the
looks, whose increments are independent, by the recursion of Armitage, McPherson and Rowe (1969), "Repeated significance tests on
accumulating data", Journal of the Royal Statistical Society A 132, 235-244. Each side (pass, fail) spends an alpha of its own and
ignores the other side's stops, which only makes it stricter. A test other than z rejects at the look's nominal level.

Over seeds there are few looks and no normal distribution: alpha is divided among them, and the union bound holds whatever the
correlation. The last look gets half of it, the earlier ones share the rest.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

Floats = npt.NDArray[np.float64]
Spending = Callable[[float, float], float]
_EARLY_SEED_LOOKS = {3: 2, 5: 3, 10: 5}  # seeds: their share of the first half of alpha
_FAR = 9.0  # standard deviations beyond which there is nothing
_NODES = 256  # of the quadrature: the published boundaries come out to all their digits from 64


def pocock_spending(fraction: float, alpha: float) -> float:
    """What may be spent once this fraction of the information is there: early looks get much, so that clear cases end there."""
    return alpha * math.log1p((math.e - 1) * fraction)


def boundaries(fractions: tuple[float, ...], alpha: float, spending: Spending = pocock_spending) -> tuple[float, ...]:
    """The z that each look has to exceed; all together do so with probability alpha under the hypothesis.

    Args:
        fractions: of the information at each look, rising, the last at most 1.
        alpha: one-sided.
        spending: how much of alpha is spent at a fraction.

    Raises:
        ValueError: the fractions do not rise from above 0 to 1 at most.
    """
    if not fractions or any(a >= b for a, b in zip((0.0, *fractions), (*fractions, math.inf), strict=True)) or fractions[-1] > 1:
        raise ValueError(f"the fractions of the looks must rise from above 0 to 1 at most: {fractions}")
    spent = np.array([spending(fraction, alpha) for fraction in fractions])
    found = [float(-ndtri(spent[0]))]
    at, mass = _first(found[0], fractions[0])
    for before, now, increment in zip(fractions, fractions[1:], np.diff(spent), strict=False):
        step = math.sqrt(now - before)
        z = _crossed_with(float(increment), at, mass, step, math.sqrt(now))
        found.append(z)
        at, mass = _next(z, now, at, mass, step)
    return tuple(found)


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    x, weights = np.polynomial.legendre.leggauss(_NODES)
    return x, weights


def _nodes(z: float, fraction: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre nodes and weights for the sums (z times the root of the fraction) that did not cross."""
    x, weights = _legendre()
    low, high = -_FAR * math.sqrt(fraction), z * math.sqrt(fraction)
    return (high - low) / 2 * x + (high + low) / 2, (high - low) / 2 * weights


def _first(z: float, fraction: float) -> tuple[Floats, Floats]:
    at, weights = _nodes(z, fraction)
    return at, weights * np.exp(-(at**2) / (2 * fraction)) / math.sqrt(2 * math.pi * fraction)


def _next(z: float, fraction: float, before: Floats, mass: Floats, step: float) -> tuple[Floats, Floats]:
    at, weights = _nodes(z, fraction)
    density = np.exp(-(((at[:, None] - before[None, :]) / step) ** 2) / 2) / (step * math.sqrt(2 * math.pi))
    return at, weights * (density @ mass)


def _crossed_with(probability: float, at: Floats, mass: Floats, step: float, root: float) -> float:
    """The z that is exceeded now, and was not before, with this probability."""

    def excess(z: float) -> float:
        return float(mass @ ndtr(-(z * root - at) / step)) - probability

    return float(brentq(excess, -_FAR, _FAR, xtol=1e-10))


@lru_cache(maxsize=4096)
def row_levels(fractions: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """The nominal one-sided level of each look over rows.

    Raises:
        ValueError: the fractions do not rise from above 0 to 1 at most.
    """
    return tuple(float(ndtr(-z)) for z in boundaries(fractions, alpha))


def seed_looks(seeds: int) -> tuple[int, ...]:
    """After how many seeds to look: 3, 5 and 10 where there are more, and all."""
    return (*(k for k in _EARLY_SEED_LOOKS if k < seeds), seeds)


def seed_levels(seeds: int, alpha: float) -> tuple[float, ...]:
    """What each look over seeds rejects at; they add up to alpha. For 10 seeds and 5 %: 1, 1.5 and 2.5 %."""
    early = [_EARLY_SEED_LOOKS[k] for k in seed_looks(seeds)[:-1]]
    if not early:
        return (alpha,)
    return (*(alpha / 2 * share / sum(early) for share in early), alpha / 2)
