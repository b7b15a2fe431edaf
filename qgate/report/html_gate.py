"""One gate in the HTML report: its numbers as text, as pictures, and as attributes that a program reads."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from qgate.domain.provenance import History
from qgate.domain.verdict import GateOutcome
from qgate.report.escape import clean
from qgate.report.figures import ALPHA, NONE, row_of, sizes_of
from qgate.report.looks import looks_of
from qgate.report.rehearsal_text import rehearsal_of
from qgate.report.wording import (
    claim_of,
    label,
    new_data_of,
    pairs_of,
    rows_to_decide,
    waiver_of,
    ways_out_of,
)

_MOST_DRAWN = 120
# Details that are shown apart, as pictures with their words or as lines of their own.
_SHOWN = frozenset({"histogram", "sequential", "ways_out", "confusion", "levels", "drift", "curve"})


class Wall:
    """Where a page's pictures hang: none of a pilot twice, and no more gates than a reader has patience and the file room for."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._shown: set[tuple[str, str]] = set()
        self._room = _MOST_DRAWN

    @property
    def is_full(self) -> bool:
        """Whether gates went without their pictures, which the page has to say."""
        return self._room < 0

    def pictures_of(self, pilot: str, gate: GateOutcome) -> list[Mapping[str, str]]:
        """The interval first, then what no gate of the pilot before had drawn already, such as the energies of one QUBO."""
        if gate.value is None:
            return []
        self._room -= 1
        if self.is_full:
            return []
        from qgate.report.pictures.gallery import pictures_of  # noqa: PLC0415 -- matplotlib takes a third of a second to import

        new = [
            p
            for p in pictures_of(gate, self._history.get((pilot, gate.name), ()))
            if not p.caption or (pilot, p.caption) not in self._shown
        ]
        self._shown.update((pilot, p.caption) for p in new)
        return [{"svg": Markup(p.svg), "caption": clean(p.caption, 4000)} for p in new]  # noqa: S704 -- every text in it is escaped (qgate.report.pictures.canvas)


def gate_html(pilot: str, gate: GateOutcome, wall: Wall) -> Mapping[str, Any]:
    """What the template shows of a gate of a pilot."""
    return {
        "name": clean(gate.name),
        "decision": gate.decision,
        "label": label(gate.decision) + ("" if gate.blocks else ", does not block"),
        "why": clean(gate.why),
        "data": _data(gate),
        "pictures": wall.pictures_of(pilot, gate),
        "numbers": _numbers(gate),
        "remedy": gate.remedy
        and {
            "summary": clean(gate.remedy.summary),
            "actions": [clean(a) for a in gate.remedy.actions],
            "rehearsed": rehearsal_of(gate),
        },
        "details": pairs_of({name: value for name, value in gate.details.items() if name not in _SHOWN}),
    }


def _data(gate: GateOutcome) -> list[tuple[str, str]]:
    """The numbers of `verdict.json`, to the last bit."""
    lower, upper = gate.interval or (None, None)
    bounds = {key: gate.threshold.get(key) for key in ("min", "max")}
    numbers = {"value": gate.value, "lower": lower, "upper": upper, **bounds}
    return [(name, repr(float(number))) for name, number in numbers.items() if number is not None]


def _interval(gate: GateOutcome) -> str:
    interval = row_of(gate).interval
    return interval if gate.alpha is None or interval == NONE else f"{interval} at {ALPHA} = {gate.alpha:.3g}, each way"


def _numbers(gate: GateOutcome) -> list[tuple[str, str]]:
    row = row_of(gate)
    pairs = [
        ("measured", row.value),
        ("interval", _interval(gate)),
        ("threshold", row.threshold),
        ("claim", clean(claim_of(gate))),
        ("measured on", sizes_of(gate.sizes)),
        ("needed to decide", rows_to_decide(gate)),
        *((f"way out {number}", clean(way)) for number, way in enumerate(ways_out_of(gate), start=1)),
        ("for new data like these rows", new_data_of(gate)),
        ("looks", looks_of(gate)),
        ("waiver", clean(waiver_of(gate))),
        ("owner", clean(gate.owner)),
        ("charter line", clean(str(gate.position)) if gate.position else ""),
    ]
    return [(name, text) for name, text in pairs if text not in {"", NONE}]
