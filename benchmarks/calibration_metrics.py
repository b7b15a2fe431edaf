"""Rows 6, 14 and 15: any score by the jackknife, how long a verdict takes, and whether it is the same twice.

Classification: 40 % positives, a latent score that rises with the class, with noise that both models share and noise of their
own; a seed shifts all scores. Regression: heavy-tailed noise that all models share (t with 5 degrees of freedom), normal noise of
their own, whose scale a seed changes. One candidate is one artifact, without a seed's share; several are a training recipe.
"""

import time
from decimal import Decimal
from itertools import product

import numpy as np
import numpy.typing as npt
from calibration_table import ALPHA, Effort, Finding, Map, percent

from qgate.charter.metrics import SCORERS, Task, parse_metric
from qgate.domain.canonical import canonical_json
from qgate.domain.charter import (
    Baseline,
    Candidate,
    CandidateKind,
    Charter,
    Claim,
    Gate,
    Population,
    Remediation,
    Rollback,
    Shots,
    Subject,
    Threshold,
)
from qgate.domain.evidence import Array, Cell, CellKey, PilotEvidence
from qgate.domain.source import Position
from qgate.domain.verdict import Verdict
from qgate.gates import resampling, scorers
from qgate.gates.judge import judge_pilot
from qgate.gates.parity import judge_parity
from qgate.report.verdict_json import verdict_to_json
from qgate.statistics.jackknife import jackknife_bounds, seeds_jackknife_bounds

METRICS = ("f1", "roc_auc", "log_loss", "rmse", "r2")
SEED_SHIFT, SEED_SCALE = 0.15, 0.03
Floats = npt.NDArray[np.float64]


def _draw(rng: np.random.Generator, scorer: scorers.Scorer, rows: int, seeds: int) -> tuple[Array, Cell, list[Cell]]:
    """Truth, the baseline's cell, and one candidate cell per seed; the candidate is a little noisier."""
    sd = SEED_SCALE if scorer.task is Task.REGRESSION else SEED_SHIFT
    moved = (sd if seeds > 1 else 0.0) * rng.standard_normal(seeds)
    if scorer.task is Task.REGRESSION:
        truth, shared = rng.normal(0, 2, rows), rng.standard_t(5, rows) / 2
        scales = [0.4, *(0.5 + moved)]
        answers = [(truth + shared + s * rng.standard_normal(rows), None) for s in scales]
    else:
        truth = (rng.random(rows) < 0.4).astype(np.int64)
        shared = 1.5 * (2 * truth - 1) + rng.normal(0, 0.9, rows)
        shifts, noise = [0.0, *moved], [0.8, *([1.0] * seeds)]
        latent = [shared + d + s * rng.standard_normal(rows) for d, s in zip(shifts, noise, strict=True)]
        answers = [((z > 0).astype(np.int64), 1 / (1 + np.exp(-z))) for z in latent]
    cells = [
        Cell(key=CellKey(role="candidate", split="validation", seed=k), predictions=p, scores=s, score_kind="probability")
        for k, (p, s) in enumerate(answers)
    ]
    return truth, cells[0], cells[1:]


def _gaps(name: str, truth: Array, baseline: Cell, candidates: list[Cell]) -> tuple[Floats, Floats]:
    """The gaps, one per seed, and those without each row."""
    scorer = SCORERS[name]
    bound, sign = scorers.bind(scorer, truth, baseline), 1 if scorer.greater_is_better else -1
    rows, once = np.arange(len(truth)), np.ones((1, len(truth)))
    of_baseline = resampling.weighted(bound, truth, baseline, once)[0]
    gaps = [sign * (of_baseline - resampling.weighted(bound, truth, cell, once)[0]) for cell in candidates]
    without = resampling.left_out(bound, truth, baseline, rows)
    return np.array(gaps), np.array([sign * (without - resampling.left_out(bound, truth, cell, rows)) for cell in candidates])


def _true_gap(case: tuple[str, int, int]) -> float:
    """The gap of (metric, seeds) expected over new rows and new seeds, from draws of 20,000 rows and two seeds."""
    name, seeds, draws = case
    scorer = SCORERS[name]
    rng, once, found = np.random.default_rng([6, 1]), np.ones((1, 20_000)), []
    for _ in range(draws):
        truth, *cells = _draw(rng, scorer, 20_000, min(seeds, 2))
        bound = scorers.bind(scorer, truth, cells[0])
        baseline, *others = (resampling.weighted(bound, truth, cell, once)[0] for cell in (cells[0], *cells[1]))
        found.append(baseline - np.mean(others))
    return float(np.mean(found)) * (1 if scorer.greater_is_better else -1)


def _errors(case: tuple[str, int, int, int, float]) -> tuple[float, float]:
    """How often (metric, rows, seeds, runs, true gap) bounds the gap from the wrong side, either way."""
    name, rows, seeds, runs, true = case
    rng = np.random.default_rng([6, METRICS.index(name), rows, seeds])
    low = high = 0
    for _ in range(runs):
        truth, baseline, candidates = _draw(rng, SCORERS[name], rows, seeds)
        gaps, without = _gaps(name, truth, baseline, candidates)
        step = scorers.step(SCORERS[name], truth)
        if seeds == 1:
            bounds = jackknife_bounds(float(gaps[0]), without[0], ALPHA, step=step)
        else:
            bounds = seeds_jackknife_bounds(gaps, without, ALPHA, step=step)
        low, high = low + (bounds.upper < true), high + (bounds.lower > true)
    return low / runs, high / runs


def row_6(effort: Effort, over: Map) -> Finding:
    """The jackknife's error rates over scores, rows and seeds."""
    names = ("f1", "r2") if effort.fast else METRICS
    sizes, counts = ((100,), (1, 3)) if effort.fast else ((100, 200, 500, 2000), (1, 3, 5, 10))
    runs = {n: effort.runs(2_000 if n == 2000 else 5_000) for n in sizes}
    kinds = list(product(names, (1, 2)))
    true = dict(zip(kinds, over(_true_gap, [(*kind, 100 if effort.fast else 1_000) for kind in kinds]), strict=True))
    cells = list(product(names, sizes, counts))
    found = over(_errors, [(name, n, k, runs[n], true[name, min(k, 2)]) for name, n, k in cells])
    table = ["score | rows | seeds | false pass | false fail"]
    table += [
        f"{m} | {n} | {k} | {percent(p, runs[n])} | {percent(f, runs[n])}" for (m, n, k), (p, f) in zip(cells, found, strict=True)
    ]
    worst, size = max((max(pair), cell[1]) for cell, pair in zip(cells, found, strict=True))
    return Finding(
        number=6,
        demand=f"jackknife for F1, AUC, log-loss, RMSE, R²; {len(cells)} cells: each ≤ 6.5 %, both ways",
        measured=f"worst cell {percent(worst, runs[size])}, of {size:,} rows",
        holds=worst <= 0.065 + effort.slack(ALPHA, runs[size]),
        table=tuple(table),
    )


def _gate(name: str, claim: Claim) -> Gate:
    return Gate(
        name=f"val_{name}_gap_vs_classical",
        threshold=Threshold(maximum=Decimal("0.02")),
        owner="platform@example.com",
        remediation=Remediation(summary="drop the entangling layer"),
        position=Position(path=".qgate/pilot.yml", line=1, column=1),
        claim=claim,
    )


def _pilot(gates: tuple[Gate, ...], rows: int, seeds: int) -> tuple[Charter, PilotEvidence]:
    scorer = SCORERS[parse_metric(gates[0].name).scorer]  # type: ignore[union-attr] -- a name that was just made
    truth, baseline, candidates = _draw(np.random.default_rng([14, rows, seeds]), scorer, rows, seeds)
    charter = Charter(
        path=".qgate/pilot.yml",
        sha256="c" * 64,
        pilot="pilot",
        owner="platform@example.com",
        candidate=Candidate(kind=CandidateKind.ESTIMATOR, entrypoint="pilot.hybrid:build"),
        baselines=(Baseline(name="classical", estimator="pilot.classical:build"),),
        data={},
        gates=gates,
        rollback=Rollback(traffic="blue", approver="sre@example.com"),
        shots=Shots(schedule=(1000,), seeds=tuple(range(seeds))),
    )
    keys = [CellKey(role="candidate", split="validation", shots=1000, seed=k) for k in range(seeds)]
    cells = [Cell(key=CellKey(role="baseline:classical", split="validation"), **_answers(baseline))]
    cells += [Cell(key=key, **_answers(cell)) for key, cell in zip(keys, candidates, strict=True)]
    return charter, PilotEvidence(pilot="pilot", truth={"validation": truth}, cells=tuple(cells), lock={})


def _answers(cell: Cell) -> dict[str, object]:
    return {"predictions": cell.predictions, "scores": cell.scores, "score_kind": cell.score_kind}


CLAIMS = (Claim(), Claim(population=Population.DEPLOYMENT, subject=Subject.PROCEDURE))


def row_14(effort: Effort, _over: Map) -> Finding:
    """The fastest of five verdicts, for every score that needs no bootstrap."""
    names = [name for name in SCORERS if name not in scorers.NOT_SMOOTH]
    seconds: dict[str, float] = {}
    for name, claim in product(("accuracy", "f1", "roc_auc", "r2") if effort.fast else names, CLAIMS):
        gate = _gate(name, claim)
        charter, evidence = _pilot((gate,), 2000, 10)
        metric = parse_metric(gate.name)
        if metric is not None:
            times = []
            for _ in range(5):
                started = time.thread_time()
                judge_parity(gate, metric, charter, evidence)
                times.append(time.thread_time() - started)
            seconds[name] = max(seconds.get(name, 0.0), min(times))
    slowest = max(seconds, key=lambda name: seconds[name])
    return Finding(
        number=14,
        demand="a verdict without a bootstrap takes < 50 ms of processor time at 2,000 rows and 10 seeds, whatever the score",
        measured=f"slowest: {slowest}, {1000 * seconds[slowest]:.0f} ms (this depends on the machine)",
        holds=seconds[slowest] < (0.15 if effort.fast else 0.05),
    )


def row_15(_effort: Effort, _over: Map) -> Finding:
    """The same bytes twice, and from cells in another order; a gap of exactly the margin passes."""
    bootstrapped = Claim(population=Population.DEPLOYMENT)
    gates = (
        *(_gate("f1", claim) for claim in (*CLAIMS, bootstrapped)),
        _gate("accuracy", CLAIMS[0]),
        _gate("roc_auc", bootstrapped),
    )
    charter, evidence = _pilot(gates, 300, 5)
    turned = PilotEvidence(pilot="pilot", truth=evidence.truth, cells=evidence.cells[::-1], lock={})
    found = {
        canonical_json(
            verdict_to_json(Verdict(base="b", head="h", pilots=(judge_pilot(charter, e, reached_by=(), origin="base"),)))
        )
        for e in (evidence, evidence, turned)
    }
    return Finding(
        number=15,
        demand="the same evidence and charter give the same bytes, also from cells in another order",
        measured="one byte string from three judgements" if len(found) == 1 else f"{len(found)} different byte strings",
        holds=len(found) == 1,
    )
