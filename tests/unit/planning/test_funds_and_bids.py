"""What a plan adds to balances and takes from them, and what it does to bids: by currency, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from reconciler.model import Change, Live, Money
from reconciler.model.money import Period
from reconciler.planning.cost import CostContext, compute_cost

from .test_planner import KINDS, change

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CURRENCIES = {("retailMediaAccountIds", "1"): "EUR", ("retailMediaAccountIds", "2"): "USD"}
SCOPE = {"retailMediaAccountIds": ("1", "2"), "advertiserIds": ("3", "4")}


def priced(*changes: Change, live: dict[str, list[Live]] | None = None, **currencies: str) -> Money:
    """The money of these changes, whose live objects are all there are."""
    rows: dict[str, list[Live]] = {name: [] for name in KINDS} | (live or {})
    for each in changes:
        if each.live is not None:
            rows[each.address.kind].append(replace(each.live, id=str(each.address)))
    moved = [replace(each, id=str(each.address) if each.live else None) for each in changes]
    told = {("advertiserIds", name.removeprefix("a")): code for name, code in currencies.items()}
    return compute_cost(CostContext(KINDS, rows, moved, SCOPE, CURRENCIES | told, NOW))


def deposit(key: str, before: int | None, after: int, account: str = "1") -> Change:
    moved = ("deposited", None if before is None else Decimal(before), Decimal(after))
    return change(key, moved, kind="balances", accountId=account)


def test_what_is_added_and_what_is_taken_is_told_apart() -> None:
    (euros, dollars) = priced(
        deposit("a", 100, 150), deposit("b", 200, 120), deposit("c", None, 30), deposit("d", 5, 4, "2")
    ).funds

    assert (euros.currency, euros.added, euros.taken) == ("EUR", Decimal(80), Decimal(80))
    assert (dollars.currency, dollars.added, dollars.taken) == ("USD", Decimal(0), Decimal(1))
    assert (euros.before, euros.after) == (Decimal(300), Decimal(300))


def test_a_balance_without_a_limit_is_counted_and_not_added() -> None:
    open_ones = [Live("balances", id, {"accountId": "1", "deposited": None}) for id in "78"]
    (euros,) = priced(deposit("a", None, 30), deposit("b", 5, 6), live={"balances": open_ones}).funds

    assert (euros.before, euros.after, euros.added) == (Decimal(5), Decimal(36), Decimal(31))
    assert (euros.uncapped_before, euros.uncapped_after) == (3, 2)


def bids(*moves: tuple[Any, Any]) -> Any:
    amounts = [[each if each is None else Decimal(each) for each in move] for move in moves]
    changes = [
        change(f"a{place}", ("bidding.bidAmount", *pair), advertiserId="3") for place, pair in enumerate(amounts)
    ]
    (row,) = priced(*changes, a3="EUR").bids
    return row


def test_bids_are_counted_by_where_they_go() -> None:
    row = bids(("1", "2"), ("4", "3"), ("5", None), (None, "7"))

    assert (row.raised, row.lowered) == (2, 2)
    assert (row.lowest_before, row.highest_before) == (Decimal(1), Decimal(5))
    assert (row.lowest_after, row.highest_after) == (Decimal(2), Decimal(7))
    assert row.percent == 0


def test_bids_are_weighed_by_what_they_were() -> None:
    assert bids(("1", "2"), ("3", "3.50")).percent == Decimal("37.5")
    assert bids((None, "2")).percent is None


def ad_set(key: str, before: str, after: str, **more: Any) -> Change:
    known = {"schedule__activationStatus": "on", "budget__budgetStrategy": "capped", "budget__budgetRenewal": "daily"}
    return change(key, ("budget.budgetAmount", Decimal(before), Decimal(after)), **known, **more)


def test_a_commitment_is_counted_before_and_after() -> None:
    found = priced(ad_set("a", "100", "150", advertiserId="3"), ad_set("b", "7", "5", advertiserId="3"), a3="EUR")

    rows = {each.period: (each.before, each.after) for each in found.commitments}
    assert rows[Period.DAY] == (Decimal(107), Decimal(155))
    assert [(str(each.address), each.change.amount) for each in found.shifts] == [
        ("adSets.a", Decimal(50)),
        ("adSets.b", Decimal(-2)),
    ]
    assert [(each.currency, each.exposure.amount) for each in found.increases] == [("EUR", Decimal(48))]


def test_what_the_plan_leaves_alone_is_counted_too() -> None:
    budget = {"budget.budgetStrategy": "capped", "budget.budgetRenewal": "daily", "budget.budgetAmount": Decimal(100)}
    rows = [Live("adSets", "1", {"schedule.activationStatus": "on", **budget}, owner="3")]

    found = priced(live={"adSets": rows}, a3="EUR")

    assert {each.period: (each.before, each.after) for each in found.commitments} == {
        Period.ANY_DAY: (Decimal(100), Decimal(100)), Period.DAY: (Decimal(100), Decimal(100)),
    }  # fmt: skip
    assert (found.shifts, found.increases) == ((), ())


def test_objects_without_an_owner_are_in_the_currency_of_their_campaign() -> None:
    """The campaign's owner is known by another live object in it."""
    known = [Live("sellerCampaigns", id, {"campaignId": id}, owner=owner) for id, owner in (("31", "3"), ("41", "4"))]
    changes = [ad_set("a", "1", "2", campaignId="31"), ad_set("b", "1", "4", campaignId="41")]

    found = priced(*changes, live={"sellerCampaigns": known}, a3="EUR", a4="SEK")

    assert {str(each.address): each.currency for each in found.shifts} == {"adSets.a": "EUR", "adSets.b": "SEK"}
