from dataclasses import replace

from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict
from qgate.report.looks import looks_of, looks_of_pilot

TOLD = {
    "over": "rows",
    "look": 2,
    "taken": 2,
    "looks": 4,
    "level": 0.01,
    "alpha_spent": 0.0123,
    "rows": [450, 1000],
    "cells": [12, 12],
    "saved": 0.55,
}
GATE = GateOutcome(
    name="g",
    decision=Decision.PASS,
    why="",
    owner="o",
    alpha=0.0303964,
    claim="deployment/artifact",
    details={"sequential": TOLD},
)


def test_a_decided_gate():
    assert looks_of(GATE) == (
        "2 of 4 looks, 45 % of the rows, 12 of 12 cells: saved 55 %; decided at look 2, alpha spent 0.012 of 0.0304"
    )


def test_an_undecided_gate():
    undecided = replace(GATE, decision=Decision.INCONCLUSIVE, details={"sequential": TOLD | {"taken": 4, "saved": 0.0}})
    assert looks_of(undecided) == (
        "4 of 4 looks, 45 % of the rows, 12 of 12 cells: saved 0 %; undecided at look 4, alpha spent 0.012 of 0.0304"
    )


def test_the_pilot_tells_how_far_it_was_measured_and_a_pilot_measured_at_once_nothing():
    other = replace(GATE, details={})
    pilot = PilotVerdict(name="p", decision=Decision.PASS, gates=(other, GATE))
    assert looks_of_pilot(pilot) == "2 of 4 looks, 45 % of the rows, 12 of 12 cells: saved 55 %"
    assert (looks_of_pilot(replace(pilot, gates=(other,))), looks_of(other)) == ("", "")
