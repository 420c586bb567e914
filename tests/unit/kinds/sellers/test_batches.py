"""Batches of the marketplace are all or nothing: the plan says so, and a refusal is told to the line."""

from __future__ import annotations

import pytest

from ....support.bench import Bench, bench
from ....support.readings import fates, reasons

BACK_ENDS = ("2026-07", "legacy")
SHAPES = ("errors", "list", "object")
REFUSED = {"errors": [{"code": "not-now", "title": "Not now"}]}
"""A refusal of the API itself: an empty body proves nothing (contract §9 rule 5)."""
THREE = """\
defaults: {sellerBudgets: {campaignIds: [10001], budgetType: Capped, startDate: 2026-12-01}}
sellerBudgets:
  good: {sellerId: 5, amount: 10.00}
  late: {sellerId: 6, amount: 20.00, endDate: 2026-12-09}
  fine: {sellerId: 7, amount: 30.00}
"""


def overtaken(desk: Bench) -> None:
    """Between the plan and the first write, at the look before it, it becomes 2026-12-10: the batch is refused for its
    dates."""
    desk.world.inject({"kind": "advance", "method": "GET", "path": "*/budgets", "nth": 2, "seconds": 19 * 86400})


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_the_plan_says_that_a_batch_is_all_or_nothing(back_end: str) -> None:
    with bench(family="sellers", version=back_end) as desk:
        desk.write({"a.yaml": THREE})

        text = desk.report(desk.plan(), "text")

        assert "3 items  all or nothing" in text


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_one_refused_item_applies_nothing_and_is_named_at_its_line(back_end: str) -> None:
    refusal = {
        "kind": "status",
        "method": "POST",
        "path": "*/budgets",
        "status": 400,
        "body": {"errors": [{"code": "WithInvalidEndDate", "title": "Bad request", "instance": "@data/2"}]},
    }
    with bench(family="sellers", version=back_end) as desk:
        desk.write({"a.yaml": THREE})
        desk.world.inject(refusal)
        before = len(desk.world.state.all("sellerBudgets"))

        run = desk.apply()

        assert len(desk.world.state.all("sellerBudgets")) == before
        assert set(fates(run).values()) == {"rejected"}
        assert reasons(run, "late") == [("4:47", "WithInvalidEndDate")]
        assert reasons(run, "good") == [("3:3", "batch-refused")]
        assert reasons(run, "fine") == [("5:3", "batch-refused")]


def test_what_is_refused_is_in_the_next_plan_again() -> None:
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": THREE})
        desk.world.inject({"kind": "status", "method": "POST", "path": "*/budgets", "status": 400, "body": REFUSED})
        desk.apply()

        again = desk.plan()

        assert [str(each.address.key) for each in again.changes] == ["good", "late", "fine"]


def test_a_day_that_passes_between_plan_and_write_refuses_the_whole_batch() -> None:
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": THREE})
        overtaken(desk)

        run = desk.apply()

        assert set(fates(run).values()) == {"rejected"}
        assert {code for _, code in reasons(run, "good")} == {"WithInvalidDate"}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_refusal_is_told_in_whatever_shape_it_comes(shape: str) -> None:
    with bench(family="sellers", marketplace_errors=shape) as desk:
        desk.write({"a.yaml": THREE})
        overtaken(desk)

        run = desk.apply()

        assert set(fates(run).values()) == {"rejected"}
        assert "WithInvalidDate" in {code for key in ("good", "late", "fine") for _, code in reasons(run, key)}


def test_a_refused_bid_refuses_the_bids_and_not_the_budgets() -> None:
    bids = "sellerCampaigns:\n  five: {sellerId: 5, campaignId: 10001, bid: 0.50}\n"
    bids += "  six: {sellerId: 6, campaignId: 10001, bid: 0.60}\n"
    fault = {
        "kind": "status",
        "path": "*/seller-campaigns",
        "method": "PATCH",
        "status": 400,
        "body": {"errors": [{"code": "WithInvalidBidValue", "instance": "@data/1"}]},
    }
    with bench(family="sellers") as desk:
        desk.write({"bids.yaml": bids, "budgets.yaml": THREE})
        desk.world.inject(fault)

        run = desk.apply()

        assert fates(run) == {
            "good create": "applied",
            "late create": "applied",
            "fine create": "applied",
            "five bids": "rejected",
            "six bids": "rejected",
        }
        assert reasons(run, "six") == [("3:46", "WithInvalidBidValue")]
        assert reasons(run, "five") == [("2:47", "batch-refused")]


def test_a_thousand_offenders_are_not_listed_a_thousand_times() -> None:
    many = "".join(f"  s{number}: {{sellerId: {number}, campaignId: 10001, bid: 0.9}}\n" for number in range(1, 11))
    offenders = [{"code": "WithInvalidBidValue", "instance": f"@data/{index}"} for index in range(9)]
    with bench(family="sellers") as desk:
        desk.write({"bids.yaml": f"sellerCampaigns:\n{many}"})
        desk.world.inject(
            {"kind": "status", "method": "PATCH", "path": "*", "status": 400, "body": {"errors": offenders}}
        )

        run = desk.apply()

        (told,) = [problem for each in run.outcomes for problem in each.problems if problem.code == "batch-refused"]
        assert told.message.endswith("and 6 more")


@pytest.mark.parametrize("order", ["request", "reversed"])
def test_created_budgets_are_known_again_in_whatever_order_they_are_answered(order: str) -> None:
    with bench(family="sellers", budget_answer_order=order) as desk:
        desk.write({"a.yaml": THREE})

        run = desk.apply()

        ids = {str(each.item.address.key): each.id for each in run.outcomes}
        stored = desk.world.state.all("sellerBudgets")
        assert {key: stored[str(id)]["sellerId"] for key, id in ids.items()} == {"good": "5", "late": "6", "fine": "7"}


def test_a_batch_of_budgets_whose_answer_is_lost_is_found_and_not_sent_again() -> None:
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": THREE})
        desk.world.inject({"kind": "lost_answer", "method": "POST", "path": "*/budgets"})

        run = desk.apply()

        assert set(fates(run).values()) == {"applied"}
        assert len(desk.writes) == 1
        assert desk.plan().changes == ()
