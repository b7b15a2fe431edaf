"""Drop a file into tests/examples/charters and it is a test.

`valid/NAME.yml` has no problem. `invalid/NAME.yml` has exactly the problems of `invalid/NAME.expected`: one a line, as
`line:column code part-of-the-message`, in the file's order. The day is 2026-06-01.
"""

from datetime import date
from pathlib import Path

import pytest

from qgate.charter.codes import Code
from qgate.charter.read import read_charter

CHARTERS = Path("tests/examples/charters")
INVALID = sorted(path.stem for path in (CHARTERS / "invalid").glob("*.yml"))
VALID = sorted(path.stem for path in (CHARTERS / "valid").glob("*.yml"))
TODAY = date(2026, 6, 1)
# These need bytes or a file name that an example cannot have (tests/unit/charter/test_read.py), or the rows (tests/unit/plan).
ELSEWHERE = {Code.TOO_LARGE, Code.NOT_UTF8, Code.PILOT_NAME, Code.MORE, Code.UNDERPOWERED}


def reading(kind, name):
    return read_charter((CHARTERS / kind / f"{name}.yml").read_bytes(), f"{name}.yml", today=TODAY)


def expected(name):
    """The lines of the sidecar as (place, code, part of the message)."""
    lines = (CHARTERS / "invalid" / f"{name}.expected").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ", 2)) for line in lines]


@pytest.mark.parametrize("name", VALID)
def test_valid(name):
    got = reading("valid", name)
    assert got.problems == ()
    assert got.charter is not None


@pytest.mark.parametrize("name", INVALID)
def test_invalid(name):
    got = reading("invalid", name)
    wanted = expected(name)
    assert [(f"{p.position.line}:{p.position.column}", p.code) for p in got.problems] == [line[:2] for line in wanted]
    for problem, (_, _, part) in zip(got.problems, wanted, strict=True):
        assert part in problem.message
        assert problem.fix
        assert problem.position.path == f"{name}.yml"
    assert got.charter is None


def test_every_code_has_an_example():
    shown = {Code(code) for name in INVALID for _, code, _ in expected(name)}
    assert set(Code) - shown == ELSEWHERE


def test_every_expectation_belongs_to_a_charter():
    assert {path.stem for path in (CHARTERS / "invalid").glob("*.expected")} == set(INVALID)
