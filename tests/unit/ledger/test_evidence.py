"""What the rules of evidence need to be remembered, in both stores (contract §9)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.ledger import Ledger, LedgerError, LockLost
from reconciler.ledger.errors import Late, PlanUsed
from reconciler.ledger.fence import Fence
from reconciler.ledger.records import Holder, Intent, Known, Observation, Pruned, SeenValues
from reconciler.model import Address, Call, ItemStatus, WriteEffect

from .conftest import Home
from .samples import NEW, NOW, RUN, SUMMER, WINTER, call, ended, filled, item, move

LATER = NOW + timedelta(minutes=1)
PLANNED = replace(RUN, plan_digest="sha256:aa", planned=3)
SPRING = Address("adSets", "spring")


def topup(address: Address = SUMMER, id: str = "11", name: str = "adSets.funds.1") -> Call:
    funds = move("deposited", Decimal(100), Decimal(150))
    return replace(call(item(address, id, funds), name=name, effect=WriteEffect.ADD), facet="funds")


def create(*addresses: Address, name: str = "adSets.create.new") -> Call:
    return replace(
        call(*(item(each, None) for each in addresses), name=name, effect=WriteEffect.CREATE), facet="create"
    )


@contextmanager
def locked(ledger: Ledger, *scopes: str) -> Iterator[None]:
    with ledger.lock(scopes or ["1352"], Holder("me"), timeout=0, waiting=lambda _: None):
        yield


# --- Is it the ledger of before? --------------------------------------------------------------------------


def test_a_ledger_is_new_until_a_run_or_an_id_is_in_it(home: Home) -> None:
    assert home.open(create=False).is_new
    ledger = home.open(server="api.criteo.com")
    with locked(ledger):
        assert ledger.is_new
    assert home.open(server="api.criteo.com").is_new
    ledger.begin(RUN)
    assert not home.open().is_new


# --- By address -------------------------------------------------------------------------------------------


def test_what_is_known_of_some_addresses_is_read_at_once(home: Home) -> None:
    ledger = home.open()
    ledger.remember(SUMMER, "11", {"bid": Decimal("0.90")})
    ledger.observe(WINTER, {"bid": 1}, NOW)
    ledger.see({(SUMMER, "bids"): {"bid": Decimal("0.90")}, (NEW, "create"): {}}, NOW, server_at=LATER)
    assert ledger.look_up([SUMMER, WINTER, NEW, SPRING]) == {
        SUMMER: Known("11", {"bid": Decimal("0.90")}, {"bids": SeenValues(NOW, {"bid": Decimal("0.90")}, LATER)}),
        WINTER: Known(observation=Observation(NOW, {"bid": 1})),
        NEW: Known(seen={"create": SeenValues(NOW, {}, LATER)}),
    }


def test_reads_by_address_tell_the_same_as_reads_of_all(home: Home) -> None:
    ledger = home.open()
    many = [Address("adSets", f"k{number}") for number in range(1000)]
    with ledger.together():
        for number, address in enumerate(many):
            ledger.remember(address, str(number), {"bid": number})
        ledger.observe_all({address: {"bid": 1} for address in many}, NOW)
    assert ledger.ids(many) == ledger.ids()
    assert dict(ledger.values(many)) == dict(ledger.values())
    assert dict(ledger.observations(many)) == dict(ledger.observations())
    some = many[5:7]
    assert ledger.ids([*some, SUMMER]) == {some[0]: "5", some[1]: "6"}
    assert ledger.ids([]) == {}


def test_an_id_tells_which_addresses_claim_it(home: Home) -> None:
    ledger = home.open()
    ledger.remember(SUMMER, "11", {})
    ledger.remember(WINTER, "11", {})
    ledger.remember(NEW, "33", {})
    ledger.remember(Address("balances", "b"), "11", {})
    assert ledger.find_linked("adSets", ["11", "33", "44"]) == {"11": (SUMMER, WINTER), "33": (NEW,)}


def test_what_was_seen_in_force_goes_along_when_an_address_moves(home: Home) -> None:
    ledger = home.open()
    ledger.see({(SUMMER, "bids"): {"bid": 1}, (SUMMER, "budget"): {"amount": 2}}, NOW)
    ledger.see({(SPRING, "bids"): {"bid": 3}}, LATER)
    ledger.move(SUMMER, SPRING)
    assert ledger.look_up([SUMMER, SPRING]) == {
        SPRING: Known(seen={"bids": SeenValues(LATER, {"bid": 3}), "budget": SeenValues(NOW, {"amount": 2})})
    }
    ledger.forget(SPRING)
    assert ledger.look_up([SPRING]) == {}


def test_a_note_of_the_project_is_overwritten_by_the_next(home: Home) -> None:
    ledger = home.open()
    ledger.note({"look": {"moved": ()}, "\0": {"a": 1}}, NOW)
    ledger.note({"look": {"moved": (1,)}}, LATER)
    assert home.open().notes(["look", "\0", "other"]) == {
        "look": Observation(LATER, {"moved": (1,)}),
        "\0": Observation(NOW, {"a": 1}),
    }


# --- A saved plan is used once ----------------------------------------------------------------------------


def test_a_saved_plan_is_used_with_its_first_intent(home: Home) -> None:
    ledger = home.open()
    ledger.begin(PLANNED)  # ended before it sent anything
    run = ledger.begin(PLANNED)
    assert ledger.plan_used("sha256:aa") is None
    both = call(item(SUMMER, "11"), item(WINTER, "22"))
    ledger.settle(ledger.intend(run, both, at=NOW), [*ended(both)[:1], *ended(both, ItemStatus.UNKNOWN)[1:]], NOW)
    ledger.intend(run, replace(call(item(SUMMER, "11")), facet="budget", name="adSets.budget.1"), at=LATER)

    use = home.open(create=False).plan_used("sha256:aa")

    assert use is not None
    assert (use.run, use.at, use.past) == (run, NOW, ledger.runs(1)[0])
    assert use.counts == {ItemStatus.APPLIED: 1, ItemStatus.UNKNOWN: 2}
    assert ledger.plan_used("sha256:bb") is None


def test_a_second_run_of_a_saved_plan_writes_no_intent(home: Home) -> None:
    ledger = home.open()
    first, second = ledger.begin(PLANNED), ledger.begin(PLANNED)
    ledger.settle(ledger.intend(first, call(), at=NOW), ended(call()), NOW)
    with pytest.raises(PlanUsed, match=f"was begun by run {first}: 1 applied, 2 not sent") as refused:
        home.open().intend(second, call(), at=LATER)
    assert refused.value.use.run == first
    assert ledger.open_intents() == ()


def test_of_an_item_that_was_intended_twice_the_last_word_counts(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(PLANNED)
    for status in (ItemStatus.NOT_SENT, ItemStatus.APPLIED):
        ledger.settle(ledger.intend(run, call(), at=NOW), ended(call(), status), NOW)
    use = ledger.plan_used("sha256:aa")
    assert use is not None
    assert use.counts == {ItemStatus.APPLIED: 1, ItemStatus.NOT_SENT: 2}


# --- Deadlines and holds ----------------------------------------------------------------------------------


def test_an_intent_keeps_its_bounds_its_look_and_its_machine(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(replace(RUN, machine="build-7"))
    look = ledger.note_look(run, "adSets", ["c1", "c2"], ["9", "8", "9"], NOW)
    skewed, deadline, until = NOW + timedelta(hours=1), NOW + timedelta(seconds=60), NOW + timedelta(minutes=30)
    ledger.intend(run, create(NEW), at=NOW, server_at=skewed, deadline=deadline, held_until=until, look=look, token="t")
    (intent,) = home.open().open_intents()
    assert (intent.server_at, intent.deadline, intent.held_until) == (skewed, deadline, until)
    assert (intent.look, intent.machine) == (look, "build-7")
    assert intent.on_server(until) == until + timedelta(hours=1)
    noted = ledger.look(look)
    assert (noted.run, noted.at, noted.kind, noted.parents) == (run, NOW, "adSets", ("c1", "c2"))
    assert noted.ids == {"8", "9"}
    with pytest.raises(LedgerError, match="there is no look 7"):
        ledger.look(7)


HELD = Intent(1, "r", NOW, call(), {}, held_until=NOW + timedelta(minutes=30), machine="a")
AFTER = NOW + timedelta(minutes=31)


@pytest.mark.parametrize(
    ("intent", "now", "server_now", "machine", "held"),
    [
        (HELD, LATER, None, "a", True),
        (HELD, AFTER, None, "a", False),
        (HELD, AFTER, None, "b", True),  # another clock
        (HELD, AFTER, LATER, "b", True),  # the intent has no instant of the server's
        (replace(HELD, server_at=NOW), AFTER, LATER, "a", True),
        (replace(HELD, server_at=NOW), LATER, AFTER, "b", False),
        (replace(HELD, server_at=NOW), AFTER, None, "b", True),
        (replace(HELD, machine=""), AFTER, None, "", True),
        (replace(HELD, held_until=None), NOW, None, "a", False),
        (replace(HELD, held_until=None).with_hold(timedelta(minutes=5)), LATER, None, "a", True),
        (HELD.with_hold(timedelta(minutes=40)), AFTER, None, "a", True),
        (HELD.with_hold(timedelta(minutes=5)), LATER + timedelta(minutes=5), None, "a", True),
    ],
)
def test_a_hold_is_counted_on_the_servers_clock_else_on_that_of_its_machine(
    intent: Intent, now: datetime, server_now: datetime | None, machine: str, held: bool
) -> None:
    assert intent.is_held(now, server_now, machine) is held


def test_what_is_late_is_not_intended_and_not_sent(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    with pytest.raises(Late, match="is intended after its deadline"):
        ledger.intend(run, call(), at=NOW, deadline=NOW)
    assert ledger.open_intents() == ()
    number = ledger.intend(run, call(), at=NOW, deadline=LATER)
    ledger.assure(number, NOW)
    with pytest.raises(Late, match=f"the deadline of intent {number} has passed"):
        ledger.assure(number, LATER)
    ledger.settle(number, ended(call(), ItemStatus.NOT_SENT), LATER)
    assert ledger.open_intents() == ()


# --- Whose lock it is -------------------------------------------------------------------------------------


def test_a_holder_whose_lock_another_has_taken_writes_no_intent(file_home: Home) -> None:
    """Also if the other has let go again by then, and all files are as they were."""
    ledger, other = file_home.open(), file_home.open()
    with locked(ledger):
        run = ledger.begin(RUN)
        number = ledger.intend(run, call(), at=NOW, deadline=LATER)
        (file,) = (each for each in file_home.folder.rglob("*.lock") if ".new." not in each.name)
        kept = file.rename(file.with_suffix(".aside"))
        with locked(other):
            pass
        kept.replace(file)
        for refused in (lambda: ledger.assure(number, NOW), lambda: ledger.intend(run, call(), at=NOW)):
            with pytest.raises(LockLost, match="another run has locked 1352 since"):
                refused()
    with locked(ledger):
        ledger.intend(run, call(), at=NOW)


@pytest.mark.parametrize("undone", ["DELETE FROM holders", "UPDATE holders SET generation = 0"])
def test_a_generation_is_not_repeated_when_its_row_was_lost_with_the_lock(home: Home, undone: str) -> None:
    backend: Any = home.open()._backend  # type: ignore[attr-defined]
    holder, other = Fence(backend), Fence(backend)
    with holder.hold(["1352"]):
        backend.execute(undone)
        with other.hold(["1352"]):
            pass
        with pytest.raises(LockLost, match=r"1352"):
            holder.check()


def test_holders_of_other_scopes_do_not_matter(home: Home) -> None:
    ledger, other = home.open(), home.open()
    with locked(ledger, "1352"), locked(other, "1353"):
        run = ledger.begin(RUN)
        ledger.intend(run, call(), at=NOW)
        other.intend(run, call(), at=NOW)


@pytest.mark.postgres
def test_a_session_that_a_pooler_has_reset_is_refused(database_home: Home) -> None:
    """With ``server_reset_query``, a pooler lets go of locks and settings between two users of a session."""
    ledger: Any = database_home.open()
    with locked(ledger):
        run = ledger.begin(RUN)
        number = ledger.intend(run, call(), at=NOW)
        ledger._backend.execute("DISCARD ALL")
        for refused in (lambda: ledger.assure(number, NOW), lambda: ledger.intend(run, call(), at=NOW)):
            with pytest.raises(LockLost, match="give the ledger a direct connection"):
                refused()


@pytest.mark.postgres
def test_a_lock_that_the_session_does_not_hold_is_refused(database_home: Home) -> None:
    ledger: Any = database_home.open()
    with locked(ledger):
        run = ledger.begin(RUN)
        ledger._backend.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(LockLost, match="its session no longer holds the lock"):
            ledger.intend(run, call(), at=NOW)


@pytest.mark.postgres
def test_of_two_runs_that_share_a_session_only_the_last_goes_on(database_home: Home) -> None:
    """As a pooler in transaction mode shares it: both get the same lock, since it is the session's."""
    from reconciler.ledger.postgres import Postgres
    from reconciler.ledger.sql_ledger import SqlLedger

    first: Any = database_home.open()
    with locked(first):
        run = first.begin(RUN)
        shared = Postgres(first._backend._connection, first.where, first._backend.schema)
        shared.begin_session()
        second = SqlLedger(shared)
        with locked(second):
            second.intend(run, call(), at=NOW)
            with pytest.raises(LockLost, match="its connection was given another session"):
                first.intend(run, call(), at=NOW)


# --- Found by what they are -------------------------------------------------------------------------------


def test_open_calls_are_found_by_effect_and_kind(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    numbers = [ledger.intend(run, each, at=NOW) for each in (call(), topup(), create(NEW))]
    balance = ledger.intend(run, replace(topup(), kind="balances"), at=NOW)

    def found(**chosen: Any) -> list[int]:
        return [each.number for each in ledger.open_intents(**chosen)]

    assert found() == [*numbers, balance]
    assert found(effects=[WriteEffect.ADD]) == [numbers[1], balance]
    assert found(kinds=["balances"]) == [balance]
    assert found(effects=[WriteEffect.CREATE, WriteEffect.SET], kinds=["adSets"]) == [numbers[0], numbers[2]]


def test_open_creates_are_found_by_natural_key_and_by_address(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    one = ledger.intend(run, create(NEW), at=NOW, naturals={NEW: "c1 été \0"})
    two = ledger.intend(run, create(WINTER), at=NOW, naturals={WINTER: "c1 winter"})
    ledger.intend(run, call(item(SPRING, "1")), at=NOW)

    def found(**chosen: Any) -> list[int]:
        return [each.number for each in ledger.open_creates("adSets", **chosen)]

    assert found(naturals=["c1 été \0", "c2"]) == [one]
    assert found(addresses=[WINTER, SPRING]) == [two]
    assert found(naturals=["c1 été \0"], addresses=[WINTER]) == [one, two]
    assert found() == []
    assert ledger.open_creates("balances", naturals=["c1 winter"]) == ()
    ledger.move(WINTER, SPRING)
    assert found(addresses=[SPRING]) == [two]
    ledger.settle(one, ended(create(NEW), ItemStatus.REJECTED), NOW)
    assert found(naturals=["c1 été \0"]) == []


@pytest.mark.parametrize("sent", [topup(NEW, "33"), create(NEW)], ids=["top-up", "create"])
def test_what_was_accepted_is_awaited_until_a_read_shows_it(home: Home, sent: Call) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    number = ledger.intend(run, sent, at=NOW)
    assert ledger.list_accepted(effects=[sent.effect]) == ()
    ledger.settle(number, ended(sent), NOW)
    assert [each.number for each in ledger.list_accepted(effects=[sent.effect])] == [number]
    ledger.see({(NEW, "other"): {}, (WINTER, sent.facet): {}}, LATER)
    ledger.see({(NEW, sent.facet): {}}, NOW - timedelta(seconds=1))  # a look that began before it
    assert [each.number for each in ledger.list_accepted(kinds=["adSets"])] == [number]
    ledger.see({(NEW, sent.facet): {"deposited": Decimal(150)}}, LATER)
    assert ledger.list_accepted() == ()


def test_what_is_awaited_goes_along_when_its_address_moves(home: Home) -> None:
    ledger = home.open()
    ledger.settle(ledger.intend(ledger.begin(RUN), topup(), at=NOW), ended(topup()), NOW)
    ledger.move(SUMMER, SPRING)
    ledger.see({(SUMMER, "funds"): {}}, LATER)
    assert len(ledger.list_accepted()) == 1
    ledger.see({(SPRING, "funds"): {}}, LATER)
    assert ledger.list_accepted() == ()


def test_an_absolute_write_is_not_awaited(home: Home) -> None:
    ledger = home.open()
    ledger.settle(ledger.intend(ledger.begin(RUN), call(), at=NOW), ended(call()), NOW)
    assert ledger.list_accepted() == ()


def test_what_a_read_puts_in_doubt_is_open_and_awaited_no_more(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    number = ledger.intend(run, topup(), at=NOW)
    ledger.settle(number, ended(topup()), NOW)
    ledger.settle(number, ended(topup(), ItemStatus.UNKNOWN), LATER)
    assert (ledger.list_accepted(), [each.number for each in ledger.open_intents()]) == ((), [number])
    ledger.resolve(run, topup().name, applied=True, because="seen", by="ann", at=LATER)
    assert (ledger.list_accepted(), ledger.open_intents()) == ((), ())


def test_a_decision_that_a_create_took_effect_names_its_id(home: Home) -> None:
    ledger = home.open()
    run = ledger.begin(RUN)
    ledger.intend(run, create(NEW), at=NOW)
    ledger.resolve(
        run, create(NEW).name, applied=True, because="seen", by="ann", at=LATER, ids={str(NEW): "33"}, certain=True
    )
    assert ledger.ids() == {NEW: "33"}
    told = ledger.run(run)
    assert told is not None
    assert told.calls[0].resolution is not None
    assert (told.calls[0].resolution.ids, told.calls[0].resolution.certain) == ({str(NEW): "33"}, True)


# --- What is old --------------------------------------------------------------------------------------------

OLD = NOW - timedelta(days=200)


def test_what_is_old_is_pruned_but_for_what_may_still_be_needed(home: Home) -> None:
    ledger = home.open()
    old = ledger.begin(replace(RUN, started=OLD))
    for sent in (call(item(SUMMER, "11")), call(item(SUMMER, "11")), call(item(WINTER, "22"))):
        ledger.settle(ledger.intend(old, sent, at=OLD), ended(sent), OLD)
    look = ledger.note_look(old, "adSets", ["c1"], ["1"], OLD)
    unused = ledger.note_look(old, "adSets", ["c2"], ["1"], OLD)
    opened = ledger.intend(old, create(NEW), at=OLD, look=look, naturals={NEW: "c1 new"})
    ledger.settle(ledger.intend(old, create(NEW), at=OLD), ended(create(NEW), ItemStatus.REJECTED), OLD)
    awaited = ledger.intend(old, topup(SPRING, "44"), at=OLD)
    ledger.settle(awaited, ended(topup(SPRING, "44")), OLD)
    later = ledger.intend(old, topup(SPRING, "44"), at=OLD)  # so that it is not the last word of its address
    ledger.settle(later, ended(topup(SPRING, "44"), ItemStatus.REJECTED), OLD)
    finished = ledger.begin(replace(RUN, started=OLD))
    ledger.finish(finished, OLD, 0)
    new = ledger.begin(RUN)
    ledger.settle(ledger.intend(new, call(item(SUMMER, "11")), at=NOW), ended(call(item(SUMMER, "11"))), NOW)

    assert ledger.prune(NOW - timedelta(days=180)) == Pruned(runs=1, calls=2, looks=1)

    told = ledger.run(old)
    assert told is not None
    assert [each.number for each in told.calls] == [3, opened, opened + 1, awaited, later]
    assert [each.number for each in ledger.open_creates("adSets", naturals=["c1 new"])] == [opened]
    assert [each.number for each in ledger.list_accepted()] == [awaited]
    assert ledger.look(look).ids == {"1"}
    with pytest.raises(LedgerError, match=f"no look {unused}"):
        ledger.look(unused)
    assert [each.id for each in ledger.runs(9)] == [new, old]
    assert ledger.ids() == {SUMMER: "11", WINTER: "22", SPRING: "44"}
    assert [len(ledger.history(each)) for each in (SUMMER, WINTER)] == [1, 1]
    assert ledger.prune(NOW - timedelta(days=180)) == Pruned()


def test_the_last_call_of_each_facet_stays(home: Home) -> None:
    ledger = home.open()
    old, new = ledger.begin(replace(RUN, started=OLD)), ledger.begin(RUN)
    budget = replace(call(item(SUMMER, "11", move("budget"))), facet="budget", name="adSets.budget.1")
    for sent, at, run in ((budget, OLD, old), (call(), OLD, old), (call(), NOW, new)):
        ledger.settle(ledger.intend(run, sent, at=at), ended(sent), at)
    assert ledger.prune(NOW).calls == 1
    assert [(each.call, each.time) for each in ledger.history(SUMMER)] == [(budget.name, OLD), (call().name, NOW)]


def test_a_used_plan_stays_used_when_its_run_is_pruned(home: Home) -> None:
    ledger = home.open()
    old = ledger.begin(replace(PLANNED, started=OLD))
    ledger.settle(ledger.intend(old, call(), at=OLD), ended(call()), OLD)
    new = ledger.begin(RUN)
    ledger.settle(ledger.intend(new, call(), at=NOW), ended(call()), NOW)
    assert ledger.prune(NOW) == Pruned(runs=1, calls=1)
    use = ledger.plan_used("sha256:aa")
    assert use is not None
    assert (use.run, use.past, use.counts) == (old, None, {})
    with pytest.raises(PlanUsed, match="its run was pruned"):
        ledger.intend(ledger.begin(PLANNED), call(), at=NOW)


def test_nothing_that_is_young_is_pruned(home: Home) -> None:
    ledger = home.open()
    run = filled(ledger)
    assert ledger.prune(NOW) == Pruned()
    assert ledger.run(run) == home.open().run(run)


def test_the_last_run_stays_even_if_it_sent_nothing(home: Home) -> None:
    ledger = home.open()
    ledger.begin(RUN)
    assert ledger.prune(LATER) == Pruned()
    assert not home.open().is_new
