"""Rows 8, 9 and 12: many pushes, many gates, few shots."""

import hashlib
from itertools import product

import numpy as np
import numpy.typing as npt
from calibration_accuracy import BASELINE, OWN_NOISE, SKILL
from calibration_table import ALPHA, Effort, Finding, Map, percent
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from qgate.domain.verdict import Decision
from qgate.evidence.ledger import Entry, Ledger
from qgate.statistics.bounds import decide
from qgate.statistics.crossed import crossed_bounds
from qgate.statistics.many_gates import holm
from qgate.statistics.sealed import attempt_alpha, sealed_seeds
from qgate.statistics.shot_bias import shot_bias

MARGIN = 0.005
ATTEMPTS = 10
Floats = npt.NDArray[np.float64]


def pushes(case: tuple[int, int]) -> tuple[float, float, float]:
    """(rows, runs): how often one of ten pushes of a candidate on the margin passes, five training seeds of SD 1.5 points each.

    With fresh seeds at full alpha, with fresh seeds and a spent alpha, and with seeds sealed by the content, which is one.
    """
    rows, runs = case
    rng, sd = np.random.default_rng([8, rows]), 0.015 * SKILL
    skill = ndtri(ndtr(BASELINE / np.sqrt(1 + OWN_NOISE**2)) - MARGIN) * np.sqrt(1 + OWN_NOISE**2 + sd**2)
    passed = np.zeros(3)
    for run in range(runs):
        difficulty = rng.standard_normal((rows, 1), dtype=np.float32)
        baseline = (difficulty + OWN_NOISE * rng.standard_normal((rows, 1), dtype=np.float32) < BASELINE).astype(np.float64)

        def attempt(source: np.random.Generator, d: Floats = difficulty, b: Floats = baseline) -> Floats:
            level = skill + sd * source.standard_normal((1, 5), dtype=np.float32)
            return b - (d + np.float32(OWN_NOISE) * source.standard_normal((rows, 5), dtype=np.float32) < level)

        tables, ledger = [attempt(rng) for _ in range(ATTEMPTS)], Ledger()
        full, spent = any(_passes(table, ALPHA) for table in tables), False
        for table in tables if full else ():
            ledger, entry = ledger.record(_entry(str(run), table))
            spent = spent or _passes(table, attempt_alpha(ALPHA, entry.number))
        sealed = {_passes(attempt(np.random.default_rng(_seeds(rows, run))), ALPHA) for _ in range(2)}
        passed += (full, spent, sealed == {True})
    unspent, spending, once = (passed / runs).tolist()
    return unspent, spending, once


def _passes(table: Floats, alpha: float) -> bool:
    return decide(crossed_bounds(table, alpha), MARGIN) is Decision.PASS


def _entry(pull_request: str, table: Floats) -> Entry:
    """As a run records it: by the digest of its answers."""
    content = hashlib.sha256(table.tobytes()).hexdigest()
    return Entry(pull_request=pull_request, pilot="pilot", content_sha256=content, locked_set_sha256="", day="2026-01-01")


def _seeds(rows: int, run: int) -> tuple[int, ...]:
    return sealed_seeds(charter_sha256="c", pull_request=str(run), content_sha256=str(rows), gate="gap", count=5)


def row_8(effort: Effort, over: Map) -> Finding:
    """Ten pushes of a candidate on the margin."""
    runs = effort.runs(4_000)
    sizes = (200,) if effort.fast else (200, 2000)
    found = over(pushes, [(n, runs) for n in sizes])
    table = ["rows | fresh seeds, full alpha | fresh seeds, alpha spent | sealed seeds, same content"]
    table += [f"{n} | " + " | ".join(percent(rate, runs) for rate in rates) for n, rates in zip(sizes, found, strict=True)]
    worst = max(spent for _, spent, _ in found)
    return Finding(
        number=8,
        demand="ten pushes with fresh seeds, candidate on the margin: any false pass ≤ 5.5 %; the same content decides once",
        measured=f"{percent(worst, runs)} with alpha spent; {percent(max(f for f, _, _ in found), runs)} without; "
        f"{percent(max(s for _, _, s in found), runs)} sealed",
        holds=worst <= 0.055 + effort.slack(ALPHA, runs),
        table=tuple(table),
    )


def row_9(effort: Effort, _over: Map) -> Finding:
    """Several gates: all must pass, any may fail."""
    runs = effort.runs(100_000)
    table, worst_pass, worst_fail = (
        ["gates | correlation | all pass, one on its margin | any fails, no correction | any fails, Holm"],
        0.0,
        0.0,
    )
    for gates, rho in product((1, 2, 4, 8), (0.0, 0.5)):
        rng = np.random.default_rng([9, gates, int(10 * rho)])
        z = np.sqrt(rho) * rng.normal(size=(runs, 1)) + np.sqrt(1 - rho) * rng.normal(size=(runs, gates))
        inside = np.array([0.0] + [6.0] * (gates - 1))
        passed = float((z - inside <= ndtri(ALPHA)).all(axis=1).mean())
        p = ndtr(-z)
        alone = p.min(axis=1) <= ALPHA
        kept = float(np.mean([near and any(holm(row, [ALPHA] * gates)) for row, near in zip(p, alone, strict=True)]))
        table.append(f"{gates} | {rho} | {percent(passed, runs)} | {percent(alone.mean(), runs)} | {percent(kept, runs)}")
        worst_pass, worst_fail = max(worst_pass, passed), max(worst_fail, kept)
    return Finding(
        number=9,
        demand="1 to 8 gates: false pass of the whole ≤ 5.3 %, any false fail after Holm ≤ 5.3 %",
        measured=f"{percent(worst_pass, runs)}; {percent(worst_fail, runs)}",
        holds=max(worst_pass, worst_fail) <= 0.053 + effort.slack(ALPHA, runs),
        table=tuple(table),
    )


def _values(kind: str, rng: np.random.Generator, rows: int) -> Floats:
    """Expectation values of the right answer: spread widely, or most of them near the boundary."""
    return np.clip(rng.normal(0.22, 0.25, rows) if kind == "smooth" else rng.normal(0.08, 0.12, rows), -1, 1)


def _score(values: Floats, shots: int) -> Floats:
    p = (1 + values) / 2
    return np.asarray(binom.sf(shots // 2, shots, p) + (binom.pmf(shots // 2, shots, p) / 2 if shots % 2 == 0 else 0))


def few_shots(case: tuple[str, int, int, int]) -> tuple[float, float, float]:
    """(kind, shots, rows, runs): the true bias, the mean of what was found of it, and how often S was called too small."""
    kind, shots, rows, runs = case
    rng = np.random.default_rng([12, kind == "smooth", shots, rows])
    population = _values(kind, rng, 1_000_000)
    true = float(_score(population, shots).mean() - (population > 0).mean())
    found = [shot_bias(rng.binomial(shots, (1 + _values(kind, rng, rows)) / 2), shots, ALPHA) for _ in range(runs)]
    return true, float(np.mean([f.bias.estimate for f in found])), float(np.mean([f.pre_asymptotic for f in found]))


def row_12(effort: Effort, over: Map) -> Finding:
    """The bias of few shots, from one stored run."""
    runs = effort.runs(1_000)
    kinds, shots = ("smooth", "near the boundary"), (64, 128) if effort.fast else (64, 128, 256, 1024)
    cells = list(product(kinds, shots, (2000,) if effort.fast else (500, 2000)))
    found = dict(zip(cells, over(few_shots, [(*cell, runs) for cell in cells]), strict=True))
    table = ["rows' values | shots | rows | true bias | found | removed | called too few"]
    table += [
        f"{k} | {s} | {n} | {100 * true:+.2f} pt | {100 * mean:+.2f} pt | {percent(mean / true)} | {percent(flag, runs)}"
        for (k, s, n), (true, mean, flag) in found.items()
    ]
    smooth = {cell: values for cell, values in found.items() if cell[0] == "smooth"}
    # At 1,024 shots the bias is a tenth of a point, and its share drowns in the simulation.
    removed = min(mean / true for (_, s, _), (true, mean, _) in smooth.items() if 128 <= s <= 256)
    calm = max(flag for _, _, flag in smooth.values())
    flagged = found["near the boundary", 64, 2000][2]
    slack = effort.slack(0.1, runs)
    return Finding(
        number=12,
        demand="bias of few shots: ≥ 75 % of it removed from 128 shots on smooth values; too few shots are called so ≥ 80 % "
        "(2,000 rows near the boundary, 64 shots), and ≤ 12 % on smooth values",
        measured=f"{percent(removed)} removed; {percent(flagged, runs)}; {percent(calm, runs)}",
        holds=removed >= 0.75 - 2 * slack and flagged >= 0.80 - slack and calm <= 0.12 + slack,
        table=tuple(table),
    )
