"""The guide's recommendation: all bids in one call, all budgets in one call, whoever's they are."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.sandbox.world import World

from ....support.bench import bench

BACK_ENDS = ("2026-07", "legacy")
ROOTS = {"2026-07": "/2026-07/marketing-solutions/marketplace-performance-outcomes", "legacy": "/legacy/offsite-ads"}


def budgets(amounts: dict[int, str], *, start: str = "2027-02-01") -> str:
    """Capped budgets of sellers, by amount."""
    header = f"defaults: {{sellerBudgets: {{campaignIds: ['10001'], budgetType: Capped, startDate: {start}}}}}\n"
    blocks = "".join(f"  s{seller}: {{sellerId: {seller}, amount: {amount}}}\n" for seller, amount in amounts.items())
    return f"{header}sellerBudgets:\n{blocks}"


def bids(amounts: dict[int, str]) -> str:
    """Bids of sellers in one campaign."""
    blocks = "".join(
        f"  s{seller}: {{sellerId: {seller}, campaignId: 10001, bid: {bid}}}\n" for seller, bid in amounts.items()
    )
    return f"sellerCampaigns:\n{blocks}"


def crowd(size: int) -> World:
    """The demo with so many sellers more, each with a bid and a budget for next February."""
    world = World.demo(running=False)
    for number in range(1000, 1000 + size):
        seller = str(number)
        world.state.put("sellers", seller, {"advertiserId": "1352", "name": f"Seller {seller}"})
        pair = {"sellerId": seller, "campaignId": "10001", "bid": Decimal("0.25"), "suspendedSince": None}
        world.state.put("sellerCampaigns", f"{seller}.10001", pair)
        budget = {
            "sellerId": seller,
            "campaignIds": ["10001"],
            "budgetType": "Capped",
            "amount": Decimal(100),
            "startDate": "2027-02-01",
            "endDate": None,
            "isSuspended": False,
            "spent": Decimal(0),
        }
        world.state.put("sellerBudgets", f"9{seller}", budget)
    return world


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_ten_sellers_with_new_bids_and_new_budgets_are_two_calls(back_end: str) -> None:
    sellers = [1, 3, 4, 5, 6, 7, 8, 9, 10]
    with bench(family="sellers", version=back_end) as desk:
        desk.write(
            {
                "bids.yaml": bids({seller: f"0.{60 + seller}" for seller in range(1, 11)}),
                "budgets.yaml": budgets({seller: f"{seller}0.00" for seller in sellers}),
                "pace.yaml": "sellerBudgets: {s2: {sellerId: 2, campaignIds: [10001], budgetType: Daily, amount: 20.00,"
                " startDate: 2027-02-01, endDate: 2027-02-28}}",
            }
        )

        planned = desk.plan().plan
        desk.apply()

        root = ROOTS[back_end]
        assert (planned.total, planned.bound) == (2, 2)
        assert [(each["method"], each["path"]) for each in desk.writes] == [
            ("POST", f"{root}/budgets"),
            ("PATCH", f"{root}/seller-campaigns"),
        ]
        assert [len(each["body"]) for each in desk.writes] == [10, 10]


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_2001_budget_updates_are_two_calls(back_end: str) -> None:
    with bench(family="sellers", version=back_end, world=crowd(2001)) as desk:
        desk.write({"budgets.yaml": budgets(dict.fromkeys(range(1000, 3001), "120.00"))})

        run = desk.apply()

        assert (run.plan.total, run.plan.bound) == (2, 2)
        assert sorted((each["method"], len(each["body"])) for each in desk.writes) == [("PATCH", 1), ("PATCH", 2000)]
        assert {each.status.value for each in run.outcomes} == {"applied"}


def test_2001_bids_are_two_calls() -> None:
    with bench(family="sellers", world=crowd(2001)) as desk:
        desk.write({"bids.yaml": bids(dict.fromkeys(range(1000, 3001), "0.30"))})

        run = desk.apply()

        assert (run.plan.total, run.plan.bound) == (2, 2)
        assert sorted(len(each["body"]) for each in desk.writes) == [1, 2000]


def test_what_is_in_force_already_is_in_no_call() -> None:
    with bench(family="sellers") as desk:
        desk.write({"bids.yaml": bids({1: "0.25", 2: "0.4", 5: "0.5"})})

        desk.apply()

        assert [each["body"] for each in desk.writes] == [[{"id": "5.10001", "bid": Decimal("0.5")}]]


def test_a_second_apply_sends_nothing() -> None:
    with bench(family="sellers") as desk:
        desk.write({"bids.yaml": bids({1: "0.60"}), "budgets.yaml": budgets({5: "30.00"})})
        desk.apply()
        desk.forget()

        again = desk.apply()

        assert again.changes == ()
        assert desk.writes == []


def test_a_budget_that_frees_its_place_goes_before_the_one_that_takes_it() -> None:
    with bench(family="sellers") as desk:
        desk.write(
            {
                "budgets.yaml": "sellerBudgets:\n"
                "  old: {id: 104, suspended: true}\n"
                "  new: {sellerId: 3, campaignIds: [10001], budgetType: Capped, amount: 9.00, startDate: 2026-12-20}\n"
            }
        )

        run = desk.apply()

        assert [each["method"] for each in desk.writes] == ["PATCH", "POST"]
        assert {each.status.value for each in run.outcomes} == {"applied"}


def test_totals_are_created_before_the_daily_budgets_that_need_them() -> None:
    dates = "campaignIds: [10001], startDate: 2026-12-01, endDate: 2026-12-31"
    with bench(family="sellers") as desk:
        desk.write(
            {
                "budgets.yaml": "sellerBudgets:\n"
                f"  a-daily: {{sellerId: 5, budgetType: Daily, amount: 5.00, {dates}}}\n"
                f"  b-total: {{sellerId: 5, budgetType: Uncapped, {dates}}}\n"
            }
        )

        desk.apply()

        assert [[item["budgetType"] for item in each["body"]] for each in desk.writes] == [["Uncapped", "Daily"]]


def test_a_budget_that_must_start_suspended_is_created_and_then_suspended() -> None:
    with bench(family="sellers") as desk:
        desk.write(
            {
                "budgets.yaml": "sellerBudgets: {s5: {sellerId: 5, campaignIds: [10001], budgetType: Uncapped,"
                " startDate: 2026-12-01, suspended: true}}"
            }
        )

        run = desk.apply()

        assert (run.plan.total, run.plan.bound) == (2, 2)
        assert [each["body"][0].get("isSuspended") for each in desk.writes] == [None, True]
        assert desk.plan().changes == ()
