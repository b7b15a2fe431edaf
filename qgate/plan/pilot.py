"""A pilot's plan: its locked data read and counted, an earlier run's spread looked up, no model run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgate.charter.metrics import SCORERS, Metric, parse_metric
from qgate.domain.charter import Charter
from qgate.domain.verdict import GateOutcome, Verdict
from qgate.errors import UsageError
from qgate.evidence.timings import REUSED, TIMINGS
from qgate.gates.scorers import step
from qgate.intake import Opened as Intake
from qgate.measure.data import datasets
from qgate.measure.inputs import read_inputs
from qgate.measure.jobs import splits
from qgate.plan.effort import Effort, effort
from qgate.plan.gates import GatePlan, Sizes, plan_gate
from qgate.plan.spread import DISCORDANCE, Spread, assumed, measured
from qgate.report.verdict_json import verdict_from_json
from qgate.settings import Settings
from qgate.workloads.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a run left in its directory: outcomes by pilot and gate, and each pilot's seconds. Empty where there was none."""

    outcomes: Mapping[tuple[str, str], GateOutcome]
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class PilotPlan:
    """One pilot's gates before they are measured, and what measuring takes."""

    pilot: str
    charter: str
    gates: tuple[GatePlan, ...]
    effort: Effort

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        gates = [gate.as_json() for gate in self.gates]
        return {"pilot": self.pilot, "charter": self.charter, "gates": gates, "effort": self.effort.as_json()}


def plan_pilots(run: Intake, settings: Settings, discordance: float | None) -> tuple[PilotPlan, ...]:
    """The plan of every charter. An earlier run's figures are used unless a discordance is given.

    Raises:
        UsageError: there is no charter, or the run directory holds something else.
        MeasurementError: a data file is not what the charter locked, or cannot be read.
    """
    if not run.found.charters:
        raise UsageError("there is no charter, so there is nothing to plan: `qgate init` drafts one")
    earlier = read_earlier(settings.out) if discordance is None else Earlier(outcomes={}, seconds={})
    share = DISCORDANCE if discordance is None else discordance
    return tuple(plan_pilot(found.charter, run.tree, earlier, discordance=share) for found in run.found.charters)


def plan_pilot(charter: Charter, root: Path, earlier: Earlier, *, discordance: float) -> PilotPlan:
    """The plan of one pilot whose files are below `root`.

    Raises:
        MeasurementError: a data file is not what the charter locked, or cannot be read.
    """
    data = _data(charter, root)
    metrics = [(gate, parse_metric(gate.name)) for gate in charter.gates]
    gates = []
    for gate, metric in metrics:
        if metric is not None:
            sizes = _sizes(charter, metric, data)
            spread = _spread(earlier.outcomes.get((charter.pilot, gate.name)), sizes, discordance) if sizes else None
            gates.append(plan_gate(gate, metric, charter, sizes, spread))
    rows = sum(data[split].rows for split in splits(charter))
    return PilotPlan(
        pilot=charter.pilot,
        charter=charter.path,
        gates=tuple(gates),
        effort=effort(charter, rows, earlier.seconds.get(charter.pilot)),
    )


def read_earlier(out: Path) -> Earlier:
    """What the run directory holds of an earlier run.

    Raises:
        UsageError: its files are not what a run writes.
    """
    verdict, timings = out / "verdict.json", out / TIMINGS
    if not verdict.is_file():
        return Earlier(outcomes={}, seconds={})
    try:
        found: Verdict = verdict_from_json(json.loads(verdict.read_bytes()))
        times = json.loads(timings.read_bytes()) if timings.is_file() else {}
        seconds = {pilot: sum(map(float, parts.values())) for pilot, parts in times.items() if REUSED not in parts}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{out} does not hold an earlier run ({error}); delete it, or give another --out") from error
    return Earlier(outcomes={(p.name, g.name): g for p in found.pilots for g in p.gates}, seconds=seconds)


def _data(charter: Charter, root: Path) -> dict[str, Dataset]:
    return datasets(charter, read_inputs(charter, root))


def _sizes(charter: Charter, metric: Metric, data: Mapping[str, Dataset]) -> Sizes | None:
    """The declared sizes of a parity gate."""
    if not metric.split:
        return None
    truth, shots = data[metric.split].labels, charter.shots
    return Sizes(
        rows=len(truth),
        seeds=len(shots.seeds),
        shots=next(reversed(shots.schedule), None),
        step=step(SCORERS[metric.scorer], truth),
    )


def _spread(outcome: GateOutcome | None, sizes: Sizes, discordance: float) -> Spread:
    found = measured(outcome, rows=sizes.rows) if outcome else None
    return found or assumed(rows=sizes.rows, step=sizes.step, discordance=discordance)
