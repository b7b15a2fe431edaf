"""`timings.json`: how long each measurement took and what came from a cache, which two runs of one commit may differ in.

No part of the evidence and of no hash: a gate reads nothing in here.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgate.domain.provenance import Reused
from qgate.errors import UsageError

TIMINGS = "timings.json"
REUSED = "reused"
_PARTS, _LETTERS, _KEY = 20, 100, re.compile("[0-9a-f]{12}")


def times(seconds: Mapping[str, float], reused: Reused | None) -> dict[str, Any]:
    """A pilot's part of the file: seconds by part, and under `reused` what came from a cache."""
    told = {REUSED: {"planned": reused.planned, "parts": dict(reused.parts), "sealed": reused.sealed}} if reused else {}
    return {**seconds, **told}


def read_reused(directory: Path) -> tuple[Reused, ...]:
    """What the run in `directory` took from a cache, pilot by pilot; empty where it says nothing of it.

    Raises:
        UsageError: the file is not what a run writes.
    """
    path = directory / TIMINGS
    try:
        pilots = json.loads(path.read_bytes()) if path.is_file() else {}
        return tuple(_reused(pilot, parts[REUSED]) for pilot, parts in pilots.items() if REUSED in parts)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(f"{path} cannot be read ({error!r}): measure again") from error


def _reused(pilot: str, value: Mapping[str, Any]) -> Reused:
    """In a split gate another job wrote it, so that it is held to what can be shown on one line."""
    parts = dict(value["parts"])
    if len(parts) > _PARTS or not all(len(part) <= _LETTERS and _KEY.fullmatch(key) for part, key in parts.items()):
        raise ValueError(f"what is reused for {pilot:.60}")
    return Reused(pilot=pilot, planned=int(value["planned"]), parts=parts, sealed=value["sealed"] is True)
