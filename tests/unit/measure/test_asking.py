"""Jobs asked, and asked again of public PennyLane where our engine refuses."""

from pathlib import Path

import pytest

from qgate.domain.limits import Limits
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import EngineError, MeasurementError
from qgate.measure import asking
from qgate.measure.asking import ask, ask_instead
from qgate.measure.jobs import Job, Measured

TREE, LIMITS = Path("tree"), Limits()


@pytest.fixture(autouse=True)
def workers(monkeypatch):
    """Workers that answer their order's kind; the list of what they were asked."""
    orders: list[str] = []

    def run(asked, _tree, _limits):
        orders.extend(order.kind for order in asked)
        return [Answer(value={"kind": order.kind}) for order in asked]

    monkeypatch.setattr(asking, "run", run)
    return orders


def job(part, kind, problem=None, *, instead=False):
    def read(answer):
        if problem is not None:
            raise problem
        return Measured(facts={"answered": answer.value["kind"]})

    def other(why):
        return job(part, f"public {kind} ({why})")

    return Job(part=part, order=WorkOrder(kind=kind, value={}), read=read, instead=other if instead else None)


def test_what_our_engine_refuses_is_asked_of_pennylane_and_its_repetition_too(workers):
    planned = [
        job("candidate", "circuit", EngineError("off by 1"), instead=True),
        job("repetition", "again", instead=True),
        job("baseline", "estimator"),
    ]
    found = ask_instead(ask(planned, TREE, LIMITS), TREE, LIMITS)
    assert workers == ["circuit", "again", "estimator", "public circuit (off by 1)", "public again (off by 1)"]
    assert [(a.job.part, a.measured and a.measured.facts["answered"], a.problem) for a in found] == [
        ("candidate", "public circuit (off by 1)", None),
        ("repetition", "public again (off by 1)", None),
        ("baseline", "estimator", None),
    ]


def test_nobody_is_asked_again_about_any_other_error(workers):
    planned = [job("candidate", "circuit", MeasurementError("no"), instead=True), job("repetition", "again", instead=True)]
    found = ask_instead(ask(planned, TREE, LIMITS), TREE, LIMITS)
    assert workers == ["circuit", "again"]
    assert [(a.problem, a.refused) for a in found] == [("no [worker/answer]", False), (None, False)]
