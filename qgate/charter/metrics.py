"""What a gate's name means: the grammar of metric names, and the scikit-learn scorers behind parity gates.

Only names and facts, so that `validate` knows every metric without importing scikit-learn; `qgate.gates.scorers` computes them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Task(StrEnum):
    """What the truth holds: classes or numbers."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


class Needs(StrEnum):
    """What a scorer reads: the predicted labels or numbers, a ranking score, or class probabilities."""

    PREDICTIONS = "predictions"
    SCORES = "scores"
    PROBABILITIES = "probabilities"


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """A scikit-learn metric: its direction turns every gap into "positive is worse for the candidate"."""

    name: str
    task: Task
    needs: Needs = Needs.PREDICTIONS
    greater_is_better: bool = True


def _classification(name: str, needs: Needs = Needs.PREDICTIONS, *, greater: bool = True) -> Scorer:
    return Scorer(name=name, task=Task.CLASSIFICATION, needs=needs, greater_is_better=greater)


def _regression(name: str, *, greater: bool = False) -> Scorer:
    return Scorer(name=name, task=Task.REGRESSION, greater_is_better=greater)


SCORERS = MappingProxyType(
    {
        s.name: s
        for s in (
            _classification("accuracy"),
            _classification("balanced_accuracy"),
            _classification("f1"),
            _classification("f1_macro"),
            _classification("f1_micro"),
            _classification("f1_weighted"),
            _classification("precision"),
            _classification("precision_macro"),
            _classification("recall"),
            _classification("recall_macro"),
            _classification("jaccard"),
            _classification("matthews_corrcoef"),
            _classification("cohen_kappa"),
            _classification("roc_auc", Needs.SCORES),
            _classification("average_precision", Needs.SCORES),
            _classification("log_loss", Needs.PROBABILITIES, greater=False),
            _classification("brier", Needs.PROBABILITIES, greater=False),
            _regression("r2", greater=True),
            _regression("explained_variance", greater=True),
            _regression("mse"),
            _regression("rmse"),
            _regression("mae"),
            _regression("median_absolute_error"),
            _regression("mape"),
            _regression("max_error"),
        )
    }
)

# The short names that people write for a split of the data.
SPLIT_ALIASES = MappingProxyType({"val": "validation", "valid": "validation", "dev": "validation"})


class Family(StrEnum):
    """Which file of `qgate.gates` judges a gate."""

    PARITY = "parity"
    LATENCY = "latency"
    CAPACITY = "capacity"
    COST = "cost"
    CALIBRATION = "calibration"
    QUBO = "qubo"
    SEEDS = "seeds"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A parsed gate name. All but the first two are set for parity gates only.

    `split` is the canonical name; `slice` is empty where the gate is about all rows of the split.
    """

    name: str
    family: Family
    split: str = ""
    scorer: str = ""
    baseline: str = ""
    slice: str = ""


_FAMILIES = (
    (Family.LATENCY, re.compile(r"latency_p\d{1,2}(_?\d)?_ms|latency_gap_p\d{1,2}(_?\d)?_ms_vs_[a-z][a-z0-9_]*|throughput_rps")),
    (Family.CAPACITY, re.compile(r"capacity_rps")),
    (Family.COST, re.compile(r"cost_usd_per_1k_requests|monthly_cost_usd|evaluation_cost_usd")),
    (Family.CALIBRATION, re.compile(r"calibration_(contrast|accuracy_drop|flips|age_days)")),
    (Family.QUBO, re.compile(r"qubo_(energy_gap|random_ratio|p_opt|r99_shots|feasible_rate|best_of_shots)")),
    (Family.SEEDS, re.compile(r"seed_collapse_rate")),
)
_NAMES = "|".join(sorted(SCORERS, key=len, reverse=True))
_SLICE = "(/(?P<slice>[a-z][a-z0-9_]*))?"
_PARITY = re.compile(rf"(?P<split>[a-z][a-z0-9]*)_(?P<scorer>{_NAMES})_gap_vs_(?P<baseline>[a-z][a-z0-9_]*){_SLICE}")


def parse_metric(name: str) -> Metric | None:
    """The meaning of a gate's name, or None when no gate has such a name."""
    if parity := _PARITY.fullmatch(name):
        split, scorer, baseline = parity["split"], parity["scorer"], parity["baseline"]
        canonical, part = SPLIT_ALIASES.get(split, split), parity["slice"] or ""
        return Metric(name=name, family=Family.PARITY, split=canonical, scorer=scorer, baseline=baseline, slice=part)
    for family, pattern in _FAMILIES:
        if pattern.fullmatch(name):
            return Metric(name=name, family=family)
    return None


def known_metrics(splits: Iterable[str], baselines: Iterable[str]) -> tuple[str, ...]:
    """Names that would be understood with these splits and baselines, to suggest the nearest from."""
    short = {full: alias for alias, full in reversed(list(SPLIT_ALIASES.items()))}
    parity = [f"{short.get(s, s)}_{scorer}_gap_vs_{b}" for s in splits for scorer in SCORERS for b in baselines]
    fixed = ["latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "throughput_rps", "capacity_rps"]
    fixed += ["cost_usd_per_1k_requests", "monthly_cost_usd", "evaluation_cost_usd"]
    fixed += [f"calibration_{k}" for k in ("contrast", "accuracy_drop", "flips", "age_days")]
    fixed += [f"qubo_{k}" for k in ("energy_gap", "random_ratio", "p_opt", "r99_shots", "feasible_rate", "best_of_shots")]
    return (*parity, *fixed, "seed_collapse_rate")


_QUANTILE = re.compile(r"latency_(?:gap_)?p(\d{1,2})_?(\d?)_ms.*")


def quantile_of(name: str) -> float | None:
    """The quantile that a latency gate is about: 0.95 for `latency_p95_ms`, 0.999 for `latency_p99_9_ms` and `latency_p999_ms`.

    None for another gate. `p100` is 1: a maximum, which no measurement bounds.
    """
    found = _QUANTILE.fullmatch(name)
    if found is None:
        return None
    digits = found[1] + found[2]
    return 1.0 if digits == "100" else int(digits) / (1000 if found[2] else 100)
