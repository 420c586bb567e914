"""What a later run makes of open calls by reading, and what it leaves held (contract §9 rules 3, 10 and 16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import ledger
from reconciler.drift.baseline import AGREED
from reconciler.engine.open_calls import PastReader, Recovery, recover_open, settle
from reconciler.executor.looks import KindReader
from reconciler.ledger import Ledger
from reconciler.model import Call

from ..executor.test_journal import Lossy, bids, row
from ..executor.test_looks import Account
from ..executor.test_outcome import creations
from ..ledger.samples import NOW, RUN
from ..ledger.samples import ended as ended_
from ..planning.test_planner import BID, KINDS, change, planned

LATER = timedelta(minutes=31)
OTHER = "123468"


def raised(key: str) -> Call:
    """Return a call that sets the bid of an ad set of the simulated account to what it is."""
    live = next(row for row in Account().reader("adSets").read_rows() if row.id == "123467")
    return planned(change(key, (BID, Decimal(1), live.values[BID]), id=live.id)).calls[0]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as found:
        yield found


def recovered(
    book: Ledger, call: Call, shown: list[dict[str, Any]] | None, after: timedelta = LATER, **more: Any
) -> Recovery:
    """Return what a run so long after makes of a call without an answer, where reads show this."""
    book.intend(book.begin(RUN), call, at=NOW, server_at=NOW)
    options = {"kinds": KINDS, "dated": True, "reader": Lossy(shown).reader, **more}
    return recover_open(book, PastReader(now=NOW + after, **options))


def told(found: Recovery) -> tuple[list[list[str]], int, list[str]]:
    """Return how the items of settled calls end, the number of holds, and the codes."""
    ends = [[each.status.value for each in ended] for _, ended in found.settled]
    return ends, len(found.holds), [each.code for each in found.problems]


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=29), LATER])
def test_a_create_that_a_read_shows_is_adopted_whenever_it_is(book: Ledger, after: timedelta) -> None:
    found = recovered(book, creations(5), [row(9, 5)], after)
    assert told(found) == ([["applied"]], 0, ["settled-intent"])
    assert list(found.ids.values()) == ["9"]


@pytest.mark.parametrize(
    ("after", "ends", "holds", "code"),
    [(timedelta(minutes=29), [], 1, "undecided"), (LATER, [["not sent"]], 0, "settled-intent")],
)
def test_a_create_that_no_read_shows_is_absent_only_after_settle_after(
    book: Ledger, after: timedelta, ends: list[list[str]], holds: int, code: str
) -> None:
    assert told(recovered(book, creations(5), [], after)) == (ends, holds, [code])


def test_without_the_servers_clock_another_machine_keeps_it_held(book: Ledger) -> None:
    found = recovered(book, creations(5), [], dated=False, machine="another")
    assert told(found) == ([], 1, ["undecided"])
    assert found.holds[0].until is None


def test_what_cannot_be_read_stays_held_and_says_so(book: Ledger) -> None:
    ends, holds, codes = told(recovered(book, creations(5), None))
    assert (ends, holds) == ([], 1)
    assert len(codes) == 1


def test_an_absolute_value_that_cannot_be_read_holds_nothing(book: Ledger) -> None:
    ends, holds, codes = told(recovered(book, bids(), None))
    assert (ends, holds) == ([], 0)
    assert len(codes) == 1


def test_an_absolute_value_that_is_in_force_was_applied_whenever_it_is_seen(book: Ledger) -> None:
    """It has its id from the files, so that none is told."""
    for after in (timedelta(0), LATER):
        found = recovered(book, raised("a1"), [], after, reader=Account().reader)
        assert told(found)[:2] == ([["applied"]] * len(found.settled), 0)
        assert found.settled
        assert (found.ids, found.accepted) == ({}, {})


def test_an_absolute_value_that_is_not_in_force_may_land_until_settle_after(book: Ledger) -> None:
    other = replace(raised("a1"), items=(replace(raised("a1").items[0], id=OTHER),))

    assert told(recovered(book, other, [], timedelta(0), reader=Account().reader))[:2] == ([], 0)
    (ended, *_), holds, _ = told(recovered(book, other, [], reader=Account().reader))
    assert (ended, holds) == (["not sent"], 0)


def test_a_create_that_only_something_like_it_may_be_is_a_doubt_at_once(book: Ledger) -> None:
    found = recovered(book, creations(5), [row(9, 7)], timedelta(0))

    assert told(found)[:2] == ([], 1)
    assert found.holds[0].doubt is not None


@pytest.mark.parametrize("kinds", [{"sellerBudgets": KINDS["sellerBudgets"]}, KINDS], ids=["no kind", "no read"])
def test_calls_after_one_that_cannot_be_judged_are_judged(book: Ledger, kinds: dict[str, Any]) -> None:
    """The first is of a kind that this version does not have, or cannot be read."""
    seen = Lossy([row(9, 5)])

    def reader(kind: str) -> KindReader:
        return (seen if kind == "sellerBudgets" else Lossy(None)).reader(kind)

    run = book.begin(RUN)
    book.intend(run, bids(), at=NOW, server_at=NOW)
    book.intend(run, creations(5), at=NOW, server_at=NOW)

    found = recover_open(book, PastReader(reader=reader, now=NOW + LATER, kinds=kinds, dated=True))

    assert [[each.status.value for each in ended] for _, ended in found.settled] == [["applied"]]


@pytest.mark.parametrize(
    ("server_at", "dated", "machine", "held"),
    [
        (NOW, True, "", True),
        (NOW, True, "another", True),
        (None, True, "another", False),
        (None, True, "this", True),
        (NOW, False, "another", False),
        (NOW, False, "this", True),
        (None, False, "", False),
    ],
)
def test_a_hold_ends_by_the_servers_clock_or_by_that_of_its_own_machine(
    book: Ledger, server_at: datetime | None, dated: bool, machine: str, held: bool
) -> None:
    """Without either, a person decides."""
    run = book.begin(replace(RUN, machine="this"))
    book.intend(run, creations(5), at=NOW, server_at=server_at)
    past = PastReader(reader=Lossy([]).reader, now=NOW, kinds=KINDS, dated=dated, machine=machine)

    (hold,) = recover_open(book, past).holds

    assert hold.until == (NOW + timedelta(minutes=30) if held else None)


@pytest.mark.parametrize(
    ("after", "dated", "machine", "fresh"),
    [
        (timedelta(minutes=29), True, "", True),
        (LATER, True, "", False),
        (timedelta(minutes=29), False, "this", True),
        (LATER, False, "this", False),
        (LATER, False, "another", True),
    ],
)
def test_what_was_created_is_fresh_as_long_as_a_list_may_lag(
    book: Ledger, after: timedelta, dated: bool, machine: str, fresh: bool
) -> None:
    run, call = book.begin(replace(RUN, machine="this")), creations(5)
    book.settle(book.intend(run, call, at=NOW, server_at=NOW), ended_(call), NOW)
    past = PastReader(reader=Lossy([]).reader, now=NOW + after, kinds=KINDS, dated=dated, machine=machine)

    found = recover_open(book, past)

    assert [*found.fresh] == ([call.items[0].address] if fresh else [])
    assert all(hold.accepted for hold, _ in found.fresh.values())


def test_only_what_was_settled_makes_the_agreement_of_files_and_account_doubtful(book: Ledger) -> None:
    def agreed() -> object:
        return book.notes([AGREED])[AGREED].values

    book.note({AGREED: {"mark": "x"}}, NOW)
    settle(book, Recovery(), NOW)
    assert agreed() == {"mark": "x"}
    found = recovered(book, creations(5), [])
    settle(book, found, NOW)
    assert agreed() == {}
    assert book.open_intents() == ()


def test_a_call_of_a_kind_that_this_version_does_not_have_is_for_a_person(book: Ledger) -> None:
    found = recovered(book, creations(5, 6), [row(9, 5)], kinds={})
    assert told(found) == ([], 1, ["undecided"] * 2)
    assert found.holds[0].doubt == "its kind is not in this API version"
