"""What a job makes of its answer: everything a verdict is held to, or for a rehearsal the candidate alone."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from qgate.charter.read import read_charter
from qgate.domain.charter import SALTS
from qgate.domain.work import Answer
from qgate.measure.jobs import candidate_jobs, rehearsal_job
from qgate.worker.answer_qubo import answer

EXAMPLE = Path(__file__).parents[3] / "examples/event-timetable"
CHARTER = ".qgate/event-timetable.yml"


@pytest.fixture(scope="module")
def charter():
    found = read_charter((EXAMPLE / CHARTER).read_bytes(), CHARTER, today=date(2026, 1, 2)).charter
    assert found is not None
    return found


def measured(job, monkeypatch):
    monkeypatch.chdir(EXAMPLE)
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    value, arrays = answer(job.order)
    return job.read(Answer(value=value, arrays=arrays))


def test_a_rehearsal_draws_neither_re_salted_seed_lists_nor_references(charter, monkeypatch):
    own, rehearsal = (measured(job, monkeypatch) for job in (candidate_jobs(charter, {})[0], rehearsal_job(charter, {})))
    seeds = len(charter.shots.seeds)
    roles = Counter(cell.key.role.split(":")[0] for cell in own.cells)
    assert roles == {"candidate": 1 + len(charter.shots.planned), "salt": SALTS * seeds, "baseline": 3 * seeds}
    assert [cell.key for cell in rehearsal.cells] == [cell.key for cell in own.cells if cell.key.role == "candidate"]
    assert own.facts == {**rehearsal.facts, "seed_lists": f"the verdict is tried on {SALTS} re-salted seed lists"}
