"""One call between the journal and the world: written down before it leaves, and what came of it after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler import keeper, ledger
from reconciler.ledger import Ledger
from reconciler.model import Answer, Call, Fate, Outcome, Status, error
from reconciler.sending.courier import Courier, Forgetful, Stop, Unwritten

from .ledger.samples import NOW, RUN, SUMMER, call, ended, item, move
from .test_planner import AD_SETS, BID, TARGETS, change, planned

SAID = Answer(Fate.ANSWERED, 200, {"data": [{"id": "1"}, {"id": "2"}, {"id": "3"}]})


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as found:
        yield found


def bids(count: int = 3) -> Call:
    moves = (change(f"a{n}", (BID, Decimal(1), Decimal(2)), id=str(n)) for n in range(1, count + 1))
    (found,) = planned(*moves).calls
    return found


def courier(send: Callable[[Call], Answer], journal: Any = None, **more: Any) -> Courier:
    return Courier(TARGETS, {}, lambda call: {}, send, lambda kind: None, lambda: NOW, journal or Forgetful(), **more)  # type: ignore[arg-type, return-value]


def statuses(ended: Sequence[Outcome]) -> list[str]:
    return [each.status.value for each in ended]


# --- The courier -----------------------------------------------------------------------------------------------------


def test_it_is_written_down_before_it_leaves_and_settled_after(book: Ledger) -> None:
    run = book.begin(RUN)
    followed: list[Sequence[Outcome] | None] = []

    def send(sent: Call) -> Answer:
        assert [each.call.path for each in book.open_intents()] == [AD_SETS]
        assert followed == [None]
        return SAID

    own = courier(send, keeper.Journal(book, run, lambda: NOW), watch=lambda call, ended: followed.append(ended))
    found, _ = own.carry(bids())

    assert statuses(found) == ["applied"] * 3
    assert followed == [None, found]
    assert book.open_intents() == ()
    (intent,) = book.run(run).calls  # type: ignore[union-attr]
    assert (intent.number, statuses(intent.outcomes)) == (own.intents["adSets.bids.1"], ["applied"] * 3)


def test_what_cannot_be_written_down_is_not_sent_and_nothing_is_after_it() -> None:
    class Full(Forgetful):
        def intend(self, call: Call, before: Mapping[str, tuple[str, ...]], token: str | None) -> int:
            raise Unwritten(error("ledger-unwritable", "no room"))

    sent: list[Call] = []
    stop = Stop()
    own = courier(lambda call: sent.append(call) or SAID, Full(), stop=stop)  # type: ignore[func-returns-value]

    assert statuses(own.carry(bids())[0]) == statuses(own.carry(bids())[0]) == ["not sent"] * 3
    assert sent == []
    assert stop.reason is not None
    assert stop.reason.code == "ledger-unwritable"


def test_an_end_that_cannot_be_written_is_told_and_stops_what_follows() -> None:
    class Torn(Forgetful):
        def settle(self, intent: int, outcomes: Sequence[Outcome]) -> None:
            raise Unwritten(error("ledger-unwritable", "no room"))

    own = courier(lambda call: SAID, Torn())

    assert statuses(own.carry(bids())[0]) == ["applied"] * 3
    assert statuses(own.carry(bids())[0]) == ["not sent"] * 3


def test_an_answer_that_never_came_leaves_the_intent_open(book: Ledger) -> None:
    run = book.begin(RUN)
    own = courier(lambda call: Answer(Fate.LOST, reason="late"), keeper.Journal(book, run, lambda: NOW))

    assert statuses(own.carry(bids())[0]) == ["unknown"] * 3
    assert len(book.open_intents()) == 1

    own.settle_anew(ended(bids()))
    assert book.open_intents() == ()


@pytest.mark.parametrize(("bisect", "sent"), [(True, [3, 2]), (False, [3])])
def test_a_refused_batch_is_sent_again_without_the_one_to_blame(bisect: bool, sent: list[int]) -> None:
    whole = replace(bids(), atomic=True)
    sizes: list[int] = []

    def send(call: Call) -> Answer:
        sizes.append(len(call.items))
        refusal = {"errors": [{"code": "bad", "title": "no", "instance": "@data/1"}]}
        return Answer(Fate.ANSWERED, 400, refusal) if len(call.items) == 3 else SAID

    found, _ = courier(send, bisect=bisect).carry(whole)

    assert sizes == sent
    assert statuses(found) == (["applied", "rejected", "applied"] if bisect else ["rejected"] * 3)
    assert [each.call for each in found] == (
        ["adSets.bids.1.1", "adSets.bids.1", "adSets.bids.1.1"] if bisect else ["adSets.bids.1"] * 3
    )


# --- The book --------------------------------------------------------------------------------------------------------


def test_a_ledger_says_where_it_is(book: Ledger, tmp_path: Path) -> None:
    assert book.where == str(tmp_path / "ledger.db")


def test_intents_are_numbered_as_they_came(book: Ledger) -> None:
    run = book.begin(RUN)
    numbers = [book.intend(run, call(), at=NOW) for _ in range(3)]

    assert [each.number for each in book.open_intents()] == numbers == [1, 2, 3]


@pytest.mark.parametrize(("status", "kept"), [(Status.APPLIED, "9"), (Status.REJECTED, None), (None, None)])
def test_what_nobody_can_see_is_forgotten_until_it_is_known_to_be_in_force(
    book: Ledger, status: Status | None, kept: str | None
) -> None:
    book.remember(SUMMER, "11", {"audienceId": "8", "bid": Decimal("0.80")})
    hidden = item(SUMMER, "11", replace(move("audienceId", "8", "9"), seen=False))
    sent = call(hidden)

    number = book.intend(book.begin(RUN), sent, at=NOW)
    assert book.values()[SUMMER] == {"bid": Decimal("0.80")}
    if status is not None:
        book.settle(number, ended(sent, status), NOW)

    assert book.values()[SUMMER].get("audienceId") == kept
    assert book.values()[SUMMER]["bid"] == Decimal("0.80")


def test_what_can_be_seen_stays_known_while_it_is_changed(book: Ledger) -> None:
    book.remember(SUMMER, "11", {"bid": Decimal("0.80")})

    book.intend(book.begin(RUN), call(), at=NOW)

    assert book.values()[SUMMER] == {"bid": Decimal("0.80")}
