"""Every picture that a gate's numbers make: a new one is a line here and a file beside."""

from collections.abc import Sequence

from qgate.domain.provenance import PastValue
from qgate.domain.verdict import GateOutcome
from qgate.report.pictures.canvas import Picture
from qgate.report.pictures.capacity import capacity_picture
from qgate.report.pictures.confusion import confusion_picture
from qgate.report.pictures.cost import cost_picture
from qgate.report.pictures.drift import drift_picture
from qgate.report.pictures.growth import growth_pictures
from qgate.report.pictures.histogram import histogram_picture
from qgate.report.pictures.interval import interval_picture
from qgate.report.pictures.seeds import seeds_picture
from qgate.report.pictures.shots import shots_picture
from qgate.report.pictures.trend import trend_picture
from qgate.report.pictures.variance import variance_picture

_EVERY = (
    interval_picture,
    seeds_picture,
    shots_picture,
    variance_picture,
    confusion_picture,
    histogram_picture,
    drift_picture,
    capacity_picture,
    cost_picture,
)


def pictures_of(gate: GateOutcome, past: Sequence[PastValue] = ()) -> list[Picture]:
    """The pictures of a gate, in the order in which they are looked at; `past` is what earlier runs came to."""
    found = (*(draw(gate) for draw in _EVERY), trend_picture(gate, past))
    return [*(picture for picture in found if picture is not None), *growth_pictures(gate)]
