"""What the JSON Schema finds wrong, as problems with places, causes and fixes.

The words come from the schema: a definition's `title` says what a value must be, its `examples` how one is written.
"""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from jsonschema import Draft202012Validator

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.schema import charter_schema
from qgate.charter.wording import KeyPath, did_you_mean, kind, listed, named, nearest, shown, written
from qgate.domain.source import Problem

_TYPES = MappingProxyType(
    {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "object": "a mapping",
        "array": "a list",
    },
)
_BOUNDS = MappingProxyType(
    {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"},
)
_COUNTS = MappingProxyType(
    {
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {} items",
        "maxItems": "at most {} items",
        "minProperties": "at least {} keys",
        "maxProperties": "at most {} keys",
    },
)
_GATES = ("pilot", "success_metrics")


@dataclass(frozen=True, kw_only=True)
class _Broken:
    """One broken keyword of the schema: its value there, the value that breaks it, and the schema that both belong to."""

    keyword: str
    rule: Any
    value: Any
    schema: dict[str, Any]


@cache
def _schema() -> dict[str, Any]:
    return charter_schema()


def validate(document: Document) -> Iterator[Problem]:
    """Every way in which the document breaks the schema, except under keys that could not be read."""
    for error in Draft202012Validator(_schema()).iter_errors(document.root):
        broken = _Broken(
            keyword=str(error.validator), rule=error.validator_value, value=error.instance, schema=dict(error.schema)
        )
        key: KeyPath = tuple(error.absolute_path)
        if names := "propertyNames" in error.absolute_schema_path:
            key = (*key, error.instance)
        if not any(key[:length] in document.unread for length in range(len(key) + 1)):
            translate = _name if names else _TRANSLATIONS.get(broken.keyword, _other)
            yield from translate(document, key, broken)


def subject(document: Document, key: KeyPath) -> str:
    """A part of the charter as the subject of a sentence; a gate goes by its name."""
    name = document.text(*key, "name") if key[:-1] == _GATES else None
    return f"gate {shown(name)}" if name else named(key)


def absent(document: Document, section: str) -> bool:
    """Whether the pilot lacks a section. One under a misspelt key is told as an unknown key, and is not missing as well."""
    pilot = document.mapping("pilot")
    known = _schema()["$defs"]["pilot"]["properties"]
    return section not in pilot and nearest(section, [name for name in pilot if name not in known]) is None


def legible(document: Document, section: str) -> bool:
    """Whether what a section of the pilot declares can be told: it is a mapping, or truly absent."""
    return isinstance(document.get("pilot", section), dict) or absent(document, section)


def completing(document: Document) -> str:
    """The command that completes a charter that lacks something."""
    return f"`qgate init --from {shlex.quote(document.path)}` completes the charter"


def _name(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    message = f"{shown(broken.value)} cannot be a name here; expected: {_title(broken.schema)}"
    yield document.problem_of(Code.WRONG_FORM, key, message, f"write one like {_examples(broken.schema)}")


def _type(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    expected = broken.rule if isinstance(broken.rule, list) else [broken.rule]
    words = " or ".join(_TYPES[name] for name in expected)
    message = f"{named(key)} must be {words}, not {_named_kind(broken.value)}"
    if "string" in expected and kind(broken.value) in {"a number", "true or false"}:
        fix = "put the value in quotes if it is meant as text"
    else:
        fix = f"write it like {_examples(broken.schema)}"
    yield document.problem(Code.WRONG_TYPE, key, message, fix)


def _named_kind(value: Any) -> str:
    if value is None or isinstance(value, dict | list):
        return kind(value)
    return f"{kind(value)} ({shown(value)})" if not isinstance(value, bool) else shown(value)


def _enum(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    choices = [str(choice) for choice in broken.rule]
    guess = did_you_mean(broken.value, choices) if isinstance(broken.value, str) else ""
    message = f"{named(key)} is {shown(broken.value)}, which is no choice{guess}"
    yield document.problem(Code.WRONG_CHOICE, key, message, f"write {listed(choices, 'or')}")


def _pattern(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    message = f"{named(key)} is {shown(broken.value)}; expected: {_title(broken.schema)}"
    yield document.problem(Code.WRONG_FORM, key, message, f"write it like {_examples(broken.schema)}")


def _bound(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    bound = f"{_BOUNDS[broken.keyword]} {broken.rule}"
    message = f"{named(key)} is {shown(broken.value)}; it must be {bound}"
    yield document.problem(Code.OUT_OF_RANGE, key, message, f"write a number {bound}, like {_examples(broken.schema)}")


def _count(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    limit = _COUNTS[broken.keyword].format(broken.rule)
    limit = limit if broken.rule != 1 else limit.removesuffix("s")
    size = len(broken.value)
    message = f"{named(key)} {f'has {size:,}' if size else 'is empty'}; it must have {limit}"
    fix = f"shorten it to {limit}" if broken.keyword.startswith("max") else f"write it like {_examples(broken.schema)}"
    yield document.problem(Code.WRONG_COUNT, key, message, fix)


def _required(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    unknown = [name for name in broken.value if name not in broken.schema.get("properties", {})]
    for name in broken.rule:
        # A misspelt key is told as an unknown one, with the right spelling.
        if name not in broken.value and nearest(name, unknown) is None:
            part = _resolved(broken.schema["properties"][name])
            message = f"{subject(document, key)} lacks `{name}` ({_title(part)})"
            fix = f"add `{name}: {_example(part)}`; {completing(document)}"
            yield document.problem_of(Code.MISSING_KEY, key, message, fix)


def _dependent(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    for present, needed in broken.rule.items():
        for name in needed if present in broken.value else ():
            if name not in broken.value:
                example = _example(_resolved(broken.schema["properties"][name]))
                message = f"{subject(document, key)} lacks `{name}`, which `{present}` needs"
                fix = f"add `{name}: {example}`, or remove `{present}`"
                yield document.problem_of(Code.MISSING_KEY, key, message, fix)


def _additional(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    known = broken.schema.get("properties", {})
    absent = [name for name in known if name not in broken.value]
    for name in broken.value:
        if name not in known:
            guess = did_you_mean(name, absent) or did_you_mean(name, known)
            message = f"{subject(document, key)} knows no key {shown(name)}{guess}"
            yield document.problem_of(Code.UNKNOWN_KEY, (*key, name), message, f"use {listed(list(known), 'or')}, or remove it")


def _one_of(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    if not isinstance(broken.value, dict):
        return  # of the wrong type, which is said already
    names = [branch["required"][0] for branch in broken.rule]
    unknown = [name for name in broken.value if name not in broken.schema["properties"]]
    present = [name for name in names if name in broken.value]
    if not present and any(nearest(name, names) for name in unknown):
        return
    found = listed(present) if present else "none"
    message = f"{subject(document, key)} needs exactly one of {listed(names)}; it has {found}"
    fix = "keep one of them" if present else f"add one, as in `{_example(broken.schema)}`"
    yield document.problem_of(Code.ONE_OF, key, message, fix)


def _other(document: Document, key: KeyPath, broken: _Broken) -> Iterator[Problem]:
    yield document.problem(
        Code.WRONG_FORM, key, f"{named(key)} breaks the rule `{broken.keyword}`", f"see {_title(broken.schema)}"
    )


_TRANSLATIONS: MappingProxyType[str, Callable[[Document, KeyPath, _Broken], Iterator[Problem]]] = MappingProxyType(
    {
        "type": _type,
        "enum": _enum,
        "pattern": _pattern,
        "required": _required,
        "dependentRequired": _dependent,
        "additionalProperties": _additional,
        "oneOf": _one_of,
        **dict.fromkeys(_BOUNDS, _bound),
        **dict.fromkeys(_COUNTS, _count),
    },
)


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A property with the definition that it refers to; what stands beside the reference wins."""
    if "$ref" not in part:
        return part
    return {**_schema()["$defs"][part["$ref"].removeprefix("#/$defs/")], **part}


def _title(part: Any) -> str:
    title = str(part.get("title", "value"))
    return title[0].lower() + title[1:] if not title[1:2].isupper() else title


def _example(part: Any) -> str:
    examples = part.get("examples") or part.get("enum") or ["…"]
    return written(examples[0])


def _examples(part: Any) -> str:
    return " or ".join(f"`{written(example)}`" for example in part.get("examples") or part.get("enum") or ["…"])
