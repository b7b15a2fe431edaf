"""A device's noise, as measuring and judging share it: which snapshots a charter declares, and where noisy answers are kept."""

from collections.abc import Iterator, Mapping
from typing import Any

# The key of the snapshot that the gates judge; the others give the layout and the drift curve.
JUDGED = "calibration"
_KEYS = (JUDGED, "reference", "history")
# The gate on how old the judged snapshot is.
AGE = "calibration_age_days"
# The part of the evidence that calibration gates read: failures and facts go by this name.
PART = "calibration"
NOISY = "noisy:"


def noisy_role(path: str) -> str:
    """The role of the candidate's cells under the snapshot in `path`: simulated without shots, with the device's noise."""
    return f"{NOISY}{path}"


def reviewed_name(path: str) -> str:
    """What the base commit's version of a snapshot goes by, where the change has another."""
    return f"{path}@base"


def snapshots(noise: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every snapshot of a charter's `noise` section once, as (its key, its path); the one that is judged first."""
    seen: set[str] = set()
    for key in _KEYS:
        declared = noise.get(key, ())
        for path in (declared,) if isinstance(declared, str) else declared:
            if path not in seen:
                seen.add(path)
                yield key, path
