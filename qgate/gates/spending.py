"""What an attempt may spend of each gate's alpha, so that all attempts of a pull request together err at most as often as one."""

from dataclasses import replace

from qgate.charter.metrics import Family, parse_metric
from qgate.domain.charter import Charter, Gate
from qgate.gates.qubo_regression import default_gates
from qgate.statistics.sealed import alpha_spent, attempt_alpha

# What an attempt draws anew. Service times are drawn anew by every run, of old content too, and what is computed has no error.
_DRAWN = frozenset({Family.PARITY, Family.QUBO, Family.SEEDS, Family.CALIBRATION})


def spending(charter: Charter, attempt: int) -> Charter:
    """The charter with the alpha that this attempt (from 1) has left for each gate."""
    return replace(charter, gates=paid(charter.gates, attempt))


def paid(gates: tuple[Gate, ...], attempt: int) -> tuple[Gate, ...]:
    """The gates with the alpha that this attempt (from 1) has left for each."""
    return tuple(replace(g, alpha=attempt_alpha(g.alpha, attempt)) if _is_drawn(g) else g for g in gates)


def spent(charter: Charter, attempts: int) -> tuple[tuple[float, float], ...]:
    """Each alpha that the charter and its default gates promise, and what that many attempts have spent of it."""
    promised = sorted({g.alpha for g in (*charter.gates, *default_gates(charter)) if _is_drawn(g)})
    return tuple((alpha, alpha_spent(alpha, attempts)) for alpha in promised)


def _is_drawn(gate: Gate) -> bool:
    metric = parse_metric(gate.name)
    return metric is not None and metric.family in _DRAWN
