"""An example as a reader runs it: a copy of its project, the command line, and one sandbox from step to step."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler import cli
from reconciler.sandbox.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Example:
    """A copy of an example, where commands leave no trace in the repository."""

    folder: Path
    state: Path

    def run(self, command: str, step: str, *flags: str) -> int:
        """The exit code of a command on one step of the example."""
        with pytest.raises(SystemExit) as ended:
            cli.main([command, str(self.folder / step), *flags])
        return int(ended.value.code or 0)

    def plan(self, step: str = "") -> int:
        """2 if there is something to do, 0 if not."""
        return self.run("plan", step, "--sandbox", str(self.state), "--detailed-exitcode")

    def apply(self, step: str = "") -> list[dict[str, Any]]:
        """The writes of an apply, which must succeed and leave nothing to do."""
        before = len(self.world.log) if self.state.exists() else 0
        assert self.run("validate", step) == 0
        assert self.run("apply", step, "--sandbox", str(self.state), "--auto-approve") == 0
        writes = [each for each in self.world.log[before:] if each["method"] != "GET" and _writes(each["path"])]
        assert self.plan(step) == 0
        return writes

    @property
    def world(self) -> World:
        return World.open(self.state)


def copied(name: str, to: Path) -> Example:
    """The example in a folder of its own; its pointers to the schemas still lead to the repository's."""
    shutil.copytree(EXAMPLES / name, to / name, ignore=shutil.ignore_patterns(".reconciler"))
    return Example(to / name, to / "sandbox.json")


def points_to_a_schema(file: Path) -> bool:
    """Whether the first line tells an editor how to check the file, and the schema is there."""
    first = file.read_text(encoding="utf-8").splitlines()[0]
    lead, _, target = first.partition("$schema=")
    return lead == "# yaml-language-server: " and (file.parent / target).resolve().is_file()


def _writes(path: str) -> bool:
    return not path.endswith(("/search", "/oauth2/token"))
