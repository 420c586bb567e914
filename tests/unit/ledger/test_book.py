"""What a ledger promises, operation by operation, on both stores."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.ledger import LedgerError, LockLost, Unsettled
from reconciler.ledger.interface import Holder, Resolution
from reconciler.model import Address, ItemOutcome, ItemStatus, WriteEffect

from .conftest import Home
from .samples import NEW, NOW, RUN, SUMMER, WINTER, call, catch_up, ended, filled, item, move, snapshot

LATER = NOW + timedelta(minutes=1)


def test_what_is_remembered_is_merged_field_by_field(home: Home) -> None:
    ledger = home.open()
    ledger.remember(SUMMER, "11", {"bid": Decimal("0.90"), "name": "FR"})
    ledger.remember(SUMMER, None, {"bid": None})
    assert ledger.ids() == {SUMMER: "11"}
    assert dict(ledger.values()) == {SUMMER: {"bid": None, "name": "FR"}}
    ledger.remember(SUMMER, "12", {})
    assert home.open().ids() == {SUMMER: "12"}


def test_an_address_without_an_id_has_values_only(home: Home) -> None:
    ledger = home.open()
    ledger.remember(NEW, None, {"bid": Decimal(1)})
    assert ledger.ids() == {}
    assert list(ledger.values()) == [NEW]


def test_forgetting_leaves_the_journal(home: Home) -> None:
    ledger = home.open()
    filled(ledger)
    ledger.observe(SUMMER, {}, NOW)
    before = ledger.history(SUMMER)
    ledger.forget(SUMMER)
    ledger.forget(SUMMER)
    assert ledger.read_observation(SUMMER) is None
    assert SUMMER not in ledger.ids()
    assert SUMMER not in ledger.values()
    assert ledger.history(SUMMER) == before != ()
    assert WINTER in ledger.ids()


def test_moving_takes_everything_along(home: Home) -> None:
    ledger = home.open()
    filled(ledger)
    known, story, seen = ledger.values()[WINTER], ledger.history(WINTER), ledger.read_observation(WINTER)
    spring = Address("adSets", "spring-fr")
    ledger.move(WINTER, spring)
    ledger.move(WINTER, spring)
    assert (ledger.ids()[spring], ledger.values()[spring]) == ("22", known)
    assert (ledger.history(spring), ledger.read_observation(spring)) == (story, seen)
    assert WINTER not in {*ledger.ids(), *ledger.values()}
    assert (ledger.history(WINTER), ledger.read_observation(WINTER)) == ((), None)


def test_moving_onto_something_known_keeps_what_that_knows(home: Home) -> None:
    ledger = home.open()
    ledger.remember(SUMMER, "11", {"name": "old", "bid": Decimal(1)})
    ledger.remember(WINTER, "22", {"name": "new"})
    ledger.move(SUMMER, WINTER)
    assert ledger.ids() == {WINTER: "22"}
    assert dict(ledger.values()) == {WINTER: {"name": "new", "bid": Decimal(1)}}


def test_a_run_is_named_by_its_start(home: Home) -> None:
    ledger = home.open()
    names = [ledger.begin(RUN) for _ in range(20)]
    assert all(re.fullmatch(r"20261121T090000Z-[0-9a-f]{4}", name) for name in names)
    assert len(set(names)) == 20
    assert [each.id for each in ledger.runs(20)] == names[::-1]
    assert [each.id for each in ledger.runs(2)] == names[:-3:-1]


def test_a_run_that_drew_anothers_name_draws_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lots = iter(["aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(lots))
    ledger = home.open()
    assert [ledger.begin(RUN)[-4:] for _ in range(2)] == ["aaaa", "bbbb"]


def test_a_run_is_unfinished_until_it_says_so(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    ledger.intend(run, call(), at=NOW)
    (past,) = ledger.runs(1)
    assert (past.record, past.calls, past.ended, past.exit_code) == (RUN, 1, None, None)
    ledger.finish(run, LATER, 1)
    ledger.finish(run, LATER, 130)
    assert ledger.runs(1) == (replace(past, ended=LATER, exit_code=130),)
    assert ledger.run("20261121T090000Z-zzzz") is None


def test_after_its_lock_was_removed_no_intent_is_written(file_home: Home) -> None:
    """So nothing more is sent either: whoever comes next has a lock of its own by now."""
    ledger = file_home.open()
    with ledger.lock(["1352"], Holder("me"), timeout=0, waiting=lambda _: None):
        assert ledger.find_holders(["1352", "1353"]) == (Holder("me"),)
        run = ledger.begin(RUN)
        ledger.intend(run, call(), at=NOW)
        for file in file_home.folder.rglob("*.lock"):
            file.unlink()
        with pytest.raises(LockLost, match="its lock is gone: another process removed"):
            ledger.intend(run, call(), at=NOW)
        assert len(ledger.open_intents()) == 1


def test_a_closed_ledger_tells_nothing_more(home: Home) -> None:
    ledger = home.open()
    ledger.close()
    with pytest.raises(LedgerError):
        ledger.ids()


def test_an_intent_is_open_until_it_is_settled(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    sent = call(item(NEW, None), effect=WriteEffect.CREATE)
    number = ledger.intend(run, sent, at=NOW, before={str(NEW): ("11", "22")}, token="cfg:1")
    (intent,) = ledger.open_intents()
    assert (intent.number, intent.run, intent.at, intent.call) == (number, run, NOW, sent)
    assert (intent.before, intent.token) == ({str(NEW): ("11", "22")}, "cfg:1")
    assert (intent.settled, intent.outcomes) == (None, ())
    ledger.settle(number, [ItemOutcome(sent.name, sent.items[0], ItemStatus.APPLIED, "33")], LATER)
    assert ledger.open_intents() == ()
    assert ledger.ids() == {NEW: "33"}
    assert dict(ledger.values()) == {NEW: {"bid": Decimal("0.90")}}


def test_only_what_was_applied_is_remembered(home: Home) -> None:
    ledger = home.open()
    sent = call(*(item(Address("adSets", status.name), "1") for status in ItemStatus))
    mixed = [ItemOutcome(sent.name, each, status) for each, status in zip(sent.items, ItemStatus, strict=True)]
    ledger.settle(ledger.intend(ledger.begin(RUN), sent, at=NOW), mixed, NOW)
    assert list(ledger.values()) == [Address("adSets", "APPLIED")]
    assert len(ledger.open_intents()) == 1  # one item is unknown


def test_two_items_of_one_resource_are_both_remembered(home: Home) -> None:
    ledger = home.open()
    sent = call(item(SUMMER, "11", move("multipliers.a")), item(SUMMER, "11", move("multipliers.b")))
    ledger.settle(ledger.intend(ledger.begin(RUN), sent, at=NOW), ended(sent), NOW)
    assert ledger.values()[SUMMER].keys() == {"multipliers.a", "multipliers.b"}
    assert len(ledger.history(SUMMER)) == 2


def test_doubt_is_open_until_a_read_settles_it(home: Home) -> None:
    ledger = home.open()
    number = ledger.intend(ledger.begin(RUN), call(), at=NOW)
    ledger.settle(number, ended(call(), ItemStatus.UNKNOWN), NOW)
    (intent,) = ledger.open_intents()
    assert (intent.settled, intent.outcomes) == (NOW, ended(call(), ItemStatus.UNKNOWN))
    assert ledger.ids() == {}
    ledger.settle(number, ended(call()), LATER)
    assert ledger.open_intents() == ()
    assert ledger.ids() == {SUMMER: "11"}


def test_open_intents_come_oldest_first(home: Home) -> None:
    ledger = home.open()
    numbers = [ledger.intend(ledger.begin(RUN), call(), at=NOW) for _ in range(12)]
    assert [each.number for each in ledger.open_intents()] == numbers == sorted(numbers)


@pytest.mark.parametrize("seen", [False, True], ids=["never settled", "settled as unknown"])
@pytest.mark.parametrize("applied", [False, True])
def test_a_person_decides(home: Home, seen: bool, applied: bool) -> None:
    ledger = home.open()
    run, sent = ledger.begin(RUN), call(item(SUMMER, "11"), item(WINTER, "22"))
    number = ledger.intend(run, sent, at=NOW)
    rejected = ItemOutcome(sent.name, sent.items[1], ItemStatus.REJECTED, "22")
    if seen:
        ledger.settle(number, [ended(sent, ItemStatus.UNKNOWN)[0], rejected], NOW)
    ledger.resolve(run, sent.name, applied=applied, because="I looked", by="ann", at=LATER)
    assert ledger.open_intents() == ()
    told = ledger.run(run)
    assert told is not None
    assert told.calls[0].resolution == Resolution(applied, "I looked", "ann", LATER)
    decided = ItemStatus.APPLIED if applied else ItemStatus.NOT_SENT
    assert [each.status for each in told.calls[0].outcomes] == [decided, ItemStatus.REJECTED if seen else decided]
    assert (SUMMER in ledger.ids()) == applied
    assert (WINTER in ledger.ids()) == (applied and not seen)


def test_only_what_is_open_can_be_decided(home: Home) -> None:
    ledger = home.open()
    run, other = ledger.begin(RUN), ledger.begin(RUN)
    ledger.intend(run, call(), at=NOW)
    for wrong in ((other, call().name), (run, "adSets.bids.9")):
        with pytest.raises(Unsettled, match="has no open call"):
            ledger.resolve(*wrong, applied=True, because="", by="", at=NOW)
    assert len(ledger.open_intents()) == 1


def test_history_tells_every_move_and_how_it_ended(home: Home) -> None:
    ledger = home.open()
    run = filled(ledger)
    assert [(each.run, each.call, each.field, each.status) for each in ledger.history(SUMMER)] == [
        (run, "adSets.bids.1", "bid", ItemStatus.APPLIED),
        (run, "adSets.bids.2", "bid", ItemStatus.NOT_SENT),
        (run, "adSets.bids.3", "bid", ItemStatus.UNKNOWN),
    ]
    assert [each.status for each in ledger.history(NEW)] == [ItemStatus.UNKNOWN]
    assert (ledger.history(SUMMER)[0].before, ledger.history(SUMMER)[0].after) == (Decimal("0.80"), Decimal("0.90"))


def test_increases_are_those_that_were_applied_since(home: Home) -> None:
    ledger = home.open()
    filled(ledger)
    late = call(item(WINTER, "22", move("bid", Decimal(1), Decimal(2))))
    ledger.settle(ledger.intend(ledger.begin(RUN), late, at=LATER), ended(late), LATER)
    moved = ledger.increases_since(NOW)
    assert [(each.address, each.time) for each in moved] == [(SUMMER, NOW), (WINTER, NOW), (WINTER, LATER)]
    assert ledger.increases_since(LATER) == moved[2:]
    assert (moved[2].field, moved[2].facet, moved[2].before, moved[2].after) == ("bid", "bids", Decimal(1), Decimal(2))


def test_the_last_observation_counts(home: Home) -> None:
    ledger = home.open()
    assert ledger.read_observation(SUMMER) is None
    ledger.observe(SUMMER, {"bid": Decimal(1), "name": "FR"}, NOW)
    ledger.observe(SUMMER, {"bid": Decimal(2)}, LATER)
    seen = ledger.read_observation(SUMMER)
    assert seen is not None
    assert (seen.at, dict(seen.values)) == (LATER, {"bid": Decimal(2)})
    ledger.observe_all({SUMMER: {}, WINTER: {"bid": Decimal(3)}}, LATER)
    told = {address: dict(each.values) for address, each in ledger.observations().items()}
    assert told == {SUMMER: {}, WINTER: {"bid": Decimal(3)}}


def test_writes_together_are_one(home: Home) -> None:
    ledger, kept = home.open(), home.open()

    def half() -> None:
        with ledger.together():
            ledger.remember(SUMMER, "11", {})
            ledger.observe(SUMMER, {}, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert snapshot(kept) == snapshot(ledger)
    assert ledger.ids() == {}
    with ledger.together():
        ledger.remember(SUMMER, "11", {})
        ledger.remember(WINTER, "22", {})
    catch_up(kept)
    assert kept.ids() == {SUMMER: "11", WINTER: "22"}


def test_thousands_of_items_in_one_call(home: Home) -> None:
    ledger = home.open()
    sent = call(*(item(Address("adSets", f"k{number}"), str(number)) for number in range(2000)))
    number = ledger.intend(ledger.begin(RUN), sent, at=NOW)
    assert ledger.open_intents()[0].call == sent
    ledger.settle(number, ended(sent), NOW)
    assert len(ledger.ids()) == 2000


def test_eight_threads_write_at_once(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)

    def one(number: int) -> int:
        sent = call(item(Address("adSets", str(number)), str(number)), name=f"c{number}")
        intent = ledger.intend(run, sent, at=NOW)
        ledger.settle(intent, ended(sent), NOW)
        return intent

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(one, range(40)))
    assert len(set(numbers)) == 40
    assert ledger.open_intents() == ()
    assert ledger.ids() == {Address("adSets", str(number)): str(number) for number in range(40)}


def test_two_processes_write_at_once(home: Home) -> None:
    """Two scopes, two locks, one ledger: their transactions take turns."""
    ledgers = [home.open() for _ in range(4)]

    def many(number: int) -> list[int]:
        run = ledgers[number].begin(RUN)
        return [ledgers[number].intend(run, call(), at=NOW) for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        numbers = [each for some in pool.map(many, range(4)) for each in some]
    assert sorted(numbers) == list(range(1, 41))


def test_what_was_never_begun_cannot_go_on(home: Home) -> None:
    ledger = home.open()
    with pytest.raises(LedgerError, match="no run 'x'"):
        ledger.intend("x", call(), at=NOW)
    with pytest.raises(LedgerError, match="no run 'x'"):
        ledger.finish("x", NOW, 0)
    with pytest.raises(LedgerError, match="no intent 7"):
        ledger.settle(7, ended(call()), NOW)
    assert snapshot(ledger) == snapshot(home.open())


def test_odd_names_are_kept(home: Home) -> None:
    ledger = home.open()
    odd = [Address("adSets", key) for key in ("\0", "\\0", "\\u0000", "é\n", '"', "'; DROP TABLE runs; --", "?%s", "")]
    for number, address in enumerate(odd):
        ledger.remember(address, f"\0{number}", {"\0": "\0"})
    assert ledger.ids() == {address: f"\0{number}" for number, address in enumerate(odd)}
    assert dict(ledger.values()) == {address: {"\0": "\0"} for address in odd}
    sent = call(*(item(address, "1") for address in odd), name="\0?%s")
    ledger.settle(ledger.intend(ledger.begin(RUN), sent, at=NOW), ended(sent), NOW)
    assert [len(ledger.history(address)) for address in odd] == [1] * len(odd)


def test_what_was_stored_is_what_a_stranger_reads(home: Home) -> None:
    ledger = home.open()
    filled(ledger)
    assert snapshot(home.open()) == snapshot(ledger) == snapshot(home.open(create=False))


def test_reading_only_finds_nothing_where_nothing_is(home: Home) -> None:
    ledger = home.open(create=False)
    assert snapshot(ledger)["ids"] == {}
    assert list(home.folder.iterdir()) == []
    assert snapshot(home.open(create=False)) == snapshot(home.open())


def test_what_was_opened_to_read_is_not_written(home: Home) -> None:
    home.open()
    ledger = home.open(create=False)
    with pytest.raises(LedgerError):
        ledger.remember(SUMMER, "11", {})
    assert home.open().ids() == {}


def test_whose_an_id_is_costs_no_more_in_a_larger_ledger(file_home: Home) -> None:
    """The index of ids answers, and no row of another id is read."""
    ledger: Any = file_home.open()
    connection, steps = ledger._backend._connection, []
    for size in (100, 1000):
        with ledger.together():
            for at in range(size):
                ledger.remember(Address("adSets", f"k{at}"), str(at), {})
        counted = [0]

        def step(counted: list[int] = counted) -> int:
            counted[0] += 1
            return 0

        connection.set_progress_handler(step, 1)
        assert ledger.find_linked("adSets", ["7", "8"])["8"] == (Address("adSets", "k8"),)
        connection.set_progress_handler(None, 0)
        steps.append(counted[0])
    assert steps[1] <= steps[0] * 1.1
