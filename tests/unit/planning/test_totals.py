"""Money is counted twice, in two ways, and must be the same to the last digit; uncapped is never lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from reconciler.kinds import limits
from reconciler.model import Address, Live, Money
from reconciler.model.money import Exposure, Limit, Period, exposure_change
from reconciler.planning import cost as counting
from reconciler.planning.cost import CostContext, compute_cost

from . import by_hand
from .worlds import CODES, KINDS, NOW, SCOPE, World, world

PORTFOLIOS = 10_000


def told(cost: Money, side: str) -> by_hand.Sums:
    """The rows of a money as the second opinion writes them, those with nothing in them left out."""
    rows = {(row.currency, row.period.value): row for row in cost.commitments}
    rows |= {(row.currency, "funds"): row for row in cost.funds}
    sums = {key: (getattr(row, side), getattr(row, f"uncapped_{side}")) for key, row in rows.items()}
    return {key: found for key, found in sums.items() if found != (0, 0)}


def counted(found: World, side: str) -> by_hand.Sums:
    objects = [
        (thing.kind, thing.currency, thing.live if side == "before" else
         by_hand.after(thing.kind, thing.live, thing.wanted))
        for thing in found.things
        if thing.live is not None or side == "after"
    ]  # fmt: skip
    sums = by_hand.totals([(kind, currency, values) for kind, currency, values in objects if values is not None], NOW)
    return {key: each for key, each in sums.items() if each != (0, 0)}


def test_totals_equal_a_count_by_hand_over_random_portfolios() -> None:
    seen = uncapped = moved = 0
    for seed in range(PORTFOLIOS):
        found = world(Random(seed))
        cost = compute_cost(found.book)
        for side in ("before", "after"):
            assert told(cost, side) == counted(found, side), f"seed {seed}, {side}"
        seen += len(cost.commitments) + len(cost.funds)
        uncapped += any(row.uncapped_after for row in (*cost.commitments, *cost.funds))
        moved += bool(cost.shifts)
    assert seen > PORTFOLIOS
    assert uncapped > PORTFOLIOS / 4
    assert moved > PORTFOLIOS / 4


def test_the_count_by_hand_notices_what_money_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above is able to fail: without the uncapped ones, the sums differ at once."""
    monkeypatch.setattr(
        counting, "_list_periods", lambda limit: () if limit is None or limit.amount is None else (limit.period,)
    )
    worlds = [world(Random(seed)) for seed in range(200)]
    assert any(told(compute_cost(each.book), "after") != counted(each, "after") for each in worlds)


def test_the_increase_is_what_the_shifts_add_up_to() -> None:
    for seed in range(500):
        found = world(Random(seed))
        cost = compute_cost(found.book)
        for increase in cost.increases:
            own = [shift.change for shift in cost.shifts if shift.currency == increase.currency]
            assert increase.exposure == sum(own, Exposure())
        assert {each.currency for each in cost.increases} == {shift.currency for shift in cost.shifts}


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, Limit(Period.DAY, Decimal(5)), Exposure(0, Decimal(5))),
        (Limit(Period.DAY, Decimal(5)), Limit(Period.DAY, Decimal(3)), Exposure(0, Decimal(-2))),
        (Limit(Period.DAY, Decimal(5)), Limit(Period.DAY, None), Exposure(1)),
        (Limit(Period.DAY, None), Limit(Period.DAY, Decimal(5)), Exposure(-1)),
        (Limit(Period.DAY, None), None, Exposure(-1)),
        (None, Limit(Period.DAY, None), Exposure(1)),
    ],
)
def test_from_or_to_uncapped_no_amount_is_told(before: Limit | None, after: Limit | None, change: Exposure) -> None:
    assert exposure_change(before, after) == change


def test_one_uncapped_outweighs_any_amount() -> None:
    assert Exposure(1) > Exposure(0, Decimal(10) ** 12)
    assert max(Exposure(1, Decimal(1)), Exposure(1, Decimal(2))) == Exposure(1, Decimal(2))


def test_what_is_added_to_balances_and_what_is_taken_stand_apart() -> None:
    for seed in range(2000):
        found = world(Random(seed), kinds=("balances",))
        steps = [
            (thing.currency, (thing.wanted["deposited"] or Decimal(0)) - ((thing.live or {}).get("deposited") or 0))
            for thing in found.things
            if thing.wanted is not None and "deposited" in thing.wanted
        ]
        for row in compute_cost(found.book).funds:
            own = [each for currency, each in steps if currency == row.currency]
            assert row.added == sum((each for each in own if each > 0), Decimal(0))
            assert row.taken == -sum((each for each in own if each < 0), Decimal(0))


# --- Whose currency it is ------------------------------------------------------------------------------------


def test_currencies_are_never_added_and_an_unknown_one_is_named() -> None:
    for seed in range(300):
        found = world(Random(seed))
        cost = compute_cost(found.book)
        known = {thing.currency for thing in found.things}
        assert {row.currency for row in (*cost.commitments, *cost.funds)} <= known


def a_book(changes: tuple[()] = (), scope: dict[str, tuple[str, ...]] | None = None) -> CostContext:
    return CostContext(KINDS, {}, changes, scope or SCOPE, CODES, NOW)


def test_a_new_object_has_the_currency_of_its_campaign() -> None:
    row = Live("adSets", "1", {"campaignId": "102", "advertiserId": "2"}, owner=None)
    book = CostContext(KINDS, {"adSets": [row]}, (), SCOPE, CODES, NOW)
    assert book.currency("adSets", {"campaignId": "102"}, None) == "USD"
    assert book.currency("adSets", {"campaignId": "other"}, None) == "currency of campaign other"


@pytest.mark.parametrize(
    ("codes", "expected"),
    [(("EUR", "EUR"), "EUR"), (("EUR", "SEK"), None), (("EUR", None), None), ((None, None), None)],
)
def test_advertisers_who_share_a_currency_leave_no_doubt_either(
    codes: tuple[str | None, ...], expected: str | None
) -> None:
    told = {("advertiserIds", id): code for id, code in zip("12", codes, strict=True) if code is not None}
    book = CostContext(KINDS, {}, (), {"advertiserIds": ("1", "2")}, told, NOW)
    assert book.currency("adSets", {"campaignId": "x"}, None) == (expected or "currency of campaign x")


def test_a_scope_of_one_advertiser_leaves_no_doubt() -> None:
    assert a_book(scope={"advertiserIds": ("2",)}).currency("adSets", {"campaignId": "x"}, None) == "USD"
    assert a_book(scope={"advertiserIds": ("3",)}).currency("adSets", {}, None) == "currency of advertiser 3"


# --- The last 24 hours ---------------------------------------------------------------------------------------


class Past:
    def __init__(self, address: Address, field: str, before: object) -> None:
        self.address, self.field, self.before = address, field, before


ROW = {"campaignId": "101", "name": "a", "advertiserId": "1", "schedule.activationStatus": "on",
       "budget.budgetStrategy": "capped", "budget.budgetAmount": Decimal(150),
       "budget.budgetRenewal": "daily"}  # fmt: skip


def rolling(past: list[Past], row: dict[str, object] = ROW) -> list[tuple[str, Exposure]]:
    book = CostContext(KINDS, {"adSets": [Live("adSets", "7", row, owner="1")]}, (), SCOPE, CODES, NOW)  # type: ignore[arg-type]
    found = compute_cost(book, past, {Address("adSets", "a"): "7"})  # type: ignore[arg-type]
    return [(each.currency, each.exposure) for each in found.rolling]


def test_what_earlier_runs_added_counts_from_the_first_of_them() -> None:
    address = Address("adSets", "a")
    past = [Past(address, "budget.budgetAmount", Decimal(100)), Past(address, "budget.budgetAmount", Decimal(120))]
    assert rolling(past) == [("EUR", Exposure(0, Decimal(50)))]
    assert rolling([]) == []


def test_what_was_created_counts_whole_and_what_was_started_too() -> None:
    address = Address("adSets", "a")
    born = [Past(address, name, None) for name in ("name", "campaignId", "budget.budgetAmount")]
    assert rolling(born) == [("EUR", Exposure(0, Decimal(150)))]
    assert rolling([Past(address, "schedule.activationStatus", "off")]) == [("EUR", Exposure(0, Decimal(150)))]
    unknown = Past(Address("adSets", "unknown"), "schedule.activationStatus", "off")
    assert rolling([unknown]) == []
    assert rolling([unknown, *born]) == [("EUR", Exposure(0, Decimal(150)))]


# --- Limits, one by one --------------------------------------------------------------------------------------


def test_an_ad_set_ends_at_its_end_and_not_before() -> None:
    (at, before) = limits.ad_sets(
        [{**ROW, "schedule.endDate": NOW}, {**ROW, "schedule.endDate": NOW + timedelta(microseconds=1)}], NOW
    )
    assert at is None
    assert before == Limit(Period.DAY, Decimal(150))


def test_an_ad_set_whose_budget_is_never_shown_is_uncapped() -> None:
    unknown = {name: value for name, value in ROW.items() if not name.startswith("budget.")}
    assert limits.ad_sets([unknown], NOW) == [Limit(Period.DAY, None)]
