"""Every surface of every golden verdict, to the letter: what changes in a report shows in the diff of tests/golden."""

import json
from dataclasses import asdict

from qgate.domain.source import Severity
from qgate.report.render import render, render_error, render_invalid_charter

RUN = "https://github.com/example/triage/actions/runs/7"
SUFFIXES = {
    "comment.md": "comment.md",
    "summary.md": "summary.md",
    "junit.xml": "junit.xml",
    "qgate.sarif": "sarif",
    "codequality.json": "codequality.json",
    "report.html": "html",
}


def compare(golden, name, report):
    for file, suffix in SUFFIXES.items():
        golden(f"{name}.{suffix}", report.files[file])
    check = {"check_run": asdict(report.check), "statuses": [asdict(s) for s in report.statuses]}
    golden(f"{name}.check.json", json.dumps(check, indent=2, ensure_ascii=False) + "\n")


def test_a_verdict_on_every_surface(golden, case, case_name):
    compare(golden, case_name, render(case(case_name), run_url=RUN))


def test_an_invalid_charter_on_every_surface(golden, problem):
    problems = [
        problem(),
        problem(line=9, code="remediation-names-nothing", message="a | pipe, and `code`", fix="name a step"),
        problem(line=12, code="old-key", severity=Severity.WARNING, message="`lock` is old", fix="write `data`"),
    ]
    report = render_invalid_charter(problems, base="b" * 40, head="a" * 40, run_url=RUN)
    compare(golden, "invalid_charter", report)


def test_an_error_on_every_surface(golden):
    message = "MeasurementError: the candidate was killed after 600 s\n  in models/hybrid.py:<module>\n```\n@octocat <b>"
    compare(golden, "stopped", render_error(message, code="worker/answer", base="b" * 40, head="a" * 40, run_url=RUN))
