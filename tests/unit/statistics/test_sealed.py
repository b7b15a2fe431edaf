"""Seeds that follow from content alone, and a budget that no number of attempts empties."""

import math

import numpy as np
import pytest
from scipy.special import ndtri

from qgate.statistics.sealed import alpha_spent, attempt_alpha, sealed_order, sealed_seeds

WHAT = {"charter_sha256": "c" * 64, "pull_request": "17", "content_sha256": "d" * 64, "gate": "val_accuracy_gap_vs_classical"}
RUNS = 40_000


def test_the_same_content_has_the_same_seeds_everywhere():
    assert sealed_seeds(**WHAT, count=3) == KNOWN
    assert sealed_seeds(**WHAT, count=2) == KNOWN[:2]


KNOWN = (2190469273, 1444358079, 736943416)


@pytest.mark.parametrize("part", WHAT)
def test_every_part_changes_them(part):
    assert not set(sealed_seeds(**WHAT | {part: "other"}, count=5)) & set(sealed_seeds(**WHAT, count=5))


def test_parts_do_not_run_into_each_other():
    moved = WHAT | {"pull_request": "1", "content_sha256": "7" + "d" * 64}
    assert sealed_seeds(**moved, count=1) != sealed_seeds(**WHAT, count=1)


def test_attempts_spend_less_and_less_and_never_all():
    assert [round(attempt_alpha(0.05, j), 4) for j in (1, 2, 3)] == [0.0304, 0.0076, 0.0034]
    assert alpha_spent(0.05, 3) == pytest.approx(0.0414, abs=5e-5)
    assert 0.0499 < alpha_spent(0.05, 1_000) < 0.05
    assert math.isclose(alpha_spent(0.05, 1), 0.05 * 6 / math.pi**2)


def test_attempts_count_from_one():
    with pytest.raises(ValueError, match="attempts count from 1, not 0"):
        attempt_alpha(0.05, 0)


def test_ten_attempts_with_fresh_noise_stay_below_alpha_and_at_full_alpha_do_not():
    """A candidate on the margin; rows are shared between attempts, seeds are not. Three standard errors are 0.33 points."""
    rng = np.random.default_rng(5)
    z = np.sqrt(0.4) * rng.normal(size=(RUNS, 1)) + np.sqrt(0.6) * rng.normal(size=(RUNS, 10))
    spending = np.array([ndtri(attempt_alpha(0.05, j)) for j in range(1, 11)])
    assert (z <= spending).any(axis=1).mean() <= 0.0533
    assert (z <= ndtri(0.05)).any(axis=1).mean() > 0.2


def test_a_sealed_order_follows_from_its_parts_and_holds_each_number_once():
    order = sealed_order("charter", "validation", count=50)
    assert sorted(order) == list(range(50))
    assert order == sealed_order("charter", "validation", count=50)
    others = {sealed_order("charter", "test", count=50), sealed_order("chartert", "est", count=50)}
    assert len(others | {order}) == 3
    assert order[:5] == (1, 37, 20, 47, 0)
