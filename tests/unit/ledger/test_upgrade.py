"""A ledger of an earlier format is brought to ours whole or not at all, and forgets nothing."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger import LedgerError
from reconciler.ledger.postgres import Postgres
from reconciler.ledger.sqlite import SQLite
from reconciler.ledger.tables import FORMAT, MIGRATIONS
from reconciler.model import Address, ItemStatus, WriteEffect

from .conftest import Home
from .postgres_server import Server
from .samples import NEW, NOW, SUMMER, WINTER, child

GOLDEN = Path(__file__).parent / "golden"
LATER = NOW + timedelta(hours=1)
KILLED, EVERYTHING = "20261121T100000Z-0003", "20261121T090000Z-0002"
BALANCE, OTHER = Address("balances", "spring"), Address("balances", "summer")
ODD = Address("adSets", 'été \x00\\ "q"')
ORDER = "SELECT * FROM {} ORDER BY 1, 2"


class Old(Home):
    """A ledger of an earlier format, with a way to look at its tables."""

    def __init__(self, home: Home, format: int, rows: Callable[[str], list[Any]]) -> None:
        super().__init__(home.url, home.folder)
        self.format, self.rows = format, rows

    def content(self) -> list[Any]:
        return [self.rows(ORDER.format(table)) for table in ("settlements", "items", "observations", "resources")]


def in_postgres(dump: str, format: int) -> str:
    """The tables in the order in which they refer to each other, and their rows in any."""
    tables = [statement for step in MIGRATIONS[:format] for statement in step]
    rows = [line for line in dump.splitlines() if line.startswith("INSERT INTO ")]
    begin = ["CREATE SCHEMA reconciler_tests", "SET search_path TO reconciler_tests"]
    return ";".join([*begin, *tables, "SET session_replication_role TO replica", *rows])


@pytest.fixture(params=[1, 2], ids=["format 1", "format 2"])
def old(request: pytest.FixtureRequest, tables_home: Home) -> Iterator[Old]:
    home = tables_home
    dump = (GOLDEN / f"format-{request.param}.sql").read_text("utf-8")
    if home.url.startswith("sqlite"):
        file = home.folder / ".reconciler" / "ledger.db"
        file.parent.mkdir(mode=0o700)
        file.touch(0o600)
        with sqlite3.connect(file) as connection:
            connection.executescript(dump)

        def rows(statement: str) -> list[Any]:
            with sqlite3.connect(file) as connection:
                return connection.execute(statement).fetchall()
    else:
        server: Server = request.getfixturevalue("server")
        database: str = request.getfixturevalue("database")
        server.sql(in_postgres(dump, request.param), database)

        def rows(statement: str) -> list[Any]:
            return server.sql(statement.replace("FROM ", "FROM reconciler_tests."), database)

    made = Old(home, request.param, rows)
    yield made
    made.close()


def test_what_is_known_of_addresses_stays(old: Old) -> None:
    ledger = old.open()
    assert ledger.ids() == {
        SUMMER: "11",
        WINTER: "22",
        BALANCE: "b1",
        Address("balances", "winter"): "b3",
        Address("adSets", "renamed"): "77",
    }
    assert ledger.values()[BALANCE] == {"deposited": Decimal("180.00")}
    assert ledger.values()[Address("adSets", "renamed")] == {"name": "x", "ids": ("1", "2")}
    assert ledger.find_linked("adSets", ["22", "78"]) == {"22": (WINTER,)}
    assert not ledger.is_new


def test_what_was_open_is_open(old: Old) -> None:
    ledger = old.open()
    assert [(each.run, each.call.name) for each in ledger.open_intents()] == [
        (EVERYTHING, "adSets.bids.3"),
        (EVERYTHING, "adSets.create.new"),
        (KILLED, "balances.funds.3"),
        (KILLED, "adSets.create.odd"),
    ]
    created = ledger.open_intents(effects=[WriteEffect.CREATE])
    assert [(each.before, each.token) for each in created] == [
        ({str(NEW): ("11", "22")}, "cfg:1"),
        ({str(ODD): ("7", "8")}, None),
    ]
    assert [each.number for each in ledger.open_creates("adSets", addresses=[ODD])] == [created[1].number]
    assert {each.machine for each in ledger.open_intents()} == {"build-7"}
    (doubt,) = ledger.open_intents(kinds=["balances"])
    assert [(each.code, each.address) for each in doubt.outcomes[0].problems] == [("undecided", OTHER)]


def test_the_last_accepted_topup_of_each_object_is_still_to_be_seen(old: Old) -> None:
    """Only after the last run that saw all of its own in force."""
    ledger = old.open()
    (awaited,) = ledger.list_accepted()
    assert (awaited.run, awaited.call.name, awaited.token) == (KILLED, "balances.funds.2", "reconciler t 3")


def test_the_journal_tells_what_it_told(old: Old) -> None:
    ledger = old.open()
    assert [(each.id, each.exit_code, each.calls) for each in ledger.runs(9)] == [
        (KILLED, None, 5),
        (EVERYTHING, 6, 4),
        ("20261121T090000Z-0001", 0, 2),
    ]
    told = ledger.run(KILLED)
    assert told is not None
    assert told.run.record.allowed == {"max-increase": "agreed with finance"}
    assert [each.status for each in ledger.history(SUMMER)] == [
        ItemStatus.APPLIED,
        ItemStatus.NOT_SENT,
        ItemStatus.UNKNOWN,
        ItemStatus.REJECTED,
    ]
    (moved,) = [each for each in ledger.history(ODD) if each.field == "dates"]
    assert moved.after == {"start": datetime(2026, 12, 1, tzinfo=UTC), "$map": ("a", Decimal("0.10"))}
    decided = ledger.run(EVERYTHING)
    assert decided is not None
    assert [each.resolution.because for each in decided.calls if each.resolution] == ["looked in the interface"]
    assert [each.after for each in ledger.increases_since(LATER)] == [Decimal("175.50"), Decimal("180.00")]


def test_looks_of_the_project_become_notes(old: Old) -> None:
    ledger = old.open()
    noted = ledger.notes(["look", "agreed", "owned adSets.summer-fr bid", "other"])
    assert {name: dict(each.values) for name, each in noted.items()} == {
        "look": {"moved": (("adSets", "summer-fr"),)},
        "agreed": {"mark": "f00d"},
        "owned adSets.summer-fr bid": {"value": Decimal("0.90")},
    }
    assert set(ledger.observations()) == {SUMMER, WINTER}


def test_a_reader_is_asked_to_leave_the_upgrade_to_a_writer(old: Old) -> None:
    before = old.content()
    with pytest.raises(LedgerError, match=f"it has the old format {old.format}"):
        old.open(create=False)
    assert old.content() == before
    old.open()
    assert len(old.open(create=False).runs(9)) == 3


class Broken(Exception):
    """What a statement raises instead of doing its work."""


def test_a_failure_at_any_statement_leaves_the_old_format_as_it_was(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement after the other fails, until none does."""
    before, left = old.content(), [0]

    def failing(real: Callable[..., Any]) -> Callable[..., Any]:
        def once(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Broken
            return real(*arguments)

        return once

    for store in (SQLite, Postgres):
        for name in ("execute", "executemany"):
            monkeypatch.setattr(store, name, failing(getattr(store, name)))
    statement = 0
    while True:
        statement += 1
        left[0] = statement
        try:
            ledger = old.open()
        except Broken:
            assert old.rows("SELECT version FROM format") in ([(old.format,)], [(FORMAT,)])
            if old.rows("SELECT version FROM format") == [(old.format,)]:
                assert old.content() == before
            continue
        break
    assert statement > 40
    assert len(ledger.open_intents()) == 4


KILL = """
import os, signal
from pathlib import Path
from reconciler import ledger
from reconciler.ledger.postgres import Postgres
from reconciler.ledger.sqlite import SQLite
left = int(sys.argv[3])
def dying(real):
    def once(*arguments):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    return once
for store in (SQLite, Postgres):
    store.execute, store.executemany = dying(store.execute), dying(store.executemany)
ledger.open(sys.argv[1], Path(sys.argv[2]), name="tests")
"""


@pytest.mark.parametrize("statement", [12, 25, 40])
def test_a_kill_half_way_is_undone_and_the_next_does_it(old: Old, statement: int) -> None:
    before = old.content()
    process = child(KILL, old.url, str(old.folder), str(statement))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert old.rows("SELECT version FROM format") == [(old.format,)]
    assert old.content() == before
    assert len(old.open().open_intents()) == 4
