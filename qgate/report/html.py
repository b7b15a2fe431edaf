"""The HTML report: one file without scripts, fonts, images or network, readable on a phone, in light and dark, and by ear.

The template escapes everything by itself; what is marked safe are pictures, which hold numbers only (`html_gate`). Texts are
cleaned of characters that hide or reorder, since escaping does nothing about those.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from qgate import __version__
from qgate.domain.charter_change import CharterChange
from qgate.domain.provenance import Provenance
from qgate.domain.source import Problem
from qgate.domain.verdict import Decision, PilotVerdict, Runbook, Verdict
from qgate.report.escape import clean, clean_lines
from qgate.report.figures import NONE
from qgate.report.html_gate import Wall, gate_html
from qgate.report.own_charter import own_charter_of
from qgate.report.reproduce import commands_of, same_of
from qgate.report.runbook_text import rehearsed_of, script_of, verified_of, weights_of
from qgate.report.wording import (
    EFFECTS,
    ICONS,
    INVALID_CHARTER,
    NOT_APPLICABLE,
    NOT_EVALUATED,
    UNCOVERED_FIX,
    attempt_of,
    attested_by,
    changes_headline,
    earlier_of,
    fold_passed,
    folded_title,
    headline,
    label,
    pairs_of,
    problems_headline,
    reused_of,
)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("qgate.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html.j2")


def verdict_html(verdict: Verdict, problems: Sequence[Problem], run_url: str | None, provenance: Provenance) -> str:
    """The report of a verdict."""
    not_applicable, wall = verdict.decision is Decision.NOT_APPLICABLE, Wall(provenance.history)
    pilots = [_pilot(p, wall) for p in verdict.pilots]
    return _page(
        decision=verdict.decision,
        title=label(verdict.decision),
        headline=NOT_APPLICABLE if not_applicable else headline(verdict),
        commits=[
            *_commits(verdict.base, verdict.head, verdict.evidence_sha256),
            ("attestation", attested_by(provenance.signed_by)),
            *(("reused", clean(f"{r.pilot}: {reused_of(r)}")) for r in provenance.reused),
        ],
        run_url=run_url,
        notes=[clean(n) for n in verdict.notes],
        problems=_problems(problems),
        changes_headline=changes_headline(verdict.charter_changes),
        changes=[_change(c) for c in verdict.charter_changes],
        pilots=pilots,
        legend=any(g.value is not None and g.threshold for p in verdict.pilots for g in p.gates),
        undrawn=wall.is_full,
        commands="\n".join(commands_of(verdict)) if verdict.pilots else "",
        same=same_of(verdict),
        uncovered=[(clean(f"{u.path}:{u.line}"), clean(u.library)) for u in verdict.uncovered],
    )


def problems_html(problems: Sequence[Problem], base: str, head: str, run_url: str | None) -> str:
    """The report of an invalid charter."""
    return _page(
        decision=Decision.ERROR,
        title="invalid charter",
        headline=f"{INVALID_CHARTER} ({problems_headline(problems)}).",
        commits=_commits(base, head, None),
        run_url=run_url,
        problems=_problems(problems),
    )


def error_html(message: str, base: str, head: str, run_url: str | None) -> str:
    """The report of a run that ended without a verdict."""
    return _page(
        decision=Decision.ERROR,
        title="error",
        headline=f"{NOT_EVALUATED}.",
        commits=_commits(base, head, None),
        run_url=run_url,
        error=clean_lines(message, 20_000),
    )


def _page(**values: Any) -> str:
    empty: dict[str, Any] = {
        "notes": [],
        "problems": [],
        "changes": [],
        "pilots": [],
        "uncovered": [],
        "error": "",
        "legend": False,
        "undrawn": False,
        "commands": "",
        "same": [],
    }
    fixed = {"version": __version__, "uncovered_fix": UNCOVERED_FIX.replace("`", ""), "icons": ICONS}
    return _template().render(empty | fixed | values) + "\n"


def _commits(base: str, head: str, evidence: str | None) -> list[tuple[str, str]]:
    pairs = [("base", clean(base)), ("head", clean(head))]
    return pairs + ([("evidence.json sha256", clean(evidence))] if evidence else [])


def _problems(problems: Sequence[Problem]) -> list[Mapping[str, str]]:
    return [
        {
            "where": clean(str(p.position)),
            "severity": p.severity,
            "code": clean(p.code),
            "message": clean(p.message),
            "fix": clean(p.fix),
        }
        for p in problems
    ]


def _change(change: CharterChange) -> Mapping[str, str]:
    return {
        "effect": f"{EFFECTS[change.effect]} {change.effect}",
        "key": clean(change.key),
        "where": clean(f"{change.position.path}:{change.position.line}"),
        "why": clean(change.why),
        "old": NONE if change.old is None else clean(change.old),
        "new": NONE if change.new is None else clean(change.new),
    }


def _pilot(pilot: PilotVerdict, wall: Wall) -> Mapping[str, Any]:
    book, (shown, folded) = pilot.runbook, fold_passed(pilot.gates)
    return {
        "name": clean(pilot.name),
        "decision": pilot.decision,
        "label": label(pilot.decision),
        "reached_by": [clean(chain) for chain in pilot.reached_by],
        "charter": _charter(pilot),
        "gates": [gate_html(pilot.name, g, wall) for g in shown],
        "folded": [gate_html(pilot.name, g, wall) for g in folded],
        "folded_title": folded_title(folded),
        "facts": _evidence(pilot),
        "rollback": book and _rollback(book),
    }


def _rollback(book: Runbook) -> Mapping[str, Any]:
    facts = [("traffic", book.traffic), ("approver", book.approver), ("rehearsal", rehearsed_of(book))]
    facts += [("weights", weights_of(book)), ("verified", verified_of(book))]
    return {
        "facts": [(name, clean(words, 2000)) for name, words in facts if words],
        "script": clean_lines(script_of(book), 20_000),
    }


def _evidence(pilot: PilotVerdict) -> list[tuple[str, str]]:
    attempt = [("attempt", clean(attempt_of(pilot)))] if pilot.attempt else []
    attempt += [("earlier", clean(told, 2000)) for told in earlier_of(pilot)]
    attempt += [("by the change's own charter", clean(own, 2000))] if (own := own_charter_of(pilot)) else []
    digest = [("evidence sha256, whatever the commit", clean(pilot.evidence_sha256))] if pilot.evidence_sha256 else []
    return attempt + digest + pairs_of(pilot.facts)


def _charter(pilot: PilotVerdict) -> list[tuple[str, str]]:
    if pilot.charter is None:
        return []
    new = " (new: the base has none)" if pilot.charter.origin == "head" else ""
    origin = (
        "this commit of the default branch" if pilot.charter.origin == "own" else f"{clean(pilot.charter.origin)} commit{new}"
    )
    return [("charter", clean(pilot.charter.path)), ("read from", origin), ("charter sha256", clean(pilot.charter.sha256))]
