"""A gate on a slice is the gate on its rows alone; clusters make rows that repeat each other count once."""

import numpy as np
import pytest

from qgate.charter.metrics import Family, Metric, parse_metric
from qgate.domain.charter import rehearsal_role
from qgate.domain.evidence import CLUSTERS, rows_role, slice_table
from qgate.domain.verdict import Decision
from qgate.gates.parity import judge_parity
from qgate.gates.rehearsal import rehearsed

ROWS = 200
TRUTH = np.tile([0, 1], ROWS // 2)
RNG = np.random.default_rng(2)
BASELINE, CANDIDATE = (np.where(RNG.random(ROWS) < share, TRUTH, 1 - TRUTH) for share in (0.93, 0.85))
OLD = np.arange(ROWS) % 5 < 2
NAME = "val_accuracy_gap_vs_classical"


def evidence(make, kept=slice(None), tables=None):
    found = make.evidence(TRUTH[kept], BASELINE[kept], {(None, None): CANDIDATE[kept]})
    return make.replace(found, tables=tables or {})


def sliced(mask):
    return {f"{rows_role('validation')}/{slice_table('old')}": mask}


def judged(make, name, found, **gate):
    chosen = make.gate(name=name, **gate)
    return judge_parity(chosen, parse_metric(name), make.charter(chosen), found)


def test_a_slice_is_part_of_the_gates_name():
    assert parse_metric(f"{NAME}/old") == Metric(
        name=f"{NAME}/old", family=Family.PARITY, split="validation", scorer="accuracy", baseline="classical", slice="old"
    )
    assert parse_metric("latency_p95_ms/old") is None


@pytest.mark.parametrize("scorer", ["accuracy", "f1"])
@pytest.mark.parametrize("claim", ["locked_set/artifact", "deployment/artifact"])
def test_it_is_the_gate_on_these_rows_alone(make, scorer, claim):
    name = f"val_{scorer}_gap_vs_classical"
    on_slice = judged(make, f"{name}/old", evidence(make, tables=sliced(OLD)), claim=claim)
    alone = judged(make, name, evidence(make, OLD), claim=claim)
    assert on_slice.sizes.rows == OLD.sum()
    assert (on_slice.value, on_slice.decision, on_slice.interval) == (alone.value, alone.decision, alone.interval)
    assert on_slice.value != judged(make, name, evidence(make), claim=claim).value


def test_the_claim_says_which_rows(make):
    found = judged(make, f"{NAME}/old", evidence(make, tables=sliced(OLD)))
    assert found.claim_words == (
        "For exactly these 80 rows of the slice `old`, and this candidate; nothing is claimed about new data."
    )


@pytest.mark.parametrize("tables", [{}, sliced(OLD[:-1]), sliced(OLD.astype(np.int64)), sliced(np.zeros(ROWS, dtype=bool))])
def test_a_slice_without_its_rows_is_an_error_and_never_the_whole_set(make, tables):
    found = judged(make, f"{NAME}/old", evidence(make, tables=tables))
    assert (found.decision, found.why) == (
        Decision.ERROR,
        "the rows of the slice `old` of `validation` are missing from the evidence [gate/not-computable]",
    )


def clustered(clusters):
    return {f"{rows_role('validation')}/{CLUSTERS}": clusters}


def test_rows_that_repeat_each_other_count_once(make):
    def repeated(found, times, tables):
        cells = tuple(make.replace(c, predictions=np.repeat(c.predictions, times)) for c in found.cells)
        return make.replace(found, cells=cells, truth={"validation": np.repeat(TRUTH, times)}, tables=tables)

    def width(found):
        outcome = judged(make, NAME, found, claim="deployment/artifact")
        return outcome.interval[1] - outcome.interval[0], outcome

    alone, _ = width(evidence(make))
    honest, outcome = width(repeated(evidence(make), 9, clustered(np.repeat(np.arange(ROWS), 9))))
    naive, _ = width(repeated(evidence(make), 9, {}))
    assert honest == pytest.approx(alone, rel=0.1)
    assert naive == pytest.approx(alone / 3, rel=0.1)
    assert outcome.details["method"] == "paired jackknife over clusters of rows"
    assert outcome.claim_words == "For new data like these 1,800 rows in 200 clusters, and this candidate."


def test_a_claim_about_the_locked_rows_needs_no_clusters(make):
    found = judged(make, NAME, evidence(make, tables=clustered(np.arange(ROWS) // 2)))
    assert (found.details["method"], found.decision) == ("exact comparison", Decision.FAIL)


def test_clusters_of_a_slice_are_those_that_are_left(make):
    tables = sliced(OLD) | clustered(np.arange(ROWS) // 5)
    found = judged(make, f"{NAME}/old", evidence(make, tables=tables), claim="deployment/artifact")
    assert found.claim_words == "For new data like these 80 rows of the slice `old` in 40 clusters, and this candidate."


def test_clusters_of_other_rows_are_an_error(make):
    found = judged(make, NAME, evidence(make, tables=clustered(np.arange(3))), claim="deployment/artifact")
    assert (found.decision, "the clusters of `validation` have shape (3,)" in found.why) == (Decision.ERROR, True)


def test_a_rehearsal_is_judged_on_the_same_slice(make):
    gate = make.gate(name=f"{NAME}/old")
    charter = make.charter(gate)
    found = evidence(make, tables=sliced(OLD))
    role = rehearsal_role(gate.remediation)
    again = tuple(make.replace(c, key=make.replace(c.key, role=role)) for c in found.cells if c.key.role == "candidate")
    tried = make.replace(found, cells=found.cells + again)

    def judge(gate, charter, evidence):
        return judge_parity(gate, parse_metric(gate.name), charter, evidence)

    outcome = rehearsed(judge(gate, charter, found), gate, charter, tried, judge)
    assert outcome.remedy.rehearsed["value"] == outcome.value
