"""What has returned has happened, and what has not returned has happened whole or not at all."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.ledger import Ledger, LedgerError
from reconciler.model import ItemStatus

from .conftest import Home
from .samples import NEW, NOW, RUN, SUMMER, WINTER, call, child, ended, filled, item, snapshot

KILLED_AFTER_INTEND = """
import os, signal
from pathlib import Path
from reconciler import ledger
book = ledger.open(sys.argv[1], Path(sys.argv[2]), name="tests")
number = book.intend(book.begin(RUN), call(), at=NOW)
print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
KILLED_WITHIN_SETTLE = """
import os, signal
from pathlib import Path
from reconciler import ledger
book = ledger.open(sys.argv[1], Path(sys.argv[2]), name="tests")
left = int(sys.argv[3])
def dying(real):
    def once(*arguments):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)
    return once
database = book._backend
database.execute, database.executemany = dying(database.execute), dying(database.executemany)
(intent,) = book.open_intents()
left = int(sys.argv[3])
book.settle(intent.number, ended(intent.call), NOW)
print("settled", flush=True)
"""
TWO = call(item(SUMMER, "11"), item(WINTER, "22"))


class Broken(Exception):
    """What a statement raises instead of doing its work."""


def break_at(ledger: Any, statement: int) -> None:
    """Let the n-th statement from now on fail, ``BEGIN`` and ``COMMIT`` included."""
    database, left = ledger._backend, [statement]
    real = database.execute, database.executemany

    def failing(act: Callable[..., Any]) -> Callable[..., Any]:
        def once(*arguments: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                database.execute, database.executemany = real
                raise Broken
            return act(*arguments)

        return once

    database.execute, database.executemany = failing(real[0]), failing(real[1])


def test_an_intent_survives_a_kill_right_after(home: Home) -> None:
    home.open()
    process = child(KILLED_AFTER_INTEND, home.url, str(home.folder))
    said, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    (intent,) = home.open().open_intents()
    assert intent.number == int(said)
    assert intent.call == call()


def test_a_kill_within_settle_leaves_all_or_nothing(home: Home) -> None:
    ledger = home.open()
    ledger.intend(ledger.begin(RUN), TWO, at=NOW)
    for statement in range(2, 30, 2):
        process = child(KILLED_WITHIN_SETTLE, home.url, str(home.folder), str(statement))
        said, _ = process.communicate()
        kept = home.open()
        if said:
            break
        assert process.returncode == -signal.SIGKILL
        assert (len(kept.open_intents()), kept.ids()) == (1, {})
    assert statement > 5
    assert (kept.open_intents(), kept.ids()) == ((), {SUMMER: "11", WINTER: "22"})


WRITES: dict[str, Callable[[Ledger, str, int], Any]] = {
    "begin": lambda ledger, run, intent: ledger.begin(RUN),
    "finish": lambda ledger, run, intent: ledger.finish(run, NOW, 9),
    "intend": lambda ledger, run, intent: ledger.intend(run, TWO, at=NOW),
    "settle": lambda ledger, run, intent: ledger.settle(intent, ended(TWO), NOW),
    "resolve": lambda ledger, run, intent: ledger.resolve(run, TWO.name, applied=True, because="", by="ann", at=NOW),
    "remember": lambda ledger, run, intent: ledger.remember(NEW, "33", {"bid": 1}),
    "forget": lambda ledger, run, intent: ledger.forget(WINTER),
    "move": lambda ledger, run, intent: ledger.move(WINTER, NEW),
    "observe": lambda ledger, run, intent: ledger.observe(WINTER, {"bid": 2}, NOW),
}


@pytest.mark.parametrize("write", WRITES)
def test_every_write_happens_whole_or_not_at_all(home: Home, write: str) -> None:
    """One statement after the other fails, until none does; each time nothing is left of it."""
    ledger, stranger = home.open(), home.open()
    run = filled(ledger)
    intent = ledger.intend(run, TWO, at=NOW)
    before = snapshot(stranger)
    statement = 0
    while True:
        statement += 1
        break_at(ledger, statement)
        try:
            WRITES[write](ledger, run, intent)
        except Broken:
            assert snapshot(stranger) == before
            continue
        break
    del ledger._backend.execute, ledger._backend.executemany  # type: ignore[attr-defined]
    assert statement > 2
    assert snapshot(stranger) != before
    assert snapshot(ledger) == snapshot(stranger)


def test_the_file_is_synced_at_every_commit(file_home: Home) -> None:
    """2 is FULL, 3 is EXTRA: the folder's entry as well, without which DELETE could roll back after a power cut."""
    database: Any = file_home.open()._backend  # type: ignore[attr-defined]
    assert database.execute("PRAGMA synchronous") == [(3,)]
    assert database.execute("PRAGMA journal_mode") == [("delete",)]


@pytest.mark.postgres
def test_the_server_syncs_whatever_its_default(database_home: Home, server: Any, database: str) -> None:
    server.sql(f"ALTER DATABASE {database} SET synchronous_commit TO off")
    try:
        backend: Any = database_home.open()._backend  # type: ignore[attr-defined]
        assert backend.execute("SHOW synchronous_commit") == [("on",)]
    finally:
        server.sql(f"ALTER DATABASE {database} RESET synchronous_commit")


TORN_COMMIT = """
import os, signal
from pathlib import Path
from reconciler import ledger
book = ledger.open(sys.argv[1], Path(sys.argv[2]), name="tests")
book._backend.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
with book.together():
    for number in range(400):
        book.remember(Address("adSets", str(number)), "1", {"name": "x" * 200})
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("create", [True, False], ids=["to write", "to read"])
def test_half_a_transaction_is_undone_by_the_next_to_come(file_home: Home, create: bool) -> None:
    ledger = file_home.open()
    filled(ledger)
    before = snapshot(ledger)
    ledger.close()
    child(TORN_COMMIT, file_home.url, str(file_home.folder)).communicate()
    journal = file_home.folder / ".reconciler" / "ledger.db-journal"
    assert journal.stat().st_size > 0
    assert snapshot(file_home.open(create=create)) == before
    assert not journal.exists()


def test_a_ledger_in_the_making_is_never_there_by_halves(file_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: Any) -> None:
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.ledger.sqlite.format.migrate", dying)
        with pytest.raises(Broken):
            file_home.open()
    assert not (file_home.folder / ".reconciler" / "ledger.db").exists()
    assert file_home.open().open_intents() == ()


def test_a_broken_write_does_not_stop_the_next(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    with pytest.raises(LedgerError):
        ledger.settle(99, ended(TWO, ItemStatus.APPLIED), NOW)
    ledger.intend(run, TWO, at=NOW)
    assert len(home.open().open_intents()) == 1
