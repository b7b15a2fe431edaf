"""The sentence about a rehearsed remediation: what was tried, what it came to, and what it would break."""

import pytest

from qgate.domain.verdict import Decision, GateOutcome, Remedy
from qgate.report.rehearsal_text import rehearsal_of


def told(rehearsed, name="val_accuracy_gap_vs_classical", maximum=0.005, interval=(0.012, 0.03), **options):
    remedy = Remedy(summary="drop the entangling layer", rehearsed=rehearsed)
    measured = {"threshold": {"max": maximum}, "interval": interval}
    gate = GateOutcome(name=name, decision=Decision.FAIL, why="", owner="o", remedy=remedy, **measured)
    return rehearsal_of(gate, **options)


@pytest.mark.parametrize(
    ("rehearsed", "sentence"),
    [
        (None, ""),
        (
            {"verdict": "pass", "value": 0.001, "ci": [-0.004, 0.0049]},
            "with drop the entangling layer: gap 0.0010 [−0.0040, 0.0049], pass",  # noqa: RUF001 -- as numbers are written
        ),
        (
            {"verdict": "fail", "value": 0.02, "ci": [0.01, 0.03]},
            "drop the entangling layer does not help: gap 0.0200 [0.0100, 0.0300], fail",
        ),
        ({"verdict": "inconclusive"}, "with drop the entangling layer: inconclusive"),
        (
            {"verdict": "error", "why": "ops/x.sh ended with exit code 3: gone"},
            "it could not be tried: ops/x.sh ended with exit code 3: gone",
        ),
        (
            {"verdict": "pass", "gates": [{"name": "latency_p95_ms", "verdict": "fail"}, {"name": "b", "verdict": "pass"}]},
            "with drop the entangling layer: pass; beside it latency_p95_ms does not pass",
        ),
        (
            {"verdict": "pass", "gates": [{"name": "latency_p95_ms", "verdict": "pass"}]},
            "with drop the entangling layer: pass; beside it latency_p95_ms passes",
        ),
        ({"verdict": "pass", "value": "many", "ci": "none", "gates": 3}, "with drop the entangling layer: pass"),
    ],
)
def test_what_it_came_to(rehearsed, sentence):
    assert told(rehearsed) == sentence


def test_a_script_is_named_by_its_path_and_a_latency_has_its_unit():
    rehearsed = {"verdict": "pass", "run": "ops/cap_batch.sh", "value": 96.0}
    expected = "with ops/cap_batch.sh run: latency p95 96 ms, pass"
    assert told(rehearsed, name="latency_p95_ms", maximum=120, interval=(130, 150)) == expected


def test_a_surface_escapes_and_emphasises():
    rehearsed = {"verdict": "fail", "gates": [{"name": "<b>", "verdict": "fail"}]}
    sentence = told(rehearsed, write=lambda text: text.replace("<", "&lt;"), emphasise=lambda text: f"*{text}*")
    assert sentence == "*drop the entangling layer* does not help: fail; beside it &lt;b> does not pass"
