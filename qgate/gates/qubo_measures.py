"""What each `qubo_…` gate measures, and how far that is known.

With a shot schedule the samples of its last level decide: K seeds of S samples. Without one, the exact distribution decides and
nothing is random. E is the mean energy, E_min the least energy of all states (by enumeration), E_rand the mean over all states.

| gate | value | bound | interval |
|---|---|---|---|
| `qubo_energy_gap` | (E - E locked) / (E_rand - E_min), seed by seed | max | Student's t over the K differences |
| `qubo_random_ratio` | (E_rand - E) / (E_rand - E_min): 1 is optimal, 0 random | min | Student's t over the K means |
| `qubo_p_opt` | share of samples whose energy is E_min | min | Clopper-Pearson on K S samples |
| `qubo_r99_shots` | ln 0.01 / ln(1 - p_opt), at least 1: shots to see an optimum with 99 % | max | that of p_opt, transformed |
| `qubo_feasible_rate` | share of samples that keep every declared constraint | min | Clopper-Pearson on K S samples |
| `qubo_best_of_shots` | (E[best of S] - E_min) / (E_rand - E_min) | max | none: from the exact distribution |

One sample can move an energy by about (E_rand - E_min) / S; t intervals are augmented by steps of that size (`statistics.seeds`),
since seeds that agree by chance would leave them without width.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from qgate.domain.charter import Charter, Gate, Shots
from qgate.domain.evidence import PilotEvidence
from qgate.errors import MeasurementError
from qgate.gates.qubo_samples import Flags, Samples
from qgate.statistics.binomial import draws_needed, share_bounds
from qgate.statistics.bounds import Bounds
from qgate.statistics.sample_size import required_seeds
from qgate.statistics.seeds import MINIMUM_SEEDS, gap_variance, seed_bounds

_DIGITS = 12
_CERTAIN = 0.99


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A gate, its threshold as a number, and what it is judged by."""

    gate: Gate
    threshold: float
    charter: Charter
    evidence: PilotEvidence
    samples: Samples


@dataclass(frozen=True, kw_only=True)
class Found:
    """A measured value: `words` say what it is. `tested` are bounds to decide by (None: `undecided` says why not).

    `value` and `interval` are shown. R99 is infinite (then None) where nothing was optimal, so p_opt is tested in its place,
    against `share_needed`.
    """

    words: str
    value: float | None
    tested: Bounds | None
    interval: tuple[float, float] | None = None
    share_needed: float | None = None
    undecided: str = ""
    would_decide: str = ""
    beside: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How a gate's value is found, on which side it is bounded, and whether it can be found for samples of other seeds."""

    find: Callable[[Asked], Found]
    greater_is_better: bool
    judges: Callable[[Asked, Samples], bool] = lambda _asked, _samples: True


def _energy_gap(asked: Asked) -> Found:
    samples = asked.samples
    locked = _locked(asked)
    means, before = [samples.energy(c) for c in samples.cells], _before(asked, locked)
    gaps = [round((now - then) / samples.span, _DIGITS) + 0.0 for now, then in zip(means, before, strict=True)]
    exact = round((samples.energy(samples.exact) - locked[None, None]) / samples.span, _DIGITS)
    gap = float(np.mean(gaps))
    exactly = " (exact)" if asked.charter.shots.sealed else ""
    words = f"mean energy {np.mean(means):.6g}{_over(samples)} vs {np.mean(before):.6g} locked{exactly}: " + (
        "no difference" if gap == 0 else f"{'worse' if gap > 0 else 'better'} by {abs(gap):.4g} of random to optimum"
    )
    identical = exact == 0 and not any(gaps)
    return _over_seeds(asked, gaps, words, {"gaps": gaps, "exact": exact}, step=0.0 if identical else None)


def _before(asked: Asked, locked: Mapping[tuple[int | None, int | None], float]) -> list[float]:
    """The locked energy that each cell's is compared with: of the same seed; where seeds are sealed, what none of them has moved.

    Raises:
        MeasurementError: the lock does not hold it.
    """
    pairs = [(None, None) if asked.charter.shots.sealed else (c.key.shots, c.key.seed) for c in asked.samples.cells]
    if any(pair not in locked for pair in pairs):
        raise MeasurementError("the lock holds no energy for these shots and seeds; run `qgate lock` and have it reviewed")
    return [locked[pair] for pair in pairs]


def _locked(asked: Asked) -> dict[tuple[int | None, int | None], float]:
    """The locked candidate's mean energies.

    Raises:
        MeasurementError: there are none, or they are those of another QUBO.
    """
    lock = asked.evidence.lock or {}
    entry = lock.get("qubo")
    if not isinstance(entry, Mapping):
        raise MeasurementError(
            "the lock holds no energies of this pilot's candidate; run `qgate lock` and commit .qgate/lock.json"
        )
    if entry.get("sha256") != asked.samples.qubo.digest():
        raise MeasurementError(
            "the QUBO is not the locked one, so their energies do not compare: undo its change, or have a new lock reviewed"
        )
    energies: dict[tuple[int | None, int | None], float] = {
        (e["shots"], e["seed"]): float(e["energy"]) for e in entry["energies"]
    }
    shots = Shots(schedule=tuple(lock["schedule"]), seeds=tuple(lock["seeds"]))
    for salt, again in enumerate(entry.get("seed_lists", ())):
        energies |= zip(shots.salted(salt).planned, map(float, again), strict=False)
    return energies


def _is_locked(asked: Asked, samples: Samples) -> bool:
    """Whether the lock holds energies for the seeds of these samples, as one that was written before they were drawn does not."""
    locked = _locked(asked)
    return bool(asked.charter.shots.sealed) or all((c.key.shots, c.key.seed) in locked for c in samples.cells)


def _random_ratio(asked: Asked) -> Found:
    samples = asked.samples

    def ratio(energy: float) -> float:
        return round((samples.qubo.random_energy - energy) / samples.span, _DIGITS)

    ratios = [ratio(samples.energy(c)) for c in samples.cells]
    mean = float(np.mean([samples.energy(c) for c in samples.cells]))
    beside = {name: ratio(float(np.mean([samples.energy(c) for c in cells]))) for name, cells in samples.references.items()}
    words = (
        f"mean energy {mean:.6g}{_over(samples)} lies {np.mean(ratios):.4g} of the way from random "
        f"({samples.qubo.random_energy:.6g}) to the optimum ({samples.optimum:.6g})"
    )
    details = {"ratios": ratios, "exact": ratio(samples.energy(samples.exact)), "references": beside}
    return replace(_over_seeds(asked, ratios, words, details), beside=_beside(beside))


def _over_seeds(asked: Asked, values: list[float], words: str, details: dict[str, Any], *, step: float | None = None) -> Found:
    """A mean over seeds with its t interval; a value without shots as it is."""
    samples, value = asked.samples, float(np.mean(values))
    if samples.shots is None:
        return Found(words=words, value=value, tested=_certain(value), details=details)
    if len(values) < MINIMUM_SEEDS:
        reason = "one seed does not show how far shot noise moves the energy: declare at least two seeds"
        return Found(words=words, value=value, tested=None, undecided=reason, details=details)
    step = 1 / samples.shots if step is None else step
    bounds = seed_bounds(values, asked.gate.alpha, step=step)
    seeds = required_seeds(
        gap_variance=gap_variance(values, step=step), effect=abs(asked.threshold - value), alpha=asked.gate.alpha
    )
    more = f"about {seeds:,} seeds would decide it" if seeds else "no number of seeds would decide it"
    return Found(
        words=words, value=value, tested=bounds, interval=(bounds.lower, bounds.upper), would_decide=more, details=details
    )


def _p_opt(asked: Asked) -> Found:
    samples = asked.samples
    share = _share(asked, samples.optimal)
    what = f"{_counted(samples, samples.optimal, share.bounds)} {_are(samples)} optimal (energy {samples.optimum:.6g})"
    return _of_share(asked, share, what, asked.threshold)


def _r99(asked: Asked) -> Found:
    if asked.threshold < 1:
        raise MeasurementError(f"no fewer shots than 1 see an optimum, so a `max` of {asked.threshold:g} decides nothing")
    samples = asked.samples
    share = _share(asked, samples.optimal)
    bounds = share.bounds
    value, fewest, most = (shots_to_see(p) for p in (bounds.estimate, bounds.upper, bounds.lower))
    sees = (
        f"{value:,.4g} shots see an optimum with 99 % probability"
        if value
        else f"{fewest or 1:,.4g} shots at least would see one"
    )
    words = f"{_counted(samples, samples.optimal, bounds)} {_are(samples)} optimal: {sees}"
    needed = 1 - (1 - _CERTAIN) ** (1 / asked.threshold)
    beside = {name: shots_to_see(p) for name, p in share.beside.items()}
    return replace(
        _of_share(asked, share, words, needed),
        value=value,
        interval=(fewest, most) if samples.shots and fewest and most else None,
        share_needed=needed,
        beside="",
        details={"p_opt": bounds.estimate, "exact": shots_to_see(share.exact), "references": beside},
    )


def shots_to_see(share: float) -> float | None:
    """Shots that see a state of this share at least once with 99 % probability, at least 1; None: no number does."""
    if share <= 0:
        return None
    return 1.0 if share >= _CERTAIN else math.log(1 - _CERTAIN) / math.log1p(-share)


def _feasible_rate(asked: Asked) -> Found:
    samples, constraints = asked.samples, asked.charter.candidate.constraints
    if not constraints:
        raise MeasurementError("the charter declares no constraints: write `pilot.candidate.constraints`")
    feasible = samples.feasible(constraints)
    if not feasible.any():
        raise MeasurementError("no state at all keeps every constraint of the charter: they contradict one another")
    share = _share(asked, feasible)
    words = f"{_counted(samples, feasible, share.bounds)} {'keep' if samples.shots else 'keeps'} every constraint"
    found = _of_share(asked, share, words, asked.threshold)
    kept = {c.name: round(samples.share(samples.cells, samples.keeps(c)), _DIGITS) for c in constraints}
    return replace(found, details={**found.details, "constraints": kept})


@dataclass(frozen=True, kw_only=True)
class _Share:
    """A share of the samples: its bounds, the exact share, and those of the references' samples."""

    bounds: Bounds
    exact: float
    beside: Mapping[str, float]


def _share(asked: Asked, of: Flags) -> _Share:
    samples = asked.samples
    beside = {name: round(samples.share(cells, of), _DIGITS) for name, cells in samples.references.items()}
    exact = samples.share([samples.exact], of)
    bounds = _certain(exact) if samples.shots is None else share_bounds(samples.hits(of), samples.sampled, asked.gate.alpha)
    return _Share(bounds=bounds, exact=exact, beside=beside)


def _of_share(asked: Asked, share: _Share, words: str, threshold: float) -> Found:
    bounds = share.bounds
    draws = draws_needed(bounds.estimate, threshold, asked.gate.alpha) if 0 <= threshold <= 1 else None
    return Found(
        words=words,
        value=bounds.estimate,
        tested=bounds,
        interval=None if asked.samples.shots is None else (bounds.lower, bounds.upper),
        would_decide=f"about {draws:,} samples would decide it" if draws else "no number of samples would decide it",
        beside=_beside(share.beside),
        details={"exact": share.exact, "references": dict(share.beside)},
    )


def _best_of_shots(asked: Asked) -> Found:
    samples = asked.samples
    if samples.shots is None:
        raise MeasurementError("the best of how many shots? The charter declares no `pilot.shots.schedule`")
    expected = expected_best(samples, samples.shots)
    value = round((expected - samples.optimum) / samples.span, _DIGITS)
    seen = [float(samples.energies[c.predictions].min()) for c in samples.cells]
    beside = {
        name: float(np.mean([samples.energies[c.predictions].min() for c in cells])) for name, cells in samples.references.items()
    }
    words = (
        f"the best of {samples.shots:,} samples has the expected energy {expected:.6g}: {value:.4g} of the way from the optimum "
        f"({samples.optimum:.6g}) to random ({samples.qubo.random_energy:.6g})"
    )
    return Found(words=words, value=value, tested=_certain(value), details={"best": seen, "references": beside})


def expected_best(samples: Samples, shots: int) -> float:
    """The expected least energy of `shots` draws from the exact distribution."""
    order = np.argsort(samples.energies, kind="stable")
    share = np.zeros(len(order))
    share[samples.exact.predictions] = samples.exact.scores
    # The chance that no draw is among the first k states: all of them then come from the rest.
    rest = np.clip(1 - np.concatenate([[0.0], np.cumsum(share[order])]), 0.0, 1.0)
    rest[-1] = 0.0
    return float(samples.energies[order] @ -np.diff(rest**shots))


def _certain(value: float) -> Bounds:
    rounded = round(value, _DIGITS)
    return Bounds(estimate=rounded, lower=rounded, upper=rounded)


def _over(samples: Samples) -> str:
    if samples.shots is None:
        return " (exact)"
    seeds = len(samples.cells)
    return f" ({f'{seeds} seeds' if seeds > 1 else '1 seed'} of {samples.shots:,} samples)"


def _counted(samples: Samples, of: Flags, bounds: Bounds) -> str:
    if samples.shots is None:
        return f"an exact share of {bounds.estimate:.4g} of all samples"
    return f"{samples.hits(of):,} of {samples.sampled:,} samples ({bounds.estimate:.4g})"


def _are(samples: Samples) -> str:
    return "are" if samples.shots else "is"


def _beside(values: Mapping[str, float]) -> str:
    """What annealing makes of it with as many samples: information, not a threshold."""
    return f"; annealing with as many samples: {values['annealing']:.4g}" if "annealing" in values else ""


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "qubo_energy_gap": Measure(find=_energy_gap, greater_is_better=False, judges=_is_locked),
        "qubo_random_ratio": Measure(find=_random_ratio, greater_is_better=True),
        "qubo_p_opt": Measure(find=_p_opt, greater_is_better=True),
        "qubo_r99_shots": Measure(find=_r99, greater_is_better=False),
        "qubo_feasible_rate": Measure(find=_feasible_rate, greater_is_better=True),
        "qubo_best_of_shots": Measure(find=_best_of_shots, greater_is_better=False),
    }
)
