"""What each command prints as JSON is what the published schema says, whether it went well or could not begin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli import main

from ...support.commands import project

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA)
BID = 'adSets:\n  fr:\n    id: "123467"\n    bidding: {bidAmount: 1.25}\n'
SANDBOX = ("--sandbox", "world.json")
COMMANDS = {
    "validate": (),
    "plan": SANDBOX,
    "apply": (*SANDBOX, "--auto-approve"),
    "drift": SANDBOX,
    "import": SANDBOX,
    "doctor": SANDBOX,
}
Shape = dict[str, Any]


@pytest.fixture
def printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Shape]:
    """What a command prints as JSON, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Shape:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--format", "json"])
        shape: Shape = json.loads(capsys.readouterr().out)
        assert shape["exit_code"] == ended.value.code
        return shape

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_command_prints_keeps_the_schema(command: str, printed: Callable[..., Shape]) -> None:
    project(Path(), {"ads.yaml": BID})

    shape = printed(command, *COMMANDS[command])

    assert (shape["command"], shape["errored"]) == (command, False)
    VALID.validate(shape)
    for name in _required(command):
        assert not VALID.is_valid({key: part for key, part in shape.items() if key != name})


@pytest.mark.parametrize("command", COMMANDS)
def test_so_does_what_it_prints_when_it_cannot_begin(command: str, printed: Callable[..., Shape]) -> None:
    project(Path(), {"ads.yaml": "adSets: [\n"})

    shape = printed(command, *COMMANDS[command])

    assert (shape["command"], shape["errored"]) == (command, True)
    VALID.validate(shape)


def test_every_command_has_a_form() -> None:
    assert sorted(SCHEMA["properties"]["command"]["enum"]) == sorted(COMMANDS)


def _required(command: str) -> list[str]:
    own = {"import": ["import"], "doctor": ["checkup"], "drift": ["run", "look"]}.get(command, ["run"])
    return [*SCHEMA["required"], *(name for each in own for name in SCHEMA["$defs"][each]["required"])]
