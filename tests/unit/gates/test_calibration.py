"""Calibration gates: their readings against numbers done by hand, both sides of each threshold, and nothing missing passes."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from scipy import stats

from qgate.charter.metrics import parse_metric
from qgate.domain.calibration import noisy_role, reviewed_name
from qgate.domain.charter import CandidateKind, Threshold
from qgate.domain.evidence import Failure
from qgate.domain.verdict import Decision, Sizes
from qgate.gates.calibration import judge_calibration
from qgate.statistics.jackknife import jackknife_bounds
from qgate.statistics.tango import PairedCounts, tango_bounds

PATH = "calibration/device.json"
OLDER = "calibration/older.json"
TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, 1])
IDEAL = np.array([0.1, 0.2, 0.45, 0.6, 0.52, 0.7, 0.8, 0.9])
# Half the contrast about 0.5, then a readout that leans to 0: the fourth and the fifth decision flip.
NOISY = 0.5 * (IDEAL - 0.5) + 0.44


def gate_of(make, name, *, minimum=None, maximum=None, **extra):
    low, high = (None if x is None else Decimal(x) for x in (minimum, maximum))
    return make.gate(name=name, threshold=Threshold(minimum=low, maximum=high), **extra)


@pytest.fixture
def judge(make):
    """Judges one gate on the evidence of the ideal and the noisy scores above, with what a test changes."""

    def judged(
        gate,
        *,
        noisy=NOISY,
        reviewed=None,
        ideal=IDEAL,
        age=10,
        error=0.0,
        facts=None,
        noise=None,
        kind=CandidateKind.CIRCUIT,
        **extra,
    ):
        predictions = (ideal > 0.5).astype(int)
        cells = [
            make.cell("candidate", predictions, scores=ideal, kind="probability"),
            make.cell("candidate", 1 - predictions, shots=100, seed=1, scores=1 - ideal, kind="probability"),
        ]
        for path, scores in ((PATH, noisy), (OLDER, IDEAL), (reviewed_name(PATH), reviewed)):
            if scores is not None:
                cells.append(make.cell(noisy_role(path), (scores > 0.5).astype(int), scores=scores, kind="probability"))
        at = date.fromordinal(date(2026, 6, 1).toordinal() - age).isoformat() + "T12:00:00+00:00"
        measured = {
            "day": "2026-06-01",
            "split": "validation",
            "device": "here",
            "layout": [2, 0],
            "layout_from": "noise.layout",
            "snapshots": {
                PATH: {"key": "calibration", "at": at, "method": "exact", "standard_error": error},
                OLDER: {"key": "history", "at": "2020-01-01T00:00:00+00:00", "method": "exact", "standard_error": 0.0},
                "calibration/gone.json": {
                    "key": "history",
                    "at": "2019-01-01T00:00:00+00:00",
                    "problem": "a pair is out of service",
                },
            },
        }
        if reviewed is not None:
            before = {"key": "calibration", "at": "2026-03-01T00:00:00+00:00", "method": "exact", "standard_error": 0.0}
            measured["snapshots"][reviewed_name(PATH)] = before
        found = {"calibration": measured if facts is None else facts}
        evidence = make.evidence(TRUTH, TRUTH, {}, facts=found, repetitions=(), **{"cells": tuple(cells), **extra})
        charter = make.charter(gate, kind=kind, sections={"noise": noise or {"calibration": PATH, "history": [OLDER]}})
        return judge_calibration(gate, parse_metric(gate.name), charter, evidence)

    return judged


def test_contrast_is_the_slope(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.5"))
    assert outcome.decision is Decision.PASS
    assert outcome.value == 0.5
    assert outcome.interval == (0.5, 0.5)
    assert outcome.sizes == Sizes(rows=8)
    assert outcome.why == (
        "the candidate keeps 0.500 of its contrast under here's calibration of 2026-05-22, and takes 4.0 times the shots for the"
        " same resolution; 0.5 is required"
    )
    assert (
        outcome.claim_words == "For exactly these 8 rows, without shot noise, and this candidate on the qubits 2, 0 of that day."
    )
    assert outcome.position is not None
    assert outcome.remedy is not None


def test_contrast_below_its_minimum_fails(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.50001"))
    assert outcome.decision is Decision.FAIL
    assert outcome.why.endswith("; less than the 0.50001 required")


WORSE_DEVICE = 0.25 * (IDEAL - 0.5) + 0.5


def test_a_change_that_brings_a_better_device_has_to_hold_by_the_base_commit_s(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.4"), reviewed=WORSE_DEVICE)
    assert (outcome.decision, outcome.value) == (Decision.FAIL, 0.25)
    assert "under here's calibration of 2026-03-01, the base commit's, and" in outcome.why


def test_a_change_that_brings_a_worse_device_fails_by_it(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.4"), noisy=WORSE_DEVICE, reviewed=NOISY)
    assert (outcome.decision, outcome.value) == (Decision.FAIL, 0.25)
    assert "under here's calibration of 2026-05-22, and" in outcome.why


def test_where_both_devices_will_do_the_change_s_own_is_told(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.2"), reviewed=WORSE_DEVICE)
    assert (outcome.decision, outcome.value) == (Decision.PASS, 0.5)


def test_an_age_counts_from_either_day(make, judge):
    outcome = judge(gate_of(make, "calibration_age_days", maximum="14"), reviewed=NOISY)
    assert (outcome.decision, outcome.value) == (Decision.FAIL, 92.0)


def test_contrast_of_new_data_is_jackknifed(make, judge):
    noisy = NOISY + np.array([0.05, -0.05, 0.02, 0, 0.03, -0.04, 0.05, -0.02])
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.3", claim="deployment/artifact"), noisy=noisy)
    slope = [np.polyfit(np.delete(IDEAL, i), np.delete(noisy, i), 1)[0] for i in range(8)]
    expected = jackknife_bounds(np.polyfit(IDEAL, noisy, 1)[0], slope, 0.05)
    assert outcome.value == pytest.approx(expected.estimate, abs=1e-12)
    assert outcome.deployment == pytest.approx((expected.lower, expected.upper), abs=1e-9)
    assert outcome.interval == outcome.deployment
    assert outcome.decision is Decision.PASS
    straddled = judge(gate_of(make, "calibration_contrast", minimum="0.5", claim="deployment/artifact"), noisy=noisy)
    assert straddled.decision is Decision.INCONCLUSIVE
    assert straddled.why.endswith("; the interval holds the bound of 0.5, so that these rows do not decide it")


def test_a_standard_error_widens_the_slope(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.45"), error=0.01)
    half = stats.t.isf(0.05, 15) * 0.01 / np.sqrt(((IDEAL - IDEAL.mean()) ** 2).sum())
    assert outcome.interval == pytest.approx((0.5 - half, 0.5 + half), abs=1e-12)
    assert outcome.decision is Decision.PASS
    assert judge(gate_of(make, "calibration_contrast", minimum="0.49"), error=0.01).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("maximum", "value", "decision", "why"),
    [
        ("2", 2.0, Decision.PASS, "2 of 8 decisions change under here's calibration of 2026-05-22; within the 2 allowed"),
        ("1", 2.0, Decision.FAIL, "2 of 8 decisions change under here's calibration of 2026-05-22; more than the 1 allowed"),
        (
            "0",
            0.25,
            Decision.FAIL,
            "2 of 8 decisions, 0.250 of all, change under here's calibration of 2026-05-22; more than the 0 allowed",
        ),
        (
            "0.25",
            0.25,
            Decision.PASS,
            "2 of 8 decisions, 0.250 of all, change under here's calibration of 2026-05-22; within the 0.25 allowed",
        ),
    ],
)
def test_flips_are_counted_or_a_share(make, judge, *, maximum, value, decision, why):
    outcome = judge(gate_of(make, "calibration_flips", maximum=maximum))
    assert (outcome.value, outcome.decision, outcome.why) == (value, decision, why)


def test_flips_of_new_data_have_the_bounds_of_clopper_and_pearson(make, judge):
    outcome = judge(gate_of(make, "calibration_flips", maximum="0.9", claim="deployment/artifact"))
    assert stats.binom.sf(1, 8, outcome.deployment[0]) == pytest.approx(0.05)
    assert stats.binom.cdf(2, 8, outcome.deployment[1]) == pytest.approx(0.05)
    assert outcome.decision is Decision.PASS


def test_decisions_within_their_error_count_on_both_sides(make, judge):
    """Only the noisy score 0.49 is within 1.753 standard errors of the border; the next one, 0.54, is not."""
    outcome = judge(gate_of(make, "calibration_flips", maximum="2"), error=0.02)
    assert outcome.interval == (1.0, 3.0)
    assert outcome.decision is Decision.INCONCLUSIVE


def test_accuracy_drop_is_exact(make, judge):
    """Of the two flips, one was right and is wrong now, the other the reverse; a third row is lost with a lower score."""
    assert judge(gate_of(make, "calibration_accuracy_drop", maximum="0")).value == 0.0
    lost = NOISY.copy()
    lost[5] = 0.3
    outcome = judge(gate_of(make, "calibration_accuracy_drop", maximum="0.125"), noisy=lost)
    expected = tango_bounds(PairedCounts(worse=2, better=1, rows=8), 0.05)
    assert (outcome.value, outcome.interval, outcome.decision) == (0.125, (0.125, 0.125), Decision.PASS)
    assert outcome.deployment == (expected.lower, expected.upper)
    assert outcome.why == (
        "accuracy goes from 0.875 to 0.750 under here's calibration of 2026-05-22: a drop of 0.125; within the 0.125 allowed"
    )
    assert judge(gate_of(make, "calibration_accuracy_drop", maximum="0.124"), noisy=lost).decision is Decision.FAIL


@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/artifact"])
@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("calibration_contrast", {"minimum": "1"}),
        ("calibration_flips", {"maximum": "0"}),
        ("calibration_accuracy_drop", {"maximum": "0"}),
    ],
)
def test_a_device_that_changes_nothing_never_fails(make, judge, name, bound, claim):
    """A/A: the ideal answers twice, at the strictest bound there is, computed exactly and with a standard error."""
    outcomes = [judge(gate_of(make, name, claim=claim, **bound), noisy=IDEAL, error=error) for error in (0.0, 0.02)]
    assert all(o.decision in {Decision.PASS, Decision.INCONCLUSIVE} for o in outcomes), outcomes
    assert outcomes[0].value == float(next(iter(bound.values())))


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("calibration_contrast", {"minimum": "0.9"}),
        ("calibration_flips", {"maximum": "0.05"}),
        ("calibration_accuracy_drop", {"maximum": "0.05"}),
    ],
)
def test_a_device_that_turns_every_decision_fails_for_new_data_too(make, judge, name, bound):
    ideal = np.where(TRUTH == 1, 0.9, 0.1)
    assert (
        judge(gate_of(make, name, claim="deployment/artifact", **bound), ideal=ideal, noisy=1 - ideal).decision is Decision.FAIL
    )


@pytest.mark.parametrize(
    ("age", "decision", "end"),
    [
        (14, "pass", "14 days old on 2026-06-01, within the 14 allowed"),
        (15, "fail", "15 days old on 2026-06-01, older than the 14 allowed"),
        (1, "pass", "1 day old on 2026-06-01, within the 14 allowed"),
    ],
)
def test_age(make, judge, age, decision, end):
    outcome = judge(gate_of(make, "calibration_age_days", maximum="14"), age=age)
    assert (str(outcome.decision), outcome.value) == (decision, float(age))
    assert outcome.why.endswith(end)


def test_drift_runs_from_the_oldest_to_the_newest(make, judge):
    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.1"))
    assert outcome.details["drift"] == [
        {"date": "2019-01-01", "path": "calibration/gone.json", "problem": "a pair is out of service"},
        {"date": "2020-01-01", "path": OLDER, "contrast": 1.0, "flips": 0, "accuracy": 0.875},
        {"date": "2026-05-22", "path": PATH, "contrast": 0.5, "flips": 2, "accuracy": 0.875},
    ]


def test_numbers_have_contrast_and_no_decisions(make, judge):
    def cells(scores):
        return make.cell("candidate", IDEAL), make.cell(noisy_role(PATH), scores), make.cell(noisy_role(OLDER), IDEAL)

    outcome = judge(gate_of(make, "calibration_contrast", minimum="0.4"), cells=cells(NOISY))
    assert (outcome.value, outcome.decision) == (0.5, Decision.PASS)
    refused = judge(gate_of(make, "calibration_flips", maximum="1"), cells=cells(NOISY))
    assert refused.decision is Decision.ERROR
    assert refused.why == (
        "the candidate predicts numbers, and no classes whose decisions could flip: gate `calibration_contrast`"
        " [gate/not-computable]"
    )


def test_scores_of_several_classes_shrink_column_by_column(make, judge):
    rng = np.random.default_rng(3)
    ideal = rng.uniform(-1, 1, (8, 3))
    noisy = 0.7 * ideal + np.array([0.3, -0.1, 0.2])
    cells = [
        make.cell(role, s.argmax(axis=1), scores=s, kind="decision")
        for role, s in (("candidate", ideal), (noisy_role(PATH), noisy), (noisy_role(OLDER), ideal))
    ]
    assert judge(gate_of(make, "calibration_contrast", minimum="0.7"), cells=tuple(cells)).value == pytest.approx(0.7, abs=1e-12)


ANY = "calibration_contrast"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"kind": CandidateKind.ESTIMATOR},
            "the candidate's kind is `estimator`, and noise can only enter a circuit that qgate simulates",
        ),
        ({"facts": {}}, "the candidate was not measured under the calibration `calibration/device.json`"),
        ({"noisy": None}, "on `validation` the evidence holds 1 measurements without noise and 0 under calibration/device.json"),
        ({"age": -1}, "calibration/device.json is dated 2026-06-02, and today is 2026-06-01: correct its date"),
        (
            {"noise": {"calibration": PATH, "max_age_days": 9}},
            "10 days old and no longer counts after 9 (`noise.max_age_days`): commit a newer",
        ),
        ({"failures": (Failure(part="calibration", message="no such pair"),)}, "calibration: no such pair"),
        ({"failures": (Failure(part="candidate", message="it crashed"),)}, "candidate: it crashed"),
        ({"ideal": np.full(8, 0.3)}, "the candidate's scores without noise are all equal, so that noise has no contrast to take"),
    ],
)
def test_what_is_missing_is_an_error(make, judge, changes, why):
    outcome = judge(gate_of(make, ANY, minimum="0.1"), **changes)
    assert outcome.decision is Decision.ERROR
    assert why in outcome.why


@pytest.mark.parametrize(
    ("name", "bound", "why"),
    [
        ("calibration_contrast", {"maximum": "0.5"}, "`calibration_contrast` is bounded from below, and this gate has no `min`"),
        ("calibration_flips", {"minimum": "3"}, "`calibration_flips` is bounded from above, and this gate has no `max`"),
        ("calibration_age_days", {"minimum": "3"}, "an age is bounded from above, and this gate has no `max`"),
        ("calibration_accuracy_drop", {"maximum": "2"}, "so a `max` of 2 decides nothing: 5 points are 0.05"),
    ],
)
def test_a_bound_on_the_wrong_side_is_an_error(make, judge, name, bound, why):
    outcome = judge(gate_of(make, name, **bound))
    assert outcome.decision is Decision.ERROR
    assert why in outcome.why


def test_nothing_is_claimed_about_training(make, judge):
    outcome = judge(gate_of(make, ANY, minimum="0.1", claim="locked_set/procedure"))
    assert outcome.decision is Decision.INCONCLUSIVE
    assert outcome.why.endswith("nothing of the training recipe shows: claim `artifact`")


def test_a_calibration_that_failed_leaves_parity_alone(make):
    from qgate.gates.parity import judge_parity  # noqa: PLC0415 -- the one test of another family

    gate = make.gate(maximum="0.5")
    failures = (Failure(part="calibration", message="no such pair"),)
    evidence = make.evidence(TRUTH, TRUTH, {(None, None): TRUTH}, failures=failures)
    assert judge_parity(gate, parse_metric(gate.name), make.charter(gate), evidence).decision is Decision.PASS
