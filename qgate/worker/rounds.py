"""Rounds of timings: each model serves a batch of each size, in random order, so that what disturbs the machine hits all alike.

Everything is served a few times before, so that no timing pays for a first call; the garbage collector is off during a timing and
runs between rounds. A fixed computation is timed as well, before the first and within every round: its spread is the machine's.
"""

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Serve = Callable[[Any], Any]
Batch = Callable[[int, np.random.Generator], Any]
WARM_UPS = 3
CALIBRATIONS = 100
_CALIBRATION_STEPS = 20_000


def timed_rounds(models: Mapping[str, Serve], batch: Batch, plan: Mapping[str, Any]) -> dict[str, Array]:
    """Seconds of shape (rounds, sizes) as `seconds/<role>`, and of the fixed computation as `calibration`.

    Args:
        models: who serves, by role.
        batch: draws what a model is asked with for a batch of a size.
        plan: `sizes`, `rounds`, `seconds` (rounds end when they have passed) and `seed`.
    """
    sizes, rng = plan["sizes"], np.random.default_rng(plan["seed"])
    for serve in models.values():
        for size in sizes:
            for _ in range(WARM_UPS):
                serve(batch(size, rng))
    gc.collect()
    gc.disable()
    calibration = [_timed(_fixed, _CALIBRATION_STEPS) for _ in range(CALIBRATIONS)]
    rounds: list[dict[str, list[float]]] = []
    started = perf_counter()
    while len(rounds) < plan["rounds"] and (not rounds or perf_counter() - started < plan["seconds"]):
        calibration.append(_timed(_fixed, _CALIBRATION_STEPS))
        rounds.append(_round(models, sizes, batch, rng))
        gc.collect()
    seconds = {f"seconds/{role}": np.array([r[role] for r in rounds], dtype=np.float64) for role in models}
    return seconds | {"calibration": np.array(calibration)}


def rows_of(features: Array) -> Batch:
    """Batches of random rows."""
    return lambda size, rng: np.ascontiguousarray(features[rng.integers(len(features), size=size)])


def _round(models: Mapping[str, Serve], sizes: list[int], batch: Batch, rng: np.random.Generator) -> dict[str, list[float]]:
    """One timing for each model and size."""
    times = {role: [0.0] * len(sizes) for role in models}
    roles = list(models)
    for position in rng.permutation(len(sizes)):
        asked = batch(sizes[position], rng)
        for role in rng.permutation(len(roles)):
            times[roles[role]][position] = _timed(models[roles[role]], asked)
    return times


def _timed(serve: Serve, argument: Any) -> float:
    started = perf_counter()
    serve(argument)
    return perf_counter() - started


def _fixed(steps: int) -> int:
    """About a millisecond of the interpreter, always the same."""
    total = 0
    for step in range(steps):
        total += step & 7
    return total
