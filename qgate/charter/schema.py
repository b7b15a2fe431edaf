"""The charter's JSON Schema."""

from typing import Any

from qgate.domain.schemas import load_schema


def charter_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a charter file (`schemas/charter.schema.json`)."""
    return load_schema("charter")
