"""The verdict as Markdown sections, in the order in which a reviewer reads them; `qgate.report.budget` makes documents of them.

The overview (what was decided) and the details (why, and what to do) are apart, because a check run has a field for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from qgate.domain.charter_change import CharterChange
from qgate.domain.provenance import History, Provenance, Reused
from qgate.domain.source import Problem, Severity
from qgate.domain.verdict import CharterRef, Decision, GateOutcome, PilotVerdict, Runbook, Verdict
from qgate.report.budget import Section
from qgate.report.escape import html_code, md, md_block, md_code
from qgate.report.figures import ALPHA, NONE, count_of
from qgate.report.gate_sections import claim_item, gate_detail, gate_rows
from qgate.report.looks import looks_of_pilot
from qgate.report.own_charter import own_charter_of
from qgate.report.runbook_text import rehearsed_of, script_of, verified_of, weights_of
from qgate.report.wording import (
    EFFECTS,
    ICONS,
    NOT_APPLICABLE,
    UNCOVERED_FIX,
    attempt_of,
    attested_by,
    changes_headline,
    earlier_of,
    fold_passed,
    folded_title,
    headline,
    label,
    not_passed,
    pairs_of,
    reused_of,
    short_sha,
    waiver_of,
)

_CHAINS_IN_LINE = 3
_ORIGINS = MappingProxyType(
    {"base": "the base commit", "head": "the head commit, where it is **new**", "own": "this commit of the default branch"}
)
_TABLE = "| Gate | Measured | Threshold | Owner |\n|:--|:--|:--|:--|"
_BOUNDS = f"<sub>In brackets: two one-sided bounds, each at the gate's {ALPHA}.</sub>"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One section and whether it belongs to the overview or to the details."""

    section: Section
    overview: bool


def verdict_parts(verdict: Verdict, problems: Sequence[Problem], footer: str, provenance: Provenance) -> list[Part]:
    """Every section of a verdict's report; `footer` is Markdown."""
    parts = [_overview(_heading(verdict)), *map(_overview, _notes(verdict))]
    parts += [_overview(problems_section(problems, "Charter"))] if problems else []
    parts += [_overview(_charter_changes(verdict.charter_changes))] if verdict.charter_changes else []
    for pilot in verdict.pilots:
        parts += _pilot_parts(pilot, provenance.history)
    parts += [_overview(_uncovered(verdict))] if verdict.uncovered else []
    parts += [_detail(_evidence(verdict, provenance.signed_by))] if verdict.pilots else []
    return [*parts, _overview(footer_section(footer))]


def _overview(section: Section) -> Part:
    return Part(section=section, overview=True)


def _detail(section: Section) -> Part:
    return Part(section=section, overview=False)


def _heading(verdict: Verdict) -> Section:
    decision = verdict.decision
    if decision is Decision.NOT_APPLICABLE:
        text = f"## ✅ qgate: not applicable\n\n{NOT_APPLICABLE}"
    else:
        text = f"## {ICONS[decision]} qgate: {label(decision)} — {headline(verdict)}"
    return Section(name="verdict", priority=0, head=text, essential=True)


def _notes(verdict: Verdict) -> list[Section]:
    items = tuple(f"> **Note:** {md(note)}" for note in verdict.notes)
    return [Section(name="notes", priority=1, items=items, between="\n>\n")] if items else []


def problems_section(problems: Sequence[Problem], title: str) -> Section:
    """A table of a charter's problems, each with its place, its cause and its fix."""
    head = f"### {title}\n\n| Where | Problem and fix |\n|:--|:--|"
    return Section(name="problems of the charter", priority=1, head=head, items=tuple(map(_problem_row, problems)))


def _problem_row(problem: Problem) -> str:
    icon = ICONS[Decision.FAIL if problem.severity is Severity.ERROR else Decision.INCONCLUSIVE]
    return f"| {icon} {md_code(str(problem.position))} | {md(problem.message)}<br>**Fix:** {md(problem.fix)} |"


def _charter_changes(changes: Sequence[CharterChange]) -> Section:
    head = f"### Changes to the charter\n\n{changes_headline(changes)}\n\n| | Key | Before | After |\n|:--|:--|:--|:--|"
    return Section(name="changes to the charter", priority=1, head=head, items=tuple(map(_change_row, changes)))


def _change_row(change: CharterChange) -> str:
    where = md_code(f"{change.position.path}:{change.position.line}")
    old, new = (NONE if text is None else md_code(text, 200) for text in (change.old, change.new))
    effect = f"{EFFECTS[change.effect]} {change.effect}"
    return f"| {effect} | {md_code(change.key, 200)}<br>{where}: {md(change.why)} | {old} | {new} |"


def footer_section(footer: str) -> Section:
    """The last line: which commits, which run."""
    return Section(name="footer", priority=0, head=f"<sub>{footer}</sub>", essential=True)


def _pilot_parts(pilot: PilotVerdict, history: History) -> list[Part]:
    missed = not_passed(pilot.gates)
    parts = [_overview(_pilot_head(pilot)), *map(_overview, [*_tables(pilot), *_waivers(pilot)])]
    parts += [_detail(_missed(pilot, missed, history))] if missed else []
    parts += [_detail(rollback_section(pilot, pilot.runbook))] if pilot.runbook else []
    parts += map(_detail, [*_earlier(pilot), *_claims(pilot), *_more_chains(pilot)])
    return parts


def _pilot_head(pilot: PilotVerdict) -> Section:
    paragraphs = [f"### Pilot {_name(pilot)}: {ICONS[pilot.decision]} {label(pilot.decision)}", *_reached_by(pilot)]
    paragraphs += [f"Charter: {_charter(pilot.charter)}"] if pilot.charter else []
    paragraphs += [f"Measured part by part: {md(looks)}"] if (looks := looks_of_pilot(pilot)) else []
    paragraphs += [f"⚖️ By the change's own charter: {md(own, 2000)}"] if (own := own_charter_of(pilot)) else []
    paragraphs += [f"🔁 {_capital(md(attempt))}"] if (attempt := attempt_of(pilot)) else []
    paragraphs += ["**No gate was evaluated for this pilot.**"] if not pilot.gates else []
    return Section(name=f"heading of {_name(pilot)}", priority=2, head="\n\n".join(paragraphs))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _name(pilot: PilotVerdict) -> str:
    return md_code(pilot.name, 60)


def _summary_name(pilot: PilotVerdict) -> str:
    return html_code(pilot.name, 60)


def _charter(charter: CharterRef) -> str:
    origin = _ORIGINS.get(charter.origin)
    return f"{md_code(charter.path)} from {origin or md_code(charter.origin)}"


def _reached_by(pilot: PilotVerdict) -> list[str]:
    shown = [md_code(chain, 400) for chain in pilot.reached_by[:_CHAINS_IN_LINE]]
    more = len(pilot.reached_by) - len(shown)
    shown += [f"and {count_of(more, 'more chain')}, listed below"] if more > 0 else []
    return [f"Reached by {'<br>'.join(shown)}"] if shown else []


def _more_chains(pilot: PilotVerdict) -> list[Section]:
    chains = pilot.reached_by
    if len(chains) <= _CHAINS_IN_LINE:
        return []
    items = tuple(f"- {md_code(chain, 400)}" for chain in chains)
    return [
        _folded(f"chains that reach {_name(pilot)}", f"All {len(chains):,} chains that reach {_summary_name(pilot)}", items, 7)
    ]


def _folded(name: str, title: str, items: tuple[str, ...], priority: int, head: str = "") -> Section:
    opening = f"<details><summary>{title}</summary>\n{head}"
    return Section(name=name, priority=priority, head=opening, items=items, tail="\n</details>")


def _tables(pilot: PilotVerdict) -> list[Section]:
    shown, folded = fold_passed(pilot.gates)
    bounds = f"\n{_BOUNDS}" if any(g.interval for g in shown) else ""
    sections = (
        [Section(name=f"gates of {_name(pilot)}", priority=2, head=_TABLE, items=gate_rows(shown), tail=bounds)] if shown else []
    )
    if folded:
        title = f"✅ {folded_title(folded)} of {_summary_name(pilot)}"
        sections.append(_folded(f"passed gates of {_name(pilot)}", title, gate_rows(folded), 6, f"\n{_TABLE}"))
    return sections


def _waivers(pilot: PilotVerdict) -> list[Section]:
    """Every waiver of the pilot's gates, also of those that passed and are folded away."""
    items = tuple(f"- ⏳ {md_code(g.name)}: {md(waiver_of(g))}" for g in pilot.gates if g.waiver)
    return [Section(name=f"waivers of {_name(pilot)}", priority=1, head="#### Waivers\n", items=items)] if items else []


def _missed(pilot: PilotVerdict, missed: Sequence[GateOutcome], history: History) -> Section:
    items = tuple(gate_detail(gate, history.get((pilot.name, gate.name), ())) for gate in missed)
    return Section(name=f"explanations for {_name(pilot)}", priority=3, items=items, between="\n\n")


def _earlier(pilot: PilotVerdict) -> list[Section]:
    """What earlier attempts came to, the latest first: those are kept where not all fit."""
    items = tuple(f"- {_capital(md(told, 2000))}" for told in reversed(earlier_of(pilot)))
    title = f"Earlier attempts at {_summary_name(pilot)}"
    return [_folded(f"earlier attempts at {_name(pilot)}", title, items, 4, "\n")] if items else []


def _claims(pilot: PilotVerdict) -> list[Section]:
    """What the gates that passed claim, and what the same numbers say about new data."""
    passed = [g for g in pilot.gates if g.decision in {Decision.PASS, Decision.NOT_APPLICABLE}]
    if not passed:
        return []
    items = tuple(map(claim_item, passed))
    return [_folded(f"claims of {_name(pilot)}", f"What the passed gates of {_summary_name(pilot)} claim", items, 5)]


def rollback_section(pilot: PilotVerdict, runbook: Runbook) -> Section:
    """A pilot's runbook, folded where the pilot passes."""
    lines = [
        f"- **Traffic:** {md_code(runbook.traffic)}",
        f"- **Approver:** {md_code(runbook.approver)}",
        f"- **Rehearsal:** {md(rehearsed_of(runbook), 2000)}",
    ]
    lines += [f"- **Weights:** {md(weights)}"] if (weights := weights_of(runbook)) else []
    lines += [f"- **Verified:** {md(verified)}"] if (verified := verified_of(runbook)) else []
    text = "\n".join([*lines, "", md_block(script, "sh", 8000)] if (script := script_of(runbook)) else lines)
    if pilot.decision is Decision.PASS:
        folded = f"<details><summary>Rollback of {_summary_name(pilot)}</summary>\n\n{text}\n\n</details>"
        return Section(name=f"rollback of {_name(pilot)}", priority=6, head=folded)
    return Section(name=f"rollback of {_name(pilot)}", priority=2, head=f"#### ↩️ Rollback of {_name(pilot)}\n\n{text}")


def _uncovered(verdict: Verdict) -> Section:
    head = (
        "### Quantum code without a charter\n\n"
        "These changed files import a quantum library and belong to no pilot, so no gate looks after them. "
        f"For each: {UNCOVERED_FIX}.\n"
    )
    items = tuple(f"- {md_code(f'{u.path}:{u.line}')} imports {md_code(u.library)}" for u in verdict.uncovered)
    return Section(name="files without a charter", priority=2, head=head, items=items)


def _evidence(verdict: Verdict, signed_by: str | None) -> Section:
    lines = [f"- base {md_code(verdict.base)}", f"- head {md_code(verdict.head)}"]
    lines += [f"- `evidence.json` sha256 {md_code(verdict.evidence_sha256)}"] if verdict.evidence_sha256 else []
    lines.append(f"- `attestation.dsse.json` {attested_by(signed_by)}")
    lines += [f"- attempts: {_recorded(signed_by)}"] if any(p.attempt for p in verdict.pilots) else []
    for pilot in verdict.pilots:
        if pilot.charter:
            lines.append(f"- {md_code(pilot.charter.path)} sha256 {md_code(pilot.charter.sha256)}")
        if pilot.evidence_sha256:
            lines.append(f"- {_name(pilot)} evidence sha256, whatever the commit: {md_code(pilot.evidence_sha256)}")
        lines += [f"- {_name(pilot)} {md_code(name)}: {md(text)}" for name, text in pairs_of(pilot.facts)]
    return _folded("lines of evidence", "Evidence", tuple(lines), 7)


def _recorded(signed_by: str | None) -> str:
    kept = "kept in this comment, or in the ledger's file"
    return f"{kept}, signed with the same key in the former" if signed_by else f"{kept}, chained and not signed"


def footer_of(base: str, head: str, run_url: str | None, reused: Sequence[Reused] = ()) -> str:
    """Which commits were compared, where the whole report is, and what came from a cache."""
    commits = f"{md_code(short_sha(base), 40)}…{md_code(short_sha(head), 40)}"
    return "<br>".join([f"{commits} · {elsewhere(run_url)}", *(f"♻️ {md_code(r.pilot, 60)}: {md(reused_of(r))}" for r in reused)])


def elsewhere(run_url: str | None) -> str:
    """Where the full report is, as Markdown; the address comes from the forge and is used only when it is one."""
    files = "full report: `report.html`"
    return f"{files}, with [the run](<{run_url}>)" if run_url and is_web_address(run_url) else f"{files} in the run directory"


def is_web_address(url: str) -> bool:
    """Whether this is an http(s) address without anything that could end a link early."""
    return url.startswith(("https://", "http://")) and not any(c in "<>\"'`\\()[]|" or c <= " " or c > "~" for c in url)
