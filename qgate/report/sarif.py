"""SARIF 2.1.0: the findings for code-scanning tools.

Only what a reviewer must look at is a result: GitHub opens an alert for every result, whatever its `kind`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from qgate import __version__
from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.report import Level
from qgate.domain.source import Position
from qgate.report.escape import clean, whole_characters
from qgate.report.findings import Finding

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Level.FAILURE: "error", Level.WARNING: "warning", Level.NOTICE: "note"}


def sarif_of(findings: Sequence[Finding], *, properties: Mapping[str, Any], error: str = "", code: str = "") -> str:
    """The SARIF log of a run; `properties` are facts about it, `error` says why it ended early, with its `code`."""
    rules = list(dict.fromkeys(f.rule for f in findings))
    run = {
        "tool": {
            "driver": {"name": "qgate", "semanticVersion": __version__, "rules": [_rule(r, findings) for r in rules]}
            | _notified(code)
        },
        "invocations": [_invocation(error, code)],
        "results": [
            _result(f, rules.index(f.rule), identity) for f, identity in zip(findings, fingerprints(findings), strict=True)
        ],
        "columnKind": "unicodeCodePoints",
        "properties": dict(properties),
    }
    return canonical_file({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}).decode()


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A digest for each finding that is the same in every run; equal identities are numbered, for each must be unique."""
    seen: Counter[tuple[str, ...]] = Counter()
    digests = []
    for finding in findings:
        seen[finding.identity] += 1
        digests.append(sha256(canonical_json([*finding.identity, seen[finding.identity]])).hexdigest())
    return digests


def _rule(rule: str, findings: Sequence[Finding]) -> dict[str, Any]:
    example = next(f for f in findings if f.rule == rule)
    kind = {"gate": "A gate of the pilot's charter", "charter": "A rule for charters"}.get(example.identity[0], example.title)
    return {"id": rule, "shortDescription": {"text": f"{kind}: {rule}"}, "help": {"text": "See the run's report.html."}}


def _notified(code: str) -> dict[str, Any]:
    """A failure of the run is no result: its code is that of a notification."""
    return (
        {"notifications": [{"id": code, "shortDescription": {"text": f"The run ended without a verdict: {code}"}}]}
        if code
        else {}
    )


def _invocation(error: str, code: str) -> dict[str, Any]:
    descriptor = {"descriptor": {"id": code, "index": 0}} if code else {}
    told = {"level": "error", "message": {"text": _message(error)}} | descriptor
    failed = {"toolExecutionNotifications": [told]} if error else {}
    return failed | {"executionSuccessful": not error}


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    location: dict[str, Any] = {"locations": [_location(finding.position)]} if finding.position else {}
    code = [{"id": n, "message": {"text": "Changed, and reaches the pilot."}, **_file(p)} for n, p in enumerate(finding.code, 1)]
    location |= {"relatedLocations": code} if code else {}
    return location | {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.level],
        "message": {"text": _message(f"{finding.title}\n{finding.message}")},
        "partialFingerprints": {"qgateFinding/v1": fingerprint},
    }


def _message(text: str) -> str:
    r"""Plain text for a SARIF message, in which `[text](target)` would be a link and `\` escapes brackets."""
    lines = [clean(line) for line in text.splitlines()]
    return "\n".join(lines).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(position: Position) -> dict[str, Any]:
    region = {"startLine": position.line, "startColumn": position.column}
    return {"physicalLocation": _file(position.path)["physicalLocation"] | {"region": region}}


def _file(path: str) -> dict[str, Any]:
    uri = quote(whole_characters(path), safe="/")
    return {"physicalLocation": {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}}
