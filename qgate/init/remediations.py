"""What a drafted charter says to do when a gate fails: steps that can be followed."""

from dataclasses import dataclass
from types import MappingProxyType

from qgate.charter.metrics import Family
from qgate.init.yaml_text import Block, Entry, Items

# What to do about a gate besides serving classically: the summary's clause, and the step.
_DEEDS = MappingProxyType(
    {
        Family.COST: ("lower the last level of the shot schedule", "lower the last level of pilot.shots.schedule in the charter"),
        Family.CALIBRATION: (
            "replace the calibration snapshot",
            "replace the file at pilot.noise.calibration with a new snapshot",
        ),
    }
)
_REVERT = ("revert the change", "revert the change that moved the gate: git revert --no-edit COMMIT")


@dataclass(frozen=True, kw_only=True)
class WayBack:
    """How traffic returns to the classical service: the route, who decides, and the commands where the charter has them."""

    traffic: str
    approver: str
    steps: tuple[str, ...] = ()


def remediation(family: Family, back: WayBack) -> Block:
    """Serve classically by the charter's own rollback, undo what moved the gate, measure its family again."""
    clause, step = _DEEDS.get(family, _REVERT)
    switch = back.steps or (f"switch traffic to the classical service by {back.traffic}; {back.approver} approves",)
    return Block(
        (
            Entry(key="summary", value=f"route traffic by {back.traffic}, {clause} and re-run the {family} suite"),
            Entry(key="steps", value=Items((*switch, step))),
            Entry(key="rerun", value=str(family)),
        )
    )
