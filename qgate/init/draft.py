"""The whole drafted charter: every key that a complete one has and the fragment (if there is one) lacks."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from qgate.charter.metrics import Family, Metric, Task, parse_metric
from qgate.charter.missing import baseline_of
from qgate.charter.schema import charter_schema
from qgate.charter.wording import KeyPath
from qgate.init import model_sections, sections
from qgate.init.choices import Question
from qgate.init.data_files import CheckedData
from qgate.init.materials import Materials
from qgate.init.remediations import WayBack, remediation
from qgate.init.yaml_text import Block, Entry, Items, complete, render

_GATES = ("pilot", "success_metrics")
_CLASSICAL = "classical"
_SCORERS = {Task.CLASSIFICATION: "accuracy", Task.REGRESSION: "r2"}
_SHORT = {"validation": "val"}
_DRAFTED = "drafted, review"
_GAP = "0.02"
_RATE = "10"
_LOADED = frozenset({Family.LATENCY, Family.CAPACITY})
# What no repository tells and nobody may invent: prices, and the device.
_DECLARED = MappingProxyType({Family.COST: ("budget", "usd_per_shot"), Family.CALIBRATION: ("noise", "calibration")})
_HEAD = """\
# The charter of the pilot {name}, drafted by `qgate init`. Review every line before you commit it: it is a contract.
# Keys and gates: docs/charter.md of qgate; `qgate validate` names what is wrong with the file.
"""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A charter that is to be written: the pilot's name, and the text."""

    name: str
    text: str


def draft(materials: Materials, fragment: str | None) -> Draft:
    """The charter's text: the fragment completed, or a new one. What is missing stands in `materials.choices`."""
    name = sections.name(materials)
    block = _whole(materials, name)
    if fragment is None:
        return Draft(name=name, text=_HEAD.format(name=name) + "\n".join(render(block)) + "\n")
    return Draft(name=name, text=complete(fragment, block, key_order()))


def key_order() -> dict[KeyPath, tuple[str, ...]]:
    """The order of keys in the schema, which is the order that people read them in."""
    schema = charter_schema()
    parts: dict[KeyPath, dict[str, object]] = {
        (): schema["properties"],
        ("pilot",): schema["$defs"]["pilot"]["properties"],
        ("rollback",): schema["$defs"]["rollback"]["properties"],
    }
    return {path: tuple(part) for path, part in parts.items()}


@dataclass(frozen=True, kw_only=True)
class _Contract:
    """What the gates are about: their metrics (empty: a first gate is drafted), the splits and baselines that they compare on."""

    metrics: tuple[Metric | None, ...]
    splits: tuple[str, ...]
    baselines: tuple[str, ...]


def _contract(materials: Materials) -> _Contract:
    fragment = materials.fragment
    metrics = [parse_metric(fragment.text(*_GATES, i, "name") or "") for i, _ in enumerate(fragment.items(*_GATES))]
    if not metrics:
        known = [*fragment.mapping("pilot", "baselines"), *materials.flags.baselines]
        first = _CLASSICAL if _CLASSICAL in known or not known else known[0]
        return _Contract(metrics=(), splits=(sections.evaluated_split(materials),), baselines=(first,))
    understood = [metric for metric in metrics if metric]
    return _Contract(
        metrics=tuple(metrics),
        splits=tuple(metric.split for metric in understood if metric.split),
        baselines=tuple(baseline for metric in understood if (baseline := baseline_of(metric))),
    )


def _whole(materials: Materials, name: str) -> Block:
    contract = _contract(materials)
    back = sections.rollback(materials)
    checked = sections.data(materials, sections.needed_splits(contract.splits))
    pilot = [Entry(key="name", value=name), *sections.owner(materials), *_models(materials, contract, checked)]
    gates = tuple(_gates(materials, contract, _way_back(materials, back), checked))
    pilot += [*_load(materials, contract), Entry(key="success_metrics", value=Items(gates))]
    target = [Entry(key="target", value={"baseline": contract.baselines[0]})] if contract.baselines else []
    return Block(
        (
            Entry(key="version", value=1),
            Entry(key="pilot", value=Block(tuple(pilot))),
            Entry(key="rollback", value=Block((*back, *target))),
        )
    )


def _models(materials: Materials, contract: _Contract, checked: Mapping[str, CheckedData]) -> Iterator[Entry]:
    model = model_sections.candidate(materials)
    if model:
        yield _block("candidate", model_sections.candidate_entries(materials, model, tuple(checked.values())))
    yield _block("baselines", model_sections.baselines(materials, contract.baselines))
    yield Entry(key="data", value=sections.data_entry(checked, materials.fragment))
    yield _block("environment", sections.lockfile(materials))
    yield from model_sections.shots(materials, model) if model else ()


def _block(key: str, entries: Iterable[Entry]) -> Entry:
    return Entry(key=key, value=Block(tuple(entries)))


def _load(materials: Materials, contract: _Contract) -> Iterator[Entry]:
    """What gates of other families need: a load, which can be assumed; prices and a device, which cannot."""
    families = {metric.family for metric in contract.metrics if metric}
    if families & _LOADED and not materials.has("pilot", "traffic"):
        question = Question(what="requests per second", why="the mean load of the latency gates", flag="--rate-rps NUMBER")
        rate, comment = materials.choices.number(question, materials.flags.rate_rps, otherwise=_RATE)
        yield Entry(key="traffic", value={"rate_rps": rate}, comment=comment)
    for family, (section, key) in _DECLARED.items():
        if family in families and not materials.has("pilot", section):
            flag = f"write it in the fragment, as in `{section}: {{{key}: …}}` under `pilot` (docs/charter.md)"
            why = f"the {family} gates compute with it, and nothing in the repository tells it"
            materials.choices.missing.append(Question(what=section, why=why, flag=flag))


def _gates(materials: Materials, contract: _Contract, back: WayBack, checked: Mapping[str, CheckedData]) -> Iterator[Block]:
    """For each gate of the fragment its remediation; where there is none, a first gate."""
    for metric in contract.metrics:
        answer = [Entry(key="remediation", value=remediation(metric.family, back), comment=_DRAFTED)] if metric else []
        yield Block(tuple(answer))
    (split,) = contract.splits if not contract.metrics else ("",)
    if split in checked:
        yield _first_gate(materials, checked[split], f"{_SHORT.get(split, split)}_{{}}_gap_vs_{contract.baselines[0]}", back)


def _first_gate(materials: Materials, data: CheckedData, name: str, back: WayBack) -> Block:
    scorer = _SCORERS[data.task]
    why = f"how much worse than the baseline the candidate's {scorer} may be"
    question = Question(what="largest gap", why=why, flag="--max-gap NUMBER")
    gap, comment = materials.choices.number(question, materials.flags.max_gap, otherwise=_GAP)
    if data.task is Task.CLASSIFICATION:
        comment = "; ".join(filter(None, [f"{math.floor(gap * data.rows)} of the {data.rows} rows", comment]))
    answer = Entry(key="remediation", value=remediation(Family.PARITY, back), comment=_DRAFTED)
    return Block((Entry(key="name", value=name.format(scorer)), Entry(key="max", value=gap, comment=comment), answer))


def _way_back(materials: Materials, drafted: list[Entry]) -> WayBack:
    fragment = materials.fragment
    chosen = {entry.key: str(entry.value) for entry in drafted}
    return WayBack(
        traffic=fragment.text("rollback", "traffic") or chosen.get("traffic", ""),
        approver=fragment.text("rollback", "approver") or chosen.get("approver", ""),
        steps=tuple(step for step in fragment.items("rollback", "steps") if isinstance(step, str)),
    )
