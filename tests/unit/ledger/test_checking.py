"""``check`` looks at every row, and a journal that is pruned does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import ledger as ledgers
from reconciler.engine import run_journal
from reconciler.ledger.records import Checkup
from reconciler.model import Address

from .conftest import Home
from .samples import NOW, RUN, SUMMER, call, ended, filled, item

KEPT = timedelta(days=180)


def test_a_ledger_as_it_was_written_has_no_damage(home: Home) -> None:
    ledger: Any = home.open()
    assert ledger.check() == Checkup(0)
    filled(ledger)
    found = ledger.check()
    assert found.damage == ()
    assert found.rows > 15


@dataclass
class Harm:
    """What happens to the tables, and what is told of it."""

    statement: str
    told: list[str]


HARM = {
    "a digit": Harm("UPDATE resources SET id = '12' WHERE id = '11'", ["resources: the row adSets is not"]),
    "a text": Harm("UPDATE intents SET call = '{}' WHERE number = 2", ["intents: the row 2 is not"]),
    "two": Harm("UPDATE settlements SET at = '' WHERE number < 3", ["row 1 is not", "row 2 is not"]),
    "an open call": Harm(
        "DELETE FROM open_calls WHERE intent = 3", ["open_calls: 1 calls without a known end are missing"]
    ),
    "a run": Harm("DELETE FROM runs", ["endings: 1 of its rows belong to runs", "intents: 4 of its rows belong to"]),
}


@pytest.mark.parametrize("case", HARM)
def test_each_damage_is_told(home: Home, case: str) -> None:
    harm = HARM[case]
    ledger: Any = home.open()
    filled(ledger)
    for statement in FREE.get(home.url.partition(":")[0], ()):
        ledger._backend.execute(statement)
    ledger._backend.execute(harm.statement)
    ledger.close()
    examined = ledgers.open(home.url, home.folder, name="tests", create=False, audit=False)
    try:
        damage = examined.check().damage
    finally:
        examined.close()
    assert len(damage) == len(harm.told)
    assert all(told in said for said, told in zip(damage, harm.told, strict=True))


FREE = {"sqlite": ("PRAGMA foreign_keys = OFF",), "postgresql": ("SET session_replication_role TO replica",)}


def test_a_journal_that_is_pruned_each_night_does_not_grow(file_home: Home) -> None:
    """20 objects, all changed each night: after night 180 there are as many rows, in a file as large (to 2 percent)."""
    ledger: Any = file_home.open()
    rows, sizes = [], []
    for night in range(0, 400, 4):
        now = NOW + timedelta(days=night)
        run = ledger.begin(replace(RUN, started=now))
        sent = call(*(item(Address("adSets", str(number)), str(number)) for number in range(20)))
        with ledger.together():
            ledger.settle(ledger.intend(run, sent, at=now), ended(sent), now)
            ledger.finish(run, now, 0)
            run_journal.prune(ledger, KEPT, now)
        rows.append(ledger.check().rows)
        sizes.append((file_home.folder / ".reconciler" / "ledger.db").stat().st_size)
    assert rows[60] == rows[-1]
    assert sizes[20] < sizes[60]
    assert sizes[-1] <= sizes[60] * 1.02


def test_the_journal_is_pruned_once_a_day(home: Home) -> None:
    ledger = home.open()
    for days in (200, 190, 0):
        at = NOW - timedelta(days=days)
        run = ledger.begin(replace(RUN, started=at))
        ledger.settle(ledger.intend(run, call(item(SUMMER, "11")), at=at), ended(call(item(SUMMER, "11"))), at)
    run_journal.prune(ledger, timedelta(days=195), NOW)
    run_journal.prune(ledger, KEPT, NOW + timedelta(hours=23))
    assert len(ledger.history(SUMMER)) == 2
    run_journal.prune(ledger, KEPT, NOW + timedelta(hours=24))
    assert len(ledger.history(SUMMER)) == 1


def test_room_is_given_back(file_home: Home) -> None:
    ledger = file_home.open()
    run = ledger.begin(RUN)
    for _ in range(50):
        sent = call(*(item(Address("adSets", str(number)), str(number)) for number in range(20)))
        ledger.settle(ledger.intend(run, sent, at=NOW), ended(sent), NOW)
    file = file_home.folder / ".reconciler" / "ledger.db"
    before = file.stat().st_size
    assert ledger.prune(NOW + timedelta(days=1)).calls == 49
    ledger.compact()
    assert file.stat().st_size < before / 3
    assert len(file_home.open().history(Address("adSets", "1"))) == 1
