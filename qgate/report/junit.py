"""JUnit XML: one test suite a pilot, one test case a gate.

There are no times in it: two runs of one commit give the same file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from qgate.domain.change import Uncovered
from qgate.domain.source import Problem, Severity
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.report.escape import clean, clean_lines
from qgate.report.figures import NONE, row_of
from qgate.report.findings import gate_message
from qgate.report.wording import NOT_APPLICABLE, UNCOVERED_FIX, waiver_of

_KINDS = {Decision.ERROR: "error", Decision.NOT_APPLICABLE: "skipped"}


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What stands inside a test case that did not simply pass: `tag` is failure, error or skipped."""

    tag: str
    type: str
    message: str
    text: str = ""


def junit_of(verdict: Verdict) -> str:
    """A verdict's gates as test cases; a pilot without gates is an error, an uncovered file a failure."""
    suites = [_pilot_suite(p) for p in verdict.pilots]
    if verdict.uncovered:
        suites.append(_suite("quantum code without a charter", [_uncovered_case(u) for u in verdict.uncovered]))
    if not suites:
        # A report without a test case reads as a broken job to most consumers.
        nothing = _Outcome(tag="skipped", type="not_applicable", message=NOT_APPLICABLE)
        suites.append(_suite("qgate", [_case("qgate", "reach", nothing)]))
    return _document(suites)


def problems_junit(problems: Sequence[Problem]) -> str:
    """The problems of charters as test cases: errors as errors, warnings skipped with their text."""
    return _document([_suite("charter", [_problem_case(p) for p in problems])])


def error_junit(message: str, code: str) -> str:
    """A run that ended without a verdict: one test case in error, whose type is the failure's code."""
    return _document([_suite("qgate", [_case("qgate", "run", _Outcome(tag="error", type=code, message=message))])])


def _document(suites: Sequence[ET.Element]) -> str:
    # What is skipped is counted by suite alone: the schema has no such sum of all.
    root = ET.Element("testsuites", {"name": "qgate"} | _sums(suites))
    root.extend(suites)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _sums(suites: Sequence[ET.Element]) -> dict[str, str]:
    return {name: str(sum(int(s.get(name, "0")) for s in suites)) for name in ("tests", "failures", "errors")}


def _suite(name: str, cases: Sequence[ET.Element]) -> ET.Element:
    counted = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    counts = {plural: str(sum(c.find(tag) is not None for c in cases)) for plural, tag in counted}
    suite = ET.Element("testsuite", {"name": clean(name), "tests": str(len(cases))} | counts)
    suite.extend(cases)
    return suite


def _pilot_suite(pilot: PilotVerdict) -> ET.Element:
    cases = [_gate_case(pilot.name, g) for g in pilot.gates]
    nothing = _Outcome(tag="error", type="error", message="No gate was evaluated for this pilot.")
    return _suite(pilot.name, cases or [_case(pilot.name, "gates", nothing)])


def _gate_case(pilot: str, gate: GateOutcome) -> ET.Element:
    case = _case(pilot, gate.name, None if gate.decision is Decision.PASS else _gate_outcome(gate))
    row = row_of(gate)
    said = [f"measured {row.measured}, threshold {row.threshold}"] if row.value != NONE else []
    said += [clean(waiver)] if (waiver := waiver_of(gate)) else []
    if said:
        ET.SubElement(case, "system-out").text = "\n".join(said)
    return case


def _gate_outcome(gate: GateOutcome) -> _Outcome:
    tag = _KINDS.get(gate.decision, "failure") if gate.blocks else "skipped"
    return _Outcome(tag=tag, type=gate.decision, message=gate.why, text=gate_message(gate))


def _uncovered_case(uncovered: Uncovered) -> ET.Element:
    message = f"{uncovered.path} imports {uncovered.library} and belongs to no pilot: {UNCOVERED_FIX}."
    return _case("uncovered", uncovered.path, _Outcome(tag="failure", type="uncovered", message=message))


def _problem_case(problem: Problem) -> ET.Element:
    tag = "error" if problem.severity is Severity.ERROR else "skipped"
    text = f"{problem.message}\nFix: {problem.fix}"
    outcome = _Outcome(tag=tag, type=problem.code, message=problem.message, text=text)
    return _case("charter", f"{problem.position} {problem.code}", outcome)


def _case(suite: str, name: str, outcome: _Outcome | None) -> ET.Element:
    case = ET.Element("testcase", {"classname": clean(f"qgate.{suite}"), "name": clean(name)})
    if outcome:
        inner = ET.SubElement(case, outcome.tag, {"type": clean(outcome.type), "message": clean(outcome.message)})
        inner.text = clean_lines(outcome.text or outcome.message)
    return case
