"""One call between the journal and the world: written down before it leaves, and what came of it after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import ledger
from reconciler.engine import run_journal
from reconciler.engine.environment import Plain
from reconciler.executor.call_items import select_items
from reconciler.executor.evidence import Times
from reconciler.executor.looks import KindReader, Looks
from reconciler.executor.ports import JournalError, Noted, NullJournal, Stop, WaitInterrupted
from reconciler.executor.sender import Sender
from reconciler.ledger import Ledger
from reconciler.model import Answer, Call, Delivery, ItemOutcome, ItemStatus, error

from ..ledger.samples import NOW, RUN, SUMMER, call, ended, item, move
from ..planning.test_planner import AD_SETS, BID, TARGETS, change, planned
from .test_outcome import creations

SAID_ONE = Answer(Delivery.ANSWERED, 200, [{"id": "9"}])
SAID = Answer(Delivery.ANSWERED, 200, {"data": [{"id": "1"}, {"id": "2"}, {"id": "3"}]})


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Ledger]:
    with closing(ledger.open("sqlite:ledger.db", tmp_path)) as found:
        yield found


def bids(count: int = 3) -> Call:
    moves = (change(f"a{n}", (BID, Decimal(1), Decimal(2)), id=str(n)) for n in range(1, count + 1))
    (found,) = planned(*moves).calls
    return found


def sender(send: Callable[[Call], Answer], journal: Any = None, **more: Any) -> Sender:
    """A way to send over a function; its looks find nothing, and its waits take no time."""

    def reader(kind: str) -> KindReader:
        shown = lambda call: Answer(Delivery.ANSWERED, 200, [] if "budgets" in call.path else {"data": []})  # noqa: E731
        return KindReader(TARGETS[kind].kind, TARGETS[kind].root, ("1",), shown, lambda seconds: None)

    looks = Looks(more.get("reader", reader), lambda: NOW, {}, NOW, *((journal.note_look,) if journal else ()))
    options = {"reader": reader, **more}
    return Sender(TARGETS, looks, Plain(send), now=lambda: NOW, journal=journal or NullJournal(), **options)


def statuses(ended: Sequence[ItemOutcome]) -> list[str]:
    return [each.status.value for each in ended]


# --- The sender -----------------------------------------------------------------------------------------------------


def test_it_is_written_down_before_it_leaves_and_settled_after(book: Ledger) -> None:
    run = book.begin(RUN)
    followed: list[Sequence[ItemOutcome] | None] = []

    def send(sent: Call) -> Answer:
        assert [each.call.path for each in book.open_intents()] == [AD_SETS]
        assert followed == [None]
        return SAID

    own = sender(send, run_journal.RunJournal(book, run, lambda: NOW), watch=lambda call, ended: followed.append(ended))
    found, _ = own.send(bids())

    assert statuses(found) == ["applied"] * 3
    assert followed == [None, found]
    assert book.open_intents() == ()
    (intent,) = book.run(run).calls  # type: ignore[union-attr]
    assert (intent.number, statuses(intent.outcomes)) == (own.intents["adSets.bids.1"], ["applied"] * 3)


def test_what_cannot_be_written_down_is_not_sent_and_nothing_is_after_it() -> None:
    class Full(NullJournal):
        def intend(self, call: Call, noted: Noted) -> int:
            raise JournalError(error("ledger-unwritable", "no room"))

    sent: list[Call] = []
    stop = Stop()
    own = sender(lambda call: sent.append(call) or SAID, Full(), stop=stop)  # type: ignore[func-returns-value]

    assert statuses(own.send(bids())[0]) == statuses(own.send(bids())[0]) == ["not sent"] * 3
    assert sent == []
    assert stop.reason is not None
    assert stop.reason.code == "ledger-unwritable"


def test_an_end_that_cannot_be_written_is_told_and_stops_what_follows() -> None:
    class Torn(NullJournal):
        def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None:
            raise JournalError(error("ledger-unwritable", "no room"))

    own = sender(lambda call: SAID, Torn())

    assert statuses(own.send(bids())[0]) == ["applied"] * 3
    assert statuses(own.send(bids())[0]) == ["not sent"] * 3


def test_an_answer_that_never_came_leaves_the_intent_open(book: Ledger) -> None:
    run = book.begin(RUN)
    own = sender(lambda call: Answer(Delivery.LOST, reason="late"), run_journal.RunJournal(book, run, lambda: NOW))

    assert statuses(own.send(bids())[0]) == ["unknown"] * 3
    assert len(book.open_intents()) == 1

    own.settle_again(ended(bids()))
    assert book.open_intents() == ()


@pytest.mark.parametrize(("bisect", "sent"), [(True, [3, 2]), (False, [3])])
def test_a_refused_batch_is_sent_again_without_the_one_to_blame(bisect: bool, sent: list[int]) -> None:
    whole = replace(bids(), atomic=True)
    sizes: list[int] = []

    def send(call: Call) -> Answer:
        sizes.append(len(call.items))
        refusal = {"errors": [{"code": "bad", "title": "no", "instance": "@data/1"}]}
        return Answer(Delivery.ANSWERED, 400, refusal) if len(call.items) == 3 else SAID

    found, _ = sender(send, bisect=bisect).send(whole)

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
        return Answer(Delivery.ANSWERED, 400, {"errors": named or [{"code": "bad"}]})

    found, said = sender(send, bisect=True).send(replace(bids(len(ends)), atomic=True))

    assert [len(ids) for ids in sent] == sizes
    assert (statuses(found), said) == (ends, ())
    assert [each.item.id for each in found] == [str(number) for number in range(1, len(ends) + 1)]


@pytest.mark.parametrize(
    ("status", "sizes"),
    [(200, [2]), (400, [2, 1, 1]), (404, [2, 1, 1]), (401, [2]), (403, [2]), (429, [2]), (500, [2]), (503, [2])],
)
def test_only_what_the_api_refuses_for_its_content_is_split(status: int, sizes: list[int]) -> None:
    sent: list[int] = []
    own = sender(lambda call: sent.append(len(call.items)) or Answer(Delivery.ANSWERED, status), bisect=True)  # type: ignore[func-returns-value]

    own.send(replace(bids(2), atomic=True))

    assert sent == sizes


@pytest.mark.parametrize("atomic", [True, False])
def test_one_alone_and_what_is_judged_item_by_item_are_not_sent_again(atomic: bool) -> None:
    sent: list[int] = []
    own = sender(lambda call: sent.append(len(call.items)) or Answer(Delivery.ANSWERED, 400), bisect=True)  # type: ignore[func-returns-value]

    own.send(replace(bids(1 if atomic else 2), atomic=atomic))

    assert sent == [1 if atomic else 2]


def test_a_batch_that_is_a_bare_list_stays_one() -> None:
    whole = creations(5, 6)

    assert select_items(whole, [1]).body == [whole.rows[1]]
    assert select_items(whole, [1]).items == whole.items[1:]
    assert select_items(whole, [0, 1]) is whole


@pytest.mark.parametrize("seconds", [0.0, 0.5, 2.0, 10.25])
def test_a_wait_is_as_long_as_it_was_asked_and_ends_with_the_run(seconds: float) -> None:
    stop, slept = Stop(), list[float]()
    wait = stop.wrap_sleep(slept.append)

    wait(seconds)

    assert (sum(slept), min(slept, default=1) > 0) == (seconds, True)
    stop.request(error("interrupted", "Ctrl-C"))
    wait(0)
    with pytest.raises(WaitInterrupted):
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
            return Answer(Delivery.LOST, reason="late")
        return (
            Answer(Delivery.LOST, reason="late") if self.shown is None else Answer(Delivery.ANSWERED, 200, self.shown)
        )

    def reader(self, kind: str) -> KindReader:
        return KindReader(TARGETS[kind].kind, TARGETS[kind].root, ("1",), self.send, lambda seconds: None)


def row(id: int, amount: int, seller: str = "1") -> dict[str, Any]:
    return {"id": str(id), "sellerId": seller, "campaignIds": [10001], "budgetType": "Capped", "amount": amount,
            "spent": 0, "isSuspended": False, "startDate": "2027-01-01"}  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "ends"),
    [
        pytest.param([], ["unknown"], id="nothing there: that proves nothing"),
        pytest.param([row(9, 5)], ["applied"], id="there: adopted"),
        pytest.param([row(9, 7)], ["unknown"], id="there, but another: for a person to tell"),
        pytest.param(None, ["unknown"], id="unread: left open"),
    ],
)
def test_a_lost_creation_is_looked_for_and_never_sent_again(
    book: Ledger, shown: list[dict[str, Any]] | None, ends: list[str]
) -> None:
    world, followed = Lossy(shown), list[Sequence[ItemOutcome] | None]()
    run = book.begin(RUN)
    own = sender(
        world.send,
        run_journal.RunJournal(book, run, lambda: NOW),
        watch=lambda call, end: followed.append(end),
        reader=world.reader,
    )

    found, said = own.send(creations(5))

    assert (world.created, statuses(found), said) == (1, ends, ())
    assert followed == [None, found]
    (intent,) = book.run(run).calls  # type: ignore[union-attr]
    assert statuses(intent.outcomes) == ends
    assert len(book.open_intents()) == ends.count("unknown")


def test_of_two_lost_together_both_took_effect_once_one_is_found() -> None:
    world = Lossy([row(9, 5)])

    found, _ = sender(world.send, reader=world.reader).send(creations(5, 6))

    assert (world.created, statuses(found), [each.id for each in found]) == (1, ["applied", "applied"], ["9", None])


@pytest.mark.parametrize("status", [401, 429])
def test_each_sending_of_a_creation_has_an_intent_of_its_own_after_a_look_of_its_own(book: Ledger, status: int) -> None:
    looked, answers = (
        list[str](),
        [Answer(Delivery.ANSWERED, status, {}), Answer(Delivery.ANSWERED, 200, [{"id": "9"}])],
    )
    world, run = Lossy([]), book.begin(RUN)

    def reading(call: Call) -> Answer:
        looked.append(call.path)
        return world.send(call)

    def reader(kind: str) -> KindReader:
        return replace(world.reader(kind), send=reading)

    found, _ = sender(lambda call: answers.pop(0), run_journal.RunJournal(book, run, lambda: NOW), reader=reader).send(
        creations(5)
    )

    assert statuses(found) == ["applied"]
    intents = book.run(run).calls  # type: ignore[union-attr]
    assert [statuses(each.outcomes) for each in intents] == [["rejected"], ["applied"]]
    assert len(looked) == 1  # the first sending leans on what the plan was made of
    assert intents[0].look != intents[1].look


@pytest.mark.parametrize("status", [401, 429])
def test_what_was_turned_away_and_took_effect_is_found_and_written_down_as_applied(book: Ledger, status: int) -> None:
    world, run = Lossy([]), book.begin(RUN)

    def send(call: Call) -> Answer:
        world.created += 1
        world.shown = [row(9, 5)]
        return Answer(Delivery.ANSWERED, status, {})

    own = sender(send, run_journal.RunJournal(book, run, lambda: NOW), reader=world.reader)
    found, _ = own.send(creations(5))

    assert (world.created, statuses(found), found[0].id) == (1, ["applied"], "9")
    (intent,) = book.run(run).calls  # type: ignore[union-attr]
    assert statuses(intent.outcomes) == ["applied"]


def test_an_interrupt_ends_the_wait_for_a_server_that_cannot_be_reached() -> None:
    stop, tries = Stop(), list[Call]()

    def send(call: Call) -> Answer:
        tries.append(call)
        return Answer(Delivery.NOT_SENT, reason="no way")

    def sleep(seconds: float) -> None:
        stop.request(error("interrupted", "Ctrl-C"))

    def reader(kind: str) -> KindReader:
        return replace(Lossy([]).reader(kind), sleep=stop.wrap_sleep(sleep))

    found, said = sender(send, stop=stop, reader=reader).send(creations(5))

    assert (len(tries), statuses(found), said) == (1, ["not sent"], ())
    assert [each.code for each in found[0].problems] == ["interrupted"]


@pytest.mark.parametrize("effect", ["create", "patch"])
def test_what_waits_for_its_turn_when_the_run_is_interrupted_does_not_leave(effect: str) -> None:
    stop, left = Stop(), list[Call]()

    class Waiting(Plain):
        def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
            stop.request(error("interrupted", "Ctrl-C"))
            return super().send(call, allow=allow)

    def send(call: Call) -> Answer:
        left.append(call)
        return SAID_ONE

    found, _ = replace(sender(send, stop=stop), channel=Waiting(send)).send(
        creations(5) if effect == "create" else bids(1)
    )

    assert (left, statuses(found)) == ([], ["not sent"])
    assert [each.code for each in found[0].problems] == ["interrupted"]


def test_an_intent_that_waited_too_long_is_not_sent_and_written_again(book: Ledger) -> None:
    run, clock = book.begin(RUN), [NOW]
    journal = run_journal.RunJournal(book, run, lambda: clock[0])
    waits = [timedelta(seconds=61), timedelta(0)]

    class Slow(Plain):
        def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
            clock[0] += waits.pop(0)
            return super().send(call, allow=allow)

    own = replace(sender(lambda call: SAID_ONE, journal), channel=Slow(lambda call: SAID_ONE))

    found, _ = own.send(creations(5))

    assert statuses(found) == ["applied"]
    assert [statuses(each.outcomes) for each in book.run(run).calls] == [["not sent"], ["applied"]]  # type: ignore[union-attr]


@pytest.mark.parametrize(("late", "ends"), [(3, "applied"), (4, "not sent")])
def test_a_call_that_waits_too_long_is_given_up_after_the_fourth_time(book: Ledger, late: int, ends: str) -> None:
    run, clock, waits = book.begin(RUN), [NOW], [timedelta(seconds=61)] * late + [timedelta(0)]

    class Slow(Plain):
        def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
            clock[0] += waits.pop(0)
            return super().send(call, allow=allow)

    own = sender(lambda call: SAID_ONE, run_journal.RunJournal(book, run, lambda: clock[0]))
    assert statuses(replace(own, channel=Slow(lambda call: SAID_ONE)).send(creations(5))[0]) == [ends]


NO_WAY = Answer(Delivery.NOT_SENT, reason="no way")


@pytest.mark.parametrize(
    ("answer", "sendings", "slept", "ends"),
    [
        (NO_WAY, 5, [2, 6, 18, 40], "not sent"),
        (replace(NO_WAY, permanent=True), 1, [], "not sent"),
        (Answer(Delivery.ANSWERED, 401, {}), 2, [], "rejected"),
        (Answer(Delivery.ANSWERED, 401, {}, permanent=True), 1, [], "rejected"),
        (Answer(Delivery.ANSWERED, 429, {}), 21, [], "rejected"),
        (Answer(Delivery.ANSWERED, 400, {}), 1, [], "rejected"),
    ],
)
def test_a_creation_is_started_again_only_after_what_proves_no_effect_and_not_for_ever(
    answer: Answer, sendings: int, slept: list[float], ends: str
) -> None:
    sent, waits = list[Call](), list[float]()

    def send(call: Call) -> Answer:
        sent.append(call)
        return answer

    def reader(kind: str) -> KindReader:
        return replace(Lossy([]).reader(kind), sleep=waits.append)

    found, _ = sender(send, reader=reader).send(creations(5))
    assert (len(sent), [each for each in waits if each], statuses(found)) == (sendings, slept, [ends])


def test_without_a_known_ledger_the_first_creation_waits_and_looks_again() -> None:
    world, slept = Lossy([]), list[float]()

    def reader(kind: str) -> KindReader:
        return replace(world.reader(kind), sleep=slept.append)

    times = Times(look_for=timedelta(seconds=90))
    own = sender(lambda call: SAID_ONE, reader=reader, wary=True, times=times)

    assert statuses(own.send(creations(5))[0]) == ["applied"]
    assert statuses(own.send(creations(6))[0]) == ["unknown"]  # the same id again proves nothing
    assert slept[0] == 90
    assert slept.count(90) == 1


@pytest.mark.parametrize("status", [200, 400])
def test_a_creation_with_an_answer_is_not_looked_for(status: int) -> None:
    sent: list[str] = []
    answer = Answer(Delivery.ANSWERED, status, [{"id": "9"}] if status == 200 else None)

    found, _ = sender(lambda call: sent.append(call.method) or answer).send(creations(5))  # type: ignore[func-returns-value]

    assert sent == ["POST"]
    assert statuses(found) == ["applied" if status == 200 else "rejected"]


# --- The book --------------------------------------------------------------------------------------------------------


def test_a_ledger_says_where_it_is(book: Ledger, tmp_path: Path) -> None:
    assert book.where == str(tmp_path / "ledger.db")


def test_intents_are_numbered_as_they_came(book: Ledger) -> None:
    run = book.begin(RUN)
    numbers = [book.intend(run, call(), at=NOW) for _ in range(3)]

    assert [each.number for each in book.open_intents()] == numbers == [1, 2, 3]


@pytest.mark.parametrize(("status", "kept"), [(ItemStatus.APPLIED, "9"), (ItemStatus.REJECTED, None), (None, None)])
def test_a_value_that_is_never_shown_is_forgotten_until_it_is_in_force(
    book: Ledger, status: ItemStatus | None, kept: str | None
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


def test_all_values_of_a_resource_that_are_never_shown_are_forgotten_with_any_of_its_items(book: Ledger) -> None:
    book.remember(SUMMER, "11", {"audienceId": "8", "memo": "old", "bid": Decimal("0.80")})
    hidden = (replace(move(name, "old", "new"), seen=False) for name in ("audienceId", "memo"))

    book.intend(book.begin(RUN), call(*(item(SUMMER, "11", each) for each in hidden)), at=NOW)

    assert book.values()[SUMMER] == {"bid": Decimal("0.80")}
