"""How the candidate's time grows with its batch, its shots and its qubits: shown beside the capacity, and decides nothing."""

import math
from typing import Any

import numpy as np

from qgate.domain.evidence import GrowthTimes, PilotEvidence
from qgate.gates.pairing import GROWTH
from qgate.statistics.growth import REACH, Fit, Growth, Law, growth

_MS = 1000.0


def growth_details(evidence: PilotEvidence) -> dict[str, Any]:
    """By what grows: the law in words, the measured times, and both laws up to one and a half times the largest size."""
    failed = next((f.message for f in evidence.failures if f.part == GROWTH), None)
    if failed is not None:
        return {"law": f"not measured: {failed}"}
    return {one.name: _told(one) for one in evidence.growth}


def _told(one: GrowthTimes) -> dict[str, Any]:
    if one.seconds is None:
        return {"law": f"not measured: {one.failed}"}
    found = growth(one.sizes, one.seconds, one.floor)
    return {
        "law": _words(one, found),
        "sizes": list(one.sizes),
        "ms": (_MS * np.median(one.seconds, axis=0)).tolist(),
        "floor_ms": None if one.floor is None else _MS * float(np.median(one.floor)),
        "reach": REACH * one.sizes[-1],
        "fits": {str(fit.law): _parameters(fit) for fit in (found.power, found.exponential)},
    }


def _parameters(fit: Fit) -> dict[str, float]:
    """Milliseconds are `floor_ms + exp(level) * size ** rate`, or `floor_ms + exp(level + rate * size)`."""
    low, high = (x if math.isfinite(x) else None for x in fit.interval)
    found = {"floor_ms": _MS * fit.floor, "level": fit.level + math.log(_MS), "rate": fit.rate, "aicc": fit.aicc}
    return found | {key: x for key, x in (("rate_lower", low), ("rate_upper", high)) if x is not None}


def _words(one: GrowthTimes, found: Growth) -> str:
    top = REACH * one.sizes[-1]
    power, exponential = (_MS * float(fit.at(np.array([top]))[0]) for fit in (found.power, found.exponential))
    ends = f"at {top:g}, as far as this reaches, {power:.3g} ms by the power law and {exponential:.3g} ms by the exponential one"
    if found.law is None:
        return f"law not identifiable: {found.why}; {ends}"
    return f"{_rate(found.better)}; {ends}"


def _rate(fit: Fit) -> str:
    low, high = fit.interval
    above = f" above a floor of {_MS * fit.floor:.3g} ms" if fit.floor else ""
    if fit.law is Law.POWER:
        return f"power law{above}: exponent {fit.rate:.2f} (between {low:.2f} and {high:.2f} with 95 % confidence)"
    each, least, most = (math.exp(rate) for rate in (fit.rate, low, high))
    return f"exponential{above}: {each:.3g} times with each one more (between {least:.3g} and {most:.3g} with 95 % confidence)"
