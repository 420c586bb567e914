"""The reference says what the code does: it is written from it, is current, and leaves nothing out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reconciler import guardrails
from reconciler.cli import full_cli
from reconciler.cli.group import COMMANDS
from reconciler.kinds import versions
from reconciler.model.exit_codes import ExitCode
from reconciler.provider.api_codes import read_entries
from reconciler.reports.problem_catalogue import problem_table

from ..support import codes
from ..support.commands import reconciler

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference"


GROUP = full_cli()


def headings(page: str) -> str:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if line.startswith("#")).replace("`", "") + "\n"


def commands(group: click.Group = GROUP, path: str = "") -> list[tuple[str, click.Command]]:
    found = []
    for name, command in group.commands.items():
        whole = f"{path} {name}".strip()
        found += commands(command, whole) if isinstance(command, click.Group) else [(whole, command)]
    return found


def test_the_reference_is_current() -> None:
    """After a change of the code: ``make reference``."""
    done = subprocess.run(
        [sys.executable, str(DOCS / "generate"), "--check"], capture_output=True, encoding="utf-8", check=False
    )

    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_a_command_is_found_in_the_module_that_defines_it() -> None:
    found = {name: command.callback.__module__.rpartition(".")[2] for name, command in GROUP.commands.items()}  # type: ignore[union-attr]

    assert found == {name: module for module, names in COMMANDS.items() for name in names}


def test_every_command_and_option_has_a_heading() -> None:
    told = headings("commands.md")

    missing = [f"## reconciler {path}" for path, _ in commands() if f"## reconciler {path}\n" not in told]
    missing += [
        f"{path} {name}"
        for path, command in commands()
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
        for name in option.opts
        if not re.search(rf"### {path.split()[-1]} .*{name}\b", told)
    ]
    assert missing == []


def test_every_guardrail_and_exit_code_has_a_heading() -> None:
    rules, numbers = headings("guardrails.md"), headings("exit-codes.md")

    assert [name for name in guardrails.RULES if f"## {name}\n" not in rules] == []
    assert [code for code in ExitCode if f"## {int(code)}\n" not in numbers] == []


def test_every_problem_code_has_a_heading() -> None:
    told = headings("problems.md")

    assert [code for code in problem_table() if f"### {code}\n" not in told] == []


def test_every_field_of_every_kind_and_version_has_a_heading() -> None:
    missing = [
        (kind.name, row.name)
        for name in versions.kind_names()
        for kind in versions.kind_across_versions(name)
        for row in kind.fields
        if row.writable and f"### {row.name}\n" not in headings(f"kinds/{name}.md")
    ]
    assert missing == []


def test_every_code_that_the_program_tells_is_in_the_table() -> None:
    things = {
        f"unknown-{each.thing}"
        for name in versions.kind_names()
        for each in next(versions.kind_across_versions(name)).references
    }

    assert (codes.find_codes() | things) - problem_table().keys() == set(codes.PATTERNS)


def test_no_code_stands_in_two_chapters() -> None:
    written = [entry.code for entry in read_entries("reconciler.reports", "problems.toml")]

    assert [code for code in set(written) if written.count(code) > 1] == []


def test_the_table_has_no_code_that_the_program_does_not_tell() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in codes.files())
    rules = {rule.code for rule in guardrails.RULES.values()}

    dead = [
        code
        for code in problem_table()
        if f'"{code}"' not in sources and code not in rules and not code.startswith(codes.PATTERNS)
    ]
    assert dead == []


@pytest.mark.parametrize("part", ["means", "cause", "cure"])
def test_every_code_is_explained_in_whole_sentences(part: str) -> None:
    said = {code: getattr(entry, part) for code, entry in problem_table().items()}

    assert [code for code, text in said.items() if not text[:1].isupper() and text[:1] not in '`"['] == []
    assert [code for code, text in said.items() if not text.endswith(".")] == []


def test_a_code_is_explained_in_the_terminal(tmp_path: Path) -> None:
    done = reconciler("explain", "fixed-field", at=tmp_path)

    assert done.code == 0
    assert "Cause: The API has no call that changes it.\n" in done.out


def test_a_misspelt_code_is_met_with_the_nearest(tmp_path: Path) -> None:
    done = reconciler("explain", "fixedfield", at=tmp_path)

    assert done.code == 1
    assert "did you mean 'fixed-field'?" in done.err
