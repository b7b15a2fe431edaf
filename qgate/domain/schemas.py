"""Where the JSON Schemas are: beside the package in a checkout, inside it in a wheel."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "schemas", _PACKAGE.parent / "schemas")


@cache
def schema_text(name: str) -> str:
    """The schema's file, as it is.

    Raises:
        FileNotFoundError: see `load_schema`.
    """
    candidates = [folder / f"{name}.schema.json" for folder in _FOLDERS]
    found = next((path for path in candidates if path.is_file()), candidates[0])
    return found.read_text(encoding="utf-8")


def load_schema(name: str) -> dict[str, Any]:
    """The schema `schemas/<name>.schema.json`, read anew so that a caller may keep or change it.

    Raises:
        FileNotFoundError: qgate has no such schema, or was installed without its schemas.
    """
    schema: dict[str, Any] = json.loads(schema_text(name))
    return schema
