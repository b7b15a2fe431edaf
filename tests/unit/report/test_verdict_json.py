import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.change import Uncovered
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.schemas import load_schema
from qgate.domain.source import Position
from qgate.domain.verdict import (
    CharterRef,
    Decision,
    GateOutcome,
    GateWord,
    PilotVerdict,
    Remedy,
    Runbook,
    Sizes,
    UnderOwn,
    Verdict,
    Waived,
)
from qgate.errors import UsageError
from qgate.report.verdict_json import verdict_from_json, verdict_to_json

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=8)
COUNTS = st.integers(min_value=0, max_value=10**9)
LINES = st.integers(min_value=1, max_value=10**6)
FACTS = st.dictionaries(TEXTS, NUMBERS | TEXTS | st.none() | st.booleans() | st.lists(COUNTS, max_size=2), max_size=2)
INTERVALS = st.none() | st.tuples(NUMBERS, NUMBERS)
GATES = st.builds(
    GateOutcome,
    name=TEXTS,
    decision=st.sampled_from(Decision),
    why=TEXTS,
    owner=TEXTS,
    value=st.none() | NUMBERS,
    interval=INTERVALS,
    alpha=st.none() | NUMBERS,
    claim=st.none() | TEXTS,
    claim_words=TEXTS,
    threshold=st.dictionaries(st.sampled_from(["max", "min"]), NUMBERS, max_size=1),
    sizes=st.none() | st.builds(Sizes, rows=COUNTS, seeds=COUNTS, shots=st.none() | COUNTS),
    deployment=INTERVALS,
    required_rows=st.none() | COUNTS,
    remedy=st.none()
    | st.builds(Remedy, summary=TEXTS, actions=st.lists(TEXTS, max_size=2).map(tuple), rehearsed=st.none() | FACTS),
    position=st.none() | st.builds(Position, path=TEXTS, line=LINES, column=LINES),
    details=FACTS,
    blocks=st.booleans(),
    waiver=st.none() | st.builds(Waived, reason=TEXTS, approver=TEXTS, expires=TEXTS, void=TEXTS),
)
PILOTS = st.builds(
    PilotVerdict,
    name=TEXTS,
    decision=st.sampled_from(Decision),
    gates=st.lists(GATES, max_size=2).map(tuple),
    reached_by=st.lists(TEXTS, max_size=2).map(tuple),
    charter=st.none() | st.builds(CharterRef, path=TEXTS, sha256=TEXTS, origin=TEXTS),
    runbook=st.none()
    | st.builds(Runbook, traffic=TEXTS, approver=TEXTS, steps=st.lists(TEXTS, max_size=2).map(tuple), rehearsal=TEXTS),
    facts=FACTS,
    evidence_sha256=st.none() | TEXTS,
    under_own=st.none()
    | st.builds(
        UnderOwn,
        decision=st.none() | st.sampled_from(Decision),
        gates=st.lists(st.builds(GateWord, name=TEXTS, decision=st.sampled_from(Decision), why=TEXTS), max_size=2).map(tuple),
        anew=st.lists(TEXTS, max_size=2).map(tuple),
    ),
)
CHANGES = st.builds(
    CharterChange,
    effect=st.sampled_from(Effect),
    key=TEXTS,
    old=st.none() | TEXTS,
    new=st.none() | TEXTS,
    why=TEXTS,
    position=st.builds(Position, path=TEXTS, line=LINES, column=LINES),
    charter=TEXTS,
)
VERDICTS = st.builds(
    Verdict,
    base=TEXTS,
    head=TEXTS,
    pilots=st.lists(PILOTS, max_size=2).map(tuple),
    uncovered=st.lists(st.builds(Uncovered, path=TEXTS, library=TEXTS, line=LINES), max_size=2).map(tuple),
    notes=st.lists(TEXTS, max_size=2).map(tuple),
    evidence_sha256=st.none() | TEXTS,
    charter_changes=st.lists(CHANGES, max_size=2).map(tuple),
    self_reported=st.just("") | TEXTS.filter(bool),
)


@given(VERDICTS)
def test_a_verdict_comes_back_as_it_was(verdict):
    data = verdict_to_json(verdict)
    assert verdict_from_json(json.loads(canonical_json(data))) == verdict
    assert list(Draft202012Validator(load_schema("verdict")).iter_errors(data)) == []


def test_the_golden_verdicts_are_in_canonical_form(case, golden, case_name):
    golden(f"{case_name}.json", canonical_file(verdict_to_json(case(case_name))).decode())


def test_the_shape_that_others_read(case):
    data = verdict_to_json(case("fail"))
    pilot = data["pilots"][0]
    charter = {"path": ".qgate/tumour-triage.yml", "sha256": "3c" * 32, "from": "base"}
    assert (data["schema"], data["verdict"], data["charter"], pilot["charter"]) == ("qgate/verdict/v1", "fail", charter, charter)
    assert pilot["reached_by"] == ["models/encoding.py → models/hybrid.py → candidate"]
    assert pilot["rollback"] == {
        "traffic": "blue_green_to_classical_v3",
        "approver": "sre@example.com",
        "rehearsal": "not_rehearsed",
        "steps": ["kubectl argo rollouts undo triage", "curl -fsS https://triage.example.com/healthz"],
    }
    gate = pilot["gates"][0]
    assert {
        key: gate[key] for key in ("name", "verdict", "value", "ci", "alpha", "claim", "threshold", "n", "required_rows", "owner")
    } == {
        "name": "val_accuracy_gap_vs_classical",
        "verdict": "fail",
        "value": 0.021,
        "ci": [0.012, 0.030],
        "alpha": 0.05,
        "claim": "locked_set/artifact",
        "threshold": {"max": 0.005},
        "n": {"rows": 569, "seeds": 5, "shots": 1000},
        "required_rows": 1800,
        "owner": "platform@example.com",
    }
    assert gate["remediation"] == {
        "summary": "drop the entangling layer and re-run the parity suite",
        "actions": ["set layers: 1", "re-run parity"],
        "rehearsed": {"verdict": "pass", "value": 0.001},
    }


def test_with_several_pilots_each_has_its_charter_and_the_top_has_none(case):
    verdict = case("fail")
    data = verdict_to_json(replace(verdict, pilots=verdict.pilots * 2))
    assert "charter" not in data
    assert [p["charter"]["path"] for p in data["pilots"]] == [".qgate/tumour-triage.yml"] * 2


def test_keys_of_a_later_version_do_not_hinder_reading(case):
    data = verdict_to_json(case("fail")) | {"new": 1}
    data["pilots"][0]["gates"][0]["new"] = {"x": 1}
    assert verdict_from_json(data) == case("fail")


def _set(data, path, value):
    *parents, last = path
    for key in parents:
        data = data[key]
    data[last] = value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema",), "qgate/verdict/v2", r"\$\.schema: 'qgate/verdict/v1' was expected"),
        (("verdict",), "pass", r"\$\.verdict: it says pass, but its pilots add up to fail"),
        (("pilots", 0, "gates", 1, "value"), "0.1", r"\$\.pilots\[0\]\.gates\[1\]\.value: '0\.1' is not of type"),
        (("pilots", 0, "gates", 0, "value"), float("nan"), r"\$\.pilots\[0\]\.gates\[0\]\.value: nan is not a number"),
        (("pilots", 0, "gates", 0, "verdict"), "fine", r"\$\.pilots\[0\]\.gates\[0\]\.verdict: 'fine' is not one of"),
        (("pilots", 0, "gates", 0, "ci"), [0.1], r"\$\.pilots\[0\]\.gates\[0\]\.ci: "),
        (("uncovered",), None, r"\$\.uncovered: None is not of type 'array'"),
    ],
)
def test_a_file_that_is_not_a_verdict_is_refused_with_the_place(case, path, value, words):
    data = verdict_to_json(case("fail"))
    _set(data, path, value)
    with pytest.raises(UsageError, match=words):
        verdict_from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", {}, {"schema": "qgate/verdict/v1"}])
def test_something_else_altogether_is_refused(data):
    with pytest.raises(UsageError, match=r"^verdict\.json is not usable: "):
        verdict_from_json(data)


def test_the_schema_is_itself_valid_and_versioned():
    schema = load_schema("verdict")
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(":v1")
