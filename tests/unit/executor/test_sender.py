"""The steps of one sending: in which order, what each of them stops, and how long an effect is looked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.executor.attempts import SILENCES, UNREACHED, Attempts, Leave
from reconciler.executor.evidence import UnansweredCall
from reconciler.executor.looks import KindReader, Looks
from reconciler.executor.ports import JournalError, Noted, NullJournal, Stop
from reconciler.executor.sender import Sender
from reconciler.kinds.line_item import LINE_ITEM
from reconciler.kinds.write_methods import Replace
from reconciler.model import Answer, Call, Delivery, ItemOutcome, error
from reconciler.provider import codec

from ...laws.test_replacement import call_of, known
from ..ledger.samples import NOW
from .test_journal import TARGETS, bids, row, statuses
from .test_outcome import creations

LOST = Answer(Delivery.LOST, reason="late")
UNREACHABLE = Answer(Delivery.NOT_SENT, reason="no way")
FULL = error("ledger-unwritable", "no room")
INTERRUPT = error("interrupted", "Ctrl-C")


def for_sellers(*sellers: str) -> Call:
    """Return one call that creates a budget of 5 for each of these sellers."""
    first, *rest = creations(*[5] * len(sellers)).items
    items = []
    for seller, each in zip(sellers, (first, *rest), strict=True):
        moves = [replace(move, after=seller) if move.field == "sellerId" else move for move in each.fields]
        items.append(replace(each, fields=tuple(moves)))
    return replace(creations(*[5] * len(sellers)), items=tuple(items))


def turned_away(status: int) -> Answer:
    return Answer(Delivery.ANSWERED, status, {})


def created(*ids: str) -> Answer:
    return Answer(Delivery.ANSWERED, 200, [{"id": id} for id in ids])


@dataclass
class World:
    """Seller budgets that reads show, an answer for each creation, and a list of all that is done."""

    answers: list[Answer]
    shown: list[dict[str, Any]] = field(default_factory=list)
    then: Callable[[World], None] = lambda world: None
    """What happens at each creation, before its answer."""
    unread: Callable[[int], bool] = lambda number: False
    done: list[str] = field(default_factory=list)
    slept: float = 0.0
    stop: Stop = field(default_factory=Stop)

    def ready(self, call: Call) -> None:
        self.done.append("ready")

    def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
        refused = allow()
        if refused is not None:
            return Answer(Delivery.NOT_SENT, reason=refused)
        self.done.append("send")
        self.then(self)
        return self.answers.pop(0)

    def read(self, call: Call) -> Answer:
        self.done.append("read")
        return LOST if self.unread(self.done.count("read")) else Answer(Delivery.ANSWERED, 200, self.shown)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def reader(self, kind: str) -> KindReader:
        bound = TARGETS[kind]
        return KindReader(bound.kind, bound.root, ("1",), self.read, self.stop.wrap_sleep(self.sleep))

    def sender(self, journal: NullJournal | None = None, *, planned: bool = True, **more: Any) -> Sender:
        """Return the sender of a run; its plan has seen what is shown now, unless not ``planned``."""
        journal = journal or NullJournal()
        seen = {"sellerBudgets": self.reader("sellerBudgets").read_rows()} if planned else {}
        self.done.clear()
        looks = Looks(self.reader, lambda: NOW, seen, NOW if planned else None, journal.note_look)
        options: dict[str, Any] = {"reader": self.reader, "now": lambda: NOW, "stop": self.stop, **more}
        return Sender(TARGETS, looks, self, journal=journal, **options)


class Noting(NullJournal):
    """A journal that remembers what it is given; each of its steps may fail."""

    def __init__(self, *failing: str, numbered: bool = False) -> None:
        self.failing, self.numbered = failing, numbered
        self.noted: list[Noted] = []
        self.seen: list[tuple[list[str], dict[str, str]]] = []
        self.settled: list[tuple[int, list[str]]] = []

    def _step(self, name: str) -> None:
        if name in self.failing:
            raise JournalError(FULL)

    def note_look(self, kind: str, parents: Sequence[str], ids: Sequence[str]) -> int | None:
        self._step("note_look")
        return 3 if self.numbered else None

    def intend(self, call: Call, noted: Noted) -> int:
        self.noted.append(noted)
        return len(self.noted)

    def may_leave(self, intent: int) -> bool:
        self._step("may_leave")
        return True

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None:
        self.settled.append((intent, statuses(outcomes)))

    def see(self, outcomes: Sequence[ItemOutcome], facets: Any) -> None:
        self._step("see")
        self.seen.append(([each.call for each in outcomes], dict(facets)))


# --- Before it leaves -----------------------------------------------------------------------------------------------


def test_the_turn_is_awaited_before_the_look_so_that_the_look_is_not_old() -> None:
    world = World([created("9")])

    world.sender(planned=False).send(creations(5))

    assert world.done == ["ready", "read", "send"]


def test_the_turn_of_a_replacement_is_awaited_before_its_read() -> None:
    done: list[str] = []

    class Channel:
        def ready(self, call: Call) -> None:
            done.append("ready")

        def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
            done.append("send")
            return Answer(Delivery.ANSWERED, 200, {"data": {"id": "7"}})

    def read(call: Call) -> Answer:
        done.append("read")
        return Answer(Delivery.ANSWERED, 200, {"data": {"id": "7", "attributes": known(LINE_ITEM)}})

    write = LINE_ITEM.writes["whole"]
    assert isinstance(write, Replace)
    live = codec.decode_row(LINE_ITEM, {"id": "7", "attributes": known(LINE_ITEM)})
    call = replace(call_of(LINE_ITEM, write, live, {"budget": Decimal(200)}), kind="lineItems")
    reader = lambda kind: KindReader(LINE_ITEM, "/x", ("8",), read, lambda seconds: None)  # noqa: E731
    looks = Looks(reader, lambda: NOW, {}, NOW)

    Sender(TARGETS, looks, Channel(), reader, lambda: NOW).send(call)

    assert done == ["ready", "read", "send"]


def test_a_look_that_cannot_be_recorded_stops_the_run_before_anything_leaves() -> None:
    world = World([])
    own = world.sender(Noting("note_look"), planned=False)

    ended, _ = own.send(creations(5))

    assert (statuses(ended), [each.code for each in ended[0].problems]) == (["not sent"], ["ledger-unwritable"])
    assert world.stop.reason == FULL
    assert statuses(own.send(bids())[0]) == ["not sent"] * 3
    assert "send" not in world.done


def test_a_lock_that_cannot_be_checked_stops_the_run_before_anything_leaves() -> None:
    world = World([])

    ended, _ = world.sender(Noting("may_leave")).send(creations(5))

    assert (statuses(ended), world.stop.reason) == (["not sent"], FULL)
    assert "send" not in world.done


def test_a_call_is_not_late_before_it_was_asked() -> None:
    assert not Leave(NullJournal(), Stop(), 0).late
    assert [Attempts().pause_before_restart(UNREACHABLE, late=False)] == [UNREACHED[0]]


def test_of_a_batch_the_items_that_have_appeared_are_left_out_and_the_others_sent() -> None:
    world = World([created("19")], [row(9, 5)])

    ended, _ = world.sender(planned=False).send(for_sellers("1", "2"))

    assert statuses(ended) == ["not sent", "applied"]
    assert [each.id for each in ended] == [None, "19"]
    assert world.done.count("send") == 1


# --- What is noted with an intent -----------------------------------------------------------------------------------


def noted(*, numbered: bool) -> Noted:
    world = World(
        [created("19")], [{**row(9, 5), "campaignIds": [8]}, {**row(10, 5), "campaignIds": [9]}, row(11, 5, "2")]
    )
    journal = Noting(numbered=numbered)
    world.sender(journal, planned=False).send(creations(5))
    return journal.noted[0]


def test_without_a_recorded_look_an_intent_holds_the_ids_of_its_parent() -> None:
    found = noted(numbered=False)

    assert (found.look, dict(found.before)) == (None, {"sellerBudgets.b0": ("9", "10")})
    assert list(found.naturals.values()) == ['["1", ["10001"], "capped", "2027-01-01"]']


def test_with_a_recorded_look_an_intent_holds_its_number_alone() -> None:
    found = noted(numbered=True)

    assert (found.look, dict(found.before)) == (3, {})
    assert list(found.naturals.values()) == ['["1", ["10001"], "capped", "2027-01-01"]']


def test_an_absolute_write_notes_nothing() -> None:
    journal = Noting(numbered=True)
    world = World([Answer(Delivery.ANSWERED, 200, {"data": [{"id": "1"}]})])

    world.sender(journal).send(bids(1))

    assert journal.noted == [Noted()]


# --- What was seen in force -----------------------------------------------------------------------------------------


def test_what_creates_or_funds_is_seen_with_its_facet_and_nothing_else_is() -> None:
    journal = Noting()
    world = World([created("19"), Answer(Delivery.ANSWERED, 200, {"data": [{"id": "1"}]})])
    own = world.sender(journal)
    call = creations(5)

    ended, _ = own.send(call)
    own.send(bids(1))
    own.see(ended)

    assert journal.seen == [([call.name], {call.name: call.facet})]


def test_what_cannot_be_recorded_as_seen_stops_the_run() -> None:
    world = World([])

    world.sender(Noting("see")).see(())

    assert world.stop.reason == FULL


# --- Sendings that were turned away ---------------------------------------------------------------------------------


def appears(at: int, *rows: dict[str, Any]) -> Callable[[World], None]:
    """Let rows appear with the nth creation."""

    def then(world: World) -> None:
        if world.done.count("send") == at:
            world.shown = [*world.shown, *rows]

    return then


@pytest.mark.parametrize(("status", "sendings"), [(401, 2), (429, 21)])
def test_after_the_last_restart_an_effect_is_looked_for_once_more(status: int, sendings: int) -> None:
    world = World([turned_away(status)] * sendings, then=appears(sendings, row(9, 5)))
    journal = Noting()

    ended, _ = world.sender(journal).send(creations(5))

    assert (statuses(ended), ended[0].id) == (["applied"], "9")
    assert journal.settled[-1] == (sendings, ["applied"])
    assert world.answers == []


def test_a_refusal_after_the_last_restart_stays_one_without_an_effect() -> None:
    world = World([turned_away(401)] * 2)

    assert statuses(world.sender().send(creations(5))[0]) == ["rejected"]


def test_a_call_that_never_left_is_not_looked_for_when_the_run_is_interrupted() -> None:
    world = World([UNREACHABLE], then=lambda world: world.stop.request(INTERRUPT))

    ended, _ = world.sender().send(creations(5))

    assert (statuses(ended), world.done.count("read")) == (["not sent"], 0)


def test_each_sending_is_looked_for_by_what_the_earlier_ones_had_seen() -> None:
    sendings: list[UnansweredCall] = []
    attempts = Attempts()
    for _ in range(3):
        lost = UnansweredCall(creations(5), NOW, known=frozenset(), token=None, earlier=attempts.list_earlier())
        attempts.sent = (lost, len(sendings))
        sendings.append(lost)

    assert [each.earlier for each in sendings] == [(), (sendings[0],), (sendings[0], sendings[1])]


def test_the_pauses_after_silence_are_each_longer_and_end() -> None:
    attempts = Attempts()
    attempts.sent = (UnansweredCall(creations(5), NOW, known=None, token=None), 7)

    pauses = [attempts.pause_after_silence(((), ())) for _ in range(len(SILENCES) + 1)]

    assert pauses == [2.0, 6.0, 18.0, 40.0, None]
    assert attempts.open == [7] * 5


# --- Looking for an effect ------------------------------------------------------------------------------------------


def test_a_look_that_fails_is_followed_by_the_next() -> None:
    world = World([LOST], then=appears(1, row(9, 5)))
    own = world.sender()
    world.unread = lambda number: number == 1

    ended, _ = own.send(creations(5))

    assert (statuses(ended), ended[0].id, world.done.count("read")) == (["applied"], "9", 2)


def test_looking_ends_with_the_first_look_that_shows_all_of_it() -> None:
    world = World([LOST], then=appears(1, row(9, 5), row(10, 5, "2")))

    ended, _ = world.sender().send(for_sellers("1", "2"))

    assert [each.id for each in ended] == ["9", "10"]
    assert world.done.count("read") == 1


def test_looking_goes_on_while_a_part_is_not_shown() -> None:
    world = World([LOST], then=appears(1, row(9, 5)))
    before = world.read

    def read(call: Call) -> Answer:
        if world.done.count("read") == 2:
            world.shown = [row(9, 5), row(10, 5, "2")]
        return before(call)

    world.read = read  # type: ignore[method-assign]
    ended, _ = world.sender().send(for_sellers("1", "2"))

    assert [each.id for each in ended] == ["9", "10"]
    assert world.done.count("read") == 3


def test_looking_ends_after_look_for() -> None:
    world = World([LOST])

    ended, _ = world.sender().send(creations(5))

    assert (statuses(ended), world.slept) == (["unknown"], 120)
