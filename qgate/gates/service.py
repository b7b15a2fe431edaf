"""What latency and capacity gates share: the service as measured, the traffic as declared, and whether both can decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qgate.charter.metrics import quantile_of
from qgate.domain.charter import Charter, Gate
from qgate.domain.evidence import Array, PilotEvidence, ServiceTimes
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.pairing import CANDIDATE, SERVICE
from qgate.queueing.latency import Service
from qgate.queueing.traffic import Traffic, read_traffic
from qgate.statistics.bounds import Bounds, decide
from qgate.statistics.quantiles import requests_needed

# The slowest twentieth of one fixed computation may take this much longer than its median; beyond, times are the machine's.
NOISE_LIMIT = 0.5
_P95 = 0.95


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A pilot's service under its traffic."""

    measured: ServiceTimes
    traffic: Traffic

    @property
    def noise(self) -> float:
        """How much longer the slowest twentieth of a fixed computation took than its median: 0 on a quiet machine."""
        median, slow = np.quantile(self.measured.calibration, [0.5, _P95])
        return float(slow / median - 1)

    @property
    def noisy(self) -> str:
        """Why this machine cannot decide, or nothing."""
        if self.noise <= NOISE_LIMIT:
            return ""
        return (
            f"the runner is too noisy: one fixed computation took {self.noise:.0%} longer in its slowest twentieth than in the "
            f"median, and {NOISE_LIMIT:.0%} is allowed; run it on a machine that does nothing else"
        )

    def of(self, role: str) -> Service:
        """One role's service; only the candidate waits for a quantum processor.

        Raises:
            MeasurementError: it was not timed.
        """
        times = self.measured.seconds.get(role)
        if times is None:
            raise MeasurementError(f"the service times of `{role}` are missing from the evidence: measure again")
        return Service(sizes=self.measured.sizes, times=_bytes(times), remote=role == CANDIDATE)


def _bytes(times: Array) -> bytes:
    return np.ascontiguousarray(times, dtype=np.float64).tobytes()


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """What was decided about a service, from which bounds, and why."""

    decision: Decision
    bounds: Bounds
    why: str


def loaded(charter: Charter, evidence: PilotEvidence) -> Loaded:
    """The measured service and the declared traffic.

    Raises:
        MeasurementError: what is missing, and why.
    """
    failed = [f"{f.part}: {f.message}" for f in evidence.failures if f.part in {SERVICE, "data"}]
    if failed:
        raise MeasurementError("; ".join(failed))
    section = charter.sections.get("traffic")
    if section is None:
        raise MeasurementError("the charter declares no `pilot.traffic`")
    if evidence.service is None:
        raise MeasurementError(
            f"service times were not measured: estimator, circuit and kernel candidates are served, and what `pilot.service` "
            f"starts; the candidate is of the kind {charter.candidate.kind}"
        )
    try:
        return Loaded(measured=evidence.service, traffic=read_traffic(section, evidence.trace))
    except ValueError as problem:
        raise MeasurementError(str(problem)) from problem


def quantile(gate: Gate) -> float:
    """The quantile a gate is about.

    Raises:
        MeasurementError: no measurement bounds it.
    """
    q = quantile_of(gate.name)
    if q is None or not 0 < q < 1:
        raise MeasurementError(f"`{gate.name}` is about the largest or smallest latency, which no measurement bounds; use p99")
    return q


def too_few(gate: Gate, q: float, measured: ServiceTimes, exceedances: int = 0) -> str:
    """Why there are too few timings for the quantile, or nothing."""
    needed = requests_needed(q, gate.alpha, exceedances)
    if measured.rounds >= needed:
        return ""
    return (
        f"a p{100 * q:g} at alpha {gate.alpha:g} needs {needed:,} timings of each batch size at least, and {measured.rounds:,} "
        "were made in the time there was; make the service faster, batches smaller, or ask for a lower quantile"
    )


def decided(gate: Gate, bounds: Bounds) -> Decision:
    """Pass where both bounds keep the threshold, fail where both break it."""
    if gate.threshold.maximum is not None:
        return decide(bounds, float(gate.threshold.maximum))
    least = float(gate.threshold.minimum or 0)
    if bounds.lower >= least:
        return Decision.PASS
    return Decision.FAIL if bounds.upper < least else Decision.INCONCLUSIVE


def between(gate: Gate, bounds: Bounds, unit: str) -> str:
    """An estimate and its bounds in words."""
    confidence = f"{100 * (1 - gate.alpha):g} % confidence each way"
    return f"{bounds.estimate:.3g} {unit} (between {bounds.lower:.3g} and {bounds.upper:.3g} with {confidence})"


def outcome(gate: Gate, ruling: Ruling, *, claim: str, details: Mapping[str, Any]) -> GateOutcome:
    """The outcome of a gate about a service, with what every outcome has."""
    bounds = ruling.bounds
    return GateOutcome(
        name=gate.name,
        decision=ruling.decision,
        why=ruling.why,
        owner=gate.owner,
        value=bounds.estimate,
        interval=(bounds.lower, bounds.upper),
        alpha=gate.alpha,
        claim_words=claim,
        threshold=gate.threshold.as_json(),
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details=details,
    )
