"""The bootstrap beside the jackknife: what is shown, that it only ever takes a verdict back, and that it repeats."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from qgate.charter.metrics import parse_metric
from qgate.domain.verdict import Decision
from qgate.gates.claims import rule
from qgate.gates.crosscheck import crosschecked
from qgate.gates.pairing import pair
from qgate.gates.parity import judge_parity
from qgate.gates.row_bootstrap import METHOD, bootstrap_bounds

RNG = np.random.default_rng(7)
TRUTH = np.tile([0, 1], 100)
CLOSE = np.where(RNG.random(200) < 0.92, TRUTH, 1 - TRUTH)
OTHER = np.where(RNG.random(200) < 0.90, TRUTH, 1 - TRUTH)


def paired(make, gate, truth, baseline, candidate):
    charter = make.charter(gate)
    return pair(parse_metric(gate.name), charter, make.evidence(truth, baseline, {(None, None): candidate})), charter


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "matthews_corrcoef"])
def test_its_bounds_are_shown_and_near_those_of_the_jackknife(make, name):
    gate = make.gate(name=f"val_{name}_gap_vs_classical", claim="deployment/artifact", maximum="0.3")
    outcome = judge_parity(gate, parse_metric(gate.name), make.charter(gate), make.evidence(TRUTH, CLOSE, {(None, None): OTHER}))
    shown = outcome.details["crosscheck"]
    assert (outcome.decision, shown["verdict"], shown["method"]) == (Decision.PASS, "pass", "BCa bootstrap over rows")
    width = outcome.interval[1] - outcome.interval[0]
    assert np.abs(np.subtract(shown["interval"], outcome.interval)).max() < 0.15 * width


@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/procedure"])
def test_other_claims_have_none(make, claim):
    gate = make.gate(name="val_f1_gap_vs_classical", claim=claim, maximum="0.3")
    outcome = judge_parity(gate, parse_metric(gate.name), make.charter(gate), make.evidence(TRUTH, CLOSE, {(None, None): OTHER}))
    assert "crosscheck" not in outcome.details


@pytest.mark.parametrize(("told", "margin"), [(Decision.PASS, "0.0001"), (Decision.FAIL, "0.5")])
def test_a_verdict_that_it_does_not_share_is_taken_back(make, told, margin):
    gate = make.gate(name="val_f1_gap_vs_classical", claim="deployment/artifact", maximum=margin)
    pairing, charter = paired(make, gate, TRUTH, CLOSE, OTHER)
    ruling = replace(rule(gate, Decimal(margin), pairing, charter), decision=told)
    checked = crosschecked(ruling, gate, Decimal(margin), pairing)
    assert checked.decision is Decision.INCONCLUSIVE
    assert checked.reason == f"the paired jackknife alone would say {told}, and the BCa bootstrap over rows does not agree"


def test_it_decides_nothing_that_was_open(make):
    gate = make.gate(name="val_f1_gap_vs_classical", claim="deployment/artifact", maximum="0.5")
    pairing, charter = paired(make, gate, TRUTH, CLOSE, OTHER)
    ruling = replace(rule(gate, Decimal("0.5"), pairing, charter), decision=Decision.INCONCLUSIVE)
    assert crosschecked(ruling, gate, Decimal("0.5"), pairing).decision is Decision.INCONCLUSIVE


def test_the_same_evidence_has_the_same_bounds_and_other_evidence_others(make):
    gate = make.gate(name="val_f1_gap_vs_classical", claim="deployment/artifact")
    bounds = [bootstrap_bounds(paired(make, gate, TRUTH, CLOSE, c)[0], 0.05) for c in (OTHER, OTHER, np.roll(OTHER, 2))]
    assert bounds[0] == bounds[1] != bounds[2]


def test_a_class_that_resamples_lose_has_no_bootstrap_and_says_so(make):
    truth = np.array([0] * 58 + [1, 1])
    scores = np.linspace(0, 1, 60)
    answer = ((scores > 0.5).astype(int), scores, "probability")
    gate = make.gate(name="val_roc_auc_gap_vs_classical", claim="deployment/artifact", maximum="0.3")
    outcome = judge_parity(
        gate, parse_metric(gate.name), make.charter(gate), make.evidence(truth, answer, {(None, None): answer})
    )
    assert "roc_auc is not defined on" in outcome.details["crosscheck"]["none"]


def test_a_median_is_decided_by_the_bootstrap(make):
    truth = np.arange(80.0)
    gate = make.gate(name="val_median_absolute_error_gap_vs_classical", claim="deployment/artifact", maximum="0.05")
    noise = np.abs(np.random.default_rng(1).normal(size=80))
    worse, same = truth + noise + 1, truth + noise[::-1]
    for candidate, decision in ((worse, Decision.FAIL), (same, Decision.INCONCLUSIVE)):
        evidence = make.evidence(truth, truth + noise, {(None, None): candidate})
        outcome = judge_parity(gate, parse_metric(gate.name), make.charter(gate), evidence)
        assert (outcome.decision, outcome.details["method"]) == (decision, METHOD)
        assert outcome.interval == outcome.deployment


RUNS = 400


def test_the_bounds_of_a_median_keep_alpha(make):
    """The gap of two medians of |normal| noise is 0; three standard errors of 400 runs are 3.3 points."""
    rng, gate = np.random.default_rng(11), make.gate(name="val_median_absolute_error_gap_vs_classical")
    found = []
    for _ in range(RUNS):
        truth = np.zeros(100)
        noise = rng.normal(size=(2, 100))
        pairing, _ = paired(make, gate, truth, noise[0], noise[1])
        found.append(bootstrap_bounds(pairing, 0.05))
    assert max(np.mean([b.upper < 0 for b in found]), np.mean([b.lower > 0 for b in found])) <= 0.05 + 0.033


def test_clusters_are_drawn_whole(make):
    """Rows repeated four times are no more evidence than the rows: the interval is that of the 50, not of the 200."""
    gate = make.gate(name="val_mae_gap_vs_classical", claim="deployment/artifact", maximum="0.1")
    numbers = np.random.default_rng(5).normal(size=(3, 50))
    few, charter = paired(make, gate, *numbers)
    many, _ = paired(make, gate, *(np.repeat(a, 4) for a in numbers))
    clustered = replace(many, clusters=np.repeat(np.arange(50), 4))
    found, expected, naive = (rule(gate, Decimal("0.1"), p, charter).bounds for p in (clustered, few, many))
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), rel=1e-9)
    assert found.upper - found.lower > 1.9 * (naive.upper - naive.lower)
    drawn, alone = bootstrap_bounds(clustered, 0.05), bootstrap_bounds(few, 0.05)
    assert drawn.upper - drawn.lower == pytest.approx(alone.upper - alone.lower, rel=0.1)
