"""The schemas that editors use: current, described, and named by every example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.config import schema_builder

ROOT = Path(__file__).parents[3]
WRITTEN = sorted(schema_builder.build_schemas())
PUBLISHED = sorted(path.name for path in (ROOT / "schemas").glob("*.json"))
UNIT = re.compile(r"currenc|percent|%|[Ff]actor|days?\b", re.IGNORECASE)
EXAMPLES = sorted(
    file
    for project in (ROOT / "examples").glob("*/reconciler.yaml")
    for file in project.parent.rglob("*.yaml")
    if ".reconciler" not in file.parts
)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_committed_is_what_the_kinds_say(name: str) -> None:
    committed = json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))

    assert committed == json.loads(json.dumps(schema_builder.build_schemas()[name])), "run: make schemas"


@pytest.mark.parametrize("name", WRITTEN)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_builder.build_schemas()[name])


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_property_is_described(name: str) -> None:
    """An editor shows these words, and the reference is made of them."""
    published = json.loads((ROOT / "schemas" / name).read_text(encoding="utf-8"))

    assert [path for path, each in properties(published) if not (each.get("description") or "$ref" in each)] == []


@pytest.mark.parametrize("name", WRITTEN)
def test_every_amount_says_its_unit(name: str) -> None:
    numbers = [
        (path, each) for path, each in properties(schema_builder.build_schemas()[name]) if "number" in types(each)
    ]

    assert numbers
    assert [path for path, each in numbers if not UNIT.search(each["description"])] == []


def types(node: dict[str, Any]) -> set[str]:
    """What a property may be; a guardrail's setting is told after its ``else``."""
    told = node.get("else", node).get("type", [])
    return {told} if isinstance(told, str) else set(told)


def properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema, wherever it stands, by its path; what a condition asks for is none."""
    if isinstance(node, dict):
        named = node.get("properties")
        for name, each in named.items() if isinstance(named, dict) else ():
            yield f"{path}{name}", each
        for key, each in node.items():
            if key == "if":
                continue
            for name, inner in each.items() if key == "properties" else ((key, each),):
                yield from properties(inner, f"{path}{name}.")
    elif isinstance(node, list):
        for each in node:
            yield from properties(each, path)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_example_begins_with_the_schema_that_it_is_checked_by(file: Path) -> None:
    kind = "project" if file.name == "reconciler.yaml" else "resources"
    first = file.read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith("# yaml-language-server: $schema=")
    named = (file.parent / first.partition("=")[2]).resolve()
    assert named == ROOT / "schemas" / f"{kind}.schema.json"


@pytest.mark.parametrize("kind", ["adSets", "campaigns", "balances", "sellerBudgets", "lineItems", "sellerCampaigns"])
def test_only_an_id_that_is_joined_of_two_has_a_point(kind: str) -> None:
    """A number that a spreadsheet made a fraction is no id, also in quotes."""
    check = Draft202012Validator(json.loads((ROOT / "schemas" / "resources.schema.json").read_text(encoding="utf-8")))

    def accepts(id: object) -> bool:
        return not list(check.iter_errors({kind: {"a": {"id": id}}}))

    assert (accepts("123467"), accepts(123467), accepts("x")) == (True, True, False)
    assert accepts("123467.0") == accepts("1.10001") == (kind == "sellerCampaigns")
