"""The charter's JSON Schema: as a value, and as a file for editors."""

from typing import Any

from qgate.domain.schemas import load_schema, schema_text


def charter_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a charter file (`schemas/charter.schema.json`)."""
    return load_schema("charter")


def charter_schema_text() -> str:
    """The file itself."""
    return schema_text("charter")
