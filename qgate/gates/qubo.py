"""QUBO gates: is what the circuit samples good enough? `qgate.gates.qubo_measures` defines each value.

What annealing and steepest descent make of the same QUBO with as many samples is shown beside it and decides nothing: at sizes
that can be simulated they always win. `qubo_energy_gap` compares with this candidate as it was locked, on the same seeds.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from qgate.charter.metrics import Metric
from qgate.domain.charter import Charter, Claim, Gate
from qgate.domain.error_codes import coded
from qgate.domain.evidence import PilotEvidence
from qgate.domain.verdict import Decision, GateOutcome, Sizes
from qgate.errors import MeasurementError
from qgate.gates import outcomes
from qgate.gates.lucky_seed import DECIDED, Agreement
from qgate.gates.qubo_measures import MEASURES, Asked, Found, Measure
from qgate.gates.qubo_samples import Samples, read, salted
from qgate.statistics.bounds import Bounds, decide

_BINS = 24
_SHOWN = 0.95
_DRAWN = frozenset({"qubo_energy_gap", "qubo_random_ratio"})
_SIGNIFICANT = range(4, 13)


def judge_qubo(gate: Gate, metric: Metric, charter: Charter, evidence: PilotEvidence) -> GateOutcome:
    """Decide one gate; what was not measured, or cannot be claimed, is an error with its reason."""
    measure = MEASURES[metric.name]
    try:
        threshold = _threshold(gate, measure)
        samples = read(charter, evidence)
        asked = Asked(gate=gate, threshold=threshold, charter=charter, evidence=evidence, samples=samples)
        found = measure.find(asked)
        lists = agreement(found, measure, asked)
        drawn = {"histogram": histogram(samples)} if metric.name in _DRAWN else {}
    except MeasurementError as problem:
        return outcomes.error(gate, coded(problem))
    decision, why = _supported(found, measure, asked, lists)
    return GateOutcome(
        name=gate.name,
        decision=decision,
        why=why,
        owner=gate.owner,
        value=found.value,
        interval=found.interval,
        alpha=gate.alpha,
        claim=str(gate.claim),
        claim_words=_claim_words(samples),
        threshold=gate.threshold.as_json(),
        sizes=Sizes(rows=0, seeds=len(samples.cells) if samples.shots else 0, shots=samples.shots),
        remedy=outcomes.remedy(gate.remediation),
        position=gate.position,
        details={**found.details, "optimum": samples.optimum, "random": samples.qubo.random_energy, **drawn}
        | (lists.details if lists else {}),
    )


def agreement(found: Found, measure: Measure, asked: Asked) -> Agreement | None:
    """How many re-salted seed lists give the same decision; None where nothing was drawn, or nothing random decides.

    Raises:
        MeasurementError: the re-salted samples are incomplete.
    """
    decided = _decision(found, measure, asked.threshold)
    if decided not in DECIDED or found.interval is None:
        return None
    lists = [other for other in salted(asked.samples, asked.charter, asked.evidence) if measure.judges(asked, other)]
    decisions = [_decision(measure.find(replace(asked, samples=one)), measure, asked.threshold) for one in lists]
    return Agreement(agreeing=decisions.count(decided), lists=len(decisions)) if decisions else None


def _supported(found: Found, measure: Measure, asked: Asked, lists: Agreement | None) -> tuple[Decision, str]:
    """The decision with its sentence, undecided where too few seed lists agree."""
    decision, required = _decision(found, measure, asked.threshold), asked.charter.shots.agreement
    why = _why(found, decision, measure, asked)
    if lists is None or lists.share >= required:
        return decision, why
    return Decision.INCONCLUSIVE, f"{why}; but {lists.reason(decision, required)}: undecided"


def _threshold(gate: Gate, measure: Measure) -> float:
    """The gate's bound, which must be on the side on which the metric can be bad."""
    if gate.claim != Claim():
        raise MeasurementError(
            f"one QUBO says nothing about others, nor one set of angles about a recipe: claim {Claim()}, not {gate.claim}"
        )
    bound = gate.threshold.minimum if measure.greater_is_better else gate.threshold.maximum
    if bound is None:
        right, wrong = ("min", "max") if measure.greater_is_better else ("max", "min")
        raise MeasurementError(f"`{gate.name}` is bounded by `{right}`, and this gate has `{wrong}`")
    return float(bound)


def _decision(found: Found, measure: Measure, threshold: float) -> Decision:
    if found.tested is None:
        return Decision.INCONCLUSIVE
    if found.share_needed is not None:
        return decide(_mirrored(found.tested), -found.share_needed)
    return decide(_mirrored(found.tested), -threshold) if measure.greater_is_better else decide(found.tested, threshold)


def _mirrored(bounds: Bounds) -> Bounds:
    return Bounds(estimate=-bounds.estimate, lower=-bounds.upper, upper=-bounds.lower)


def _why(found: Found, decision: Decision, measure: Measure, asked: Asked) -> str:
    """One sentence: what was measured, how far it is known, and what the threshold asks."""
    threshold = str(asked.gate.threshold.minimum if measure.greater_is_better else asked.gate.threshold.maximum)
    asks = f"at least {threshold} is needed" if measure.greater_is_better else f"at most {threshold} is allowed"
    if found.tested is None:
        return f"{found.words}; undecided: {found.undecided} ({asks}){found.beside}"
    known = _known(found, decision, measure, asked)
    if decision is Decision.INCONCLUSIVE:
        return f"{found.words}, but {known} fits, and {asks}; {found.would_decide}{found.beside}"
    return f"{found.words}{known}; {asks}{found.beside}"


def _known(found: Found, decision: Decision, measure: Measure, asked: Asked) -> str:
    """The bound that decides, or both where neither does; nothing where nothing is random."""
    if found.interval is None:
        return "any greater number" if decision is Decision.INCONCLUSIVE else ""
    low, high = (_number(bound, asked.threshold) for bound in found.interval)
    if decision is Decision.INCONCLUSIVE:
        return f"anything from {low} to {high}"
    at_least = measure.greater_is_better == (decision is Decision.PASS)
    return f", with {100 * (1 - asked.gate.alpha):g} % confidence at {f'least {low}' if at_least else f'most {high}'}"


def _number(value: float, threshold: float) -> str:
    """Four digits, or as many as tell the number from the threshold."""
    texts = (f"{value:,.{digits}g}" for digits in _SIGNIFICANT)
    return next((text for text in texts if value == threshold or float(text.replace(",", "")) != threshold), repr(value))


def _claim_words(samples: Samples) -> str:
    circuit = f"For exactly this QUBO of {samples.qubo.size} variables and this circuit"
    noise = f", on average over the noise of {samples.shots:,} samples" if samples.shots else ""
    return f"{circuit}{noise}; nothing is claimed about other instances."


def histogram(samples: Samples) -> dict[str, Any]:
    """Shares of the energies, from the least on: the circuit's exact ones, those of random states, the annealer's.

    The last bin holds the highest energies of all, which penalties put far away from everything of interest.
    """
    top = max(float(np.quantile(samples.energies, _SHOWN)), samples.optimum + samples.span)
    energies = np.minimum(samples.energies, top)
    edges = np.linspace(samples.optimum, top, _BINS + 1)

    def shares(of: Any, weights: Any) -> list[float]:
        counts, _ = np.histogram(of, bins=edges, weights=weights)
        return [round(float(share), 6) for share in counts / counts.sum()]

    found = {
        "edges": [round(float(edge), 6) for edge in edges],
        "circuit": shares(energies[samples.exact.predictions], samples.exact.scores),
        "random": shares(energies, np.ones(len(energies))),
    }
    if annealed := samples.references.get("annealing"):
        states, counts = (np.concatenate(parts) for parts in zip(*((c.predictions, c.scores) for c in annealed), strict=True))
        found["annealing"] = shares(energies[states], counts)
    return found
