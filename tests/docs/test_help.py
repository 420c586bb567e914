"""The help of every command fits a screen, is whole, and has an example."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from reconciler.cli import full_cli

GROUP = full_cli()


def helps(group: click.Group = GROUP, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        yield from helps(command, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]


@pytest.mark.parametrize("path", list(helps()), ids=" ".join)
def test_the_help_fits_a_screen_and_has_an_example(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(GROUP, [*path, "--help"], prog_name="reconciler", terminal_width=80)

    lines = told.output.splitlines()
    assert told.exit_code == 0
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert "  Example" in told.output
    assert [line for line in lines[1:] if line.endswith("...") and "sha256" not in line] == []
