"""The calibration snapshots that the base commit has: a change must hold by those too, whatever it does to the files."""

from collections.abc import Callable
from datetime import date

from qgate.charter.metrics import parse_metric
from qgate.domain.calibration import AGE, JUDGED, snapshots
from qgate.domain.charter import Charter
from qgate.errors import MeasurementError
from qgate.quantum.calibration import read_snapshot


def reviewed_snapshots(charter: Charter, read: Callable[[str], bytes | None], today: date) -> dict[str, bytes]:
    """Each declared snapshot that the base commit has, by its path; `read` gives the base commit's file.

    The judged one is left out where the base's is too old to count on the day of the run, or cannot be read: then nothing but a
    newer one can judge, and the change that brings it needs approval.
    """
    found: dict[str, bytes] = {}
    for key, path in snapshots(charter.sections.get("noise", {})):
        content = read(path)
        if content is not None and not (key == JUDGED and _out_of_date(charter, content, path, today)):
            found[path] = content
    return found


def _out_of_date(charter: Charter, content: bytes, path: str, today: date) -> bool:
    try:
        age = (today - read_snapshot(content, path).at.date()).days
    except MeasurementError:
        return True
    allowed = [charter.sections["noise"].get("max_age_days")]
    allowed += [g.threshold.maximum for g in charter.gates if (m := parse_metric(g.name)) is not None and m.name == AGE]
    return any(limit is not None and age > limit for limit in allowed)
