"""One gate in Markdown: its row of the table, why it did not pass and what to do, and what it claims where it passed."""

from collections.abc import Sequence

from qgate.domain.provenance import PastValue
from qgate.domain.verdict import Decision, GateOutcome
from qgate.report.chart import chart_of
from qgate.report.escape import md, md_code
from qgate.report.figures import ALPHA, NONE, row_of, sizes_of
from qgate.report.looks import looks_of
from qgate.report.rehearsal_text import rehearsal_of
from qgate.report.wording import ICONS, claim_of, label, new_data_of, rows_to_decide, ways_out_of


def gate_rows(gates: Sequence[GateOutcome]) -> tuple[str, ...]:
    """The rows of the table of gates."""
    return tuple(
        f"| {ICONS[g.decision]} {md_code(g.name)} | {_measured(g)} | {row_of(g).threshold} | {md_code(g.owner)} |" for g in gates
    )


def _measured(gate: GateOutcome) -> str:
    row = row_of(gate)
    if gate.value is None:
        return "not measured" if gate.decision is Decision.ERROR else NONE
    return row.value if row.interval == NONE else f"{row.value}<br>{row.interval}"


def gate_detail(gate: GateOutcome, past: Sequence[PastValue] = ()) -> str:
    """A gate that did not pass: the reason, the remediation, what would decide it, its curve; `past` is of earlier runs."""
    blocks = "" if gate.blocks else " This does not block."
    where = f" · {md_code(f'{gate.position.path}:{gate.position.line}')}" if gate.position else ""
    lines = [f"#### {ICONS[gate.decision]} {md_code(gate.name)}: {label(gate.decision)}", "", md(gate.why) + blocks, ""]
    lines += _remedy_lines(gate)
    lines += [f"- **Needed to decide:** {needed}"] if (needed := rows_to_decide(gate)) else []
    lines += _ways_out(gate)
    lines += [f"- **Claim:** {claim}"] if (claim := _claim(gate)) else []
    lines += [f"- **For new data like these rows:** {new_data_of(gate)}"] if gate.deployment else []
    lines += [f"- **Looks:** {md(looks)}"] if (looks := looks_of(gate)) else []
    return "\n".join([*lines, f"- **Owner:** {md_code(gate.owner)}{where}", *_chart_lines(gate, past)])


def _chart_lines(gate: GateOutcome, past: Sequence[PastValue]) -> list[str]:
    if (chart := chart_of(gate, past)) is None:
        return []
    title, source = chart
    return ["", f"<details><summary>{title}</summary>", "", f"```mermaid\n{source}\n```", "", "</details>"]


def _ways_out(gate: GateOutcome) -> list[str]:
    ways = [f"  {number}. {md(way)}" for number, way in enumerate(ways_out_of(gate), start=1)]
    return ["- **Ways out**, the best first:", *ways] if ways else []


def _remedy_lines(gate: GateOutcome) -> list[str]:
    if gate.remedy is None:
        return []
    lines = [f"- **Remediation:** {md(gate.remedy.summary)}"]
    lines += [f"  - {md_code(action, 500)}" for action in gate.remedy.actions if action.strip()]
    if told := rehearsal_of(gate, write=md, emphasise=lambda text: f"*{md(text)}*"):
        lines.append(f"- **Rehearsed:** {told}")
    return lines


def _claim(gate: GateOutcome) -> str:
    alpha = [f"{ALPHA} = {gate.alpha:.3g}"] if gate.alpha is not None else []
    facts = ", ".join([*alpha, *([sizes] if (sizes := sizes_of(gate.sizes)) else [])])
    words = md(claim_of(gate))
    return f"{words} ({facts})" if words and facts else words or facts


def claim_item(gate: GateOutcome) -> str:
    """A gate that passed: what that claims."""
    lines = [f"- {ICONS[gate.decision]} {md_code(gate.name)}: {md(gate.why)}"]
    lines += [f"  - Claim: {claim}"] if (claim := _claim(gate)) else []
    lines += [f"  - For new data like these rows: {new_data_of(gate)}"] if gate.deployment else []
    lines += [f"  - Looks: {md(looks)}"] if (looks := looks_of(gate)) else []
    return "\n".join(lines)
