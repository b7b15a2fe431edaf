"""What measuring part by part came to, in words: the looks that were taken, what they saved, and what they spent of alpha."""

from collections.abc import Mapping
from typing import Any

from qgate.domain.verdict import GateOutcome, PilotVerdict
from qgate.report.figures import count_of


def looks_of(gate: GateOutcome) -> str:
    """`2 of 4 looks, 45 % of the rows, 3 of 3 cells: saved 55 %; decided at look 2, alpha spent 0.012 of 0.05`, or nothing."""
    told = gate.details.get("sequential")
    if not told:
        return ""
    decided = f"decided at look {told['look']}" if gate.decision in {"pass", "fail"} else f"undecided at look {told['taken']}"
    spent = f", alpha spent {told['alpha_spent']:.3f} of {gate.alpha:.3g}" if gate.alpha is not None else ""
    return f"{_measured(told)}; {decided}{spent}"


def looks_of_pilot(pilot: PilotVerdict) -> str:
    """How far the candidate was measured; nothing where it was measured at once."""
    return next((_measured(g.details["sequential"]) for g in pilot.gates if g.details.get("sequential")), "")


def _measured(told: Mapping[str, Any]) -> str:
    (rows, all_rows), (cells, all_cells) = told["rows"], told["cells"]
    looks = f"{told['taken']} of {count_of(told['looks'], 'look')}"
    parts = f"{100 * rows / all_rows:.0f} % of the rows, {cells:,} of {count_of(all_cells, 'cell')}"
    return f"{looks}, {parts}: saved {100 * told['saved']:.0f} %"
