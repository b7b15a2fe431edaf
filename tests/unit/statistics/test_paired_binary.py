"""Both error rates and the headline of one comparison, by exact enumeration: no simulation error.

Enumerated: every outcome with a probability above 1e-9 whose decision is not already beyond doubt (|z| above 4).
"""

import numpy as np
import pytest
from scipy.stats import multinomial

from qgate.domain.verdict import Decision
from qgate.statistics.paired_binary import decide_paired
from qgate.statistics.tango import PairedCounts, score_statistic

SETTLED = 4.0


def rates(rows, share, gap, margin):
    """The probabilities of pass and fail when `share` of the rows are discordant and the true gap is `gap`."""
    outcomes = np.array([(b, c) for b in range(rows + 1) for c in range(rows + 1 - b)])
    p = [(share + gap) / 2, (share - gap) / 2, 1 - share]
    mass = multinomial.pmf(np.column_stack([outcomes, rows - outcomes.sum(axis=1)]), rows, p)
    z = score_statistic(*outcomes.T, rows, margin)
    passed, failed = mass[z <= -SETTLED].sum(), mass[z >= SETTLED].sum()
    for i in np.nonzero((mass > 1e-9) & (np.abs(z) >= 1.6) & (np.abs(z) < SETTLED))[0]:
        decision = decide_paired(
            PairedCounts(worse=int(outcomes[i][0]), better=int(outcomes[i][1]), rows=rows), margin, 0.05
        ).decision
        passed += mass[i] * (decision is Decision.PASS)
        failed += mass[i] * (decision is Decision.FAIL)
    return passed, failed


@pytest.mark.parametrize("margin", [0.005, 0.02])
@pytest.mark.parametrize("share", [0.03, 0.06, 0.10, 0.20])
def test_both_error_rates_at_the_margin_keep_alpha(share, margin):
    false_pass, false_fail = rates(100, share, gap=margin, margin=margin)
    assert false_pass <= 0.05
    assert false_fail <= 0.05


def test_the_score_test_alone_does_not_keep_it():
    """The control: what the exact test is there for."""
    outcomes = np.array([(b, c) for b in range(101) for c in range(101 - b)])
    mass = multinomial.pmf(np.column_stack([outcomes, 100 - outcomes.sum(axis=1)]), 100, [0.04, 0.02, 0.94])
    assert mass[score_statistic(*outcomes.T, 100, 0.02) >= 1.6448536].sum() == pytest.approx(0.067, abs=5e-4)


def test_the_headline_of_200_rows_and_a_margin_of_half_a_point():
    """A bare threshold passes the worse candidate 28.8 % of the time, and fails the equal one 36.8 %."""
    wrong_pass, _ = rates(200, 0.10, gap=0.02, margin=0.005)
    right_pass, wrong_fail = rates(200, 0.10, gap=0.0, margin=0.005)
    assert wrong_pass <= 0.015
    assert wrong_fail <= 0.04
    assert 0.85 <= 1 - right_pass - wrong_fail <= 0.92


def test_the_interval_and_the_p_values_come_along():
    found = decide_paired(PairedCounts(worse=20, better=5, rows=200), 0.005, 0.05)
    assert (found.decision, found.bounds.estimate) == (Decision.FAIL, 0.075)
    assert found.exact.failing < 0.05 < found.exact.passing
