"""Differences between blocks and live objects: what is a change, in which order, and what moves with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.kinds.versions import find_version
from reconciler.model import Action, Address, Change, Desired, FixedLocator, Live, Origin, Place, Span
from reconciler.planning.diff import diff, find_unchangeable

AD_SETS = find_version("marketingSolutions", "2026-07").kinds["adSets"]
COMPLETE_WITHOUT = AD_SETS.amend({name: {"required": False} for name in AD_SETS.required})
PLACE = Place(FixedLocator(Span("ads.yaml", 1, 1)), ())
BID, STATUS = "bidding.bidAmount", "schedule.activationStatus"


def pair(key: str, live: Mapping[str, Any], stated: Mapping[str, Any]) -> tuple[Desired, Live]:
    return Desired(Address("adSets", key), key, dict(stated), Origin(PLACE)), Live("adSets", key, dict(live))


def moves(change: Change) -> list[tuple[str, Any, Any]]:
    return [(move.field, move.before, move.after) for move in change.fields]


def changes(live: Mapping[str, Any], stated: Mapping[str, Any], **known: Any) -> tuple[Change, ...]:
    block, row = pair("7", live, stated)
    return diff(AD_SETS, [(block, row)], {block.address: known["remembered"]} if known else {})[0]


def test_only_what_is_stated_and_differs_is_a_change_in_the_order_of_the_table() -> None:
    live = {"name": "a", BID: Decimal(1), STATUS: "on", "budget.budgetAmount": Decimal(9)}

    (change,) = changes(live, {STATUS: "on", BID: Decimal(2), "name": "b"})

    assert moves(change) == [("name", "a", "b"), (BID, Decimal(1), Decimal(2))]
    assert changes(live, live) == ()


def test_a_change_with_a_stop_among_others_is_a_stop() -> None:
    live = {BID: Decimal(1), STATUS: "on"}

    assert [each.action for each in changes(live, {BID: Decimal(2), STATUS: "off"})] == [Action.STOP]
    assert [each.action for each in changes(live, {BID: Decimal(2), STATUS: "on"})] == [Action.UPDATE]
    assert [each.action for each in changes({**live, STATUS: "off"}, {STATUS: "on"})] == [Action.UPDATE]


def test_a_budget_that_the_campaign_sets_is_no_change_of_its_ad_set() -> None:
    live = {"name": "a", "budget.budgetAmount": Decimal(9)}
    block, _ = pair("new", {}, {"budget": None, "name": "a"})

    assert [moves(each) for each in changes(live, {"budget": None, "name": "b"})] == [[("name", "a", "b")]]
    (created,), _ = diff(COMPLETE_WITHOUT, [(block, None)], {})
    assert moves(created) == [("name", None, "a")]


CATEGORY, FACTOR = "categoryBids.5", "displayMultipliers.5"


def test_category_bids_that_the_api_moves_with_the_bid_are_sent_though_they_are_to_stay() -> None:
    live = {BID: Decimal(1), CATEGORY: Decimal(1), FACTOR: Decimal(1)}

    (change,) = changes(live, {BID: Decimal(2), CATEGORY: Decimal(1)})

    assert moves(change) == [(BID, Decimal(1), Decimal(2)), (CATEGORY, Decimal(1), Decimal(1))]
    assert [moves(each) for each in changes(live, {BID: Decimal(1), CATEGORY: Decimal(1)})] == []
    assert [moves(each) for each in changes(live, {BID: Decimal(1), CATEGORY: Decimal(3)})] == [
        [(CATEGORY, Decimal(1), Decimal(3))]
    ]


def test_fixed_fields_that_differ_are_problems_here_and_drift_elsewhere() -> None:
    pairs = [
        pair("same", {"objective": "clicks"}, {"objective": "clicks"}),
        pair("bid", {BID: Decimal(1)}, {BID: Decimal(2)}),
        pair("both", {"objective": "visits", BID: Decimal(1)}, {"objective": "clicks", BID: Decimal(2)}),
        pair("unset", {"objective": None}, {"objective": "clicks"}),
    ]

    sent, problems = diff(AD_SETS, pairs, {})
    drifted = list(find_unchangeable(AD_SETS, pairs))

    assert [(each.address.key, moves(each)) for each in sent] == [
        ("bid", [(BID, Decimal(1), Decimal(2))]),
        ("both", [(BID, Decimal(1), Decimal(2))]),
    ]
    assert [(each.address and each.address.key, each.message.rpartition("; ")[2]) for each in problems] == [
        ("both", "it is visits"),
        ("unset", "it is not set"),
    ]
    assert [(each.address.key, moves(each)) for each in drifted] == [
        ("both", [("objective", "visits", "clicks")]),
        ("unset", [("objective", None, "clicks")]),
    ]


def test_a_creation_states_no_difference_that_could_be_drift() -> None:
    block, _ = pair("new", {}, {"objective": "clicks"})

    assert list(find_unchangeable(AD_SETS, [(block, None), pair("x", {"objective": "a"}, {"objective": "b"})]))
