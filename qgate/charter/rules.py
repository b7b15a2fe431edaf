"""What a schema cannot say: how one part of a charter bears on another, and on today's date."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.identities import check_identities
from qgate.charter.metrics import SCORERS, SPLIT_ALIASES, Family, known_metrics, parse_metric
from qgate.charter.operations import check_operations
from qgate.charter.remediation_rules import check_remediation
from qgate.charter.routes import fitting
from qgate.charter.schema import charter_schema
from qgate.charter.sequential import check_sequential
from qgate.charter.validate import legible, subject
from qgate.charter.wording import KeyPath, did_you_mean, listed, shortened, shown
from qgate.domain.charter import Platform, Strategy
from qgate.domain.source import Problem

_GATES = ("pilot", "success_metrics")
_SIMULATED = frozenset({"circuit", "kernel"})
_SUGGESTED = 4  # splits and baselines that suggestions are made from: all pairs of them are compared


def check(document: Document, today: date) -> Iterator[Problem]:
    """Every broken rule; parts that have the wrong type are passed over, since the schema has named them."""
    yield from _pilot_name(document)
    yield from _candidate(document)
    yield from _gates(document)
    yield from _splits(document)
    yield from _slices(document)
    yield from _seeds(document)
    yield from _sealed(document)
    yield from _schedule(document)
    yield from check_sequential(document)
    yield from _waivers(document, today)
    yield from check_identities(document)
    yield from _target(document)
    yield from _route(document)
    yield from _rehearsed(document)
    yield from _layout(document)
    yield from check_operations(document)


def pilot_name(document: Document) -> Any:
    """The pilot's name: as written, else the file's name without its suffix."""
    return document.mapping("pilot").get("name", PurePosixPath(document.path).stem)


def _pilot_name(document: Document) -> Iterator[Problem]:
    pattern = charter_schema()["$defs"]["pilot"]["properties"]["name"]["pattern"]
    name = pilot_name(document)
    if isinstance(document.get("pilot"), dict) and "name" not in document.mapping("pilot") and not re.search(pattern, name):
        message = f"the pilot has no name, and the file's name {shown(name)} cannot serve as one"
        yield document.problem_of(Code.PILOT_NAME, ("pilot",), message, "add `name: my-pilot`")


def _candidate(document: Document) -> Iterator[Problem]:
    key = ("pilot", "candidate")
    candidate = document.mapping(*key)
    if "weights" in candidate and not {"circuit", "kernel", "qubo"} & candidate.keys():
        message = "`pilot.candidate` lacks `circuit`, `kernel` or `qubo`, one of which `weights` needs"
        yield document.problem_of(Code.MISSING_KEY, key, message, "declare one of them, or remove `weights`")
    for index, constraint in enumerate(document.items(*key, "constraints")):
        if isinstance(constraint, dict) and {"exactly_one", "sum"} <= constraint.keys():
            message = "a constraint is a group of which `exactly_one` is 1, or a `sum` with a bound; this one is both"
            yield document.problem_of(Code.ONE_OF, (*key, "constraints", index), message, "write two constraints")


def _gates(document: Document) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, gate in enumerate(document.items(*_GATES)):
        key = (*_GATES, index)
        if not isinstance(gate, dict):
            continue
        name = document.text(*key, "name")
        if name and name in first:
            line = document.values[(*_GATES, first[name], "name")][0]
            message = f"the gate {shown(name)} is declared a second time; the first is on line {line}"
            yield document.problem(Code.DUPLICATE_GATE, (*key, "name"), message, "keep one of the two")
        elif name:
            first[name] = index
            yield from _metric(document, key, name)
        yield from _threshold(document, key, gate)
        yield from check_remediation(document, (*key, "remediation"), gate.get("remediation"))


def _metric(document: Document, key: KeyPath, name: str) -> Iterator[Problem]:
    metric = parse_metric(name)
    if metric is None:
        splits = list(document.mapping("pilot", "data"))[:_SUGGESTED] or ["validation"]
        baselines = list(document.mapping("pilot", "baselines"))[:_SUGGESTED] or ["classical"]
        guess = did_you_mean(name, known_metrics(splits, baselines))
        fix = "use a name of docs/charter.md, such as `val_accuracy_gap_vs_classical` or `latency_p95_ms`"
        yield document.problem(Code.UNKNOWN_METRIC, (*key, "name"), f"no metric is called {shown(name)}{guess}", fix)
    elif metric.slice and metric.slice not in (declared := _slices_of(document, metric.split)):
        message = f"the data `{metric.split}` has no slice {shown(metric.slice)}{did_you_mean(metric.slice, declared)}"
        fix = f"declare it in `pilot.data.{metric.split}.slices`, or gate all rows by leaving out `/{metric.slice}`"
        yield document.problem(Code.UNKNOWN_SLICE, (*key, "name"), message, fix)
    elif metric.family is Family.QUBO and (candidate := document.mapping("pilot", "candidate")) and "qubo" not in candidate:
        message = f"{subject(document, key)} measures a QUBO, and the candidate is {listed(list(candidate)[:1])}"
        yield document.problem_of(Code.WRONG_CANDIDATE, key, message, "remove the gate, or declare `candidate: {qubo: …}`")
    elif metric.family is Family.CALIBRATION and (candidate := document.mapping("pilot", "candidate")):
        yield from _simulated(document, key, list(candidate))


def _simulated(document: Document, key: KeyPath, candidate: list[str]) -> Iterator[Problem]:
    """The noise of a device can be put only into a circuit that qgate itself simulates."""
    if _SIMULATED.isdisjoint(candidate):
        message = f"{subject(document, key)} simulates a circuit under noise, and the candidate is {listed(candidate[:1])}"
        yield document.problem_of(Code.WRONG_CANDIDATE, key, message, "remove the gate, or declare `candidate: {circuit: …}`")


def _threshold(document: Document, key: KeyPath, gate: dict[str, Any]) -> Iterator[Problem]:
    low, high = gate.get("min"), gate.get("max")
    if isinstance(low, int | Decimal) and isinstance(high, int | Decimal) and low > high:
        message = f"`min` {shown(low)} is above `max` {shown(high)}: nothing could pass"
        yield document.problem(Code.MIN_ABOVE_MAX, (*key, "min"), message, "keep one of them")


def _slices_of(document: Document, split: str) -> list[str]:
    named = [name for name in document.mapping("pilot", "data") if SPLIT_ALIASES.get(name, name) == split]
    return [name for data in named for name in document.mapping("pilot", "data", data, "slices")]


def _slices(document: Document) -> Iterator[Problem]:
    for split in document.mapping("pilot", "data"):
        for name, value in document.mapping("pilot", "data", split, "slices").items():
            if isinstance(value, dict) and "column" in value and value.keys() <= {"column"}:
                message = f"the slice {shown(name)} does not say which rows of its column it takes"
                fix = "add `min`, `max` or `equals`"
                yield document.problem_of(Code.SLICE_BOUNDS, ("pilot", "data", split, "slices", name), message, fix)


def _splits(document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name in document.mapping("pilot", "data"):
        split = SPLIT_ALIASES.get(name, name)
        if split in first:
            message = f"`{shortened(name)}` and `{first[split]}` are one split, `{split}`"
            yield document.problem_of(Code.DUPLICATE_SPLIT, ("pilot", "data", name), message, "keep one of the two")
        first.setdefault(split, name)


def _seeds(document: Document) -> Iterator[Problem]:
    key = ("pilot", "shots", "seeds")
    first: dict[int, int] = {}
    for index, seed in enumerate(document.items(*key)):
        if isinstance(seed, int) and first.setdefault(seed, index) != index:
            message = f"the seed {shown(seed)} stands here a second time: its replicate would repeat the first one's bits"
            yield document.problem(Code.DUPLICATE_SEED, (*key, index), message, "write another seed, or remove it")


def _sealed(document: Document) -> Iterator[Problem]:
    key = ("pilot", "shots")
    if {"seeds", "sealed_seeds"} <= document.mapping(*key).keys():
        message = "`seeds` writes the seeds down, and `sealed_seeds` has them follow from charter, pull request and content"
        yield document.problem_of(Code.ONE_OF, (*key, "sealed_seeds"), message, "keep one of them")


def _schedule(document: Document) -> Iterator[Problem]:
    key = ("pilot", "shots", "schedule")
    for index, (before, after) in enumerate(pairwise(document.items(*key)), start=1):
        if isinstance(before, int) and isinstance(after, int) and after <= before:
            message = f"the schedule must rise, and {shown(after)} follows {shown(before)}"
            yield document.problem(
                Code.SHOTS_NOT_RISING, (*key, index), message, "list shot counts from the least to the most, each once"
            )


def _waivers(document: Document, today: date) -> Iterator[Problem]:
    gates = [document.text(*_GATES, index, "name") for index, _ in enumerate(document.items(*_GATES))]
    names = {name for name in gates if name}
    for index, _ in enumerate(document.items("waivers")):
        gate = document.text("waivers", index, "gate")
        if gate and gate not in names:
            message = f"the pilot has no gate {shown(gate)}{did_you_mean(gate, names)}"
            yield document.problem(Code.UNKNOWN_GATE, ("waivers", index, "gate"), message, "name a gate of `success_metrics`")
        yield from _expiry(document, ("waivers", index, "expires"), today)


def _expiry(document: Document, key: KeyPath, today: date) -> Iterator[Problem]:
    written = document.text(*key)
    if written is None or not _has_form(written):
        return  # of another form, which the schema has named
    day = _day(written)
    if day is None:
        yield _no_day(document, key, written)
    elif day <= today:
        message = f"the waiver ended on {day}; today is {today}"
        yield document.problem(Code.WAIVER_EXPIRED, key, message, "remove the waiver, or have its approver grant a new one")


def _has_form(written: str) -> bool:
    return [len(part) for part in written.split("-")] == [4, 2, 2]


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _no_day(document: Document, key: KeyPath, written: str) -> Problem:
    message = f"{shown(written)} is no day of the calendar"
    return document.problem(Code.WRONG_DATE, key, message, "write year-month-day, like `2027-01-31`")


def _target(document: Document) -> Iterator[Problem]:
    key = ("rollback", "target")
    baselines = document.mapping("pilot", "baselines")
    baseline = document.text(*key, "baseline")
    if baseline and baseline not in baselines and legible(document, "baselines"):
        message = f"no baseline is called {shown(baseline)}{did_you_mean(baseline, baselines)}"
        yield document.problem(Code.UNKNOWN_BASELINE, (*key, "baseline"), message, "name a baseline of `pilot.baselines`")
    for name in document.mapping(*key, "metrics"):
        if name not in SCORERS:
            message = f"no metric is called {shown(name)}{did_you_mean(name, SCORERS)}"
            yield document.problem_of(Code.UNKNOWN_SCORER, (*key, "metrics", name), message, f"use {listed(list(SCORERS), 'or')}")


def _route(document: Document) -> Iterator[Problem]:
    key = ("rollback", "traffic")
    strategy, platform = document.text(*key, "strategy"), document.text(*key, "platform")
    known = strategy in list(Strategy) and platform in list(Platform)
    if known and strategy and platform not in (can := fitting(strategy)):
        message = f"{shown(platform)} cannot do a {shown(strategy)}"
        yield document.problem(Code.WRONG_PLATFORM, (*key, "platform"), message, f"use {listed(list(can), 'or')}")


def _rehearsed(document: Document) -> Iterator[Problem]:
    key = ("rollback", "rehearsed")
    written = document.text(*key)
    if written is not None and _has_form(written) and _day(written) is None:
        yield _no_day(document, key, written)


def _layout(document: Document) -> Iterator[Problem]:
    key = ("pilot", "noise")
    if {"layout", "reference"} <= document.mapping(*key).keys():
        message = "`layout` and `reference` both say where the circuit sits on the device"
        yield document.problem_of(Code.ONE_OF, (*key, "reference"), message, "keep one of them")
    first: dict[int, int] = {}
    for index, qubit in enumerate(document.items(*key, "layout")):
        if isinstance(qubit, int) and first.setdefault(qubit, index) != index:
            message = f"the wires {first[qubit]} and {index} cannot both be on qubit {shown(qubit)}"
            yield document.problem(Code.DUPLICATE_QUBIT, (*key, "layout", index), message, "give each wire a qubit of its own")
