"""From the run's one answer to everything that is published: pure, and the same bytes from the same verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qgate.domain.canonical import canonical_file
from qgate.domain.error_codes import INTERNAL
from qgate.domain.provenance import UNKNOWN, Provenance
from qgate.domain.report import Conclusion, Report, Status, StatusState
from qgate.domain.source import Problem
from qgate.domain.verdict import Decision, Verdict
from qgate.report.budget import Section
from qgate.report.check import STATUS_CONTEXT, check_run, status, statuses, verdict_conclusion, verdict_title
from qgate.report.codequality import codequality_of
from qgate.report.comment import comment_of, marker_of, summary_of
from qgate.report.escape import clean, md_block, md_code
from qgate.report.findings import Finding, annotations_of, problem_findings, verdict_findings
from qgate.report.html import error_html, problems_html, verdict_html
from qgate.report.junit import error_junit, junit_of, problems_junit
from qgate.report.place import named
from qgate.report.sarif import sarif_of
from qgate.report.sections import Part, elsewhere, footer_of, footer_section, is_web_address, problems_section, verdict_parts
from qgate.report.verdict_json import verdict_to_json
from qgate.report.wording import ICONS, INVALID_CHARTER, NOT_EVALUATED, problems_headline


@dataclass(frozen=True, kw_only=True)
class _Content:
    """What a report says, before it is laid out for each surface."""

    parts: Sequence[Part]
    conclusion: Conclusion
    title: str
    statuses: tuple[Status, ...]
    findings: Sequence[Finding]
    files: Mapping[str, str]


def render(
    verdict: Verdict,
    *,
    directory: str = "",
    run_url: str | None = None,
    problems: Sequence[Problem] = (),
    provenance: Provenance = UNKNOWN,
) -> Report:
    """The report of a verdict; `problems` are the warnings of the charters that judged.

    `directory` is the working directory below the repository's top, of which check run, statuses and comment have their names;
    `run_url` is shown only if it is an http(s) address; `provenance` says who signed and what was reused.

    Raises:
        ValueError: a number of the verdict is not finite.
    """
    address = _address(run_url)
    findings = (*verdict_findings(verdict), *problem_findings(problems))
    files = {
        "verdict.json": canonical_file(verdict_to_json(verdict)).decode(),
        "report.html": verdict_html(verdict, problems, address, provenance),
        "junit.xml": junit_of(verdict),
    }
    content = _Content(
        parts=verdict_parts(verdict, problems, footer_of(verdict.base, verdict.head, address, provenance.reused), provenance),
        conclusion=verdict_conclusion(verdict),
        title=verdict_title(verdict),
        statuses=statuses(verdict),
        findings=findings,
        files=files | _machine_files(findings, _properties(verdict)),
    )
    return _report(content, directory, address)


def render_invalid_charter(
    problems: Sequence[Problem], *, base: str, head: str, directory: str = "", run_url: str | None = None
) -> Report:
    """The report of a charter that cannot be used. There is no `verdict.json`: nothing was judged."""
    address = _address(run_url)
    title = f"{INVALID_CHARTER} ({problems_headline(problems)})"
    table = Part(section=problems_section(problems, "What is wrong, and how to mend it"), overview=True)
    files = {"report.html": problems_html(problems, base, head, address), "junit.xml": problems_junit(problems)}
    findings = problem_findings(problems)
    content = _no_verdict(
        title=title,
        parts=[_essential(f"## ❌ qgate: invalid charter\n\n**{title}.**"), table, _footer(base, head, address)],
        findings=findings,
        files=files | _machine_files(findings, {"base": clean(base), "head": clean(head)}, INVALID_CHARTER),
    )
    return _report(content, directory, address)


def render_error(  # noqa: PLR0913 -- what a run that ended is told by
    message: str, *, base: str, head: str, code: str = INTERNAL, directory: str = "", run_url: str | None = None
) -> Report:
    """The report of a run that ended before there was a verdict. There is no `verdict.json`: nothing was judged."""
    address = _address(run_url)
    heading = f"## {ICONS[Decision.ERROR]} qgate: error\n\n**{NOT_EVALUATED}.**\n\n{md_block(message, 'text')}"
    files = {"report.html": error_html(message, base, head, address), "junit.xml": error_junit(message, code)}
    content = _no_verdict(
        title=f"{NOT_EVALUATED}: {message}",
        parts=[_essential(heading), _footer(base, head, address)],
        findings=(),
        files=files | _machine_files((), {"base": clean(base), "head": clean(head)}, message, code),
    )
    return _report(content, directory, address)


def _directory(directory: str) -> list[Part]:
    return [_essential(f"Working directory {md_code(directory)}")] if directory else []


def _address(run_url: str | None) -> str | None:
    return run_url if run_url and is_web_address(run_url) else None


def _essential(text: str) -> Part:
    return Part(section=Section(name="verdict", priority=0, head=text, essential=True), overview=True)


def _footer(base: str, head: str, run_url: str | None) -> Part:
    return Part(section=footer_section(footer_of(base, head, run_url)), overview=True)


def _no_verdict(*, title: str, parts: Sequence[Part], findings: Sequence[Finding], files: Mapping[str, str]) -> _Content:
    return _Content(
        parts=parts,
        conclusion=Conclusion.FAILURE,
        title=title,
        statuses=(status(STATUS_CONTEXT, StatusState.ERROR, title),),
        findings=findings,
        files=files,
    )


def _properties(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": str(verdict.decision),
        "base": clean(verdict.base),
        "head": clean(verdict.head),
        "evidenceSha256": verdict.evidence_sha256,
        "notes": [clean(n) for n in verdict.notes],
    }


def _machine_files(findings: Sequence[Finding], properties: Mapping[str, Any], error: str = "", code: str = "") -> dict[str, str]:
    return {
        "qgate.sarif": sarif_of(findings, properties=properties, error=error, code=code),
        "codequality.json": codequality_of(findings, error=error if code else "", code=code),
    }


def _report(content: _Content, directory: str, run_url: str | None) -> Report:
    parts = [*content.parts[:1], *_directory(directory), *content.parts[1:]]
    sections, where = [p.section for p in parts], f"The {elsewhere(run_url)}."
    marker = marker_of(directory)
    check = check_run(content.conclusion, content.title, parts, annotations_of(content.findings), where)
    comment = comment_of(sections, marker=marker, elsewhere=where)
    summary = summary_of(sections, elsewhere=where)
    return Report(
        marker=marker,
        comment=comment,
        summary=summary,
        check=replace(check, name=named(check.name, directory)),
        statuses=tuple(replace(s, context=named(s.context, directory)) for s in content.statuses),
        files={**content.files, "comment.md": comment, "summary.md": summary},
    )
