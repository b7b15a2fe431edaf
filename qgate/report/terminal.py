"""A verdict and a charter's problems on a terminal, and as plain lines where there is none.

Everything is printed as `rich.text.Text`, in which square brackets are brackets: nobody's text is parsed as markup.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qgate.domain.charter_change import CharterChange
from qgate.domain.source import Problem, Severity
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Runbook, Verdict
from qgate.report.capacity_text import capacity_lines
from qgate.report.escape import clean
from qgate.report.figures import ALPHA, row_of, sizes_of
from qgate.report.looks import looks_of, looks_of_pilot
from qgate.report.own_charter import own_charter_of
from qgate.report.rehearsal_text import rehearsal_of
from qgate.report.runbook_text import rehearsed_of, script_of, verified_of, weights_of
from qgate.report.wording import (
    NOT_APPLICABLE,
    UNCOVERED_FIX,
    attempt_of,
    changes_headline,
    claim_of,
    earlier_of,
    headline,
    label,
    new_data_of,
    not_passed,
    problems_headline,
    rows_to_decide,
    short_sha,
    waiver_of,
    ways_out_of,
    worst_first,
)

_STYLES = {
    Decision.PASS: "bold green",
    Decision.FAIL: "bold red",
    Decision.INCONCLUSIVE: "bold yellow",
    Decision.ERROR: "bold magenta",
    Decision.NOT_APPLICABLE: "green",
}
_INDENT = 4


def print_verdict(verdict: Verdict, console: Console) -> None:
    """The verdict: one line, a table per pilot, then why each gate did not pass and what to do."""
    decision = verdict.decision
    words = NOT_APPLICABLE if decision is Decision.NOT_APPLICABLE else headline(verdict)
    commits = f"  ({clean(short_sha(verdict.base))}…{clean(short_sha(verdict.head))})"
    console.print(Text.assemble("qgate: ", (label(decision), _STYLES[decision]), f" — {words}", (commits, "dim")))
    for note in verdict.notes:
        console.print(Text(f"note: {clean(note)}"))
    _print_changes(verdict.charter_changes, console)
    for pilot in verdict.pilots:
        _print_pilot(pilot, console)
    if verdict.uncovered:
        console.print()
    for uncovered in verdict.uncovered:
        where = clean(f"{uncovered.path}:{uncovered.line}")
        words = f" imports {clean(uncovered.library)} and belongs to no pilot: {UNCOVERED_FIX}"
        console.print(Text.assemble((where, "bold"), words))


def _print_changes(changes: Sequence[CharterChange], console: Console) -> None:
    if not changes:
        return
    console.print()
    console.print(Text(changes_headline(changes)))
    for change in changes:
        old, new = ("absent" if text is None else clean(text, 200) for text in (change.old, change.new))
        where = f"{clean(change.position.path)}:{change.position.line}"
        words = f"{where}: {change.effect}: {clean(change.key)}: {old} → {new} ({clean(change.why)})"
        console.print(Padding(Text(words), (0, 0, 0, _INDENT), expand=False))


def _print_pilot(pilot: PilotVerdict, console: Console) -> None:
    console.print()
    console.print(Text.assemble((clean(pilot.name), "bold"), ": ", (label(pilot.decision), _STYLES[pilot.decision])))
    for chain in pilot.reached_by:
        console.print(Text(f"reached by {clean(chain)}", style="dim"))
    if looks := looks_of_pilot(pilot):
        console.print(Text(f"measured part by part: {looks}", style="dim"))
    if own := own_charter_of(pilot):
        console.print(Text(f"by the change's own charter: {clean(own, 2000)}", style="dim"))
    for line in filter(None, (attempt_of(pilot), *earlier_of(pilot))):
        console.print(Text(clean(line, 2000), style="dim"))
    if pilot.gates:
        console.print(_table(pilot.gates))
    else:
        console.print(Text("No gate was evaluated for this pilot."))
    _print_curves(pilot.gates, console)
    for gate in pilot.gates:
        if gate.waiver:
            console.print(Text(f"{clean(gate.name)}: {clean(waiver_of(gate))}"))
    missed = not_passed(pilot.gates)
    for gate in missed:
        _print_gate(gate, console)
    if pilot.runbook and pilot.decision is not Decision.PASS:
        print_rollback(pilot.runbook, console)


def _print_curves(gates: Sequence[GateOutcome], console: Console) -> None:
    for lines in filter(None, map(capacity_lines, gates)):
        console.print()
        for line in lines:
            console.print(Text(line), soft_wrap=True)


def _table(gates: tuple[GateOutcome, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("verdict", "gate", "measured", "threshold"):
        table.add_column(name, overflow="fold")
    for gate in worst_first(gates):
        row = row_of(gate)
        verdict = Text(label(gate.decision), style=_STYLES[gate.decision])
        table.add_row(verdict, Text(clean(gate.name)), Text(row.measured), Text(row.threshold))
    return table


def _print_gate(gate: GateOutcome, console: Console) -> None:
    console.print()
    console.print(Text.assemble((f"{clean(gate.name)}: ", "bold"), clean(gate.why)))
    lines = [("needed to decide", rows_to_decide(gate)), ("claim", _claim(gate))]
    lines += [("for new data like these rows", new_data_of(gate)), ("looks", looks_of(gate))]
    lines += [(f"way out {number}", clean(way)) for number, way in enumerate(ways_out_of(gate), start=1)]
    if gate.remedy:
        lines.append(("remediation", clean(gate.remedy.summary)))
        lines += [("do", clean(action)) for action in gate.remedy.actions]
        lines.append(("rehearsed", rehearsal_of(gate)))
    lines += [("owner", clean(gate.owner)), ("charter", clean(str(gate.position)) if gate.position else "")]
    _print_lines(lines, console)


def _claim(gate: GateOutcome) -> str:
    alpha = [f"{ALPHA} = {gate.alpha:.3g}"] if gate.alpha is not None else []
    facts = ", ".join([*alpha, *([sizes_of(gate.sizes)] if gate.sizes else [])])
    return f"{clean(claim_of(gate))} ({facts})" if facts else clean(claim_of(gate))


def print_rollback(runbook: Runbook, console: Console) -> None:
    """Who decides, what its rehearsal came to, and what to do in order."""
    console.print()
    console.print(Text("rollback", style="bold"))
    lines = [("traffic", clean(runbook.traffic)), ("approver", clean(runbook.approver))]
    lines += [("rehearsal", clean(rehearsed_of(runbook), 2000)), ("weights", clean(weights_of(runbook)))]
    _print_lines([*lines, ("verified", clean(verified_of(runbook)))], console)
    for line in script_of(runbook).splitlines():
        # One line each, however narrow the terminal: they are copied.
        console.print(Text(f"{' ' * _INDENT}{clean(line, 4000)}".rstrip()), soft_wrap=True)


def _print_lines(lines: Sequence[tuple[str, str]], console: Console) -> None:
    for name, words in lines:
        if words:
            console.print(Padding(Text.assemble((f"{name}: ", "dim"), words), (0, 0, 0, _INDENT), expand=False))


def print_problems(problems: Sequence[Problem], console: Console) -> None:
    """The problems in the order of their places, as `file:line:col severity[code] what`, each with its fix below."""
    for problem in sorted(problems, key=lambda p: p.position):
        style = "bold red" if problem.severity is Severity.ERROR else "bold yellow"
        severity = f"{problem.severity}[{clean(problem.code)}]"
        words = Text.assemble((clean(str(problem.position)), "bold"), ": ", (severity, style), f" {clean(problem.message)}")
        # One line each, however narrow the terminal: people and editors search these.
        console.print(words, soft_wrap=True)
        console.print(Text(f"    fix: {clean(problem.fix)}"), soft_wrap=True)
    if problems:
        console.print(Text(problems_headline(problems)))
