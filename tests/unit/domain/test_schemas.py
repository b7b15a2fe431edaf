"""The schemas are found, and each is a schema."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from qgate.domain import schemas
from qgate.domain.schemas import load_schema

NAMES = sorted(path.name.removesuffix(".schema.json") for path in Path("schemas").glob("*.schema.json"))


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_draft_2020_12_with_a_versioned_id(name):
    schema = load_schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].rpartition("v")[2].isdigit()


def test_what_a_caller_does_to_a_schema_stays_with_the_caller():
    load_schema("charter").clear()
    assert load_schema("charter")["title"] == "Charter of a pilot"


def test_a_schema_that_does_not_exist_is_named():
    with pytest.raises(FileNotFoundError, match=r"nothing\.schema\.json"):
        load_schema("nothing")


def test_a_wheel_s_own_schemas_come_first(tmp_path, monkeypatch):
    (tmp_path / "wheel-only.schema.json").write_text('{"title": "in the wheel"}')
    monkeypatch.setattr(schemas, "_FOLDERS", (tmp_path, *schemas._FOLDERS))
    assert load_schema("wheel-only") == {"title": "in the wheel"}
