"""Which function judges which family of gates: the whole list, so that a new family is one line here and one file beside."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from qgate.charter.metrics import Family, Metric
from qgate.domain.charter import Charter, Gate
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import GateOutcome
from qgate.gates import outcomes
from qgate.gates.calibration import judge_calibration
from qgate.gates.drift import judge_drift
from qgate.gates.parity import judge_parity
from qgate.gates.reproducibility import judge_reproducibility

from qgate.gates.qubo import judge_qubo
Judge = Callable[[Gate, Metric, Charter, PilotEvidence], GateOutcome]
AlwaysOn = Callable[[Charter, PilotEvidence], GateOutcome]


def _unmeasured(gate: Gate, metric: Metric, _charter: Charter, _evidence: PilotEvidence) -> GateOutcome:
    return outcomes.error(
        gate, f"this version of qgate cannot measure {metric.family} gates; remove `{gate.name}` or use a version that can"
    )


JUDGES: Mapping[Family, Judge] = MappingProxyType(
    {
        Family.PARITY: judge_parity,
        Family.LATENCY: _unmeasured,
        Family.CAPACITY: _unmeasured,
        Family.COST: _unmeasured,
        Family.CALIBRATION: judge_calibration,
        Family.QUBO: judge_qubo,
    }
)

# Judged for every pilot, whatever its charter says.
ALWAYS_ON: tuple[AlwaysOn, ...] = (judge_reproducibility, judge_drift)
