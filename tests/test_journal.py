"""One call between the journal and the world: written down before it leaves, and what came of it after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import keeper, ledger
from reconciler.ledger import Ledger
from reconciler.model import Answer, Call, Fate, Outcome, Status, error
from reconciler.sending.courier import Courier, Cut, Forgetful, Stop, Unwritten, only
from reconciler.sending.recover import Reader

from .ledger.samples import NOW, RUN, SUMMER, call, ended, item, move
from .test_outcome import creations
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


@pytest.mark.parametrize(
    ("blamed", "sizes", "ends"),
    [
        pytest.param([2], [2, 1], ["applied", "rejected"], id="of two, the other goes alone"),
        pytest.param([], [2, 1, 1], ["applied", "rejected"], id="nobody is named: by halves"),
        pytest.param([1, 2], [2, 1, 1], ["applied", "rejected"], id="all are named: by halves"),
        pytest.param([], [3, 1, 2, 1, 1], ["applied", "rejected", "applied"], id="an odd number: by halves of halves"),
    ],
)
def test_a_batch_is_split_until_the_one_to_blame_stands_alone(
    blamed: list[int], sizes: list[int], ends: list[str]
) -> None:
    """The second is not wanted; ``blamed`` are those that the refusal of the whole names."""
    sent: list[list[str | None]] = []

    def send(call: Call) -> Answer:
        sent.append([item.id for item in call.items])
        assert [row["id"] for row in call.body["data"]] == sent[-1]  # type: ignore[call-overload, index]
        if "2" not in sent[-1]:
            return SAID
        named = [{"code": "bad", "instance": f"@data/{id - 1}"} for id in blamed]
        return Answer(Fate.ANSWERED, 400, {"errors": named or [{"code": "bad"}]})

    found, said = courier(send, bisect=True).carry(replace(bids(len(ends)), atomic=True))

    assert [len(ids) for ids in sent] == sizes
    assert (statuses(found), said) == (ends, ())
    assert [each.item.id for each in found] == [str(number) for number in range(1, len(ends) + 1)]


@pytest.mark.parametrize(
    ("status", "sizes"),
    [(200, [2]), (400, [2, 1, 1]), (404, [2, 1, 1]), (401, [2]), (403, [2]), (429, [2]), (500, [2]), (503, [2])],
)
def test_only_what_the_api_refuses_for_its_content_is_split(status: int, sizes: list[int]) -> None:
    sent: list[int] = []
    own = courier(lambda call: sent.append(len(call.items)) or Answer(Fate.ANSWERED, status), bisect=True)  # type: ignore[func-returns-value]

    own.carry(replace(bids(2), atomic=True))

    assert sent == sizes


@pytest.mark.parametrize("atomic", [True, False])
def test_one_alone_and_what_is_judged_item_by_item_are_not_sent_again(atomic: bool) -> None:
    sent: list[int] = []
    own = courier(lambda call: sent.append(len(call.items)) or Answer(Fate.ANSWERED, 400), bisect=True)  # type: ignore[func-returns-value]

    own.carry(replace(bids(1 if atomic else 2), atomic=atomic))

    assert sent == [1 if atomic else 2]


def test_a_batch_that_is_a_bare_list_stays_one() -> None:
    whole = creations(5, 6)

    assert only(whole, [1]).body == [whole.body[1]]  # type: ignore[index]
    assert only(whole, [1]).items == whole.items[1:]
    assert only(whole, [0, 1]) is whole


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 10.25])
def test_a_wait_is_as_long_as_it_was_asked_and_ends_with_the_run(seconds: float) -> None:
    stop, slept = Stop(), list[float]()
    wait = stop.cutting(slept.append)

    wait(seconds)

    assert (sum(slept), min(slept, default=1) > 0) == (seconds, True)
    stop.because(error("interrupted", "Ctrl-C"))
    wait(0)
    with pytest.raises(Cut):
        wait(0.5)
    assert sum(slept) == seconds


# --- A creation without an answer ------------------------------------------------------------------------------------


@dataclass
class Lossy:
    """A world that answers no creation, and shows these budgets whenever it is asked; None: it cannot be read."""

    shown: list[dict[str, Any]] | None
    created: int = 0

    def send(self, call: Call) -> Answer:
        if call.method == "POST":
            self.created += 1
            return Answer(Fate.LOST, reason="late")
        return Answer(Fate.LOST, reason="late") if self.shown is None else Answer(Fate.ANSWERED, 200, self.shown)

    def reader(self, kind: str) -> Reader:
        return Reader(TARGETS[kind].kind, TARGETS[kind].root, ("1",), self.send, lambda seconds: None)


def row(id: int, amount: int, seller: str = "1") -> dict[str, Any]:
    return {"id": str(id), "sellerId": seller, "campaignIds": [10001], "budgetType": "Capped", "amount": amount,
            "spent": 0, "isSuspended": False, "startDate": "2027-01-01"}  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "created", "ends"),
    [
        pytest.param([], 2, ["not sent"], id="absent: once more, and no oftener"),
        pytest.param([row(9, 5)], 1, ["applied"], id="there: adopted"),
        pytest.param([row(9, 7)], 1, ["unknown"], id="there, but another: for a person to tell"),
        pytest.param(None, 1, ["unknown"], id="unread: left open"),
    ],
)
def test_a_lost_creation_is_looked_for_and_sent_once_more_only_if_it_is_absent(
    book: Ledger, shown: list[dict[str, Any]] | None, created: int, ends: list[str]
) -> None:
    world, followed = Lossy(shown), list[Sequence[Outcome] | None]()
    run = book.begin(RUN)
    own = replace(
        courier(world.send, keeper.Journal(book, run, lambda: NOW), watch=lambda call, end: followed.append(end)),
        reader=world.reader,
    )

    found, said = own.carry(creations(5))

    assert (world.created, statuses(found), said) == (created, ends, ())
    assert followed[0::2] == [None] * created
    assert followed[-1] == found
    intents = book.run(run).calls  # type: ignore[union-attr]
    assert [statuses(each.outcomes) for each in intents] == [ends] * created
    assert len(book.open_intents()) == ends.count("unknown")


def test_of_two_lost_together_neither_is_sent_again_once_one_is_found() -> None:
    world = Lossy([row(9, 5)])
    own = replace(courier(world.send), reader=world.reader)

    found, _ = own.carry(creations(5, 6))

    assert (world.created, statuses(found)) == (1, ["applied", "unknown"])


@pytest.mark.parametrize("status", [200, 400])
def test_a_creation_with_an_answer_is_not_looked_for(status: int) -> None:
    sent: list[str] = []
    answer = Answer(Fate.ANSWERED, status, [{"id": "9"}] if status == 200 else None)

    found, _ = courier(lambda call: sent.append(call.method) or answer).carry(creations(5))  # type: ignore[func-returns-value]

    assert sent == ["POST"]
    assert statuses(found) == ["applied" if status == 200 else "rejected"]


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


def test_all_that_nobody_can_see_of_a_resource_is_forgotten_whichever_item_moves_it(book: Ledger) -> None:
    book.remember(SUMMER, "11", {"audienceId": "8", "memo": "old", "bid": Decimal("0.80")})
    hidden = (replace(move(name, "old", "new"), seen=False) for name in ("audienceId", "memo"))

    book.intend(book.begin(RUN), call(*(item(SUMMER, "11", each) for each in hidden)), at=NOW)

    assert book.values()[SUMMER] == {"bid": Decimal("0.80")}
