"""Bids, why a seller-campaign rests, sellers and advertisers (contract rules 57 to 60)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import LEGACY

# --- rule 57: reasons ---


def why(market, pair="1.10001"):
    return market.get(f"/seller-campaigns/{pair}").body["suspensionReasons"]


def test_a_pair_with_a_bid_and_money_delivers(market, hold):
    hold(market, "101")
    body = market.get("/seller-campaigns/1.10001").body
    assert body == {
        "id": "1.10001",
        "sellerId": "1",
        "campaignId": 10001,
        "bid": Decimal("0.25"),
        "suspendedSince": None,
        "suspensionReasons": None,
        "productSet": None,
    }


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"startDate": "2026-12-01", "endDate": "2026-12-31"}, ["NoBudgetDefined"]),
        ({"isSuspended": True}, ["NoBudgetDefined"]),
        ({"campaignIds": ["10002"]}, ["NoBudgetDefined"]),
        ({"budgetType": "Daily"}, ["NoBudgetDefined"]),
        ({"spent": Decimal(100)}, ["NoMoreBudget"]),
        ({"budgetType": "Uncapped", "amount": None, "spent": Decimal(100)}, None),
    ],
)
def test_a_pair_rests_without_a_total_that_pays(market, hold, changes, reasons):
    hold(market, "101", **changes)
    assert why(market) == reasons


def test_a_pair_delivers_as_long_as_one_of_its_totals_pays(market, hold):
    hold(market, "101", spent=Decimal(100))
    hold(market, "102")
    assert why(market) is None


def test_an_exhausted_daily_budget_rests_its_pair(market, hold):
    hold(market, "101")
    hold(market, "102", budgetType="Daily", amount=Decimal(5), spent=Decimal(5))
    assert why(market) == ["NoMoreDailyBudget"]


@pytest.mark.parametrize(("bid", "reason"), [(None, "NoCpcDefined"), (0, "ManuallyStopped")])
def test_a_pair_without_a_bid_rests(market, hold, bid, reason):
    hold(market, "101")
    market.world.edit("sellerCampaigns", "1.10001", {"bid": bid})
    assert why(market) == [reason]


def test_facts_that_cannot_be_derived_are_told_first(market, hold):
    hold(market, "101")
    market.world.edit("sellerCampaigns", "1.10001", {"forcedReasons": ["RemovedFromCatalog"]})
    assert why(market) == ["RemovedFromCatalog"]


def test_suspended_since_is_set_when_a_pair_begins_to_rest_and_gone_when_it_delivers(market, hold):
    hold(market, "101")
    since = []
    for bid, hours in ((0, 1), (0, 1), (Decimal("0.3"), 1)):
        since.append(market.patch("/seller-campaigns", [{"id": "1.10001", "bid": bid}]).body[0]["suspendedSince"])
        market.world.advance(3600 * hours)
    assert since == ["2026-11-21T09:00:00.0000000+00:00", "2026-11-21T09:00:00.0000000+00:00", None]


def test_suspending_a_budget_rests_the_pairs_that_it_paid_for(market, hold):
    hold(market, "101")
    market.patch("/budgets", [{"budgetId": 101, "isSuspended": True}])
    assert market.get("/seller-campaigns/1.10001").body["suspendedSince"] == "2026-11-21T09:00:00.0000000+00:00"


# --- rule 58: bids ---


def test_bids_are_written_in_one_call_and_zero_is_a_bid(market):
    answer = market.patch("/seller-campaigns", [{"id": "1.10001", "bid": 0.55}, {"id": "2.10001", "bid": 0}])
    assert [(pair["id"], pair["bid"]) for pair in answer.body] == [("1.10001", Decimal("0.55")), ("2.10001", 0)]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"id": "1.10001", "bid": -0.01}, "WithInvalidBidValue"),
        ({"id": "1.10001", "bid": None}, "WithInvalidBidValue"),
        ({"id": "1.10001"}, "WithInvalidBidValue"),
        ({"id": "1.10001", "bid": "0.5"}, "WithInvalidBidValue"),
        ({"id": "1.777", "bid": 1}, "WithInvalidSellerCampaignId"),
        ({"bid": 1}, "WithInvalidSellerCampaignId"),
    ],
)
def test_one_bad_bid_takes_the_batch_down(market, item, code):
    answer = market.patch("/seller-campaigns", [{"id": "2.10001", "bid": 1}, item])
    assert (answer.status, answer.codes, answer.instances) == (400, [code], ["@data/1"])
    assert market.get("/seller-campaigns/2.10001").body["bid"] == Decimal("0.25")


def test_a_bid_of_another_accounts_seller_is_forbidden(market):
    assert market.patch("/seller-campaigns", [{"id": "9.20001", "bid": 1}]).status == 403
    assert market.get("/seller-campaigns/9.20001").status == 403


def test_a_single_bid_is_in_the_query(market):
    assert market.patch("/seller-campaigns/1.10001", bid="1.55").body["bid"] == Decimal("1.55")
    assert market.patch("/seller-campaigns/1.10001", bid="0.0001").body["bid"] == Decimal("0.0001")


@pytest.mark.parametrize("query", [{}, {"bid": "-1"}, {"bid": "x"}])
def test_a_single_bid_must_be_there_and_not_negative(market, query):
    assert market.patch("/seller-campaigns/1.10001", **query).codes == ["WithInvalidBidValue"]


def test_the_body_of_a_single_bid_is_not_looked_at(market):
    assert market.patch("/seller-campaigns/1.10001", {"bid": 9}, bid="1.5").body["bid"] == Decimal("1.5")


def test_an_unknown_pair_is_not_found(market):
    assert market.patch("/seller-campaigns/1.777", bid="1").status == 404


def test_bids_of_a_single_seller_campaign_cannot_be_set(market):
    market.world.state.put("sellerCampaigns", "1.10003", {"sellerId": "1", "campaignId": "10003", "bid": None})
    code = "WithInvalidOperationForTargetBudgetCampaign"
    assert market.patch("/seller-campaigns", [{"id": "1.10003", "bid": 1}]).codes == [code]
    assert market.patch("/seller-campaigns/1.10003", bid="1").codes == [code]


# --- rules 59 and 60 ---


def test_a_pair_can_be_created_and_doing_it_again_changes_its_bid(market):
    assert market.post("/sellers/1/seller-campaigns", {"campaignId": 10002, "bid": 0.5}).body["id"] == "1.10002"
    assert market.post("/sellers/1/seller-campaigns", {"campaignId": 10002, "bid": 0.6}).body["bid"] == Decimal("0.6")


def test_creating_a_pair_that_is_there_can_be_refused(make_market):
    market = make_market(existing_seller_campaign="refused")
    assert market.post("/sellers/1/seller-campaigns", {"campaignId": 10001, "bid": 0.5}).status == 400


@pytest.mark.parametrize(
    ("seller", "body", "status"),
    [
        ("1", {"campaignId": 7, "bid": 1}, 400),
        ("1", {"campaignId": 10002}, 400),
        ("1", {"campaignId": 10002, "bid": -1}, 400),
        ("7", {"campaignId": 10002, "bid": 1}, 404),
        ("9", {"campaignId": 10002, "bid": 1}, 403),
    ],
)
def test_a_pair_needs_a_seller_a_campaign_and_a_bid(market, seller, body, status):
    assert market.post(f"/sellers/{seller}/seller-campaigns", body).status == status


def test_creating_sellers_is_out_of_scope(market):
    assert market.post("/advertisers/1352/sellers", ["New"]).status == 501


def test_a_single_pair_was_once_read_as_an_array(make_market):
    body = make_market(seller_campaign_read="array").get("/seller-campaigns/1.10001").body
    assert [pair["id"] for pair in body] == ["1.10001"]


# --- lists ---


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["1.10001", "2.10001", "3.10001"]),
        ({"sellerId": "2"}, ["2.10001"]),
        ({"campaignId": 10002}, []),
        ({"advertiserId": 2000}, []),
        ({"sellerStatus": "Active"}, ["1.10001"]),
        ({"sellerStatus": "Inactive"}, ["2.10001", "3.10001"]),
        ({"budgetStatus": "Current"}, ["1.10001"]),
        ({"budgetStatus": "Scheduled"}, ["2.10001"]),
    ],
)
def test_pairs_are_listed_by_what_is_asked(market, hold, query, ids):
    hold(market, "101")
    hold(market, "102", sellerId="2", startDate="2026-12-01", endDate="2026-12-31")
    assert [pair["id"] for pair in market.get("/seller-campaigns", **query).body] == ids


def test_pairs_are_listed_by_seller_and_by_advertiser(market):
    assert [pair["id"] for pair in market.get("/sellers/2/seller-campaigns").body] == ["2.10001"]
    assert len(market.get("/advertisers/1352/seller-campaigns").body) == 3
    assert market.get("/advertisers/2000/seller-campaigns").body == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, ["1", "2", "3"]),
        ({"sellerName": "Seller 2"}, ["2"]),
        ({"sellerName": "seller 2"}, []),
        ({"sellerStatus": "Active"}, ["1"]),
        ({"withBudgetStatus": "Current"}, ["1"]),
        ({"campaignId": 10002}, []),
        ({"withProducts": False}, ["3"]),
        ({"advertiserId": 2000}, []),
    ],
)
def test_sellers_are_listed_by_what_is_asked(market, hold, query, ids):
    hold(market, "101")
    market.world.edit("sellers", "3", {"hasProducts": False})
    assert [seller["id"] for seller in market.get("/sellers", **query).body] == ids


def test_one_seller_is_its_id_and_name(market):
    assert market.get("/sellers/1").body == {"id": "1", "sellerName": "Seller 1"}
    assert (market.get("/sellers/7").status, market.get("/sellers/9").status) == (404, 403)


def test_advertisers_are_those_of_the_portfolio(market):
    one = {"id": 1352, "advertiserName": "Shop A", "currencyName": "EUR", "timeZoneId": "Europe/Paris"}
    assert market.get("/advertisers").body == [one]
    assert market.get("/advertisers/1352").body == one
    assert (market.get("/advertisers/2000").status, market.get("/advertisers/7").status) == (403, 404)


def test_campaigns_and_ad_sets_have_integer_ids(market):
    first = market.get("/advertisers/1352/campaigns").body[0]
    assert first == {"id": 10001, "campaignName": "Campaign 10001", "adSetDeliveryStatus": "Running", "status": 0}
    ad_set = market.get("/advertisers/1352/adsets").body[0]
    assert (ad_set["adsetId"], ad_set["advertiserId"], ad_set["status"]) == (10001, 1352, "Running")


def test_the_legacy_path_writes_campaign_ids_as_texts(market):
    assert market.at(LEGACY).get("/seller-campaigns/1.10001").body["campaignId"] == "10001"


# --- rule 14: the whole state survives being written down ---


def test_a_saved_marketplace_is_the_same_marketplace(market, hold, asked, tmp_path):
    hold(market, "101")
    market.post("/budgets", [asked()])
    market.world.save(tmp_path / "world.json")
    again = type(market)(type(market.world).load(tmp_path / "world.json"), market.base)
    assert again.get("/budgets").body == market.get("/budgets").body
    assert again.get("/seller-campaigns").body == market.get("/seller-campaigns").body
