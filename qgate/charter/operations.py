"""Rules of `traffic` and `service`: arrivals that say how they arrive, and candidates that can be served."""

from collections.abc import Iterator
from decimal import Decimal

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.metrics import Family, parse_metric
from qgate.charter.validate import subject
from qgate.domain.source import Problem

_TRAFFIC = ("pilot", "traffic")
_BURST = (*_TRAFFIC, "burst")
# What each arrival process is told by, and how that is written.
_TOLD_BY = {"bursty": ("burst", "{factor: 5, share: 0.1, mean_ms: 2000}"), "trace": ("trace", "{path: …, sha256: …}")}
_NOT_SERVED = {
    "command": "is started once for each measurement and serves nothing",
    "qubo": "is solved and serves nothing",
}
_MS = 1000


def check_operations(document: Document) -> Iterator[Problem]:
    """Every broken rule; parts that have the wrong type are passed over, since the schema has named them."""
    yield from _arrivals(document)
    yield from _bursts(document)
    yield from _served(document)


def _arrivals(document: Document) -> Iterator[Problem]:
    traffic = document.mapping(*_TRAFFIC)
    arrivals = traffic.get("arrivals", "poisson")
    for process, (section, example) in _TOLD_BY.items():
        if arrivals == process and section not in traffic:
            message = f"`pilot.traffic` lacks `{section}`, which `arrivals: {process}` needs"
            fix = f"add `{section}: {example}`, or write `arrivals: poisson`"
            yield document.problem(Code.MISSING_KEY, (*_TRAFFIC, "arrivals"), message, fix)
        elif arrivals in ("poisson", *_TOLD_BY) and arrivals != process and section in traffic:
            message = f"`{section}` says nothing about `arrivals: {arrivals}`"
            yield document.problem_of(
                Code.UNUSED, (*_TRAFFIC, section), message, f"write `arrivals: {process}`, or remove `{section}`"
            )


def _bursts(document: Document) -> Iterator[Problem]:
    """As `queueing.traffic` has it: bursts take no more than all requests, and hold at least one."""
    factor, share, length = (_number(document, *_BURST, name) for name in ("factor", "share", "mean_ms"))
    rate = _number(document, *_TRAFFIC, "rate_rps")
    if factor and share and factor * share > 1:
        message = f"bursts of {factor} times the rate for {share} of the time hold more requests than arrive"
        yield document.problem(Code.OUT_OF_RANGE, (*_BURST, "factor"), message, "keep `factor` times `share` at 1 or below")
    if factor and length and rate and factor * rate * length < _MS:
        message = f"at {rate} requests a second, bursts of {length} ms hold less than one request"
        yield document.problem(Code.OUT_OF_RANGE, (*_BURST, "mean_ms"), message, "lengthen them, or write `arrivals: poisson`")


def _number(document: Document, *key: str) -> Decimal | None:
    value = document.mapping(*key[:-1]).get(key[-1])
    return Decimal(value) if isinstance(value, int | Decimal) else None


def _served(document: Document) -> Iterator[Problem]:
    kind = next((kind for kind in _NOT_SERVED if kind in document.mapping("pilot", "candidate")), None)
    if kind is None or document.mapping("pilot", "service"):
        return
    for index, _ in enumerate(document.items("pilot", "success_metrics")):
        key = ("pilot", "success_metrics", index)
        metric = parse_metric(document.text(*key, "name") or "")
        if metric and metric.family in {Family.LATENCY, Family.CAPACITY}:
            message = f"{subject(document, key)} times a service, and a `{kind}` candidate {_NOT_SERVED[kind]}"
            fix = "declare `service: {command: bin/serve}` (docs/service.md), or remove the gate"
            yield document.problem_of(Code.WRONG_CANDIDATE, key, message, fix)
