"""What an attempt has left: less of what it draws anew, all of what every run measures anew or computes."""

import pytest

from qgate.gates.spending import spending, spent
from qgate.statistics.sealed import attempt_alpha


def test_only_what_an_attempt_draws_is_paid_for(make):
    names = ("val_accuracy_gap_vs_classical", "seed_collapse_rate", "latency_p95_ms", "monthly_cost_usd")
    charter = make.charter(*(make.gate(name=name) for name in names))
    paid = attempt_alpha(0.05, 3)
    assert [gate.alpha for gate in spending(charter, 3).gates] == [paid, paid, 0.05, 0.05]
    ((alpha, total),) = spent(charter, 3)
    assert (alpha, total) == (0.05, pytest.approx(0.0413728, abs=1e-7))


def test_a_charter_without_drawn_gates_spends_nothing(make):
    assert spent(make.charter(make.gate(name="latency_p95_ms")), 3) == ()
