"""The validator of a file knows only the keys of that file, and refuses what the whole schema refuses."""

import json

import pytest
from jsonschema import Draft202012Validator

from reconciler.config import published_schemas, schema_errors
from reconciler.kinds.versions import kind_names
from reconciler.model import Json

SCHEMAS = (published_schemas.RESOURCES, published_schemas.PROJECT)
RIGHT: Json = {"version": 1, "scope": {"advertiserIds": ["1"]}}


@pytest.mark.parametrize("kind", kind_names())
def test_a_section_is_checked_in_a_file_of_its_own_and_as_a_default(kind: str) -> None:
    for block, right in (({}, True), ({"noSuchField": 1}, False), ({"id": []}, False)):
        for file in ({kind: {"one": block}}, {"defaults": {kind: block}}, {"allow": [], kind: {"one": block}}):
            assert schema_errors.is_valid(file, published_schemas.RESOURCES) is right, file


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("file", [{}, [], "text", None, 1, {"adSetz": {}}, {"": None}, {"version": 2}, RIGHT])
def test_it_decides_as_the_whole_schema_does(file: Json, schema: str) -> None:
    whole = Draft202012Validator(json.loads(published_schemas.read_schema(schema)))

    assert schema_errors.is_valid(file, schema) is whole.is_valid(file)
