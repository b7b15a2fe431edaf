"""A drafted charter's people, way back, lockfile and data; what a fragment has is left to it."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from qgate.charter.document import Document
from qgate.charter.metrics import SPLIT_ALIASES, Task
from qgate.errors import MeasurementError
from qgate.init.choices import Question
from qgate.init.data_files import TEST, TRAIN, VALIDATION, CheckedData, check_data, columns, label_column
from qgate.init.inspection import Seen
from qgate.init.materials import Materials
from qgate.init.yaml_text import Block, Entry

_LOCKFILE = "what pins every library (make one: `uv pip compile --generate-hashes {} -o requirements.lock`)"
_REQUIRED = ("pyproject.toml", "requirements.in", "requirements.txt", "setup.py")


def name(materials: Materials) -> str:
    """The pilot's name."""
    written = materials.fragment.text("pilot", "name")
    question = Question(what="name", why="the pilot's name", flag="--name NAME")
    return written or materials.choices.pick(question, materials.flags.name, [materials.seen.name])


def owner(materials: Materials) -> list[Entry]:
    """Who answers for the pilot."""
    seen = [materials.seen.owner] if materials.seen.owner else []
    question = Question(what="owner", why="who answers for the pilot: an email address, @login or @org/team", flag="--owner WHO")
    return materials.entry("owner", under="pilot", question=question, given=materials.flags.owner, seen=seen)


def rollback(materials: Materials) -> list[Entry]:
    """The route back to the classical service, and who decides to take it."""
    route = Question(
        what="traffic",
        why="the route that takes traffic back to the classical service, as your platform calls it",
        flag="--traffic ROUTE",
    )
    who = Question(what="approver", why="who decides to go back: an email address, @login or @org/team", flag="--approver WHO")
    return [
        *materials.entry("traffic", under="rollback", question=route, given=materials.flags.traffic),
        *materials.entry("approver", under="rollback", question=who, given=materials.flags.approver),
    ]


def lockfile(materials: Materials) -> list[Entry]:
    """`pilot.environment`."""
    if materials.has("pilot", "environment", "lockfile"):
        return []
    seen = [Seen(value=path, source="its name") for path in materials.seen.lockfiles[:1]]
    required = next((path for path in _REQUIRED if path in materials.seen.files), _REQUIRED[0])
    question = Question(what="lockfile", why=_LOCKFILE.format(required), flag="--lockfile PATH")
    return [Entry(key="lockfile", value=materials.choices.pick(question, materials.flags.lockfile, seen))]


def needed_splits(parity: Sequence[str]) -> tuple[str, ...]:
    """Parity gates need what they are measured on, and what the models are fitted on."""
    return tuple(dict.fromkeys([*([TRAIN] if parity else []), *parity]))


def evaluated_split(materials: Materials) -> str:
    """The split of a gate that nobody wrote: the validation data, else the test data."""
    there = {d.split for d in materials.seen.data} | {SPLIT_ALIASES.get(split, split) for split in materials.flags.data}
    return TEST if TEST in there and VALIDATION not in there else VALIDATION


def data(materials: Materials, splits: Sequence[str]) -> dict[str, CheckedData]:
    """Every split that is needed, read and hashed; those that cannot be are missing."""
    found: dict[str, CheckedData] = {}
    declared = {SPLIT_ALIASES.get(key, key): key for key in materials.fragment.mapping("pilot", "data")}
    given = {SPLIT_ALIASES.get(key, key): path for key, path in materials.flags.data.items()}
    for split in dict.fromkeys([*splits, *given]):
        written = materials.fragment.mapping("pilot", "data", declared.get(split, split))
        path = written.get("path") or _data_path(materials, split, given.get(split))
        if checked := _checked(materials, split, str(path), written.get("target") or _same(found)) if path else None:
            found[split] = checked
    return found


def _same(found: Mapping[str, CheckedData]) -> str | None:
    """The label column of the splits before: what was asked for once holds for all."""
    return next((checked.declared.target for checked in found.values() if checked.declared.target), None)


def _data_path(materials: Materials, split: str, given: str | None) -> str:
    files = materials.seen.data
    named = [Seen(value=d.path, source="its name and content") for d in files if d.split == split]
    question = Question(
        what=f"data.{split}",
        why=f"the {split} data: .npz with X and y, or .csv or .parquet with a label column",
        flag=f"--data {split}=PATH",
        choices=() if named else tuple(d.path for d in files if d.split is None),
    )
    return materials.choices.pick(question, given, named)


def _checked(materials: Materials, split: str, path: str, target: str | None) -> CheckedData | None:
    column = target or materials.flags.target or _label(materials, path)
    if column == "":
        return None  # asked for, and not answered
    try:
        return check_data(materials.seen.root, path, column if PurePosixPath(path).suffix != ".npz" else None)
    except MeasurementError as error:
        flag = f"--data {split}=PATH (or --target COLUMN)"
        materials.choices.missing.append(Question(what=f"data.{split}", why=str(error), flag=flag))
        return None


def _label(materials: Materials, path: str) -> str | None:
    """A table's label column: the one that its name tells, else the answer; empty where it is missing, None without columns."""
    names = columns(materials.seen.root, path)
    if not names:
        return None
    if told := label_column(names):
        return told
    question = Question(
        what="label column",
        why=f"which column of {path} the models predict",
        flag="--target COLUMN",
        choices=tuple(name for name in names if name.isprintable()),
    )
    if any(known.what == question.what for known in materials.choices.missing):
        return ""
    return materials.choices.pick(question, None)


def data_entry(checked: Mapping[str, CheckedData], fragment: Document) -> Block:
    """`pilot.data`, under the names that the fragment uses."""
    declared = {SPLIT_ALIASES.get(key, key): key for key in fragment.mapping("pilot", "data")}
    return Block(tuple(Entry(key=declared.get(s, s), value=_file(c), comment=_size(c)) for s, c in checked.items()))


def _file(checked: CheckedData) -> Block:
    file = checked.declared
    entries = [Entry(key="path", value=file.path), Entry(key="sha256", value=file.sha256)]
    return Block((*entries, *([Entry(key="target", value=file.target)] if file.target else [])))


def _size(checked: CheckedData) -> str:
    labels = f"{checked.classes} classes" if checked.task is Task.CLASSIFICATION else "numbers"
    return f"{checked.rows} rows, {labels}"
