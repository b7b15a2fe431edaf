"""The exact test against the whole sample space, and its speed."""

import time

import numpy as np
import pytest
from scipy.stats import beta, multinomial

from qgate.statistics.exact_unconditional import exact_p
from qgate.statistics.tango import PairedCounts, score_statistic


def by_enumeration(counts, margin):
    """The same p-values from every outcome's multinomial probability."""
    n, k = counts.rows, counts.discordant
    low = beta.ppf(0.00025, k, n - k + 1) if k else 0
    shares = np.linspace(max(low, abs(margin)), beta.isf(0.00025, k + 1, n - k), 100)
    outcomes = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)])
    z = score_statistic(*outcomes.T, n, margin)
    observed = score_statistic(counts.worse, counts.better, n, margin)
    found = []
    for share in shares:
        p = [(share + margin) / 2, (share - margin) / 2, 1 - share]
        mass = multinomial.pmf(np.column_stack([outcomes, n - outcomes.sum(axis=1)]), n, p)
        found.append((mass[z <= observed + 1e-9].sum(), mass[z >= observed - 1e-9].sum()))
    return np.minimum(np.max(found, axis=0) + 0.0005, 1)


@pytest.mark.parametrize(("worse", "better", "margin"), [(2, 5, 0.05), (7, 1, 0.1), (0, 0, 0.05), (1, 3, -0.05), (4, 4, 0.0)])
def test_binomial_tails_add_up_to_the_enumeration(worse, better, margin):
    counts = PairedCounts(worse=worse, better=better, rows=30)
    found = exact_p(counts, margin)
    assert (found.passing, found.failing) == pytest.approx(by_enumeration(counts, margin), abs=1e-9)


@pytest.mark.parametrize(("rows", "passes"), [(597, False), (620, True)])
def test_models_that_never_disagree_need_the_rows_of_the_closed_form(rows, passes):
    # (1 - 0.005)^598 = 0.05; the restriction of the search costs 0.0005 of it, six rows more.
    found = exact_p(PairedCounts(worse=0, better=0, rows=rows), 0.005)
    assert (found.passing <= 0.05) is passes
    assert found.passing == pytest.approx(0.995**rows + 0.0005, rel=1e-6)


def test_it_is_fast_enough_to_run_always():
    counts = PairedCounts(worse=110, better=90, rows=2000)
    started = time.process_time()
    exact_p(counts, 0.005)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("margin", [1.0, -1.0, 5.0])
def test_a_margin_that_no_gap_reaches_is_refused(margin):
    with pytest.raises(ValueError, match="between -1 and 1"):
        exact_p(PairedCounts(worse=1, better=1, rows=10), margin)
