"""Latency and throughput gates: the service under the charter's traffic, simulated from measured service times.

Noise of the machine only ever adds time. So a latency that holds in spite of it holds, a latency that does not is undecided on
a noisy runner, and so is every difference between two services.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qgate.charter.metrics import Metric, quantile_of
from qgate.domain.charter import CandidateKind, Charter, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome
from qgate.errors import MeasurementError
from qgate.gates import open_loop, outcomes
from qgate.gates.open_loop import Observed
from qgate.gates.pairing import CANDIDATE
from qgate.gates.service import Loaded, Ruling, between, decided, loaded, outcome, quantile, too_few
from qgate.queueing.latency import REQUESTS, Service, at, quantile_tables, saturations
from qgate.statistics.bounds import Bounds
from qgate.statistics.quantiles import Latencies, quantile_bounds
from qgate.statistics.replicates import replicate_bounds, replicates_needed

_MS = 1000.0
# Two resampled tails are compared: with the fewest timings (59 for a p95) up to 11 % of 120 pairs of equal services failed, with
# as many as allow three exceedances (153) up to 4 %.
GAP_EXCEEDANCES = 3


def judge_latency(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide `latency_pNN_ms`, `latency_gap_pNN_ms_vs_<baseline>` or `throughput_rps`; what was not measured is an error."""
    throughput = metric.name == "throughput_rps"
    if (gate.threshold.minimum if throughput else gate.threshold.maximum) is None:
        needed = "a throughput is bounded from below, and this gate has no `min`"
        return outcomes.error(gate, needed if throughput else "a latency is bounded from above, and this gate has no `max`")
    try:
        pilot = loaded(charter, evidence)
        if throughput:
            return _throughput(gate, charter, pilot)
        baseline = metric.name.partition("_vs_")[2]
        return _gap(gate, charter, pilot, baseline) if baseline else _latency(gate, charter, pilot)
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))


def is_latency(gate: Gate) -> bool:
    """Whether a gate bounds a quantile of the service's own latency: neither a gap nor a throughput."""
    return quantile_of(gate.name) is not None and "_gap_" not in gate.name


def ruled_for(gate: Gate, pilot: Loaded, role: str) -> Ruling:
    """What a latency gate makes of another role's service.

    Raises:
        MeasurementError: it was not timed.
    """
    q, service = quantile(gate), pilot.of(role)
    load = _load(service, pilot, gate.alpha)
    seen = open_loop.observed(pilot, role, q, alpha=gate.alpha, utilisation=load.utilisation.upper)
    if seen is not None:
        return _observed(gate, pilot, load, seen)
    return _ruled(gate, q, pilot, load, _simulated(service, pilot, q, gate))


@dataclass(frozen=True, kw_only=True)
class _Load:
    """How much of the workers' time the traffic takes: 1 and more means that the queue never ends."""

    utilisation: Bounds
    saturation: float

    @property
    def busy(self) -> str:
        return f"workers are busy {self.utilisation.estimate:.0%} of the time"

    @property
    def overloaded(self) -> bool:
        return self.utilisation.lower >= 1

    @property
    def stable(self) -> bool:
        return self.utilisation.upper < 1


def _load(service: Service, pilot: Loaded, alpha: float) -> _Load:
    rates = saturations(service, pilot.traffic, replicates_needed(alpha))
    return _Load(utilisation=replicate_bounds(pilot.traffic.rate / rates, alpha), saturation=float(np.median(rates)))


def _latency(gate: Gate, charter: Charter, pilot: Loaded) -> GateOutcome:
    q, service = quantile(gate), pilot.of(CANDIDATE)
    load = _load(service, pilot, gate.alpha)
    simulated = _simulated(service, pilot, q, gate)
    details = _details(service, pilot, load, q, gate)
    seen = open_loop.observed(pilot, CANDIDATE, q, alpha=gate.alpha, utilisation=load.utilisation.upper)
    if seen is None:
        return _told(gate, _ruled(gate, q, pilot, load, simulated), charter, pilot, details)
    details |= open_loop.details(pilot, seen.run) | {"simulated_ms": simulated.estimate}
    return outcome(gate, _observed(gate, pilot, load, seen), claim=claim_words(charter, pilot, run=True), details=details)


def _observed(gate: Gate, pilot: Loaded, load: _Load, seen: Observed) -> Ruling:
    """What the run under load decides: noise only adds time, but a load that was not the declared one decides nothing."""
    said = (
        f"p{100 * quantile(gate):g} end to end is {between(gate, seen.bounds, 'ms')} in {len(seen.run.latency):,} requests over "
        f"HTTP at {pilot.traffic.rate:g} requests/s; {load.busy}"
    )
    decision = decided(gate, seen.bounds)
    ruling = Ruling(decision=decision, bounds=seen.bounds, why=f"{said}; {_against(gate, decision, 'ms')}")
    ruling = _unless(open_loop.void(pilot, seen.run, float(gate.threshold.maximum or 0)), ruling)
    return ruling if ruling.decision is Decision.PASS else _unless(pilot.noisy, ruling)


def _ruled(gate: Gate, q: float, pilot: Loaded, load: _Load, bounds: Bounds) -> Ruling:
    rate = f"{pilot.traffic.rate:g} requests/s"
    if load.overloaded:
        why = (
            f"the queue grows without end: {rate} arrive and the workers complete {load.saturation:.3g} at most "
            f"({load.utilisation.estimate:.0%} of their time)"
        )
        return _unless(pilot.noisy, Ruling(decision=Decision.FAIL, bounds=bounds, why=why))
    said = f"p{100 * q:g} end to end is {between(gate, bounds, 'ms')} at {rate}; {load.busy}"
    decision = decided(gate, bounds)
    if decision is Decision.PASS and not load.stable:
        why = f"{said}, and possibly all of it, so that nothing bounds the queue; add workers or reduce the load"
        return Ruling(decision=Decision.INCONCLUSIVE, bounds=bounds, why=why)
    if few := too_few(gate, q, pilot.measured):
        return Ruling(decision=Decision.INCONCLUSIVE, bounds=bounds, why=f"{said}; undecided: {few}")
    ruling = Ruling(decision=decision, bounds=bounds, why=f"{said}; {_against(gate, decision, 'ms')}")
    return ruling if decision is Decision.PASS else _unless(pilot.noisy, ruling)


def _gap(gate: Gate, charter: Charter, pilot: Loaded, baseline: str) -> GateOutcome:
    q, ours, theirs = quantile(gate), pilot.of(CANDIDATE), pilot.of(f"baseline:{baseline}")
    load, reference = _load(ours, pilot, gate.alpha), _load(theirs, pilot, gate.alpha)
    candidates, baselines = (_MS * _quantiles(s, pilot, q, gate) for s in (ours, theirs))
    bounds = replicate_bounds(candidates - baselines, gate.alpha)
    details = _details(ours, pilot, load, q, gate) | {
        "candidate_ms": float(np.median(candidates)),
        "baseline_ms": float(np.median(baselines)),
        "baseline_utilisation": reference.utilisation.estimate,
    }
    # Half of alpha for each of the two runs: their difference is then wrong with alpha at most.
    mine, other = (
        open_loop.observed(pilot, role, q, alpha=gate.alpha / 2, utilisation=busy.utilisation.upper)
        for role, busy in ((CANDIDATE, load), (f"baseline:{baseline}", reference))
    )
    if mine and other:
        details |= open_loop.details(pilot, mine.run) | {"simulated_ms": bounds.estimate}
        details |= {"candidate_ms": mine.bounds.estimate, "baseline_ms": other.bounds.estimate}
        ruling = _observed_gap(gate, pilot, load, (mine, other), baseline)
        return outcome(gate, ruling, claim=claim_words(charter, pilot, run=True), details=details)
    if not reference.stable:
        why = f"{baseline} itself cannot bear {pilot.traffic.rate:g} requests/s for sure, so that nothing can be compared with it"
        ruling = Ruling(decision=Decision.INCONCLUSIVE, bounds=bounds, why=why)
    elif load.overloaded:
        ruling = _ruled(gate, q, pilot, load, bounds)
    else:
        models = f"candidate {np.median(candidates):.3g} ms, {baseline} {np.median(baselines):.3g} ms"
        ruling = _compared(gate, pilot, load, bounds, models)
    return _told(gate, ruling, charter, pilot, details)


def _observed_gap(gate: Gate, pilot: Loaded, load: _Load, runs: tuple[Observed, Observed], baseline: str) -> Ruling:
    """The difference of two runs under the same load; each of them may be void."""
    mine, other = (seen.bounds for seen in runs)
    bounds = Bounds(estimate=mine.estimate - other.estimate, lower=mine.lower - other.upper, upper=mine.upper - other.lower)
    decision = decided(gate, bounds)
    why = (
        f"p{100 * quantile(gate):g} end to end: candidate {mine.estimate:.3g} ms, {baseline} {other.estimate:.3g} ms in "
        f"{len(runs[0].run.latency):,} and {len(runs[1].run.latency):,} requests over HTTP at {pilot.traffic.rate:g} requests/s, "
        f"a gap of {between(gate, bounds, 'ms')}; {load.busy}; {_against(gate, decision, 'ms')}"
    )
    ruling = Ruling(decision=decision, bounds=bounds, why=why)
    for seen in runs:
        ruling = _unless(open_loop.void(pilot, seen.run, other.estimate), ruling)
    return _unless(pilot.noisy, ruling)


def _compared(gate: Gate, pilot: Loaded, load: _Load, bounds: Bounds, models: str) -> Ruling:
    q = quantile(gate)
    gap = f"a gap of {between(gate, bounds, 'ms')}"
    said = f"p{100 * q:g} end to end: {models} at {pilot.traffic.rate:g} requests/s, {gap}; {load.busy}"
    decision = decided(gate, bounds)
    few = too_few(gate, q, pilot.measured, exceedances=GAP_EXCEEDANCES)
    if few or (decision is Decision.PASS and not load.stable):
        reason = few or "nothing bounds the candidate's queue"
        return Ruling(decision=Decision.INCONCLUSIVE, bounds=bounds, why=f"{said}; undecided: {reason}")
    return _unless(pilot.noisy, Ruling(decision=decision, bounds=bounds, why=f"{said}; {_against(gate, decision, 'ms')}"))


def _throughput(gate: Gate, charter: Charter, pilot: Loaded) -> GateOutcome:
    service = pilot.of(CANDIDATE)
    bounds = replicate_bounds(saturations(service, pilot.traffic, replicates_needed(gate.alpha)), gate.alpha)
    decision, policy = decided(gate, bounds), pilot.traffic.policy
    workers, size = f"{policy.workers} worker{'s' * (policy.workers > 1)}", f"batches of {policy.max_size}"
    why = f"{workers} with {size} complete {between(gate, bounds, 'requests/s')}; {_against(gate, decision, 'requests/s')}"
    ruling = Ruling(decision=decision, bounds=bounds, why=why)
    ruling = ruling if decision is Decision.PASS else _unless(pilot.noisy, ruling)
    details = {"rounds": pilot.measured.rounds, "runner_noise": pilot.noise}
    return _told(gate, ruling, charter, pilot, details)


def _simulated(service: Service, pilot: Loaded, q: float, gate: Gate) -> Bounds:
    """The q-quantile in milliseconds, its bounds no narrower than those of the timings by themselves.

    Resampled timings are never slower than the slowest one: from replicates alone a p95 of 200 timings that lay on its threshold
    passed 10 % of the time at alpha 0.05, a p99 of 1,000 11 %.
    """
    bounds = replicate_bounds(_MS * _quantiles(service, pilot, q, gate), gate.alpha)
    below, above = _reach(service, q, gate.alpha)
    lower, upper = bounds.estimate - _MS * below, bounds.estimate + _MS * above
    return Bounds(estimate=bounds.estimate, lower=min(bounds.lower, lower), upper=max(bounds.upper, upper))


def _reach(service: Service, q: float, alpha: float) -> tuple[float, float]:
    """How far the exact bounds of a batch's service time lie below and above its q-quantile, for the batch where it is farthest.

    Too few timings for such a bound leave 0: they decide nothing (`too_few`).
    """
    below, above = [0.0], [0.0]
    for times in service.seconds.T:
        lower, upper = quantile_bounds(Latencies(values=times), q, alpha)
        middle = float(np.quantile(times, q))
        below.append(0.0 if lower is None else middle - lower)
        above.append(0.0 if upper is None else upper - middle)
    return max(below), max(above)


def _quantiles(service: Service, pilot: Loaded, q: float, gate: Gate) -> Any:
    """The q-quantile of each replicate, in seconds."""
    return at(quantile_tables(service, pilot.traffic, pilot.traffic.rate, replicates_needed(gate.alpha)), q)


def _unless(noisy: str, ruling: Ruling) -> Ruling:
    """A decision that noise may have made is none."""
    if not noisy or ruling.decision is Decision.INCONCLUSIVE:
        return ruling
    return Ruling(decision=Decision.INCONCLUSIVE, bounds=ruling.bounds, why=f"{ruling.why}; undecided: {noisy}")


def _against(gate: Gate, decision: Decision, unit: str) -> str:
    limit = gate.threshold.maximum if gate.threshold.maximum is not None else gate.threshold.minimum
    asked = f"{limit} {unit} {'allowed' if gate.threshold.maximum is not None else 'demanded'}"
    words = {Decision.PASS: "within the", Decision.FAIL: "not within the"}
    return f"{words.get(decision, 'both sides of the')} {asked}"


def _told(gate: Gate, ruling: Ruling, charter: Charter, pilot: Loaded, details: Mapping[str, Any]) -> GateOutcome:
    return outcome(gate, ruling, claim=claim_words(charter, pilot), details=details)


def claim_words(charter: Charter, pilot: Loaded, *, run: bool = False) -> str:
    """What was served, where, and what is declared and not measured; `run`: a run under load decided, and not the simulation."""
    shots, _ = charter.shots.deciding[0]
    at_shots = f" at {shots:,} shots" if shots is not None else ""
    served = f"{_served(charter)}{at_shots}"
    traffic = pilot.traffic
    declared = [w for w, t in (("queue", traffic.queue), ("network", traffic.network), ("region", traffic.round_trips)) if t]
    added = f"; {' and '.join(declared)} times are drawn as the charter declares them" if declared else ""
    how = "under the declared traffic on this runner" if run else "timed on this runner and simulated under the declared traffic"
    return f"For {served}, {how}{added}."


def _served(charter: Charter) -> str:
    if "service" in charter.sections:
        return f"the service `{charter.sections['service']['command']}` over HTTP on loopback"
    kinds = {
        CandidateKind.CIRCUIT: "the circuit's QNode on lightning.qubit",
        CandidateKind.KERNEL: "the kernel's states on lightning.qubit and the model on them",
    }
    return kinds.get(charter.candidate.kind, "the estimator's predict")


def _details(service: Service, pilot: Loaded, load: _Load, q: float, gate: Gate) -> dict[str, Any]:
    lower, upper = quantile_bounds(Latencies(values=service.seconds[:, 0]), q, gate.alpha)
    alone = {"lower": lower, "upper": upper}
    return {
        "method": "simulated queue; bootstrap of measured rounds, common random numbers",
        "replicates": replicates_needed(gate.alpha),
        "requests_per_replicate": REQUESTS,
        "rounds": pilot.measured.rounds,
        "runner_noise": pilot.noise,
        "utilisation": load.utilisation.estimate,
        "saturation_rps": load.saturation,
        "service_alone_ms": {key: None if x is None else _MS * x for key, x in alone.items()},
    }
