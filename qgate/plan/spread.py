"""How much a gap moves from row to row and from seed to seed: as an earlier run measured it, else as assumed."""

import math
from dataclasses import dataclass

from scipy.special import ndtri

from qgate.domain.verdict import GateOutcome
from qgate.gates.sequential import DETAIL

# Where no run tells: one row in ten on which candidate and baseline disagree, or on which shot noise throws a coin.
DISCORDANCE = 0.10


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Variances, each None where it is not known.

    `row` is that of one row's contribution to the gap for new data; `seed` that of one seed's gap on fixed rows; `mean` the part
    of the mean gap's variance that rows do not lessen. `source` says where they come from.
    """

    row: float | None
    seed: float | None
    mean: float = 0.0
    source: str


def assumed(*, rows: int, step: float, discordance: float) -> Spread:
    """From the share of rows that disagree.

    A score that one row's label moves by `step` rests on 1 / step rows: for accuracy all, for recall the positives. Each that
    disagrees moves it up or down, so the gap over new rows has the variance discordance · step. A share of them that shots decide
    by a coin gives a seed's gap a quarter of that. A score that moves continuously (`step` 0) has no variance to be assumed.
    """
    if step == 0:
        return Spread(row=None, seed=None, source="nothing is known of this score's variance before a first run")
    source = f"assumed: {100 * discordance:g} % of the rows disagree"
    return Spread(row=rows * discordance * step, seed=discordance * step / 4, source=source)


def measured(outcome: GateOutcome, *, rows: int) -> Spread | None:
    """From an earlier run's outcome of the same gate on as many rows; None where that tells nothing."""
    sizes, bounds = outcome.sizes, outcome.deployment
    alpha = outcome.details.get(DETAIL, {}).get("level") or outcome.alpha  # a look's interval is at the look's level
    if sizes is None or sizes.rows != rows or bounds is None or alpha is None:
        return None
    gaps = [float(gap) for gap in outcome.details.get("gaps", ())]
    error = (bounds[1] - bounds[0]) / 2 / -float(ndtri(alpha))
    seed = _variance(gaps)
    mean = seed / len(gaps) if seed is not None and str(outcome.claim).endswith("procedure") else 0.0
    row = rows * max(error**2 - mean, 0.0)
    return Spread(row=row, seed=seed, mean=mean, source="measured by the run in the run directory")


def _variance(values: list[float]) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 -- one value has no spread
        return None
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
