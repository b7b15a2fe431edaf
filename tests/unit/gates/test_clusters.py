"""The error rates of accuracy on rows that come in clusters, by simulation: a patient's rows share what makes them hard."""

import numpy as np
import pytest
from scipy.special import ndtri

from qgate.charter.metrics import parse_metric
from qgate.domain.charter import Claim, Population
from qgate.domain.evidence import CLUSTERS, rows_role
from qgate.gates import claims
from qgate.gates.pairing import pair

RUNS = 800
# Two standard errors of 800 runs at 5 % are 1.5 points.
LIMIT = 0.065
SHARED = 0.49


def right(rng, patients, rows, share):
    own = np.sqrt(1 - SHARED) * rng.normal(size=(len(patients), rows))
    return np.sqrt(SHARED) * patients + own < ndtri(share)


def bounds(make, gate, rng, clusters, rows, *, declared):
    patients, n = rng.normal(size=(clusters, 1)), clusters * rows
    truth = np.ones(n, dtype=int)
    truth[: n // 2] = 0
    wrong = [~right(rng, patients, rows, share).ravel() for share in (0.90, 0.88)]
    found = make.evidence(truth, np.where(wrong[0], 1 - truth, truth), {(None, None): np.where(wrong[1], 1 - truth, truth)})
    tables = {f"{rows_role('validation')}/{CLUSTERS}": np.repeat(np.arange(clusters), rows)} if declared else {}
    pairing = pair(parse_metric(gate.name), make.charter(gate), make.replace(found, tables=tables))
    return claims.rule(gate, gate.threshold.maximum, pairing, make.charter(gate)).bounds


def errors(make, clusters, rows, *, declared):
    rng, gate = (
        np.random.default_rng([clusters, rows]),
        make.gate(maximum="0.02", claim=str(Claim(population=Population.DEPLOYMENT))),
    )
    found = [bounds(make, gate, rng, clusters, rows, declared=declared) for _ in range(RUNS)]
    return np.mean([b.upper < 0.02 for b in found]), np.mean([b.lower > 0.02 for b in found])


@pytest.mark.parametrize(("clusters", "rows"), [(20, 10), (60, 5)])
def test_declared_clusters_keep_alpha(make, clusters, rows):
    assert max(errors(make, clusters, rows, declared=True)) <= LIMIT


def test_a_hidden_common_cause_of_both_models_is_what_clusters_are_for(make):
    """The control: where whole patients are lost by the candidate alone, rows counted apart err far more often."""
    rng, gate = np.random.default_rng(9), make.gate(maximum="0.05", claim="deployment/artifact")
    truth = np.tile([0, 1], 200)

    def missed(*, declared):
        count = 0
        for _ in range(200):
            lost = np.repeat(rng.random(40) < 0.05, 10)
            found = make.evidence(truth, truth, {(None, None): np.where(lost, 1 - truth, truth)})
            tables = {f"{rows_role('validation')}/{CLUSTERS}": np.repeat(np.arange(40), 10)} if declared else {}
            pairing = pair(parse_metric(gate.name), make.charter(gate), make.replace(found, tables=tables))
            ruling = claims.rule(gate, gate.threshold.maximum, pairing, make.charter(gate)).bounds
            count += ruling.upper < 0.05
        return count / 200

    assert missed(declared=False) > 0.25
    assert missed(declared=True) < missed(declared=False)
