"""What only a server can do: go away in the middle, refuse a user, be asked with a password."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reconciler import ledger as ledgers
from reconciler.ledger import Damaged, Ledger, LedgerError, LockLost, Newer, Unwritable
from reconciler.ledger.records import Holder
from reconciler.ledger.tables import FORMAT, TABLES

from .conftest import Home
from .postgres_server import Server
from .samples import NOW, RUN, call, child, ended, filled, snapshot

pytestmark = pytest.mark.postgres
ME = Holder("me")


def backend(ledger: Ledger) -> Any:
    return ledger._backend  # type: ignore[attr-defined]


def test_a_server_that_dies_stops_every_later_write(server: Server, database_home: Home) -> None:
    ledger = database_home.open()
    with ledger.lock(["a"], ME, timeout=0, waiting=lambda _: None):
        run = ledger.begin(RUN)
        kept = ledger.intend(run, call(), at=NOW)
        server.stop()
        try:
            with pytest.raises(LockLost, match="lost the connection, and the lock with it"):
                ledger.intend(run, call(), at=NOW)
        finally:
            server.start()
        with pytest.raises(LockLost):  # the server is there again, the lock is not
            ledger.settle(kept, ended(call()), NOW)
    after = database_home.open()
    assert [each.number for each in after.open_intents()] == [kept]
    with after.lock(["a"], ME, timeout=0, waiting=lambda _: None):
        after.settle(kept, ended(call()), NOW)


@pytest.mark.parametrize("statement", range(1, 6))
def test_a_connection_lost_within_a_write_leaves_nothing_of_it(
    server: Server, database_home: Home, statement: int
) -> None:
    ledger = database_home.open()
    run = ledger.begin(RUN)
    before = snapshot(database_home.open())
    real, left = backend(ledger).execute, [statement]

    def cut(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            ((pid,),) = real("SELECT pg_backend_pid()")
            server.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        return real(*arguments)

    backend(ledger).execute = cut
    with pytest.raises(LockLost):
        ledger.intend(run, call(), at=NOW)
    assert snapshot(database_home.open()) == before


def test_a_lost_connection_frees_the_lock(server: Server, database_home: Home) -> None:
    holder, other = database_home.open(), database_home.open()
    with holder.lock(["a"], ME, timeout=0, waiting=lambda _: None):
        ((pid,),) = backend(holder).execute("SELECT pg_backend_pid()")
        server.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        with other.lock(["a"], ME, timeout=0, waiting=lambda _: None), pytest.raises(LockLost):
            holder.begin(RUN)


def test_the_lock_is_no_open_transaction(server: Server, database_home: Home) -> None:
    """Which would hold back the server's vacuum for as long as an apply takes."""
    ledger = database_home.open()
    with ledger.lock(["a"], ME, timeout=0, waiting=lambda _: None):
        ((pid,),) = backend(ledger).execute("SELECT pg_backend_pid()")
        assert server.sql(f"SELECT state, xact_start FROM pg_stat_activity WHERE pid = {pid}") == [("idle", None)]


WAITING_TO_DIE = """
from pathlib import Path
from reconciler import ledger
book = ledger.open(sys.argv[1], Path("."), name="tests")
with book.together():
    book.begin(RUN)
    print("in the middle", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_and_blocks_no_run(database_home: Home) -> None:
    ledger = database_home.open()
    process = child(WAITING_TO_DIE, database_home.url)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate()
    ledger.begin(RUN)
    assert len(ledger.runs(9)) == 1


def test_eight_at_once_make_one_set_of_tables(database_home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: database_home.open(), range(8)))
    opened[0].begin(RUN)
    assert len(opened[7].runs(9)) == 1


def test_reading_only_makes_no_tables(server: Server, database: str, database_home: Home) -> None:
    assert database_home.open(create=False).runs(1) == ()
    assert server.sql("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'reconciler%'", database) == []


def test_a_later_format_is_refused(server: Server, database: str, database_home: Home) -> None:
    database_home.open()
    server.sql(f"UPDATE reconciler_tests.format SET version = {FORMAT + 1}", database)
    for create in (True, False):
        with pytest.raises(Newer, match="upgrade"):
            database_home.open(create=create)


def test_an_altered_row_is_refused(server: Server, database: str, database_home: Home) -> None:
    filled(database_home.open())
    server.sql("UPDATE reconciler_tests.resources SET id = '12' WHERE id = '11'", database)
    with pytest.raises(Damaged):
        database_home.open().ids()


def test_a_user_who_may_only_read_is_refused(server: Server, database: str, database_home: Home) -> None:
    filled(database_home.open())
    server.sql(
        "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA reconciler_tests TO reader;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA reconciler_tests TO reader",
        database,
    )
    reader = Home(database_home.url.replace("reconciler@", "reader@"), database_home.folder)
    try:
        ledger = reader.open()
        assert len(ledger.runs(9)) == 1
        with pytest.raises(Unwritable, match="permission denied"):
            ledger.begin(RUN)
    finally:
        reader.close()
        server.sql("DROP OWNED BY reader; DROP ROLE reader", database)


SECRET = "canary%2D7f3a"
BAD = {
    "no server": f"postgresql://ann:{SECRET}@127.0.0.1:1/ledger",
    "no host": f"postgresql://ann:{SECRET}@nowhere.invalid/ledger",
    "no port": f"postgresql://ann:{SECRET}@127.0.0.1:port/ledger",
    "no option": f"postgresql://ann:{SECRET}@127.0.0.1:1/ledger?{SECRET}=1",
    "no escape": f"postgresql://ann:{SECRET}%zz@127.0.0.1:1/ledger",
    "in the query": f"postgresql://ann@127.0.0.1:1/ledger?password={SECRET}",
}


@pytest.mark.parametrize("case", BAD)
def test_a_password_is_never_repeated(tmp_path: Path, case: str) -> None:
    with pytest.raises(LedgerError) as refused:
        ledgers.open(BAD[case], tmp_path, name="tests")
    said = "".join(traceback.format_exception(refused.value)) + repr(refused.value) + refused.value.where
    assert "7f3a" not in said
    assert refused.value.hint


def test_a_password_is_never_stored(server: Server, database: str, tmp_path: Path) -> None:
    home = Home(f"postgresql://reconciler:{SECRET}@/{database}?host={server.folder}", tmp_path)
    ledger = home.open()
    with ledger.lock(["a"], ME, timeout=0, waiting=lambda _: None):
        filled(ledger)
        tables = [
            str(name) for (name,) in server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'reconciler_tests'")
        ]
        told = [server.sql(f"SELECT * FROM reconciler_tests.{table}", database) for table in tables]
    home.close()
    assert set(tables) == {*TABLES, "format", "holders"}
    assert "7f3a" not in f"{told} {ledger.where}"
    assert ledger.where == f"postgresql://reconciler@{server.folder}/{database}"
