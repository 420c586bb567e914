"""No room, no permission, not a ledger: a clear error before any write, or a safe stop after it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.ledger.errors import Unwritable
from reconciler.ledger.sqlite import SQLite

from ..support import full_disk
from . import crashlab, laws, scenarios
from .conftest import Open
from .inside import Desk
from .outside import Site
from .test_recovery import TOPUP, topups
from .test_two_at_once import judged

FULL = os.environ.get("FAULTS") == "full"
SETTLED = 3600
"""Seconds after which nothing is held any more: `settleAfter` is half of it."""


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.everything(), tmp_path_factory.mktemp("goal"))


def writes(here: Desk) -> int:
    return sum(
        entry["method"] in laws.WRITES and "search" not in entry["path"] and "token" not in entry["path"]
        for entry in here.world.log
    )


def garbage(ledger: Path) -> None:
    ledger.write_bytes(b"not a database" * 100)


def empty(ledger: Path) -> None:
    ledger.write_bytes(b"")


def torn(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[: ledger.stat().st_size // 2])


def newer(ledger: Path) -> None:
    with sqlite3.connect(ledger) as connection:
        connection.execute("UPDATE format SET version = version + 1")
    connection.close()


def linked(ledger: Path) -> None:
    ledger.rename(ledger.with_suffix(".real"))
    ledger.symlink_to(ledger.with_suffix(".real"))


def forged(ledger: Path) -> None:
    with sqlite3.connect(ledger) as connection:
        connection.execute("UPDATE resources SET id = '1' || id")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (garbage, "ledger-damaged"),
        (empty, "ledger-damaged"),
        (torn, "ledger-damaged"),
        (forged, "ledger-damaged"),
        (newer, "ledger-newer"),
        (linked, "ledger-unsafe"),
    ],
)
@pytest.mark.parametrize("command", ["apply", "plan"])
def test_what_is_no_ledger_of_ours_is_refused_before_any_write(desk: Open, spoil: Any, code: str, command: str) -> None:
    here = desk(TOPUP)
    assert here.apply().code == 0
    (here.folder / "mixed.yaml").write_text(TOPUP.replace("5750.25", "6000"))
    spoil(here.ledger)
    before = writes(here)

    ended = here.apply() if command == "apply" else here.plan()

    assert (ended.code, ended.codes) == (1, {code})
    assert writes(here) == before


NOWHERE = {
    "read-only": ("sqlite:/sys/ledger.db", b"ledger-unwritable"),
    "not a folder": ("sqlite:mixed.yaml/ledger.db", b"ledger-unwritable"),
    "no server": ("postgresql://ann@localhost:1/ads", b"ledger-lost"),
}


@pytest.mark.parametrize("place", NOWHERE)
def test_a_place_where_nothing_can_be_written_is_refused_before_any_write(site: Site, place: str) -> None:
    url, code = NOWHERE[place]
    site.use(url)

    run = site.apply()
    out, _ = run.communicate()

    assert run.returncode == 1
    assert code in out
    assert [entry for entry in site.control("GET", "calls") if entry["method"] == "PATCH"] == []


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_a_commit_that_fails_stops_the_run_before_the_next_call(tmp_path: Path, lasting: bool, goal: Any) -> None:
    """SQLite's own loop: the n-th commit fails, for every n, until a run ends without a failure."""
    number, failed = 1, True
    while failed:
        world = scenarios.account()
        folder = scenarios.everything().write(tmp_path / str(number) / "project")
        here = Desk(folder, world)
        with patch.object(SQLite, "execute", _failing(number, lasting)) as execute:
            ended = here.apply()
            failed = execute.met >= number  # type: ignore[attr-defined]
        sent = writes(here)
        assert ended.report["exit_code"] == ended.code
        if failed:
            assert ended.code in (1, 5), ended.out
            assert "ledger-unwritable" in ended.codes
            assert ended.code == 5 or sent == 0
        again = here.apply()
        if again.code == 6:  # an intent whose end could not be stored holds its item, as after a kill
            assert lasting
            assert "held" in again.codes
            world.advance(SETTLED)
            again = here.apply()
        assert (again.code, here.plan().code) == (0, 0), again.out
        after = world.to_json()
        assert laws.broken(goal.before, after, goal.approved, goal.deposits) == []
        assert laws.not_reached(goal.before, after, goal.deposits) == []
        number += 1 if FULL else 11


def _failing(number: int, lasting: bool) -> Any:
    real = SQLite.execute

    def execute(self: SQLite, statement: str, parameters: Any = ()) -> Any:
        if statement == "COMMIT":
            execute.met += 1  # type: ignore[attr-defined]
            if execute.met == number or (lasting and execute.met > number):  # type: ignore[attr-defined]
                raise Unwritable(self.where, "database or disk is full")
        return real(self, statement, parameters)

    execute.met = 0  # type: ignore[attr-defined]
    return execute


@pytest.mark.unmeasured
@pytest.mark.parametrize("kibibytes", range(8, 200, 8 if FULL else 64))
def test_a_full_disk_is_a_clear_error_or_a_safe_stop(site: Site, goal: crashlab.Goal, kibibytes: int) -> None:
    """The kernel refuses every byte of a file past this size, as a full disk would."""
    limit = kibibytes * 1024

    site.more |= full_disk.NO_BYTECODE
    run = site.apply(preexec_fn=lambda: full_disk.limit_files(limit))
    out, err = run.communicate()

    assert run.returncode in (0, 1, 5), err
    assert run.returncode == 0 or b"ledger" in out
    assert b"Traceback" not in err
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


def test_an_error_at_the_very_end_hides_nothing_of_what_was_sent(desk: Open) -> None:
    here = desk(TOPUP)

    with patch("reconciler.ledger.sql_ledger.SqlLedger.finish", side_effect=Unwritable("ledger", "the disk is full")):
        ended = here.apply()

    assert (ended.code, ended.statuses) == (5, ["applied"])
    assert "ledger-unwritable" in ended.codes
    assert len(topups(here)) == 1
