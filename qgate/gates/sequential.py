"""A parity gate of a sequential pilot: judged at every look that was taken, and decided by the first that decides.

Each look has a level of its own (`qgate.statistics.sequential`); together they keep to the gate's alpha, for pass and for fail
each. The looks are recomputed from the evidence: what was measured after the first decision changes nothing, and who stops before
the gate is decided has measured nothing (`complete`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qgate.charter.metrics import Metric
from qgate.domain.charter import Charter, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence, rows_role, slice_table
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import looks, outcomes
from qgate.gates.looks import Over, Plan
from qgate.statistics.sequential import pocock_spending, row_levels, seed_levels

DETAIL = "sequential"
DECIDED = frozenset({Decision.PASS, Decision.FAIL})
JudgeAt = Callable[[Gate, float, Charter, PilotEvidence], GateOutcome]
_FEWEST_UNITS = 50  # of a slice: with fewer, an early look spends alpha on methods that need many rows


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A look at a gate: its number from 1, the level it rejects at, and what all looks up to it have spent."""

    look: int
    level: float
    spent: float


def judge_looks(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence, judge: JudgeAt) -> GateOutcome:
    """The first look's outcome that decides, else the last one's; `judge` judges at a level what was measured by a look."""
    too_few = outcomes.error(gate, "the looks that were taken show too few of the rows that this gate is about")
    try:
        plan = looks.planned(charter, evidence)
        outcome, reached = too_few, None
        for step in (s for s in _steps(gate, metric, plan, evidence) if s.look <= len(evidence.looks)):
            outcome, reached = judge(gate, step.level, *looks.at_look(step.look, plan, charter, evidence)), step
            if outcome.decision in DECIDED:
                break
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    told = _told(reached, plan, charter, evidence)
    return replace(outcome, details={**outcome.details, DETAIL: told})


def _steps(gate: Gate, metric: Metric, plan: Plan, evidence: PilotEvidence) -> list[_Step]:
    if plan.over is Over.SEEDS:
        levels = seed_levels(plan.looks[-1].seeds, gate.alpha)
        return [_Step(look=k, level=level, spent=sum(levels[:k])) for k, level in enumerate(levels, start=1)]
    units = _units_seen(metric, plan, evidence)
    last = len(units)
    used = [k for k in range(1, last) if _FEWEST_UNITS <= units[k - 1] < units[last - 1]]
    used = [k for i, k in enumerate(used) if i == 0 or units[k - 1] > units[used[i - 1] - 1]]
    fractions = tuple(units[k - 1] / units[last - 1] for k in (*used, last))
    levels = row_levels(fractions, gate.alpha)
    return [
        _Step(look=k, level=level, spent=pocock_spending(fraction, gate.alpha))
        for k, fraction, level in zip((*used, last), fractions, levels, strict=True)
    ]


def _units_seen(metric: Metric, plan: Plan, evidence: PilotEvidence) -> list[int]:
    """How many rows or clusters that the gate is about had been measured at each look."""
    ids = looks.units_of(evidence, metric.split)
    kept = np.ones(len(ids), dtype=bool)
    if metric.slice:
        mask = evidence.tables_of(rows_role(metric.split)).get(slice_table(metric.slice))
        if mask is None or mask.shape != kept.shape or mask.dtype != np.bool_ or not mask.any():
            raise MeasurementError(f"the rows of the slice `{metric.slice}` of `{metric.split}` are missing from the evidence")
        kept = mask
    return [len(np.unique(ids[kept & plan.seen(metric.split, k)])) for k in range(1, len(plan.looks) + 1)]


def _told(reached: _Step | None, plan: Plan, charter: Charter, evidence: PilotEvidence) -> dict[str, Any]:
    """At which look the gate was decided and what it spent; how far measuring went, and what that saved."""
    last, whole = evidence.looks[-1], plan.looks[-1]
    rows, all_rows = sum(last.rows.values()), sum(whole.rows.values())
    measured, cells = (len(looks.with_seeds(charter, charter.shots.seeds[: look.seeds]).shots.planned) for look in (last, whole))
    return {
        "over": str(plan.over),
        "look": reached.look if reached else None,
        "taken": len(evidence.looks),
        "looks": len(plan.looks),
        "level": reached.level if reached else None,
        "alpha_spent": reached.spent if reached else 0.0,
        "rows": [rows, all_rows],
        "cells": [measured * len(last.rows), cells * len(last.rows)],
        "saved": 1 - rows * measured / (all_rows * cells),
    }


def complete(found: Sequence[GateOutcome]) -> tuple[GateOutcome, ...]:
    """The outcomes, where measuring that stopped before a gate was decided is an error: nobody stops at what suits him.

    It blocks whatever `on_inconclusive` says: the rows that were left out could have made it a failure.
    """
    return tuple(_stopped_early(o) if _open(o) else o for o in found)


def undecided(found: Sequence[GateOutcome]) -> bool:
    """Whether a further look could decide what these have not."""
    return any(map(_open, found))


def _open(outcome: GateOutcome) -> bool:
    return DETAIL in outcome.details and outcome.decision not in DECIDED


def _stopped_early(outcome: GateOutcome) -> GateOutcome:
    told = outcome.details[DETAIL]
    if outcome.decision is Decision.ERROR or told["taken"] == told["looks"]:
        return outcome
    at = f"look {told['taken']} of {told['looks']}"
    stopped = f"measuring stopped at {at}, before this gate was decided at an error rate of {outcome.alpha:.2g}: measure again"
    return replace(outcome, decision=Decision.ERROR, why=f"{stopped}; {outcome.why}", blocks=True)
