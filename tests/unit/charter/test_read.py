"""The front door: every problem at once, never an exception, and a charter only when there is nothing wrong."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qgate.charter.load import load
from qgate.charter.read import read_charter
from qgate.charter.schema import charter_schema
from qgate.domain.source import Position, Problem

TODAY = date(2026, 6, 1)
COMPLETE = Path("tests/examples/charters/valid/complete.yml").read_bytes()
FRAGMENT = Path("tests/examples/charters/invalid/published-fragment.yml").read_bytes()


def problems(data, path="c.yml", today=TODAY):
    return read_charter(data, path, today=today).problems


def codes(data, path="c.yml"):
    return [problem.code for problem in problems(data, path)]


def test_the_published_fragment_is_told_what_each_gate_lacks():
    path = ".qgate/tumour triage.yml"
    init = "`qgate init --from '.qgate/tumour triage.yml'` completes the charter"
    remediation = "disable the entangling layer and re-run the parity suite"
    parity, latency = "gate `val_accuracy_gap_vs_classical`", "gate `latency_p95_ms`"
    bindings = "`pilot.candidate`, `pilot.data.validation` and `pilot.baselines.classical`"

    def problem(place, code, message, fix, key):
        line, column = map(int, place.split(":"))
        return Problem(code=code, message=message, fix=fix, key=key, position=Position(path=path, line=line, column=column))

    assert problems(FRAGMENT, path) == (
        problem(
            "1:1",
            "missing-key",
            "`pilot` lacks `candidate` (the hybrid candidate)",
            'add `candidate: {estimator: "triage.hybrid:build"}`; ' + init,
            "pilot",
        ),
        problem(
            "1:1",
            "pilot-name",
            "the pilot has no name, and the file's name `tumour triage` cannot serve as one",
            "add `name: my-pilot`",
            "pilot",
        ),
        problem(
            "4:7",
            "missing-binding",
            f"{parity} needs {bindings}, which the charter does not declare",
            f"declare {bindings}; {init}",
            "pilot.success_metrics[0]",
        ),
        problem(
            "4:7",
            "missing-key",
            f"{parity} lacks `remediation` (what to do when the gate fails)",
            f"add `remediation: {remediation}`; {init}",
            "pilot.success_metrics[0]",
        ),
        problem(
            "6:7",
            "missing-binding",
            f"{latency} needs `pilot.candidate` and `pilot.traffic`, which the charter does not declare",
            f"declare `pilot.candidate` and `pilot.traffic`; {init}",
            "pilot.success_metrics[1]",
        ),
        problem(
            "6:7",
            "missing-key",
            f"{latency} lacks `remediation` (what to do when the gate fails)",
            f"add `remediation: {remediation}`; {init}",
            "pilot.success_metrics[1]",
        ),
    )


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf" + COMPLETE, COMPLETE.replace(b"\n", b"\r\n")], ids=["byte-order mark", "CRLF"])
def test_byte_order_mark_and_crlf_are_read(data):
    got = read_charter(data, "c.yml", today=TODAY)
    plain = read_charter(COMPLETE, "c.yml", today=TODAY)
    assert got.problems == ()
    assert got.charter.gates == plain.charter.gates
    assert got.charter.sha256 != plain.charter.sha256


def test_places_after_a_byte_order_mark_and_crlf():
    data = b"\xef\xbb\xbf" + FRAGMENT.replace(b"\n", b"\r\n")
    assert [p.position for p in problems(data)] == [p.position for p in problems(FRAGMENT)]


def test_ten_megabytes_are_one_problem():
    assert codes(COMPLETE * 4000) == ["too-large"]


def test_bytes_that_are_not_utf8_are_one_problem():
    (problem,) = problems(FRAGMENT.replace(b"blue", b"bl\xfce"))
    assert (problem.code, str(problem.position)) == ("not-utf8", "c.yml:9:14")


def test_a_waiver_ends_on_its_day():
    assert problems(COMPLETE, today=date(2027, 1, 30)) == ()
    assert [p.code for p in problems(COMPLETE, today=date(2027, 1, 31))] == ["waiver-expired"]


def test_a_file_name_can_name_the_pilot():
    data = COMPLETE.replace(b"  name: tumour-triage\n", b"")
    assert read_charter(data, ".qgate/triage.v2.yml", today=TODAY).charter.pilot == "triage.v2"
    assert codes(data, ".qgate/ü\n.yml") == ["pilot-name"]


def test_problems_without_end_are_cut_and_said_to_be():
    got = problems(COMPLETE + b"".join(b"key%d: 1\n" % number for number in range(5000)))
    assert [p.code for p in got] == ["unknown-key"] * 100 + ["more-problems"]
    assert got[-1].message == "the file has more problems than the 100 listed here"


def test_a_hundred_problems_are_all_of_them():
    assert codes(COMPLETE + b"".join(b"key%d: 1\n" % number for number in range(100))) == ["unknown-key"] * 100


def test_what_an_alias_may_hide_is_not_called_missing():
    data = FRAGMENT.replace(b"  success_metrics:", b"  data: &d {}\n  baselines: *d\n  success_metrics:")
    assert "missing-binding" not in codes(data)
    assert {"anchor", "alias", "missing-key"} <= set(codes(data))


def test_reading_does_not_import_the_heavy_libraries():
    heavy = ["matplotlib", "numpy", "pandas", "pennylane", "scipy", "sklearn"]
    script = (
        "import sys, datetime; from qgate.charter.read import read_charter\n"
        "read_charter(sys.stdin.buffer.read(), 'c.yml', today=datetime.date(2026, 6, 1))\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], input=COMPLETE, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


@given(st.binary(max_size=200))
def test_no_bytes_raise(data):
    got = read_charter(data, "c.yml", today=TODAY)
    assert got.charter is None
    assert got.problems


YAML_WORDS = st.sampled_from(
    ["pilot", "rollback", ": ", "- ", "\n", "\n  ", "[", "]", "{", "}", ",", "&a", "*a", "!t", "'", '"', "|", ">", "#", "\t"]
)
VALUES = st.sampled_from(
    ["~", "no", "1", ".nan", "1e999", "[]", "{}", '""', "[1, a]", "{a: 1}", "x", "-1", "true", "*a", "'\u202e'", "ü", '"\\0"']
)


@given(st.lists(YAML_WORDS | VALUES, max_size=40).map("".join))
def test_no_text_raises(text):
    got = read_charter(text.encode(), "c.yml", today=TODAY)
    assert got.charter is None
    assert got.problems


LINES = COMPLETE.decode().splitlines()


@st.composite
def mutated(draw):
    """A complete charter with lines removed, repeated and moved, and with values replaced."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["remove", "repeat", "indent", "value", "cut"])):
            case "remove":
                del lines[at]
            case "repeat":
                lines.insert(draw(st.integers(0, len(lines))), lines[at])
            case "indent":
                lines[at] = "  " + lines[at]
            case "value":
                lines[at] = lines[at].partition(":")[0] + ": " + draw(VALUES)
            case _:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
        lines = lines or [""]
    return "\n".join(lines).encode()


@given(mutated())
def test_a_mutated_charter_has_a_charter_or_a_problem_and_never_both(data):
    got = read_charter(data, "c.yml", today=TODAY)
    assert (got.charter is None) == bool(got.problems)


@given(mutated())
def test_what_the_schema_refuses_is_never_passed(data):
    document, unreadable = load(data, "c.yml")
    broken = document is None or unreadable or not Draft202012Validator(charter_schema()).is_valid(document.root)
    if broken:
        assert problems(data)


@given(mutated())
def test_places_lie_inside_the_file(data):
    lines = data.decode().split("\n")
    for problem in problems(data):
        assert 1 <= problem.position.line <= len(lines)
        assert 1 <= problem.position.column <= len(lines[problem.position.line - 1]) + 1
