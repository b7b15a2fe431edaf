"""What measuring by parts is told of a gate's alpha, before anything is judged."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from qgate.attempts import left
from qgate.charter.read import read_charter
from qgate.domain.evidence import Cell, CellKey, PilotEvidence
from qgate.forge.nothing import NoForge
from qgate.settings import Settings
from qgate.statistics.sealed import attempt_alpha

CHARTER = Path("tests/examples/charters/valid/sequential-rows.yml")


@pytest.fixture
def alpha(tmp_path):
    """The alpha that is left to the charter's gate, given the answers so far."""
    charter = read_charter(CHARTER.read_bytes(), "c.yml", today=date(2026, 6, 1)).charter

    def of(answers=(0, 1), *, forge=None, **settings):
        cell = Cell(key=CellKey(role="candidate", split="validation"), predictions=np.array(answers))
        given = Settings(repository=tmp_path / "repository", out=tmp_path / "run", today=date(2026, 6, 1), **settings)
        return left(given, forge)(charter, PilotEvidence(pilot=charter.pilot, cells=(cell,))).gates[0].alpha

    return of


def test_without_a_count_all_of_it(alpha):
    assert alpha(forge=NoForge(), pull_request="o/r#7") == 0.05
    assert alpha() == 0.05


def test_where_measuring_runs_apart_what_a_third_attempt_has(alpha):
    assert alpha(pull_request="o/r#7") == attempt_alpha(0.05, 3)


def test_with_a_ledger_what_this_content_has(alpha, tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    assert alpha(pull_request="o/r#7", ledger=ledger) == attempt_alpha(0.05, 1)
