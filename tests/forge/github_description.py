"""GitHub's OpenAPI description as a judge: what does it say about this request, and about this answer?

The description is tests/contract/github-openapi.json (its README says where that comes from). It is OpenAPI 3.0: JSON Schema
draft 4 with `nullable`, which is turned into the type `null` here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

DESCRIPTION = Path(__file__).parent.parent / "contract" / "github-openapi.json"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    name: str
    method: str
    pattern: re.Pattern[str]
    definition: Mapping[str, Any]

    @property
    def body_schema(self) -> Mapping[str, Any] | None:
        body = self.definition.get("requestBody")
        return body["content"]["application/json"]["schema"] if body else None


class Description:
    """The operations, and what their schemas say."""

    def __init__(self, path: Path = DESCRIPTION) -> None:
        document = _with_null_types(json.loads(path.read_text(encoding="utf-8")))
        self.components = document["components"]
        self._optional_components = _without_required(self.components)
        self.operations = tuple(
            Operation(name=definition["operationId"], method=method.upper(), pattern=_pattern(template), definition=definition)
            for template, methods in document["paths"].items()
            for method, definition in methods.items()
        )

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation behind a request, and its path parameters."""
        for operation in self.operations:
            match = operation.pattern.fullmatch(path)
            if match and operation.method == method:
                return operation, match.groupdict()
        return None

    def problems(self, operation: Operation, values: Mapping[str, str], query: Mapping[str, str], body: Any) -> list[str]:
        """What the description refuses in a request."""
        parameters = [self._resolved(parameter) for parameter in operation.definition.get("parameters", [])]
        known = {(parameter["in"], parameter["name"]): parameter["schema"] for parameter in parameters}
        found = [f"unknown query parameter {name}" for name in query if ("query", name) not in known]
        for (place, name), schema in known.items():
            given = (values if place == "path" else query).get(name)
            if given is not None:
                found += [f"{place} parameter {name}: {problem}" for problem in self._against(schema, _typed(given, schema))]
        if operation.body_schema is not None:
            found += [f"body: {problem}" for problem in self._against(operation.body_schema, body)]
        elif body is not None:
            found.append("a body where none is described")
        return found

    def unknown_fields(self, operation: Operation, body: Any) -> list[str]:
        """The fields of a body that the description does not know: GitHub ignores them without a word."""
        return list(self._unknown(operation.body_schema or {}, body))

    def answer_problems(self, operation: Operation, status: int, answer: Any) -> list[str]:
        """What is wrong with an answer: a field that GitHub has not, or one of another type. Absent ones are no matter."""
        response = operation.definition["responses"].get(str(status))
        if response is None:
            return [f"{operation.name} never answers {status}"]
        if "content" not in response:
            return [] if answer is None else [f"{operation.name} answers {status} without content"]
        schema = response["content"]["application/json"]["schema"]
        return [*self._against(_without_required(schema), answer, partial=True), *self._unknown(schema, answer)]

    def _against(self, schema: Mapping[str, Any], value: Any, *, partial: bool = False) -> list[str]:
        components = self._optional_components if partial else self.components
        errors = Draft4Validator({**schema, "components": components}).iter_errors(value)
        return [f"{'.'.join(map(str, error.path)) or 'it'}: {error.message[:200]}" for error in errors]

    def _unknown(self, schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
        schema = self._resolved(schema)
        for part in schema.get("allOf", schema.get("anyOf", []) if "properties" not in schema else []):
            if "properties" in self._resolved(part):
                schema = self._resolved(part)
        if isinstance(value, list):
            for item in value:
                yield from self._unknown(schema.get("items", {}), item, f"{path}[]")
        elif isinstance(value, dict) and "properties" in schema:
            for key, inner in value.items():
                if key not in schema["properties"]:
                    yield f"{path}.{key}".lstrip(".")
                else:
                    yield from self._unknown(schema["properties"][key], inner, f"{path}.{key}")

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            node = self.components[kind][name]
        return node


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _typed(given: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as the type that its schema asks for, or as it is."""
    return int(given) if schema.get("type") == "integer" and given.isdigit() else given


def _with_null_types(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_null_types(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_null_types(value) for key, value in node.items()}
    if made.pop("nullable", False) is not True:
        return made
    return {"anyOf": [made, {"enum": [None]}]}


def _without_required(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_required(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_required(value) for key, value in node.items() if not (key == "required" and isinstance(value, list))}
