"""What a failed or unknown item keeps from being sent, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.executor.looks import KindReader, Looks
from reconciler.executor.scheduler import SendResult, run_calls
from reconciler.model import Action, Answer, Call, Delivery, ItemOutcome, ItemStatus
from reconciler.model.threads import Threads

from ..ledger.samples import NOW
from ..planning.test_planner import AMOUNT, BID, STATUS, TARGETS, change, planned
from .test_journal import sender, statuses
from .test_outcome import creations

LOST, REFUSED = Answer(Delivery.LOST, reason="late"), Answer(Delivery.ANSWERED, 400, {"errors": [{"code": "bad"}]})


def accepted(call: Call) -> Answer:
    """Return the answer to a bulk call that did all of it, or to a create."""
    if call.kind == "sellerBudgets":
        return Answer(Delivery.ANSWERED, 200, [{"id": "9"}])
    done = [{"id": each.id} for each in call.items]
    return Answer(Delivery.ANSWERED, 200, {"data": done if call.items[0].id else {"id": f"9{call.name}"}})


def run(
    calls: Sequence[Call], answer: Callable[[Call], Answer] = accepted, **more: Any
) -> tuple[SendResult, list[str]]:
    """Return what came of the calls, and the names of those that left."""
    left: list[str] = []

    def send(call: Call) -> Answer:
        left.append(call.name)
        return answer(call)

    options = {"in_flight": 1, "progress": lambda ended: None, **more}
    return run_calls(calls, sender(send), threads=Threads(), **options), left


def balance(name: str) -> Call:
    """Return the create of a balance: a call that funds."""
    moves = [("name", None, name), ("accountId", None, "8"), ("deposited", None, Decimal(5))]
    (call,) = planned(change(name, *moves, kind="balances", id=None, action=Action.CREATE)).calls
    return replace(call, name=name)


RAISED = change("a", (BID, Decimal(1), Decimal(2)), (AMOUNT, Decimal(5), Decimal(6)), (STATUS, "off", "on"), id="1")
OTHER = change("b", (STATUS, "off", "on"), id="2")


def test_a_failed_item_blocks_what_depends_on_it_and_nothing_else() -> None:
    result, left = run(planned(RAISED, OTHER).calls, lambda call: REFUSED if "bids" in call.name else accepted(call))
    ends = {f"{each.call} {each.item.address.key}": each.status.value for each in result.outcomes}
    assert ends == {
        "adSets.bids.1 a": "rejected",
        "adSets.budgets.1 a": "applied",
        "adSets.activation.start.1 a": "not sent",
        "adSets.activation.start.1 b": "applied",
    }
    assert left == ["adSets.bids.1", "adSets.budgets.1", "adSets.activation.start.1"]
    (blocked,) = (each for each in result.outcomes if each.status is ItemStatus.NOT_SENT)
    assert [each.code for each in blocked.problems] == ["depends"]
    assert "adSets.bids.1 was rejected for it" in blocked.problems[0].message


def test_a_call_of_which_every_item_is_blocked_does_not_leave() -> None:
    result, left = run(planned(RAISED).calls, lambda call: REFUSED if "bids" in call.name else accepted(call))
    assert statuses(result.outcomes) == ["rejected", "applied", "not sent"]
    assert "adSets.activation.start.1" not in left


def test_what_failed_in_earlier_calls_blocks_too_and_is_not_told_again() -> None:
    first, _ = run(planned(RAISED).calls[:1], lambda call: REFUSED)
    result, left = run(planned(RAISED, OTHER).calls[-1:], earlier=first.outcomes)
    assert [(each.item.address.key, each.status.value) for each in result.outcomes] == [
        ("a", "not sent"),
        ("b", "applied"),
    ]
    assert left == ["adSets.activation.start.1"]


@pytest.mark.parametrize("in_flight", [1, 8])
def test_after_an_unknown_create_no_money_leaves_and_all_else_does(in_flight: int) -> None:
    bids = planned(change("x", (BID, Decimal(1), Decimal(2)))).calls
    calls = [*bids, balance("one"), balance("two"), balance("three"), creations(5)]
    result, left = run(
        [replace(each, stage=0, raises_exposure=False) for each in calls],
        lambda call: LOST if call.name == "one" else accepted(call),
        in_flight=in_flight,
    )
    ends = {each.call: each.status.value for each in result.outcomes}
    budgets = calls[-1].name
    assert ends == {
        bids[0].name: "applied",
        "one": "unknown",
        "two": "not sent",
        "three": "not sent",
        budgets: "applied",
    }
    assert left == [bids[0].name, "one", budgets]
    (blocked, _) = (each for each in result.outcomes if each.status is ItemStatus.NOT_SENT)
    assert "one was unknown" in blocked.problems[0].message


def test_a_rejected_create_blocks_no_other_money() -> None:
    result, left = run([balance("one"), balance("two")], lambda call: REFUSED if call.name == "one" else accepted(call))
    assert statuses(result.outcomes) == ["rejected", "applied"]
    assert left == ["one", "two"]


@pytest.mark.parametrize(("before", "ends"), [(ItemStatus.UNKNOWN, "not sent"), (ItemStatus.REJECTED, "applied")])
def test_money_that_was_unknown_before_blocks_it_too(before: ItemStatus, ends: str) -> None:
    earlier = tuple(ItemOutcome("zero", each, before) for each in balance("zero").items)
    result, _ = run([balance("one")], earlier=earlier)
    assert statuses(result.outcomes) == [ends]


def test_an_unknown_value_that_is_no_money_blocks_no_money() -> None:
    bids = planned(change("x", (BID, Decimal(1), Decimal(2)), id="1")).calls
    earlier = tuple(ItemOutcome("zero", each, ItemStatus.UNKNOWN) for each in bids[0].items)
    result, _ = run([balance("one")], earlier=earlier)
    assert statuses(result.outcomes) == ["applied"]


def test_progress_counts_the_items_that_left() -> None:
    counted: list[int] = []
    run(
        planned(RAISED, OTHER).calls,
        lambda call: REFUSED if "bids" in call.name else accepted(call),
        progress=counted.append,
    )
    assert counted == [1, 1, 1]
    run([balance("one"), balance("two")], lambda call: LOST, progress=counted.append)
    assert counted[3:] == [1, 0]


def test_new_ids_are_those_of_created_items() -> None:
    (item,) = balance("new").items
    other = replace(item, address=replace(item.address, key="other"))
    third = replace(item, address=replace(item.address, key="third"))
    result = SendResult(
        (
            ItemOutcome("c", item, ItemStatus.APPLIED, "9"),
            ItemOutcome("c", other, ItemStatus.REJECTED, "10"),
            ItemOutcome("c", third, ItemStatus.APPLIED, None),
        ),
        (),
    )
    assert result.ids == {item.address: "9"}


def test_single_creates_without_money_and_absolute_values_are_in_flight_together() -> None:
    asked: list[tuple[int, int]] = []

    class Counting(Threads):
        def map(self, work: Any, values: Any, width: int) -> Any:
            asked.append((len(values), width))
            return map(work, values)

    moves = [change(f"b{n}", (BID, Decimal(1), Decimal(2)), id=str(n)) for n in range(120)]
    new = [
        change(f"n{n}", ("name", None, f"N{n}"), ("campaignId", None, "7"), id=None, action=Action.CREATE)
        for n in range(2)
    ]
    calls = [*planned(*moves, *new).calls, balance("one"), creations(5), creations(6, 7)]
    run_calls(
        [replace(each, stage=0, raises_exposure=False) for each in calls],
        sender(accepted),
        in_flight=8,
        progress=lambda ended: None,
        threads=Counting(),
    )
    assert asked == [(5, 8)]


def test_one_look_serves_all_creates_of_a_run() -> None:
    reads: list[Call] = []

    def read(call: Call) -> Answer:
        reads.append(call)
        return Answer(Delivery.ANSWERED, 200, {"data": []})

    def reader(kind: str) -> KindReader:
        return KindReader(TARGETS[kind].kind, TARGETS[kind].root, ("1",), read, lambda seconds: None)

    own = replace(sender(accepted, reader=reader), looks=Looks(reader, lambda: NOW))
    moves = [[("name", None, f"N{n}"), ("campaignId", None, str(n))] for n in range(3)]
    calls = planned(*(change(f"n{n}", *each, id=None, action=Action.CREATE) for n, each in enumerate(moves))).calls
    result = run_calls(calls, own, in_flight=1, progress=lambda ended: None, threads=Threads())
    assert statuses(result.outcomes) == ["applied"] * 3
    assert len(reads) == 1
