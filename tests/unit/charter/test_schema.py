"""The charter's schema helps an editor everywhere, and leaves nothing open."""

from qgate.charter.schema import charter_schema

SCHEMA = charter_schema()


def parts(part, path="#"):
    """Every subschema that describes a value, with its path."""
    yield path, part
    for keyword in ("properties", "$defs"):
        for name, child in part.get(keyword, {}).items():
            yield from parts(child, f"{path}/{keyword}/{name}")
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(part.get(keyword), dict):
            yield from parts(part[keyword], f"{path}/{keyword}")


def resolved(part):
    reference = part.get("$ref", "").removeprefix("#/$defs/")
    return {**(SCHEMA["$defs"][reference] if reference else {}), **part}


def test_every_value_has_a_title_and_a_description():
    poor = [path for path, part in parts(SCHEMA) if not {"title", "description"} <= resolved(part).keys()]
    assert poor == []


def test_every_value_has_an_example_or_a_list_of_choices():
    poor = [path for path, part in parts(SCHEMA) if not {"examples", "enum"} & resolved(part).keys()]
    assert poor == []


def test_every_mapping_says_which_keys_it_takes():
    open_ones = [
        path
        for path, part in parts(SCHEMA)
        if part.get("type") == "object" and part.get("additionalProperties", True) is True and "propertyNames" not in part
    ]
    assert open_ones == []


def test_every_definition_is_used():
    used = {part["$ref"] for _, part in parts(SCHEMA) if "$ref" in part}
    assert used == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}
