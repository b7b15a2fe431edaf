"""The timetable as a QUBO: a variable is 1 when its event is held on the second evening, energies are clashes."""

import csv
from collections import defaultdict
from itertools import combinations
from pathlib import Path

ATTENDANCE = Path(__file__).parents[2] / "data" / "attendance.csv"
ROOMS = 7  # an evening
HALL = ("E08", "E09")  # the two largest events: one hall, so one of them an evening

Qubo = tuple[dict[tuple[str, str], float], float]


def qubo(*, penalty: float = 4.0) -> Qubo:
    """Return coefficients by pair of events, and the offset.

    A guest of two events on one evening is a clash. Each broken rule (seven events an evening, the hall once) costs `penalty`
    times its square.
    """
    coefficients: dict[tuple[str, str], float] = defaultdict(float)
    offset = 0.0
    for (first, second), guests in clashes().items():
        # Same evening: xy + (1 - x)(1 - y) = 1 - x - y + 2xy.
        offset += guests
        coefficients[first, first] -= guests
        coefficients[second, second] -= guests
        coefficients[first, second] += 2 * guests
    for group, ones in ((events(), ROOMS), (HALL, 1)):
        # (sum of x - ones)^2, where x squared is x.
        offset += penalty * ones**2
        for event in group:
            coefficients[event, event] += penalty * (1 - 2 * ones)
        for first, second in combinations(group, 2):
            coefficients[first, second] += 2 * penalty
    return dict(coefficients), offset


def events() -> tuple[str, ...]:
    """Return the events' names in order."""
    return tuple(_table()[0][1:])


def clashes() -> dict[tuple[str, str], int]:
    """Return how many guests each pair of events shares."""
    header, *guests = _table()
    came = {event: [row[column] == "1" for row in guests] for column, event in enumerate(header) if column}
    return {(a, b): sum(x and y for x, y in zip(came[a], came[b], strict=True)) for a, b in combinations(came, 2)}


def _table() -> list[list[str]]:
    with ATTENDANCE.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))
