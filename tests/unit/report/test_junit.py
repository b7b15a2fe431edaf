from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from qgate.domain.source import Severity
from qgate.domain.verdict import Decision, PilotVerdict, Verdict
from qgate.report.junit import error_junit, junit_of, problems_junit


def read(text):
    return ET.fromstring(text)  # noqa: S314 -- our own output


def sums(root):
    return {name: int(root.get(name)) for name in ("tests", "failures", "errors")}


def counts(element):
    suites = [element] if element.tag == "testsuite" else list(element)
    return {name: sum(int(s.get(name)) for s in suites) for name in ("tests", "failures", "errors", "skipped")}


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema(Path(__file__).parent / "data" / "junit-10.xsd")


def test_every_report_is_valid(schema, case, case_name):
    assert [error.reason for error in schema.iter_errors(junit_of(case(case_name)))] == []


def test_the_reports_without_a_verdict_are_valid(schema, problem):
    problems = problems_junit([problem(), problem(line=9, severity=Severity.WARNING)])
    stopped = error_junit("no <lock>\x00", "lock/unusable")
    assert [error.reason for text in (problems, stopped) for error in schema.iter_errors(text)] == []


def test_the_schema_refuses_what_is_wrong(schema, case):
    assert not schema.is_valid(junit_of(case("fail")).replace("<failure ", "<fail ").replace("</failure>", "</fail>"))


def test_the_structure_is_that_of_junit(case, case_name):
    root = read(junit_of(case(case_name)))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert [c.tag for c in suite] == ["testcase"] * int(suite.get("tests"))
        for test in suite:
            assert set(test.attrib) == {"classname", "name"}
            assert [e.tag for e in test] in (
                [],
                ["system-out"],
                *([kind, *rest] for kind in ("failure", "error", "skipped") for rest in ([], ["system-out"])),
            )
        found = {plural: len(suite.findall(f"testcase/{tag}")) for plural, tag in (("failures", "failure"), ("errors", "error"))}
        assert {k: counts(suite)[k] for k in found} == found
    assert sums(root) == {k: sum(counts(s)[k] for s in root) for k in ("tests", "failures", "errors")}


def test_a_failed_gate_is_a_failure_with_its_reason_and_numbers(case):
    root = read(junit_of(case("fail")))
    assert counts(root) == {"tests": 4, "failures": 1, "errors": 0, "skipped": 0}
    test = root[0][0]
    assert test.attrib == {"classname": "qgate.tumour-triage", "name": "val_accuracy_gap_vs_classical"}
    assert (test[0].tag, test[0].get("type")) == ("failure", "fail")
    assert test[0].get("message").startswith("The candidate is between 0.0120 and 0.0300 less accurate")
    assert test[0].text.endswith("Owner: platform@example.com")
    assert test[1].text == "measured 0.0210 [0.0120, 0.0300], threshold ≤ 0.0050"


def test_an_undecided_gate_is_a_failure_of_its_own_type(case):
    (failure,) = read(junit_of(case("inconclusive"))).iter("failure")
    assert failure.get("type") == "inconclusive"


def test_an_unmeasured_gate_is_an_error(case):
    assert counts(read(junit_of(case("error")))) == {"tests": 3, "failures": 0, "errors": 2, "skipped": 0}


def test_what_does_not_block_is_skipped_with_its_reason(gate, verdict_of):
    (skipped,) = read(junit_of(verdict_of(gate(), gate(Decision.FAIL, blocks=False)))).iter("skipped")
    assert (skipped.get("type"), skipped.get("message")) == ("fail", "Because.")


def test_nothing_reached_is_one_skipped_case(case):
    assert counts(read(junit_of(case("not_applicable")))) == {"tests": 1, "failures": 0, "errors": 0, "skipped": 1}


def test_a_pilot_without_gates_is_an_error():
    verdict = Verdict(base="b", head="h", pilots=(PilotVerdict(name="lost", decision=Decision.ERROR, gates=()),))
    assert counts(read(junit_of(verdict))) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}


def test_uncovered_files_are_failures(case):
    assert counts(read(junit_of(case("uncovered")))) == {"tests": 2, "failures": 2, "errors": 0, "skipped": 0}


def test_problems_and_errors_are_errors(problem):
    root = read(problems_junit([problem(), problem(severity=Severity.WARNING)]))
    assert counts(root) == {"tests": 2, "failures": 0, "errors": 1, "skipped": 1}
    assert root[0][0].get("name") == ".qgate/triage.yml:4:3 unknown-key"
    (error,) = read(error_junit("killed\x00 <b>", "worker/answer")).iter("error")
    assert (error.get("type"), error.get("message")) == ("worker/answer", "killed\N{REPLACEMENT CHARACTER} <b>")
