"""One line of the engine's table: an evaluation, each way to get it, and how the ways are timed beside one another."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to get an evaluation: its values, and by how much its time is multiplied where it runs a part only."""

    run: Callable[[], Array]
    scale: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """An evaluation of `rows` rows: the user's loop, the careful user's way, the engine; and the kernels alone."""

    name: str
    rows: int
    careful: str
    ways: Mapping[str, Way]
    agreement: float


def measure(line: Line, rounds: int) -> dict[str, float]:
    """Median CPU seconds per row of each way, after a round that warms up and in which the values are compared."""
    values = {name: way.run() for name, way in line.ways.items()}
    for name in ("careful", "engine"):
        shared = tuple(slice(n) for n in values["loop"].shape)
        off = np.abs(values[name][shared] - values["loop"]).max()
        assert off <= line.agreement, f"{line.name}: {name} is off by {off}"
    taken: dict[str, list[float]] = {name: [] for name in line.ways}
    for _ in range(rounds):
        for name, way in line.ways.items():
            taken[name].append(_cpu_seconds(way.run) * way.scale / line.rows)
    return {name: statistics.median(times) for name, times in taken.items()}


def _cpu_seconds(run: Callable[[], Array]) -> float:
    repeats, start, spent = 0, time.process_time(), 0.0
    while spent < 0.02:  # the clock ticks in milliseconds on some machines
        run()
        repeats += 1
        spent = time.process_time() - start
    return spent / repeats
