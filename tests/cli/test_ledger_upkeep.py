"""A ledger on the command line: whether it is whole, and that it need not grow for ever."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ..support.commands import project, reconciler

HEAD = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
FILES = {"it.yaml": 'adSets:\n  it: {id: "123467", bidding: {bidAmount: 1.00}}\n'}
SANDBOX = ("--sandbox",)


@pytest.fixture
def applied(tmp_path: Path) -> Path:
    """A project that was applied once, with its ledger."""
    at = project(tmp_path, FILES, HEAD)
    done = reconciler("apply", "--auto-approve", *SANDBOX, at=at)
    assert done.code == 0, done.said
    return at


def ledger_of(at: Path) -> Path:
    (file,) = (each for each in (at / ".reconciler").iterdir() if each.read_bytes()[:6] == b"SQLite")
    return file


def test_a_ledger_that_is_whole_says_how_much_there_is_of_it(applied: Path) -> None:
    done = reconciler("ledger", "check", *SANDBOX, at=applied)

    assert done.code == 0, done.said
    assert done.out.endswith("rows, all as they were written.\n")


def test_a_damaged_ledger_is_told_row_by_row_with_what_cures_it(applied: Path) -> None:
    with sqlite3.connect(ledger_of(applied)) as connection:
        connection.execute("UPDATE resources SET id = '777'")
        connection.execute("UPDATE settlements SET at = ''")

    done = reconciler("ledger", "check", *SANDBOX, at=applied)

    assert done.code == 1
    assert "resources: the row adSets is not what was written" in done.said
    assert "settlements: the row 1 is not what was written" in done.said
    assert done.said.count("restore a copy, or move it away and plan again") == 1


def test_what_is_young_is_not_pruned_and_the_ledger_stays_as_it_is(applied: Path) -> None:
    done = reconciler("ledger", "prune", "--older-than", "30d", *SANDBOX, at=applied)

    assert done.code == 0, done.said
    assert done.out.startswith("Removed 0 runs and 0 calls from before 20")
    assert "1 call" in reconciler("ledger", "runs", *SANDBOX, at=applied).out


@pytest.mark.parametrize("age", ["6d", "180", "d", "-30d", "5h", "1e9d"])
def test_an_age_that_is_none_or_too_young_is_refused(applied: Path, age: str) -> None:
    done = reconciler("ledger", "prune", f"--older-than={age}", *SANDBOX, at=applied)

    assert done.code == 1
    assert f"--older-than '{age}' is no number of days" in done.said


def test_a_project_that_keeps_its_journal_too_short_is_refused(tmp_path: Path) -> None:
    at = project(tmp_path, FILES, f"{HEAD}ledgerKeep: 3d\n")

    done = reconciler("validate", at=at)

    assert done.code == 1
    assert "reconciler.yaml:3:" in done.said
    assert "error[keep-too-short]" in done.said


def test_a_project_says_how_long_its_journal_is_kept(tmp_path: Path) -> None:
    at = project(tmp_path, FILES, f"{HEAD}ledgerKeep: 180d\n")
    assert reconciler("apply", "--auto-approve", *SANDBOX, at=at).code == 0

    with sqlite3.connect(ledger_of(at)) as connection:
        assert connection.execute("SELECT count(*) FROM notes WHERE name = 'pruned'").fetchall() == [(1,)]
