"""The registry is complete, and what was not measured is an error and never a pass."""

import pytest

from qgate.charter.metrics import Family, known_metrics, parse_metric
from qgate.domain.verdict import Decision
from qgate.gates.calibration import judge_calibration
from qgate.gates.parity import judge_parity
from qgate.gates.registry import JUDGES


def test_every_family_has_a_judge():
    assert set(JUDGES) == set(Family)
    assert JUDGES[Family.PARITY] is judge_parity
    assert JUDGES[Family.CALIBRATION] is judge_calibration


@pytest.mark.parametrize("name", known_metrics((), ()))
def test_a_gate_whose_measurement_is_missing_is_an_error(make, name):
    gate = make.gate(name=name)
    metric = parse_metric(name)
    outcome = JUDGES[metric.family](gate, metric, make.charter(gate), make.evidence([0, 1], [0, 1], {(None, None): [0, 1]}))
    assert outcome.decision is Decision.ERROR
    assert outcome.why
    assert outcome.position == gate.position
