"""The sample pull requests through the whole pipeline: each must get its verdict, for its reason."""

import json

import pytest

from qgate.demo import SAMPLES
from qgate.domain.verdict import Decision


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s.example}-{s.pull}")
def test_each_sample_gets_its_verdict(shown, sample):
    one = shown[sample.example, sample.pull]
    assert one.as_expected, one.gated.report.comment
    always_on = {"reproducibility", "evidence_drift"}
    (pilot,) = one.gated.verdict.pilots
    assert {g.name for g in pilot.gates if g.name in always_on and g.decision is Decision.PASS} == always_on


@pytest.mark.parametrize("example", sorted({s.example for s in SAMPLES}))
def test_every_example_has_a_pull_request_that_must_pass_and_one_that_must_fail(example):
    assert {s.expected for s in SAMPLES if s.example == example} == {Decision.PASS, Decision.FAIL}


def test_the_entangler_gone_fails_by_measurement_and_names_its_remediation(shown):
    verdict = shown["tumour-triage", "drop-entangler"].gated.verdict
    accuracy = next(g for g in verdict.pilots[0].gates if g.name == "val_accuracy_gap_vs_classical")
    assert accuracy.decision is Decision.FAIL
    assert accuracy.interval[0] > 0.2
    assert accuracy.remedy.actions == ("set entangler = ring", "rerun parity")
    assert verdict.pilots[0].reached_by == ("src/triage/circuit.py → candidate",)


def test_the_bandwidth_of_a_full_turn_is_rehearsed_to_a_pass(shown):
    verdict = shown["wine-cultivars", "full-turn"].gated.verdict
    judged = [g for g in verdict.pilots[0].gates if g.name.startswith("val_")]
    assert [(g.decision, g.remedy.actions, g.remedy.rehearsed["verdict"]) for g in judged] == [
        (Decision.FAIL, ("set bandwidth = 0.7", "rerun parity"), "pass")
    ] * 2


def test_the_run_directories_hold_the_files_of_the_contract(shown):
    expected = {"verdict.json", "evidence.json", "comment.md", "report.html", "junit.xml", "qgate.sarif", "codequality.json"}
    for one in shown.values():
        assert expected <= {p.name for p in one.out.iterdir()}
        assert json.loads((one.out / "verdict.json").read_text())["schema"] == "qgate/verdict/v1"


def test_the_report_of_each_pull_request_in_a_browser(shown, look):
    for one in shown.values():
        seen = look(one.out / "report.html")
        assert (seen.complaints, seen.requests, seen.overflow, seen.violations) == ((), (), 0, ())
        told = json.loads((one.out / "verdict.json").read_text())
        assert sorted(map(_numbers_seen, seen.gates), key=str) == sorted(_numbers_told(told), key=str)
        assert (one.out / "report.html").stat().st_size < 2_000_000


def _numbers_seen(gate):
    numbers = {key: float(gate[key]) for key in ("value", "lower", "upper", "min", "max") if key in gate}
    return {"pilot": gate["pilot"], "name": gate["gate"], "verdict": gate["verdict"]} | numbers


def _numbers_told(verdict):
    for pilot in verdict["pilots"]:
        for gate in pilot["gates"]:
            lower, upper = gate["ci"] or (None, None)
            numbers = {"value": gate["value"], "lower": lower, "upper": upper, **gate["threshold"]}
            named = {"pilot": pilot["name"], "name": gate["name"], "verdict": gate["verdict"]}
            yield named | {key: number for key, number in numbers.items() if number is not None}
