"""The schemas that editors use: current, described, and named by every example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.files import schema

ROOT = Path(__file__).parent.parent
WRITTEN = sorted(schema.written())
EXAMPLES = sorted(
    file
    for project in (ROOT / "examples").glob("*/reconciler.yaml")
    for file in project.parent.rglob("*.yaml")
    if ".reconciler" not in file.parts
)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_committed_is_what_the_kinds_say(name: str) -> None:
    committed = json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))

    assert committed == json.loads(json.dumps(schema.written()[name])), "run: make schemas"


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema.written()[name])


@pytest.mark.parametrize("name", WRITTEN)
def test_every_value_that_a_user_writes_is_described(name: str) -> None:
    undescribed = [path for path, each in values(schema.written()[name]) if not each.get("description")]

    assert undescribed == []


def values(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property that holds a value, by its path; a block that only groups others explains itself."""
    for name, each in node.get("properties", {}).items():
        if "properties" not in each and "$ref" not in each:
            yield f"{path}{name}", each
        if not path.endswith(("countries.", "subdivisions.", "zipCodes.", "frequencyCapping.")):
            yield from values(each, f"{path}{name}.") if "description" not in each else ()
    for name, each in node.get("$defs", {}).items():
        yield from values({"properties": each.get("properties", {})}, f"{name}.")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_example_begins_with_the_schema_that_it_is_checked_by(file: Path) -> None:
    kind = "project" if file.name == "reconciler.yaml" else "resources"
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("# yaml-language-server: $schema=")
    named = (file.parent / first.partition("=")[2]).resolve()
    assert named == ROOT / "schemas" / f"{kind}.schema.json"
