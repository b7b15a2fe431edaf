"""GitLab's Code Quality report: the findings in a merge request's widget."""

from collections.abc import Sequence
from typing import Any

from qgate.domain.canonical import canonical_file
from qgate.domain.report import Level
from qgate.report.escape import clean
from qgate.report.findings import Finding
from qgate.report.sarif import fingerprints

_SEVERITIES = {Level.FAILURE: "blocker", Level.WARNING: "minor", Level.NOTICE: "info"}


def codequality_of(findings: Sequence[Finding], *, error: str = "", code: str = "") -> str:
    """The findings as GitLab reads them; it wants a path for each, so one without a place stands on the repository itself.

    `error` is why a run ended without a verdict, and `code` its code.
    """
    if error:
        findings = [*findings, _ended(error, code)]
    entries = [_entry(f, digest) for f, digest in zip(findings, fingerprints(findings), strict=True)]
    return canonical_file(entries).decode()


def _ended(error: str, code: str) -> Finding:
    return Finding(rule=code, title="qgate: error", message=error, level=Level.FAILURE, position=None, identity=("error", code))


def _entry(finding: Finding, fingerprint: str) -> dict[str, Any]:
    path, line = (clean(finding.position.path), finding.position.line) if finding.position else (".", 1)
    return {
        "description": clean(f"{finding.title}: {finding.message}", 2000),
        "check_name": finding.rule,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.level],
        "location": {"path": path, "lines": {"begin": line}},
    }
