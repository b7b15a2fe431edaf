"""Capacity gates: the highest rate of arrivals at which every latency gate of the charter holds, and the curve up to there."""

from typing import Any

import numpy as np

from qgate.charter.metrics import Metric, quantile_of
from qgate.domain.charter import Charter, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.cost import cap_rate
from qgate.gates.growth import growth_details
from qgate.gates.latency import claim_words
from qgate.gates.pairing import CANDIDATE
from qgate.gates.service import Loaded, Ruling, between, decided, loaded, outcome, too_few
from qgate.queueing.latency import SWEPT_REQUESTS, Sweep, sweep
from qgate.statistics.replicates import replicate_bounds, replicates_needed

_MS = 1000.0
_KNEE = 2.0


def judge_capacity(gate: Gate, _metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide `capacity_rps`; what was not measured, or has no latency to keep, is an error with its reason."""
    if gate.threshold.minimum is None:
        return outcomes.error(gate, "a capacity is bounded from below, and this gate has no `min`")
    limits = _limits(charter)
    if not limits:
        return outcomes.error(
            gate, "capacity is the rate at which latency still holds, and the charter has no `latency_pNN_ms` gate with a `max`"
        )
    try:
        pilot = loaded(charter, evidence)
        swept = sweep(pilot.of(CANDIDATE), pilot.traffic, limits, replicates_needed(gate.alpha))
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    return outcome(
        gate,
        _ruled(gate, pilot, swept, limits),
        claim=claim_words(charter, pilot),
        details=_details(pilot, swept, limits) | {"cap_rps": cap_rate(charter, evidence), "growth": growth_details(evidence)},
    )


def _limits(charter: Charter) -> dict[float, float]:
    """The latency in seconds that each quantile must keep: the strictest gate's."""
    limits: dict[float, float] = {}
    for gate in charter.gates:
        q, most = quantile_of(gate.name), gate.threshold.maximum
        if q is not None and 0 < q < 1 and most is not None and most > 0 and "_gap_" not in gate.name:
            limits[q] = min(float(most) / _MS, limits.get(q, np.inf))
    return limits


def _ruled(gate: Gate, pilot: Loaded, swept: Sweep, limits: dict[float, float]) -> Ruling:
    bounds, rate = replicate_bounds(swept.capacities, gate.alpha), pilot.traffic.rate
    held = " and ".join(f"p{100 * q:g} within {_MS * most:g} ms" for q, most in sorted(limits.items()))
    headroom = (
        f"today's {rate:g} requests/s are {rate / bounds.estimate:.0%} of it (headroom of a factor {bounds.estimate / rate:.2g})"
        if bounds.estimate
        else "there is none"
    )
    decision = decided(gate, bounds)
    side = {Decision.PASS: "at least", Decision.FAIL: "less than"}.get(decision, "more or less than")
    why = f"{held} up to {between(gate, bounds, 'requests/s')}, {side} the {gate.threshold.minimum} demanded; {headroom}"
    few = too_few(gate, max(limits), pilot.measured)
    noisy = pilot.noisy if decision is Decision.FAIL else ""
    if few or noisy:
        return Ruling(decision=Decision.INCONCLUSIVE, bounds=bounds, why=f"{why}; undecided: {few or noisy}")
    return Ruling(decision=decision, bounds=bounds, why=why)


def _details(pilot: Loaded, swept: Sweep, limits: dict[float, float]) -> dict[str, Any]:
    """The curve of the strictest quantile, its knee, and where today's traffic stands on it."""
    strictest = max(limits)
    position = list(limits).index(strictest)
    low, middle, high = np.quantile(_MS * swept.quantiles[:, :, position], [0.05, 0.5, 0.95], axis=0)
    bent = np.flatnonzero(middle > _KNEE * middle[0])
    return {
        "quantile": strictest,
        "limit_ms": _MS * limits[strictest],
        "today_rps": pilot.traffic.rate,
        "headroom": float(np.median(swept.capacities)) / pilot.traffic.rate,
        "knee_rps": float(swept.rates[bent[0]]) if len(bent) else None,
        "curve": {
            "rps": swept.rates.tolist(),
            "lower_ms": low.tolist(),
            "ms": middle.tolist(),
            "upper_ms": high.tolist(),
        },
        "requests_per_rate": SWEPT_REQUESTS,
        "rounds": pilot.measured.rounds,
        "runner_noise": pilot.noise,
    }
