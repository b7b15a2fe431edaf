"""What an editor offers for a key is a value that the key takes."""

from jsonschema import Draft202012Validator

from qgate.charter.schema import charter_schema


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


def test_examples_are_what_their_key_takes():

    schema = charter_schema()
    wrong = []
    for path, part in keys(schema, schema):
        validator = Draft202012Validator({"$defs": schema["$defs"], **part})
        wrong += [(path, example) for example in part.get("examples", ()) if not validator.is_valid(example)]
    assert len(list(keys(schema, schema))) > 100
    assert wrong == []
