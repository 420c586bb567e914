"""What a later run makes of lost and of accepted top-ups, before a simulated account with its history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import ledger
from reconciler.engine.open_calls import PastReader, Recovery, recover_open
from reconciler.engine.past_top_ups import RUN_LASTS
from reconciler.executor.call_items import with_mark
from reconciler.executor.history_evidence import SKEW, make_mark
from reconciler.executor.looks import KindReader
from reconciler.ledger import Ledger
from reconciler.model import Address, Answer, Call, Delivery, ItemOutcome, ItemStatus

from ..executor.test_looks import Account, top_up
from ..ledger.samples import RUN, ended
from ..planning.test_planner import KINDS

LATER, SOON = timedelta(minutes=31), timedelta(minutes=5)
APPLIED, UNKNOWN, REJECTED = ItemStatus.APPLIED, ItemStatus.UNKNOWN, ItemStatus.REJECTED


@dataclass
class Office:
    """An account, a ledger, and the top-ups of balance *Q4* that runs intended, sent and settled."""

    book: Ledger
    account: Account = field(default_factory=Account)
    unread: Callable[[str], bool] = lambda path: False
    echoes: bool = True

    def __post_init__(self) -> None:
        self.run = self.book.begin(RUN)
        self.began: datetime = self.account.world.now
        self.fund = top_up(self.account)

    def intend(self, call: Call, *, ago: timedelta = timedelta(0), run: str = "", **more: Any) -> int:
        at = self.began - ago
        return self.book.intend(run or self.run, call, at=at, server_at=at, **more)

    def land(self, call: Call, token: str | None = None) -> None:
        """Let a top-up take effect now."""
        assert self.account.send(with_mark(call, KINDS["balances"].writes["funds"], token)).status == 200

    def us(self) -> str:
        """Return our name in the history."""
        (*_, (_, last)) = self.account.world.state.where("history", balanceId=str(self.fund.items[0].id))
        return str(last["by"])

    def settle(self, number: int, call: Call, status: ItemStatus = APPLIED) -> None:
        self.book.settle(number, ended(call, status), self.began)

    def reader(self, kind: str) -> KindReader:
        def send(call: Call) -> Answer:
            return Answer(Delivery.LOST, reason="late") if self.unread(call.path) else self.account.send(call)

        return replace(self.account.reader(kind), send=send, application=self.us, echoes=self.echoes)

    def recovered(self, after: timedelta = SOON, **more: Any) -> Recovery:
        options = {"kinds": KINDS, "dated": True, **more}
        return recover_open(self.book, PastReader(reader=self.reader, now=self.began + after, **options))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as book:
        yield Office(book)


def ends(found: Recovery) -> dict[int, str]:
    """Return how the item of each settled top-up ends, by the number of its intent."""
    return {intent.number: outcomes[0].status.value for intent, outcomes in found.settled}


MARK, EARLIER = make_mark("20261121T090000Z-7f3a", 2), make_mark("20261121T090000Z-7f3a", 1)


def test_a_lost_top_up_whose_mark_is_in_the_history_took_effect(office: Office) -> None:
    number = office.intend(office.fund, token=MARK)
    office.land(office.fund, MARK)

    found = office.recovered()

    assert ends(found) == {number: "applied"}
    assert [*found.accepted] == [office.fund.items[0].id]


def test_a_lost_top_up_that_nothing_shows_is_held_and_then_not_sent(office: Office) -> None:
    number = office.intend(office.fund, token=MARK)

    assert (ends(office.recovered()), len(office.recovered().holds)) == ({}, 1)
    late = office.recovered(LATER)
    assert (ends(late), late.holds, late.accepted) == ({number: "not sent"}, (), {})


# --- Earlier sendings of the same call ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "ago", "run", "expected"),
    [
        ({}, timedelta(minutes=1), "", "applied"),
        ({}, RUN_LASTS, "", "applied"),
        ({}, RUN_LASTS + timedelta(seconds=1), "", None),
        ({"name": "balances.funds.other"}, timedelta(minutes=1), "", None),
        ({}, timedelta(minutes=1), "another", None),
    ],
    ids=["in this run", "as long as a run lasts", "longer ago", "another call", "another run"],
)
def test_an_earlier_sending_that_was_turned_away_may_be_the_one_that_took_effect(
    office: Office, changed: dict[str, Any], ago: timedelta, run: str, expected: str | None
) -> None:
    before = replace(office.fund, **changed)
    first = office.intend(before, ago=ago, run=office.book.begin(RUN) if run else "", token=EARLIER)
    office.settle(first, before, REJECTED)
    number = office.intend(office.fund, token=MARK)
    office.land(office.fund, EARLIER)

    assert ends(office.recovered()).get(number) == expected


DAY = timedelta(days=1)


def test_each_of_several_lost_top_ups_is_judged_by_the_sendings_before_itself(office: Office) -> None:
    """The older one was sent a minute before by the same run; of the newer one that is three hours ago."""
    old = replace(office.fund, name="balances.funds.old")
    for ago, token in ((DAY + timedelta(minutes=1), EARLIER), (timedelta(hours=3), make_mark("x-7f3a", 7))):
        sent = old if ago > DAY else office.fund
        office.settle(office.intend(sent, ago=ago, token=token), sent, REJECTED)
    first = office.intend(old, ago=DAY, token=MARK)
    second = office.intend(office.fund, token=make_mark("20261121T090000Z-7f3a", 9))
    office.land(office.fund, EARLIER)
    office.land(top_up(office.account), make_mark("x-7f3a", 7))

    found = ends(office.recovered())

    assert (found.get(first), found.get(second)) == ("applied", None)


# --- Entries of the same amount, without a mark ------------------------------------------------------------------


def other_amount(call: Call) -> Call:
    (item,) = call.items
    return replace(call, items=(replace(item, fields=(replace(item.fields[0], after=item.fields[0].before + 1),)),))


def other_balance(call: Call) -> Call:
    return replace(call, items=(replace(call.items[0], id="another"),))


@pytest.mark.parametrize(
    ("other", "status", "ago", "expected"),
    [
        (None, UNKNOWN, timedelta(0), "applied"),
        (lambda call: call, UNKNOWN, timedelta(0), None),
        (lambda call: call, APPLIED, timedelta(0), None),
        (lambda call: call, REJECTED, timedelta(0), "applied"),
        (lambda call: call, UNKNOWN, SKEW, None),
        (lambda call: call, APPLIED, SKEW + timedelta(seconds=1), "applied"),
        (other_amount, UNKNOWN, timedelta(0), "applied"),
        (other_balance, UNKNOWN, timedelta(0), "applied"),
    ],
    ids=[
        "alone",
        "lost",
        "accepted",
        "refused",
        "before, within the skew",
        "before",
        "another amount",
        "another balance",
    ],
)
def test_an_entry_may_be_that_of_another_call_of_ours_with_the_same_amount(
    office: Office, other: Callable[[Call], Call] | None, status: ItemStatus, ago: timedelta, expected: str | None
) -> None:
    office.echoes = False
    if other is not None:
        before = replace(other(office.fund), name="balances.funds.other")
        office.settle(office.intend(before, ago=ago), before, status)
    number = office.intend(office.fund)
    office.land(office.fund)

    assert ends(office.recovered()).get(number) == expected


def test_of_two_equal_entries_one_is_that_of_another_call_of_ours_and_one_is_this(office: Office) -> None:
    office.echoes = False
    other = replace(office.fund, name="balances.funds.other")
    office.intend(other)
    number = office.intend(office.fund)
    office.land(office.fund)
    office.land(office.fund)

    assert ends(office.recovered()).get(number) == "applied"


# --- Accepted, and not shown ---------------------------------------------------------------------------------------


def test_an_accepted_top_up_that_is_shown_is_kept_in_mind_while_reads_may_lag(office: Office) -> None:
    office.settle(office.intend(office.fund, token=MARK), office.fund)
    office.land(office.fund, MARK)

    soon, late = office.recovered(), office.recovered(LATER)

    assert (soon.settled, soon.holds, [*soon.accepted]) == ((), (), [office.fund.items[0].id])
    assert (late.settled, late.holds, late.accepted) == ((), (), {})


def test_an_accepted_top_up_that_is_not_shown_lags_and_is_open_again_after_settle_after(office: Office) -> None:
    number = office.intend(office.fund, token=MARK)
    office.settle(number, office.fund)

    soon, late = office.recovered(), office.recovered(LATER)

    assert (ends(soon), [(each.accepted, each.doubt) for each in soon.holds]) == ({}, [(True, None)])
    assert ends(late) == {number: "unknown"}
    assert [each.doubt is not None for each in late.holds] == [True]


def test_of_several_that_are_not_shown_the_last_one_of_each_balance_is_held(office: Office) -> None:
    (item,) = office.fund.items
    of_another = replace(item, address=Address("balances", "other"))
    for number, each in enumerate((of_another, item, item), 1):
        call = replace(office.fund, name=f"balances.funds.{number}", items=(each,))
        office.settle(office.intend(call, token=make_mark("20261121T090000Z-7f3a", number)), call)

    found = office.recovered()

    assert [hold.call.name for hold in found.holds] == ["balances.funds.3", "balances.funds.1"]


def test_what_a_person_decided_is_not_opened_again(office: Office) -> None:
    office.intend(office.fund, token=MARK)
    office.book.resolve(
        office.run, office.fund.name, applied=True, because="seen in the interface", by="ann", at=office.began
    )

    office.unread = lambda path: True

    found = office.recovered()

    assert ends(found) == {}
    assert [each.doubt for each in found.holds] == [None]


@pytest.mark.parametrize("unread", [False, True])
def test_however_many_top_ups_are_judged_their_list_is_read_once(office: Office, unread: bool) -> None:
    (item,) = office.fund.items
    for number in range(9):
        call = replace(office.fund, name=f"balances.funds.{number}", items=(replace(item, id=str(number)),))
        office.settle(office.intend(call, token=MARK), call)
        office.intend(replace(call, name=f"lost.{number}"), token=EARLIER)
    asked: list[str] = []
    office.unread = lambda path: bool(asked.append(path)) or unread

    found = office.recovered()

    assert len(found.holds) == (18 if unread else 9)
    assert [path for path in asked if path.endswith("/balances")] == asked[:1]


def test_an_accepted_top_up_that_cannot_be_read_is_for_a_person(office: Office) -> None:
    office.settle(office.intend(office.fund, token=MARK), office.fund)
    office.unread = lambda path: True

    (hold,) = office.recovered().holds

    assert hold.doubt == "it was accepted, and whether it is in force cannot be read"


def test_of_several_top_ups_of_a_balance_the_last_one_counts(office: Office) -> None:
    first = office.intend(office.fund, ago=timedelta(minutes=2), token=EARLIER)
    office.settle(first, office.fund)
    office.land(office.fund, EARLIER)
    again = replace(top_up(office.account), name="balances.funds.2")
    office.settle(office.intend(again, token=MARK), again)
    office.land(again, MARK)

    found = office.recovered()

    assert (found.settled, found.holds) == ((), ())
    (accepted,) = found.accepted.values()
    assert (accepted.after, accepted.hold.accepted) == (again.items[0].fields[0].after, True)


def test_a_later_entry_of_the_history_explains_another_amount(office: Office) -> None:
    office.settle(office.intend(office.fund, token=MARK), office.fund)
    office.land(office.fund, MARK)
    office.account.world.advance(60)
    later = top_up(office.account)
    office.land(later)

    found = office.recovered()

    assert (found.settled, found.holds) == ((), ())
    (accepted,) = found.accepted.values()
    assert accepted.explains(later.items[0].fields[0].after)
    assert not accepted.explains(office.fund.items[0].fields[0].before)
    office.unread = lambda path: True
    assert not accepted.explains(later.items[0].fields[0].after)


def test_a_top_up_that_was_not_applied_as_a_whole_is_no_accepted_one(office: Office) -> None:
    number = office.intend(office.fund, token=MARK)
    office.book.settle(number, (ItemOutcome(office.fund.name, office.fund.items[0], REJECTED, None),), office.began)

    found = office.recovered()

    assert (found.settled, found.holds, found.accepted) == ((), (), {})
