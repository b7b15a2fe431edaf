"""Where `sequential` cannot hold what it promises: nothing would be saved, or no error rate would hold."""

from collections.abc import Iterator

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.metrics import Family, Metric, parse_metric
from qgate.charter.wording import KeyPath, listed
from qgate.domain.source import Problem

_KEY = ("pilot", "sequential")
_GATES = ("pilot", "success_metrics")
_ASKED = ("estimator", "command")
_FEWEST_SEEDS = 4
Gate = tuple[KeyPath, Metric]


def check_sequential(document: Document) -> Iterator[Problem]:
    """What is wrong with `sequential: true`, if it is there."""
    if document.get(*_KEY) is not True:
        return
    candidate = document.mapping("pilot", "candidate")
    if candidate and not any(kind in candidate for kind in _ASKED):
        message = f"a candidate of the kind {listed(list(candidate)[:1])} is simulated once for all rows and seeds"
        yield document.problem(Code.SEQUENTIAL, _KEY, message, "remove `sequential`")
    gates = _named(document)
    parity = [(key, metric) for key, metric in gates if metric.family is Family.PARITY]
    if gates and not parity:
        message = "only parity gates are decided part by part, and the pilot has none"
        yield document.problem(Code.SEQUENTIAL, _KEY, message, "remove `sequential`")
    elif parity:
        yield from _enough(document, parity)
    for key, metric in gates:
        if metric.family is Family.SEEDS:
            message = f"`{metric.name}` counts all seeds, and `pilot.sequential` stops before all are measured"
            yield document.problem_of(Code.SEQUENTIAL, key, message, "remove this gate or `sequential`")


def _named(document: Document) -> list[Gate]:
    named = [((*_GATES, i), document.text(*_GATES, i, "name")) for i, _ in enumerate(document.items(*_GATES))]
    return [(key, metric) for key, name in named if name and (metric := parse_metric(name)) is not None]


def _enough(document: Document, parity: list[Gate]) -> Iterator[Problem]:
    """By seeds, unless all parity gates are about new rows and fixed weights: then by rows, of which training needs all."""
    by_seeds = [key for key, _ in parity if not _about_new_rows(document, key)]
    if not by_seeds:
        for key, metric in parity:
            if metric.split == "train":
                message = "the rows that train the model cannot be measured part by part"
                yield document.problem_of(Code.SEQUENTIAL, key, message, "gate a split that is not for training")
        return
    seeds = document.get("pilot", "shots", "sealed_seeds") or len(document.items("pilot", "shots", "seeds"))
    if isinstance(seeds, int) and seeds < _FEWEST_SEEDS:
        name = document.text(*by_seeds[0], "name")
        message = f"`{name}` is decided over seeds, the first three of which are looked at first; the charter has {seeds}"
        fix = (
            "declare at least four seeds; or, to stop after a part of the rows, let every parity gate claim "
            "`{population: deployment, subject: artifact}`"
        )
        yield document.problem(Code.SEQUENTIAL, _KEY, message, fix)


def _about_new_rows(document: Document, key: KeyPath) -> bool:
    claim = document.mapping(*key, "claim")
    return claim.get("population") == "deployment" and claim.get("subject", "artifact") == "artifact"
