"""The catalogue of marketplace refusals (contract §8.6): caught before any call, or shown as the API says it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ....support.bench import bench
from ....support.readings import errors, fates, marked, reasons

NEW = "budgetType: Capped, amount: 30.00, startDate: 2026-12-01"
CAUGHT = {
    "WithInvalidSellerId": (
        f"sellerBudgets: {{b: {{sellerId: ▶99, campaignIds: [10001], {NEW}}}}}\n",
        "unknown-seller",
    ),
    "WithInvalidSellerId of a bid": (
        "sellerCampaigns: {c: {sellerId: ▶99, campaignId: 10001, bid: 0.5}}\n",
        "unknown-seller",
    ),
    "WithInvalidBudgetId": ("sellerBudgets: {b: {id: ▶999, amount: 30.00}}\n", "not-found"),
    "WithInvalidCampaignId": (
        f"sellerBudgets: {{b: {{sellerId: 5, campaignIds: ▶[10001, 10009], {NEW}}}}}\n",
        "unknown-campaign",
    ),
    "WithInvalidCampaignId of a bid": (
        "sellerCampaigns: {c: {sellerId: 5, campaignId: ▶10009, bid: 0.5}}\n",
        "unknown-campaign",
    ),
    "WithInvalidCampaignId, by its size": (
        f"sellerBudgets: {{b: {{sellerId: 5, campaignIds: [▶4294967296], {NEW}}}}}\n",
        "bad-id",
    ),
    "WithInvalidSellerCampaignId": (
        "sellerCampaigns: {c: {sellerId: ▶5.10001, campaignId: 10001, bid: 0.5}}\n",
        "wrong-type",
    ),
    "WithInvalidTypeForAmount": (
        "sellerBudgets: {b: {sellerId: 5, campaignIds: [10001], budgetType: Uncapped, amount: ▶5,"
        " startDate: 2026-12-01}}\n",
        "amount-uncapped",
    ),
    "WithInvalidBidValue": ("sellerCampaigns: {c: {sellerId: 5, campaignId: 10001, bid: ▶-1}}\n", "out-of-range"),
    "WithInvalidDate": (
        "sellerBudgets: {b: {sellerId: 5, campaignIds: [10001], budgetType: Capped, amount: 9,"
        " startDate: ▶2026-11-20}}\n",
        "start-not-future",
    ),
    "WithInvalidEndDate": (
        f"sellerBudgets: {{b: {{sellerId: 5, campaignIds: [10001], {NEW}, endDate: ▶2026-11-30}}}}\n",
        "end-before-start",
    ),
    "WithInvalidEndDate of a live one": ("sellerBudgets: {b: {id: 101, endDate: ▶2026-11-20}}\n", "end-not-future"),
    "no campaign": (f"sellerBudgets: {{b: {{sellerId: 5, campaignIds: ▶[], {NEW}}}}}\n", "empty-list"),
}


@pytest.mark.parametrize("refusal", CAUGHT)
def test_is_caught_before_any_call(refusal: str) -> None:
    text, code = CAUGHT[refusal]
    yaml, places = marked(text)
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": yaml})

        run = desk.apply()

        assert errors(run) == [(places[0], code)]
        assert desk.writes == []


def test_an_advertiser_that_is_not_ours_is_caught_before_any_list() -> None:
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": "sellerCampaigns: {c: {sellerId: 5, campaignId: 10001, bid: 0.5}}\n"})
        file = desk.folder / "reconciler.yaml"
        file.write_text(file.read_text().replace('"1352"', '"1352", "2000"'))

        run = desk.apply()

        assert [code for _, code in errors(run)] == ["out-of-portfolio"]
        assert not any("marketplace" in each["path"] for each in desk.world.log)


BUDGETS = "sellerBudgets:\n  b: {id: 101, amount: ▶600.00}\n"
BIDS = "sellerCampaigns:\n  c: {sellerId: 5, campaignId: 10001, bid: ▶0.5}\n"
SHOWN = {
    "WithInvalidSellerId": BUDGETS,
    "WithInvalidBudgetId": BUDGETS,
    "WithInvalidCampaignId": BUDGETS,
    "WithInvalidTypeForAmount": BUDGETS,
    "WithInvalidDate": BUDGETS,
    "WithInvalidEndDate": BUDGETS,
    "WithInvalidSellerCampaignId": BIDS,
    "WithInvalidOperationForTargetBudgetCampaign": BIDS,
    "WithInvalidBidValue": BIDS,
    "WithACodeThatNobodyPublished": BIDS,
}


@pytest.mark.parametrize("code", SHOWN)
def test_is_shown_as_the_api_says_it_at_the_value_that_was_sent(code: str) -> None:
    yaml, places = marked(SHOWN[code])
    said = {"errors": [{"code": code, "title": "Bad request", "detail": "the API's own words", "instance": "@data/0"}]}
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": yaml})
        desk.world.inject({"kind": "status", "method": "PATCH", "path": "*", "status": 400, "body": said})

        run = desk.apply()

        (key,) = {each.item.address.key for each in run.outcomes}
        assert set(fates(run).values()) == {"rejected"}
        assert reasons(run, key) == [(places[0], code)]
        assert "the API's own words" in desk.report(run, "text")


def test_the_bid_of_a_single_seller_campaign_is_refused_by_the_api_at_its_line() -> None:
    yaml, places = marked("sellerCampaigns:\n  c: {sellerId: 5, campaignId: 10001, bid: ▶0.5}\n")
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": yaml})
        campaign = desk.world.state.all("campaigns")["10001"]
        desk.world.state.put("campaigns", "10001", {**campaign, "targetBudgetMinimum": Decimal(50)})

        run = desk.apply()

        assert reasons(run, "c") == [(places[0], "WithInvalidOperationForTargetBudgetCampaign")]


def test_a_code_that_names_a_field_is_shown_at_that_field() -> None:
    yaml, places = marked("sellerBudgets:\n  b: {id: 104, amount: 310.00, endDate: ▶2027-02-28}\n")
    said = {"errors": [{"code": "WithInvalidEndDate", "instance": "@data/0"}]}
    with bench(family="sellers") as desk:
        desk.write({"a.yaml": yaml})
        desk.world.inject({"kind": "status", "method": "PATCH", "path": "*", "status": 400, "body": said})

        run = desk.apply()

        assert reasons(run, "b") == [(places[0], "WithInvalidEndDate")]
