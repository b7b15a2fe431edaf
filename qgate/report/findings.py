"""What a reviewer must look at, each with its place: the same list becomes annotations, SARIF and Code Quality."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qgate.domain.change import Uncovered
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.report import Annotation, Level
from qgate.domain.source import Position, Problem, Severity
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.report.budget import TITLE_CHARACTERS, shorten
from qgate.report.escape import clean, whole_characters
from qgate.report.rehearsal_text import rehearsal_of
from qgate.report.wording import UNCOVERED_FIX, label, not_passed, rows_to_decide, waiver_of

UNCOVERED_RULE = "uncovered-quantum-code"
_ARROW = " → "
_MOST_FILES = 10
LOOSENED_RULE = "charter-loosened"
EMPTY_RULE = "no-gate-evaluated"
WAIVER_RULE = "waiver-not-needed"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing to look at. `identity` is the same in every run, whatever the numbers and the line are.

    `code` are the changed files that it comes from, as far as that is known.
    """

    rule: str
    title: str
    message: str
    level: Level
    position: Position | None
    identity: tuple[str, ...]
    code: tuple[str, ...] = ()


def verdict_findings(verdict: Verdict) -> tuple[Finding, ...]:
    """One finding per gate that did not pass (worst first within a pilot), pilot without gates, uncovered file, loosened key.

    A waiver is seen for as long as it lives: one that its gate does not need is a finding as well.
    """
    gates = [_gate_finding(p, g) for p in verdict.pilots for g in not_passed(p.gates)]
    empty = [_empty_finding(p) for p in verdict.pilots if not p.gates]
    loosened = [_loosened_finding(c) for c in verdict.charter_changes if c.effect is Effect.LOOSENED]
    unneeded = [_unneeded_finding(p, g) for p in verdict.pilots for g in p.gates if _waived_in_vain(g)]
    return (*gates, *empty, *map(_uncovered_finding, verdict.uncovered), *loosened, *unneeded)


def _charter_top(pilot: PilotVerdict) -> Position | None:
    return Position(path=pilot.charter.path, line=1, column=1) if pilot.charter else None


def _gate_finding(pilot: PilotVerdict, gate: GateOutcome) -> Finding:
    return Finding(
        rule=clean(gate.name, 200),
        title=shorten(f"{pilot.name}: {gate.name}: {label(gate.decision)}", TITLE_CHARACTERS),
        message=gate_message(gate),
        level=Level.FAILURE if gate.blocks else Level.WARNING,
        # A gate that is always on stands on no line: the top of the charter that judged is the nearest place.
        position=gate.position or _charter_top(pilot),
        identity=("gate", pilot.name, gate.name),
        code=_changed_code(pilot),
    )


def _changed_code(pilot: PilotVerdict) -> tuple[str, ...]:
    """The files that the chains of reach begin with; what was only assumed to reach the pilot ends with a bracket."""
    first = (chain.partition(_ARROW)[0] for chain in pilot.reached_by)
    return tuple(dict.fromkeys(path for path in first if path and not path.endswith(")")))[:_MOST_FILES]


def gate_message(gate: GateOutcome) -> str:
    """Why the gate did not pass and what to do, as plain lines."""
    lines = [clean(gate.why)]
    lines += [f"Waiver: {clean(waiver)}"] if (waiver := waiver_of(gate)) else []
    lines += [f"Remediation: {clean(gate.remedy.summary)}"] if gate.remedy else []
    lines += [f"Rehearsed: {told}"] if (told := rehearsal_of(gate)) else []
    lines += [f"Needed to decide: {needed}"] if (needed := rows_to_decide(gate)) else []
    return "\n".join([*lines, f"Owner: {clean(gate.owner)}"])


def _empty_finding(pilot: PilotVerdict) -> Finding:
    return Finding(
        rule=EMPTY_RULE,
        title=shorten(f"{pilot.name}: {label(pilot.decision)}", TITLE_CHARACTERS),
        message=f"No gate was evaluated for the pilot {clean(pilot.name)}.",
        level=Level.FAILURE,
        position=_charter_top(pilot),
        identity=("pilot", pilot.name),
    )


def _waived_in_vain(gate: GateOutcome) -> bool:
    return gate.decision is Decision.PASS and gate.waiver is not None and gate.waiver.holds


def _unneeded_finding(pilot: PilotVerdict, gate: GateOutcome) -> Finding:
    return Finding(
        rule=WAIVER_RULE,
        title=shorten(f"{pilot.name}: {gate.name}: waived", TITLE_CHARACTERS),
        message=f"{clean(gate.name)}: {clean(waiver_of(gate))}.",
        level=Level.NOTICE,
        position=gate.position or _charter_top(pilot),
        identity=("waiver", pilot.name, gate.name),
    )


def _uncovered_finding(uncovered: Uncovered) -> Finding:
    return Finding(
        rule=UNCOVERED_RULE,
        title="Quantum code without a charter",
        message=f"This file imports {clean(uncovered.library)} and belongs to no pilot: {UNCOVERED_FIX}.",
        level=Level.FAILURE,
        position=Position(path=uncovered.path, line=uncovered.line, column=1),
        identity=("uncovered", uncovered.path, uncovered.library),
    )


def _loosened_finding(change: CharterChange) -> Finding:
    old, new = ("absent" if text is None else clean(text, 200) for text in (change.old, change.new))
    return Finding(
        rule=LOOSENED_RULE,
        title=shorten(f"Charter loosened: {change.key}", TITLE_CHARACTERS),
        message=f"{clean(change.why)}.\nBefore: {old}\nAfter: {new}",
        level=Level.WARNING,
        position=change.position,
        identity=("loosened", change.position.path, change.key),
    )


def problem_findings(problems: Sequence[Problem]) -> tuple[Finding, ...]:
    """One finding per problem of a charter, on its line, with its fix."""
    return tuple(
        Finding(
            rule=clean(p.code, 200),
            title=shorten(f"Charter: {p.code}", TITLE_CHARACTERS),
            message=f"{clean(p.message)}\nFix: {clean(p.fix)}",
            level=Level.FAILURE if p.severity is Severity.ERROR else Level.WARNING,
            position=p.position,
            identity=("charter", p.position.path, p.code, p.key),
        )
        for p in problems
    )


def annotations_of(findings: Sequence[Finding]) -> tuple[Annotation, ...]:
    """The findings that stand somewhere, as the forge's annotations."""
    return tuple(
        Annotation(
            path=whole_characters(f.position.path),
            line=f.position.line,
            column=f.position.column,
            title=f.title,
            message=f.message,
            level=f.level,
        )
        for f in findings
        if f.position
    )


def loggable(notes: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """The annotations for a log, which shows their paths: one with characters that a log must not show then stands on no file."""
    return tuple(replace(note, path=clean(note.path, 4096)) for note in notes)


def problem_annotations(problems: Sequence[Problem]) -> tuple[Annotation, ...]:
    """The annotations of a charter's problems."""
    return annotations_of(problem_findings(problems))
