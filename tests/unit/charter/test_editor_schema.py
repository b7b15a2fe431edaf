"""What an editor shows of a key: its meaning always, and something to write there."""

from jsonschema import Draft202012Validator

from qgate.charter.schema import charter_schema

SHOWS = {"examples", "enum", "const", "default", "properties"}


def resolved(schema, part):
    return {**schema["$defs"][part["$ref"].removeprefix("#/$defs/")], **part} if "$ref" in part else part


def keys(schema, part, path=""):
    """Every key that a charter can have, with its schema, depth first."""
    for name, child in part.get("properties", {}).items():
        whole = resolved(schema, child)
        yield f"{path}.{name}", whole
        yield from keys(schema, whole, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(part.get(keyword), dict):
            yield from keys(schema, resolved(schema, part[keyword]), f"{path}[]")


def test_every_key_has_a_title_and_a_description_and_shows_what_to_write():
    schema = charter_schema()
    found = list(keys(schema, schema))
    assert len(found) > 100
    assert [path for path, part in found if not (part.get("title") and part.get("description", "").endswith("."))] == []
    assert [path for path, part in found if SHOWS.isdisjoint(part)] == []


def test_examples_are_what_their_key_takes():

    schema = charter_schema()
    wrong = []
    for path, part in keys(schema, schema):
        validator = Draft202012Validator({"$defs": schema["$defs"], **part})
        wrong += [(path, example) for example in part.get("examples", ()) if not validator.is_valid(example)]
    assert wrong == []
