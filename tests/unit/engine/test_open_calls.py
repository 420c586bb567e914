"""What a later run makes of open calls by reading, and what it leaves held (contract §9 rules 3, 10 and 16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import ledger
from reconciler.engine.open_calls import PastReader, Recovery, recover_open
from reconciler.ledger import Ledger
from reconciler.model import Call

from ..executor.test_journal import Lossy, bids, row
from ..executor.test_outcome import creations
from ..ledger.samples import NOW, RUN
from ..planning.test_planner import KINDS

LATER = timedelta(minutes=31)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as found:
        yield found


def recovered(
    book: Ledger, call: Call, shown: list[dict[str, Any]] | None, after: timedelta = LATER, **more: Any
) -> Recovery:
    """Return what a run so long after makes of a call without an answer, where reads show this."""
    book.intend(book.begin(RUN), call, at=NOW, server_at=NOW)
    options = {"kinds": KINDS, "dated": True, **more}
    return recover_open(book, PastReader(reader=Lossy(shown).reader, now=NOW + after, **options))


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


def test_a_call_of_a_kind_that_this_version_does_not_have_is_for_a_person(book: Ledger) -> None:
    found = recovered(book, creations(5, 6), [row(9, 5)], kinds={})
    assert told(found) == ([], 1, ["undecided"] * 2)
    assert found.holds[0].doubt == "its kind is not in this API version"
