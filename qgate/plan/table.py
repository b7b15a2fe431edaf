"""A plan on a terminal: a table for each pilot, then what each gate's numbers mean."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qgate.plan.effort import Effort
from qgate.plan.gates import GatePlan
from qgate.plan.pilot import PilotPlan
from qgate.report.escape import clean

_COLUMNS = ("gate", "threshold", "resolves", "power", "needs")
_LOW = 0.5
_INDENT = (0, 0, 0, 2)
_LEGEND = (
    "For a candidate exactly as good as its baseline. resolves: the margin that the declared sizes decide in 4 of 5 cases; "
    "power: the chance that they decide the declared one; needs: what would decide it in 4 of 5."
)


def print_plans(plans: Sequence[PilotPlan], console: Console) -> None:
    """Every pilot, and what the columns mean."""
    for plan in plans:
        _print(plan, console)
    console.print(Text(_LEGEND, style="dim"))


def _print(plan: PilotPlan, console: Console) -> None:
    console.print(Text.assemble((clean(plan.pilot), "bold"), f" ({clean(plan.charter)})"))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(column, justify="right" if column in {"resolves", "power"} else "left", overflow="fold")
    for gate in plan.gates:
        table.add_row(*map(Text, _row(gate)))
    console.print(table)
    for gate in plan.gates:
        console.print(Padding(Text(f"{', '.join(filter(None, (gate.name, gate.claim)))}: {'; '.join(gate.says)}"), _INDENT))
    console.print(Padding(Text(_effort(plan.effort)), _INDENT), end="\n\n")


def _row(gate: GatePlan) -> tuple[str, ...]:
    power = "—" if gate.power is None else f"{100 * gate.power:.0f} %" + (" (low)" if gate.power < _LOW else "")
    resolves = "—" if gate.resolves is None else f"{gate.resolves:.3g}"
    return gate.name, gate.threshold, resolves, power, _needs(gate)


def _needs(gate: GatePlan) -> str:
    counts = ((gate.rows, "rows"), (gate.seeds, "seeds"), (gate.requests, "requests"))
    return next((f"{count:,} {what}" for count, what in counts if count is not None), "—")


def _effort(effort: Effort) -> str:
    parts = [f"{effort.candidate_answers:,} answers of the candidate"]
    if effort.circuits is not None and effort.shots is not None:
        parts.append(f"{effort.circuits:,} sampled circuits with {effort.shots:,} shots")
    parts.append(
        "cost unknown without prices for a circuit" if effort.usd is None else f"{effort.usd:,.2f} US dollars on the device"
    )
    parts.append("time not known before a first run" if effort.seconds is None else f"{effort.seconds:.1f} s in the earlier run")
    return "to measure: " + "; ".join(parts)
