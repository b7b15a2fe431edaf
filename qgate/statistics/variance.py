"""Where the uncertainty of a mean gap comes from, and what more of each would buy: rows, seeds, repeated shots.

Components of variance by the mean squares of the crossed layout rows x seeds, with R shot replicates of each pair where there are
any; without, the shot noise of a pair is part of its residual. What another design would reach is a D-study of generalizability
theory (Brennan 2001, "Generalizability Theory").
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Design:
    """How much is measured: rows, seeds, shot replicates of each (row, seed), and how many times the shots of each replicate."""

    rows: int
    seeds: int
    replicates: int = 1
    shots: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Split:
    """Variances of one row, one seed, one (row, seed) and one shot replicate of it; all of them from `design`.

    `seed_interval` bounds the seeds' component with the error that was asked for on each side. `shot` is None where no pair was
    repeated: then it is part of `pair`.
    """

    design: Design
    row: float
    seed: float
    pair: float
    shot: float | None
    seed_interval: tuple[float, float]

    def standard_error(self, design: Design) -> float:
        """Of the mean gap, were so much measured. More shots only lessen what is known to be shot noise."""
        cells = design.rows * design.seeds
        shot = (self.shot or 0.0) / (cells * design.replicates * design.shots)
        return float(np.sqrt(self.row / design.rows + self.seed / design.seeds + self.pair / cells + shot))


def shares(split: Split) -> dict[str, float]:
    """What each source contributes to the variance of the mean gap, as shares of one; nothing where there is no variance."""
    cells = split.design.rows * split.design.seeds
    parts = {"rows": split.row / split.design.rows, "seeds": split.seed / split.design.seeds}
    parts |= {} if split.shot is None else {"shots": split.shot / (cells * split.design.replicates)}
    parts |= {"rows and seeds": split.pair / cells} if split.pair else {}
    whole = sum(parts.values())
    return {name: part / whole for name, part in parts.items()} if whole else {}


def split_variance(table: npt.ArrayLike, alpha: float) -> Split:
    """The components of a table of shape (rows, seeds) or (rows, seeds, replicates), none below zero.

    Args:
        table: one value per row, seed and replicate; two rows and two seeds at least.
        alpha: the error of each bound of the seeds' component.

    Raises:
        ValueError: there are fewer than two rows or seeds.
    """
    values = np.asarray(table, dtype=np.float64)
    values = values[:, :, None] if values.ndim == 2 else values  # noqa: PLR2004 -- without replicates
    rows, seeds, replicates = values.shape
    if min(rows, seeds) < 2:  # noqa: PLR2004 -- one of anything has no spread
        raise ValueError(f"{rows} rows and {seeds} seeds: two of each at least show a spread")
    mean, pairs = values.mean(), values.mean(axis=2)
    by_row, by_seed = pairs.mean(axis=1), pairs.mean(axis=0)
    ms_row = seeds * replicates * ((by_row - mean) ** 2).sum() / (rows - 1)
    ms_seed = rows * replicates * ((by_seed - mean) ** 2).sum() / (seeds - 1)
    beyond = pairs - by_row[:, None] - by_seed[None, :] + mean
    ms_pair = replicates * (beyond**2).sum() / ((rows - 1) * (seeds - 1))
    within = ((values - pairs[:, :, None]) ** 2).sum()
    shot = float(within / (rows * seeds * (replicates - 1))) if replicates > 1 else None
    return Split(
        design=Design(rows=rows, seeds=seeds, replicates=replicates),
        row=max(float(ms_row - ms_pair), 0.0) / (seeds * replicates),
        seed=max(float(ms_seed - ms_pair), 0.0) / (rows * replicates),
        pair=max(float(ms_pair) - (shot or 0.0), 0.0) / replicates,
        shot=shot,
        seed_interval=_seed_interval(float(ms_seed), float(ms_pair), (rows, seeds, replicates), alpha),
    )


def _seed_interval(ms_seed: float, ms_pair: float, shape: tuple[int, int, int], alpha: float) -> tuple[float, float]:
    """Williams (1962), "A confidence interval for variance components", Biometrika 49, 278-281."""
    rows, seeds, replicates = shape
    free, residual = seeds - 1, (rows - 1) * (seeds - 1)

    def bound(tail: float) -> float:
        least = ms_pair * float(stats.f.isf(tail, free, residual))
        return max(free * (ms_seed - least), 0.0) / (rows * replicates * float(stats.chi2.isf(tail, free)))

    return bound(alpha), bound(1 - alpha)


def d_study(split: Split) -> dict[str, float]:
    """The standard error now, and were one thing doubled; four times the shots as well, where their noise is known."""
    now = split.design
    designs = {
        "now": now,
        "twice the rows": replace(now, rows=2 * now.rows),
        "twice the seeds": replace(now, seeds=2 * now.seeds),
    }
    if split.shot is not None:
        designs |= {"twice the shots": replace(now, shots=2.0), "four times the shots": replace(now, shots=4.0)}
    return {name: split.standard_error(design) for name, design in designs.items()}
