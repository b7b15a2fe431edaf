import json
from dataclasses import replace
from pathlib import Path

from jsonschema import Draft4Validator, Draft202012Validator

from qgate.domain.report import Annotation, Level
from qgate.domain.source import Position, Severity
from qgate.domain.verdict import CharterRef, Decision, PilotVerdict, Waived
from qgate.report.codequality import codequality_of
from qgate.report.findings import annotations_of, problem_annotations, problem_findings, verdict_findings
from qgate.report.render import render, render_error, render_invalid_charter
from qgate.report.sarif import fingerprints

SARIF = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.schema.json").read_bytes())

CODE_QUALITY = Draft202012Validator(json.loads((Path(__file__).parent / "data" / "codequality.schema.json").read_bytes()))


def test_a_failed_gate_stands_on_its_line_of_the_charter(case):
    assert annotations_of(verdict_findings(case("fail"))) == (
        Annotation(
            path=".qgate/tumour-triage.yml",
            line=24,
            column=7,
            title="tumour-triage: val_accuracy_gap_vs_classical: fail",
            message=(
                "The candidate is between 0.0120 and 0.0300 less accurate than the classical baseline on the locked rows; "
                "the charter allows 0.005.\n"
                "Remediation: drop the entangling layer and re-run the parity suite\n"
                "Rehearsed: with drop the entangling layer and re-run the parity suite: gap 0.0010, pass\n"
                "Owner: platform@example.com"
            ),
            level=Level.FAILURE,
        ),
    )


def test_an_undecided_gate_says_what_it_needs(case):
    (finding,) = verdict_findings(case("inconclusive"))
    assert "\nNeeded to decide: 2,350 rows (measured on 200)\n" in finding.message


def test_a_gate_that_is_always_on_stands_at_the_top_of_the_charter(case):
    positions = [f.position for f in verdict_findings(case("error"))]
    assert positions == [
        Position(path=".qgate/tumour-triage.yml", line=line, column=column) for line, column in ((24, 7), (1, 1))
    ]


def test_a_gate_that_does_not_block_is_a_warning(gate, verdict_of):
    findings = verdict_findings(verdict_of(gate(Decision.FAIL, blocks=False), gate(Decision.FAIL), gate(Decision.PASS)))
    assert [f.level for f in findings] == [Level.WARNING, Level.FAILURE]


def test_a_waiver_that_lives_is_seen_although_its_gate_passed(gate, verdict_of):
    waiver = Waived(reason="the new region", approver="sre@example.com", expires="2027-01-31")
    lives, ended = gate(Decision.PASS, waiver=waiver), gate(Decision.PASS, waiver=replace(waiver, void="it ended on 2026-01-31"))
    (finding,) = verdict_findings(verdict_of(lives, ended))
    words = "waived by sre@example.com until 2027-01-31: the new region; the gate passed, so that it is not needed."
    assert (finding.rule, finding.level, finding.message) == ("waiver-not-needed", Level.NOTICE, f"{lives.name}: {words}")


def test_uncovered_files_stand_on_the_line_of_their_import(case):
    found = [(a.path, a.line, a.title, a.level) for a in annotations_of(verdict_findings(case("uncovered")))]
    title = "Quantum code without a charter"
    assert found == [("research/vqe.py", 3, title, Level.FAILURE), ("research/qaoa/maxcut.py", 12, title, Level.FAILURE)]


def test_a_pilot_without_gates_is_a_finding(case):
    charter = CharterRef(path=".qgate/lost.yml", sha256="0" * 64, origin="base")
    empty = PilotVerdict(name="lost", decision=Decision.ERROR, gates=(), charter=charter)
    (finding,) = verdict_findings(replace(case("not_applicable"), pilots=(empty,)))
    assert (finding.rule, finding.message) == ("no-gate-evaluated", "No gate was evaluated for the pilot lost.")
    assert finding.position == Position(path=".qgate/lost.yml", line=1, column=1)


def test_problems_are_annotations_on_their_lines(problem):
    assert problem_annotations([problem(), problem(line=9, severity=Severity.WARNING)]) == tuple(
        Annotation(
            path=".qgate/triage.yml",
            line=line,
            column=3,
            title="Charter: unknown-key",
            message="`sucess_metrics` is not a key of `pilot`\nFix: did you mean `success_metrics`?",
            level=level,
        )
        for line, level in ((4, Level.FAILURE), (9, Level.WARNING))
    )


def sarif_problems(report):
    log = json.loads(report.files["qgate.sarif"])
    return [f"{e.json_path}: {e.message}" for e in Draft4Validator(SARIF).iter_errors(log)]


def test_the_sarif_log_is_valid(case, problem, case_name):
    assert sarif_problems(render(case(case_name), problems=[problem(severity=Severity.WARNING)])) == []


def test_the_sarif_logs_without_a_verdict_are_valid_and_say_that_the_run_failed(problem):
    for report in (render_invalid_charter([problem()], base="b", head="h"), render_error("no lock [x](y)", base="b", head="h")):
        assert sarif_problems(report) == []
        assert json.loads(report.files["qgate.sarif"])["runs"][0]["invocations"][0]["executionSuccessful"] is False


def test_the_schema_of_sarif_refuses_what_is_wrong(case):
    report = render(case("fail"))
    broken = report.files["qgate.sarif"].replace('"level": "error"', '"level": "failure"')
    assert sarif_problems(replace(report, files={"qgate.sarif": broken})) != []


def test_sarif_results_hold_the_place_and_no_link(gate, verdict_of):
    place = Position(path="a b/é\udce9.yml", line=3, column=2)
    verdict = verdict_of(gate(Decision.FAIL, why="see [here](https://evil.example) \\", position=place))
    (result,) = json.loads(render(verdict).files["qgate.sarif"])["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "a%20b/%C3%A9%EF%BF%BD.yml", "uriBaseId": "%SRCROOT%"}
    assert location["region"] == {"startLine": 3, "startColumn": 2}
    assert "see \\[here\\](https://evil.example) \\\\\n" in result["message"]["text"]
    assert (result["ruleId"], result["level"]) == ("latency_p95_ms", "error")


def test_a_failed_gate_names_the_changed_code_beside_its_line_of_the_charter(case):
    chains = ("models/a b.py → models/hybrid.py → candidate", "models/a b.py → paths", "vendor (not checked out) → candidate")
    verdict = case("fail")
    verdict = replace(verdict, pilots=tuple(replace(p, reached_by=chains) for p in verdict.pilots))
    (result,) = json.loads(render(verdict).files["qgate.sarif"])["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == ".qgate/tumour-triage.yml"
    assert result["relatedLocations"] == [
        {
            "id": 1,
            "message": {"text": "Changed, and reaches the pilot."},
            "physicalLocation": {"artifactLocation": {"uri": "models/a%20b.py", "uriBaseId": "%SRCROOT%"}},
        }
    ]


def test_a_finding_keeps_its_fingerprint_when_numbers_and_lines_move(gate, verdict_of):
    def digests(**fields):
        return fingerprints(verdict_findings(verdict_of(gate(Decision.FAIL, **fields))))

    place = Position(path="c.yml", line=3, column=2)
    assert digests(why="0.1", position=place) == digests(why="0.2", position=replace(place, line=9))
    assert digests(name="a") != digests(name="b")


def test_equal_findings_have_different_fingerprints(problem):
    digests = fingerprints(problem_findings([problem(), problem(line=9)]))
    assert len(set(digests)) == 2


def test_every_code_quality_report_is_valid(case, problem, case_name):
    reports = [
        render(case(case_name), problems=[problem(severity=Severity.WARNING)]),
        render_invalid_charter([problem()], base="b", head="h"),
        render_error("no lock", base="b", head="h"),
    ]
    for report in reports:
        assert [e.message for e in CODE_QUALITY.iter_errors(json.loads(report.files["codequality.json"]))] == []


def test_code_quality_is_what_gitlab_reads(case):
    (entry,) = json.loads(render(case("fail")).files["codequality.json"])
    assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
    assert (entry["check_name"], entry["severity"]) == ("val_accuracy_gap_vs_classical", "blocker")
    assert entry["location"] == {"path": ".qgate/tumour-triage.yml", "lines": {"begin": 24}}
    assert entry["description"].startswith("tumour-triage: val_accuracy_gap_vs_classical: fail: The candidate is between ")


def test_code_quality_has_a_place_for_what_has_none(gate, verdict_of):
    findings = verdict_findings(verdict_of(gate(Decision.INCONCLUSIVE, blocks=False)))
    (entry,) = json.loads(codequality_of(findings))
    assert (entry["location"], entry["severity"]) == ({"path": ".", "lines": {"begin": 1}}, "minor")


def test_what_loosens_the_charter_is_a_warning_on_its_line(case):
    findings = [f for f in verdict_findings(case("loosened_charter")) if f.rule == "charter-loosened"]
    assert [(f.level, f.position.line) for f in findings] == [(Level.WARNING, 25), (Level.WARNING, 40)]
    assert findings[0].title == "Charter loosened: pilot.success_metrics[val_accuracy_gap_vs_classical].max"
    assert findings[0].message == "the threshold is larger.\nBefore: 0.005\nAfter: 0.05"
    assert "Before: absent" in findings[1].message
