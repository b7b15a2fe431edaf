from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from qgate.charter.read import read_charter
from qgate.domain.charter import Sandbox
from qgate.domain.limits import Limits
from qgate.domain.scope import SourcedCharter
from qgate.measure.confinement import limits_of

CHARTER = read_charter(Path("tests/examples/charters/valid/minimal.yml").read_bytes(), "c.yml", today=date(2026, 1, 1)).charter
LAPTOP, ACTION = Limits(seconds=9, sandbox_required=False), Limits(seconds=9, sandbox_required=True)


@pytest.mark.parametrize(
    ("sandbox", "origin", "laptop", "action"),
    [
        (None, "base", False, True),
        (Sandbox.REQUIRED, "base", True, True),
        (Sandbox.REQUIRED, "head", True, True),
        (Sandbox.BEST_EFFORT, "base", False, False),
        (Sandbox.BEST_EFFORT, "own", False, False),
        (Sandbox.BEST_EFFORT, "head", False, True),
    ],
)
def test_who_asks_for_the_sandbox(sandbox, origin, laptop, action):
    sourced = SourcedCharter(charter=replace(CHARTER, sandbox=sandbox), origin=origin, text="")
    found = [limits_of(sourced, door) for door in (LAPTOP, ACTION)]
    assert found == [replace(LAPTOP, sandbox_required=laptop), replace(ACTION, sandbox_required=action)]
