"""What each gate needs the charter to declare, and does not find there: data, baseline, candidate, traffic, budget, noise.

This is the answer to a fragment (an owner, some metrics, a rollback): it is a charter that lacks its bindings, gate by gate.
"""

from collections.abc import Iterator

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.metrics import SPLIT_ALIASES, Family, Metric, parse_metric
from qgate.charter.validate import absent, completing, legible, subject
from qgate.charter.wording import did_you_mean, listed
from qgate.domain.source import Problem

_SECTIONS = {
    Family.LATENCY: "traffic",
    Family.CAPACITY: "traffic",
    Family.COST: "budget",
    Family.CALIBRATION: "noise",
}


def missing_bindings(document: Document) -> Iterator[Problem]:
    """One problem for each gate that needs something undeclared, naming all of it."""
    for index, _ in enumerate(document.items("pilot", "success_metrics")):
        key = ("pilot", "success_metrics", index)
        metric = parse_metric(document.text(*key, "name") or "")
        lacking = list(_lacking(document, metric)) if metric else []
        if metric and lacking:
            names = listed([f"pilot.{name}" for name in lacking])
            message = (
                f"{subject(document, key)} needs {names}, which the charter does not declare{_guess(document, metric, lacking)}"
            )
            yield document.problem_of(Code.MISSING_BINDING, key, message, f"declare {names}; {completing(document)}")


def _lacking(document: Document, metric: Metric) -> Iterator[str]:
    sections = [name for name in ("candidate", _SECTIONS.get(metric.family)) if name]
    yield from (name for name in sections if absent(document, name))
    if metric.split and metric.split not in _splits(document) and legible(document, "data"):
        yield f"data.{metric.split}"
    yield from _of_a_qubo(document, metric)
    yield from _of_a_service(document, metric)
    baseline = baseline_of(metric)
    if baseline and baseline not in document.mapping("pilot", "baselines") and legible(document, "baselines"):
        yield f"baselines.{baseline}"


def _of_a_qubo(document: Document, metric: Metric) -> Iterator[str]:
    candidate = document.mapping("pilot", "candidate")
    if metric.name == "qubo_feasible_rate" and "qubo" in candidate and "constraints" not in candidate:
        yield "candidate.constraints"
    if (
        metric.name == "qubo_best_of_shots"
        and "schedule" not in document.mapping("pilot", "shots")
        and legible(document, "shots")
    ):
        yield "shots.schedule"


def _of_a_service(document: Document, metric: Metric) -> Iterator[str]:
    """Rows to serve; and where services are declared, that of the baseline that a gap is measured against."""
    if metric.family not in {Family.LATENCY, Family.CAPACITY} or absent(document, "candidate"):
        return
    if absent(document, "data"):
        yield "data"
    baseline, service = baseline_of(metric), document.mapping("pilot", "service")
    if baseline and "command" in service and baseline not in document.mapping("pilot", "service", "baselines"):
        yield f"service.baselines.{baseline}"


def _splits(document: Document) -> set[str]:
    return {SPLIT_ALIASES.get(name, name) for name in document.mapping("pilot", "data")}


def baseline_of(metric: Metric) -> str:
    """The baseline that a gate compares with, or nothing."""
    return metric.baseline or metric.name.partition("_vs_")[2]


def _guess(document: Document, metric: Metric, lacking: list[str]) -> str:
    baseline = baseline_of(metric)
    if f"baselines.{baseline}" in lacking:
        return did_you_mean(baseline, document.mapping("pilot", "baselines"))
    if f"data.{metric.split}" in lacking:
        return did_you_mean(metric.split, document.mapping("pilot", "data"))
    return ""
