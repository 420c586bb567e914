"""What an editor shows: the schemas in the language server that VS Code's YAML extension runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import main
from reconciler.kinds.value_types import EnumType
from reconciler.kinds.versions import kind_across_versions

from .session import SERVER, Session

HEAD = "# yaml-language-server: $schema=schemas/resources.schema.json\n"
WRONG = """\
adSets:
  a:
    objective: conversion
    bidding: {bidAmount: "0.9", costControler: maxCPC}
    schedule: {activationStatus: on}
    targeting: {frequencyCapping: {frequency: daily}}
"""
OPEN = """\
adSets:
  a:
    objective:\x20
    bidding:
      \n"""
PROJECT = "# yaml-language-server: $schema=schemas/project.schema.json\nversion: 1\napi: {sellers: 2026-7}\n"


SPELT = "adSets:\n  x:\n    objective: Conversions\n    bidding: {costController: CPC}\n    mediaType: DISPLAY\n"
"""The API's own spellings."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `init` leaves it, and files that somebody is writing."""
    home: Path = tmp_path_factory.mktemp("editor")
    with pytest.raises(SystemExit):
        main(["init", str(home)])
    for name, text in (
        ("wrong.yaml", HEAD + WRONG),
        ("open.yaml", HEAD + OPEN),
        ("spelt.yaml", HEAD + SPELT),
        ("project.yaml", PROJECT),
    ):
        (home / name).write_text(text, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def editor(folder: Path) -> Iterator[Session]:
    node = shutil.which("node")
    if node is None or not SERVER.exists():
        why = "yaml-language-server is not there: npm install --prefix tests/editor (it needs node)"
        if os.environ.get("RECONCILER_REQUIRE_EDITOR"):
            pytest.fail(why)
        pytest.skip(why)
    with Session(node, folder) as session:
        yield session


def told(found: list[dict[str, Any]]) -> list[tuple[int, int, str]]:
    """Line and column as an editor counts them, and the first sentence."""
    return [
        (each["range"]["start"]["line"] + 1, each["range"]["start"]["character"] + 1, each["message"].split(".")[0])
        for each in found
    ]


def test_what_init_wrote_is_right(editor: Session, folder: Path) -> None:
    assert editor.open(folder / "reconciler.yaml") == []
    assert editor.open(folder / "ad-sets.yaml") == []


def test_the_spellings_of_the_api_are_no_mistakes(editor: Session, folder: Path) -> None:
    assert editor.open(folder / "spelt.yaml") == []


def test_mistakes_are_marked_where_they_stand(editor: Session, folder: Path) -> None:
    assert told(editor.open(folder / "wrong.yaml")) == [
        (4, 16, "Value is not accepted"),
        (5, 26, "Incorrect type"),
        (5, 33, "Property costControler is not allowed"),
        (7, 17, 'Missing property "maximumImpressions"'),
    ]


def test_a_project_without_its_scope_is_told(editor: Session, folder: Path) -> None:
    assert sorted(message for _, _, message in told(editor.open(folder / "project.yaml"))) == [
        'Missing property "scope"',
        "Value is not accepted",
    ]


def test_a_field_explains_itself(editor: Session, folder: Path) -> None:
    editor.open(folder / "wrong.yaml")

    doc = next(kind_across_versions("adSets")).field("bidding.bidAmount").doc
    assert doc in editor.hover(folder / "wrong.yaml", 5, 17)


def test_words_and_keys_are_offered_with_their_meaning(editor: Session, folder: Path) -> None:
    editor.open(folder / "open.yaml")

    words, keys = editor.complete(folder / "open.yaml", 4, 16), editor.complete(folder / "open.yaml", 6, 7)

    kind = next(kind_across_versions("adSets"))
    objective = kind.field("objective").type
    assert isinstance(objective, EnumType)
    assert words.keys() == set(objective.words)
    assert keys == {name: kind.field(f"bidding.{name}").doc for name in ("costController", "bidAmount")}
