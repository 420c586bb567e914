"""Changes to calls, looked at one by one: names, order, sizes, bodies, what waits, and the bound beside the count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import find_version
from reconciler.model import Action, Address, Change, FieldChange, FixedLocator, Live, Place, Plan, Span, WriteEffect
from reconciler.planning.batching import build_calls, list_sent_fields, resolve_deferred, weigh
from reconciler.planning.call_parts import BoundType

PLACE = Place(FixedLocator(Span("ads.yaml", 1, 1)), ())
VERSIONS = {family: find_version(family, "2026-07") for family in ("marketingSolutions", "sellers", "retailMedia")}
KINDS: dict[str, Kind] = {name: kind for spoken in VERSIONS.values() for name, kind in spoken.kinds.items()}
TARGETS = {name: BoundType(kind, VERSIONS[kind.family].root) for name, kind in KINDS.items()}
AD_SETS = "/2026-07/marketing-solutions/ad-sets"
BID, AMOUNT, STATUS = "bidding.bidAmount", "budget.budgetAmount", "schedule.activationStatus"


def move(kind: str, field: str, before: Any, after: Any) -> FieldChange:
    return FieldChange(field, KINDS[kind].field(field).facet, before, after, PLACE)


def change(
    key: str,
    *moves: tuple[str, Any, Any],
    kind: str = "adSets",
    id: str | None = "7",
    action: Action = Action.UPDATE,
    **known: Any,
) -> Change:
    """A change of these fields; ``known`` are values besides, with two underscores for a point."""
    fields = tuple(move(kind, *each) for each in moves)
    values = {name.replace("__", "."): value for name, value in known.items()}
    live = None if id is None else Live(kind, id, values | {field: before for field, before, _ in moves})
    after = values | {field: after for field, _, after in moves}
    return Change(Address(kind, key), action, id, fields, after, PLACE, live)


def planned(*changes: Change, **options: Any) -> Plan:
    return build_calls(changes, TARGETS, **options)


def names(found: Plan) -> list[str]:
    return [call.name for call in found.calls]


def bid(key: str, before: str, after: str) -> Change:
    return change(key, (BID, Decimal(before), Decimal(after)))


# --- One call -----------------------------------------------------------------------------------------------------


def test_a_batch_is_one_call_with_an_entry_for_each() -> None:
    (call,) = planned(bid("a", "1", "2"), bid("b", "1", "3")).calls

    assert (call.name, call.kind, call.facet) == ("adSets.bids.1", "adSets", "bids")
    assert (call.method, call.path) == ("PATCH", AD_SETS)
    assert (call.effect, call.atomic, call.stage, call.product) == (WriteEffect.SET, False, 40, "marketingSolutions")
    assert [(item.address.key, item.id) for item in call.items] == [("a", "7"), ("b", "7")]
    entry = {"type": "PatchAdSet", "id": "7", "attributes": {"bidding": {"bidAmount": {"value": Decimal(2)}}}}
    assert call.body["data"][0] == entry  # type: ignore[call-overload, index]


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (50, [50]), (51, [50, 1]), (120, [50, 50, 20])])
def test_a_batch_is_cut_to_size_and_the_bound_is_told(count: int, sizes: list[int]) -> None:
    found = planned(*(bid(f"a{number:03}", "1", "2") for number in range(count)))

    assert [len(call.items) for call in found.calls] == sizes
    assert names(found) == [f"adSets.bids.{number}" for number in range(1, len(sizes) + 1)]
    assert (found.bound, found.deferred_calls) == (len(sizes), 0)


def test_facets_travel_apart_unless_they_are_merged() -> None:
    both = change("a", (BID, Decimal(1), Decimal(2)), (AMOUNT, Decimal(5), Decimal(6)), ("name", "x", "y"))

    apart, merged = planned(both), planned(both, merged=True)

    assert [call.facet for call in apart.calls] == ["bids", "budgets", "settings"]
    assert [call.facet for call in merged.calls] == ["settings+bids+budgets"]
    assert (apart.bound, merged.bound) == (3, 1)


def test_start_and_stop_are_named_by_what_they_do_and_stand_at_the_ends() -> None:
    found = planned(change("a", (STATUS, "off", "on")), bid("b", "1", "2"), change("c", (STATUS, "on", "off")))

    assert names(found) == ["adSets.activation.stop.1", "adSets.bids.1", "adSets.activation.start.1"]
    assert found.calls[0].path == f"{AD_SETS}/stop"
    assert found.calls[0].body == {"data": [{"type": "AdSetId", "id": "7"}]}
    assert not found.calls[0].atomic


def test_a_link_is_a_call_of_its_own_that_is_named_by_its_resource() -> None:
    (call,) = planned(change("fr", ("audienceId", None, "9"))).calls

    assert (call.name, call.method, call.path) == ("adSets.audience.fr", "PUT", f"{AD_SETS}/7/audience")
    assert call.atomic


def test_nested_entries_are_items_of_their_own() -> None:
    moves = [(f"categoryBids.{number:02}|1", None, Decimal(1)) for number in range(51)]

    found = planned(change("fr", *moves))

    assert names(found) == ["adSets.categoryBids.fr", "adSets.categoryBids.fr-2"]
    assert [len(call.items) for call in found.calls] == [50, 1]
    assert found.bound == 2
    assert not found.calls[0].atomic
    assert [item.fields[0].field for item in found.calls[1].items] == ["categoryBids.50|1"]
    assert found.calls[1].body["data"][0]["id"] == "7|50|1"  # type: ignore[call-overload, index]


# --- Creation, and what waits for it ------------------------------------------------------------------------------


def creation(key: str, *more: tuple[str, Any, Any]) -> Change:
    return change(key, ("name", None, key), ("campaignId", None, "1"), *more, id=None, action=Action.CREATE)


def test_a_creation_is_sent_alone_and_what_it_cannot_carry_waits() -> None:
    found = planned(
        creation("a", (STATUS, None, "on"), ("audienceId", None, "9")), creation("b", (STATUS, None, "off"))
    )

    assert names(found) == ["adSets.create.a", "adSets.create.b"]
    assert all(call.atomic and call.effect is WriteEffect.CREATE for call in found.calls)
    assert [(each.address.key, [move.field for move in each.fields]) for each in found.deferred] == [
        ("a", [STATUS, "audienceId"])
    ]
    assert found.deferred[0].action is Action.UPDATE
    assert (found.deferred_calls, found.bound) == (2, 4)


def test_the_second_round_is_what_has_its_id_now() -> None:
    deferred = planned(*(creation(key, (STATUS, None, "on")) for key in "ba")).deferred

    assert [each.address.key for each in deferred] == ["a", "b"]
    ready, waiting = resolve_deferred(deferred, {deferred[1].address: "88"}, TARGETS)
    assert ready == (replace(deferred[1], id="88"),)
    assert waiting == (deferred[0], *deferred[2:])


def test_an_update_leaves_nothing_for_later() -> None:
    assert planned(change("a", (STATUS, "off", "on"))).deferred == ()


# --- What frees money first ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([(BID, Decimal(2), Decimal(1))], 0),
        ([(BID, Decimal(1), Decimal(2))], 2),
        ([(BID, Decimal(1), Decimal(1))], 2),
        ([(BID, Decimal(1), None)], 2),
        ([(BID, None, Decimal(1))], 2),
        ([(AMOUNT, None, Decimal(1))], 1),
        ([("name", "a", "b")], 1),
        ([(BID, Decimal(2), Decimal(1)), ("name", "a", "b")], 0),
        ([(BID, Decimal(2), Decimal(1)), (AMOUNT, Decimal(1), Decimal(2))], 2),
    ],
)
def test_a_change_is_weighed_by_what_it_commits(moves: list[tuple[str, Any, Any]], expected: int) -> None:
    assert weigh(tuple(move("adSets", *each) for each in moves), KINDS["adSets"]) == expected


def test_within_a_facet_decreases_fill_the_first_batch() -> None:
    found = planned(bid("a", "1", "2"), bid("b", "2", "1"), bid("c", "2", "1"))

    assert [item.address.key for item in found.calls[0].items] == ["b", "c", "a"]


def test_what_raises_is_held_back_until_all_else_is_sent() -> None:
    raises: Callable[..., bool] = lambda change, fields: change.address.key == "a"  # noqa: E731 - a test's own

    found = planned(bid("a", "1", "2"), bid("b", "2", "1"), change("c", (STATUS, "off", "on")), raises=raises)

    assert [item.address.key for call in found.calls for item in call.items] == ["b", "c", "a"]
    assert (found.calls[-1].raises_exposure, found.calls[-1].stage) == (True, 40)
    assert len(set(names(found))) == 3


# --- Seller budgets and balances ------------------------------------------------------------------------------------


def budget(key: str, sort: str, start: date, **more: Any) -> Change:
    fields: list[tuple[str, Any, Any]] = [("sellerId", None, "1"), ("campaignIds", None, ("10001",))]
    fields += [("budgetType", None, sort), ("amount", None, Decimal(5)), ("startDate", None, start)]
    return change(key, *fields, kind="sellerBudgets", id=None, action=Action.CREATE, **more)


def test_totals_lead_the_daily_budgets_that_need_them() -> None:
    (call,) = planned(budget("a", "Daily", date(2027, 1, 1)), budget("b", "Capped", date(2027, 1, 1))).calls

    assert [item.address.key for item in call.items] == ["b", "a"]
    assert call.atomic


@pytest.mark.parametrize(("seller", "freed_first"), [("1", True), ("2", False)])
def test_a_budget_gives_up_its_place_before_another_takes_it(seller: str, freed_first: bool) -> None:
    old = change(
        "old", ("suspended", False, True), kind="sellerBudgets", id="9",
        sellerId=seller, campaignIds=("10001",), budgetType="Daily", startDate=date(2026, 1, 1),
    )  # fmt: skip

    found = planned(budget("new", "Daily", date(2027, 1, 1)), old)

    places = [call.items[0].address.key for call in found.calls]
    assert places == (["old", "new"] if freed_first else ["new", "old"])


def test_a_top_up_is_the_exact_difference() -> None:
    (call,) = planned(
        change("q1", ("deposited", Decimal("0.10"), Decimal("0.30")), kind="balances", accountId="5")
    ).calls

    assert (call.name, call.effect, call.atomic) == ("balances.funds.q1", WriteEffect.ADD, True)
    assert call.path == "/2026-07/retail-media/accounts/5/balances/7/add-funds"
    assert call.body["data"]["attributes"] == {"deltaAmount": Decimal("0.2")}  # type: ignore[call-overload, index]


def test_there_is_no_difference_to_nothing() -> None:
    assert planned(change("q1", ("deposited", None, Decimal(1)), kind="balances", accountId="5")).calls == ()


def test_campaigns_are_given_back_before_others_are_taken() -> None:
    found = planned(change("q1", ("campaignIds", ("1", "2"), ("2", "3")), kind="balances"))

    assert names(found) == ["balances.attachments.delete.q1", "balances.attachments.append.q1"]
    moved = [item.fields[0] for call in found.calls for item in call.items]
    assert [(each.before, each.after) for each in moved] == [(("1", "2"), ("2",)), (("2",), ("2", "3"))]
    bodies = [call.body["data"] for call in found.calls]  # type: ignore[call-overload, index]
    assert bodies == [
        {"type": "DeleteCampaignsRequestV1", "attributes": {"ids": ["1"]}},
        {"type": "AppendCampaignsRequestV1", "attributes": {"ids": ["3"]}},
    ]
    assert all(call.atomic and call.effect is WriteEffect.SET for call in found.calls)
    assert found.bound == 2


def test_many_campaigns_are_many_calls_with_names_of_their_own() -> None:
    ids = tuple(str(number) for number in range(51))

    found = planned(change("q1", ("campaignIds", None, ids), kind="balances"))

    assert names(found) == ["balances.attachments.append.q1", "balances.attachments.append.q1-2"]


# --- What a call touches --------------------------------------------------------------------------------------------


def test_a_part_of_a_block_takes_the_block_with_it_and_an_amount_does_not() -> None:
    known = {"budget__budgetStrategy": "capped", "budget__budgetRenewal": "daily", "budget__budgetAmount": Decimal(5)}
    kind = KINDS["adSets"]

    amount = change("a", (AMOUNT, Decimal(5), Decimal(6)), **known)
    renewal = change("a", ("budget.budgetRenewal", "daily", "weekly"), **known)

    assert list_sent_fields(amount, kind) == (AMOUNT,)
    assert set(list_sent_fields(renewal, kind)) == {"budget.budgetRenewal", "budget.budgetStrategy", AMOUNT}


def sent_budget(each: Change) -> Any:
    (call,) = planned(each).calls
    return call.body["data"][0]["attributes"]["budget"]  # type: ignore[call-overload, index]


def test_a_block_of_which_more_than_the_amount_moves_is_sent_whole() -> None:
    both = change(
        "a",
        (AMOUNT, Decimal(5), Decimal(6)),
        ("budget.budgetRenewal", "daily", "weekly"),
        budget__budgetStrategy="capped",
        budget__pacingBehavior=None,
    )

    assert sent_budget(both).keys() == {"budgetStrategy", "budgetAmount", "budgetRenewal"}


def test_a_part_that_the_change_clears_is_sent_as_null() -> None:
    uncapped = change("a", ("budget.budgetStrategy", "capped", "uncapped"), budget__budgetAmount=Decimal(5))
    cleared = replace(uncapped, after={**uncapped.after, AMOUNT: None})

    assert sent_budget(cleared) == {"budgetStrategy": "uncapped", "budgetAmount": {"value": None}}
    assert sent_budget(replace(cleared, live=None)) == {"budgetStrategy": "uncapped"}


def test_what_no_read_shows_is_not_looked_for() -> None:
    assert list_sent_fields(change("a", ("audienceId", None, "9")), KINDS["adSets"]) == ()
