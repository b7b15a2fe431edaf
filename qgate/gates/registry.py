"""Which function judges which family of gates: the whole list, so that a new family is one line here and one file beside."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from qgate.charter.metrics import Family, Metric
from qgate.domain.charter import Charter, Gate
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import GateOutcome
from qgate.gates.calibration import judge_calibration
from qgate.gates.capacity import judge_capacity
from qgate.gates.cost import judge_cost
from qgate.gates.drift import judge_drift
from qgate.gates.latency import judge_latency
from qgate.gates.parity import judge_parity
from qgate.gates.qubo import judge_qubo
from qgate.gates.reproducibility import judge_reproducibility
from qgate.gates.residency import judge_residency
from qgate.gates.seed_collapse import judge_seed_collapse

Judge = Callable[[Gate, Metric, Charter, PilotEvidence], GateOutcome]
AlwaysOn = Callable[[Charter, PilotEvidence], GateOutcome | None]


JUDGES: Mapping[Family, Judge] = MappingProxyType(
    {
        Family.PARITY: judge_parity,
        Family.LATENCY: judge_latency,
        Family.CAPACITY: judge_capacity,
        Family.COST: judge_cost,
        Family.CALIBRATION: judge_calibration,
        Family.QUBO: judge_qubo,
        Family.SEEDS: judge_seed_collapse,
    }
)

# Judged for every pilot, whatever gates its charter has; None where the charter declares nothing that could be judged.
ALWAYS_ON: tuple[AlwaysOn, ...] = (judge_reproducibility, judge_drift, judge_residency)
