"""What a list of budgets shows, and what it hides unless it is asked (contract rules 6, 55, 56, 62)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import LEGACY

WIDE = {"startBeforeDate": "2099-12-31", "endAfterDate": "2000-01-01"}


@pytest.fixture
def three(market, hold):
    """A marketplace with a budget in each status."""
    hold(market, "101", startDate="2026-09-01", endDate="2026-09-30")
    hold(market, "102", spent=Decimal(5))
    hold(market, "103", sellerId="2", startDate="2026-12-01", endDate="2026-12-31", budgetType="Daily")
    return market


def shown(answer):
    assert answer.status == 200, answer.body
    return [budget["id"] for budget in answer.body]


# --- rule 55: defaults ---


def test_by_default_finished_budgets_are_hidden(three):
    assert shown(three.get("/budgets")) == ["102", "103"]


def test_by_default_the_legacy_path_hides_scheduled_budgets_too(three):
    assert shown(three.at(LEGACY).get("/budgets")) == ["102"]


@pytest.mark.parametrize("base", ["same", LEGACY])
def test_wide_dates_show_everything(three, base):
    market = three if base == "same" else three.at(base)
    assert shown(market.get("/budgets", **WIDE)) == ["101", "102", "103"]


def test_by_the_legacy_path_the_end_defaults_to_the_start_asked(three, hold):
    hold(three, "104", sellerId="3", endDate=None)
    assert shown(three.at(LEGACY).get("/budgets", startBeforeDate="2026-12-15")) == ["103", "104"]


def test_the_end_filter_is_strict_and_the_start_filter_is_not(market, hold):
    hold(market, "101", startDate="2026-11-01", endDate="2026-11-30")
    assert shown(market.get("/budgets", endAfterDate="2026-11-30")) == []
    assert shown(market.get("/budgets", endAfterDate="2026-11-29")) == ["101"]
    assert shown(market.get("/budgets", startBeforeDate="2026-10-31")) == []
    assert shown(market.get("/budgets", startBeforeDate="2026-11-01")) == ["101"]


def test_a_budget_on_its_last_day_is_shown_and_hidden_by_the_legacy_path(market, hold):
    hold(market, "101", endDate="2026-11-21")
    assert shown(market.get("/budgets")) == ["101"]
    assert shown(market.at(LEGACY).get("/budgets")) == []


def test_an_open_end_comes_after_everything(market, hold):
    hold(market, "101", endDate=None)
    assert shown(market.get("/budgets", endAfterDate="2999-01-01")) == ["101"]


def test_a_date_filter_may_carry_a_time(three):
    assert shown(three.get("/budgets", startBeforeDate="2026-11-30T00:00:00+00:00")) == ["102"]


@pytest.mark.parametrize(
    "query", [{"startBeforeDate": "x"}, {"status": "Active"}, {"type": "daily"}, {"campaignId": "x"}]
)
def test_a_filter_that_cannot_be_read_is_refused(three, query):
    assert three.get("/budgets", **query).status == 400


# --- the filters ---


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"status": "Scheduled"}, ["103"]),
        ({"status": "Archived"}, ["101"]),
        ({"type": "Daily"}, ["103"]),
        ({"sellerId": "2"}, ["103"]),
        ({"sellerId": "7"}, []),
        ({"campaignId": 10002}, []),
        ({"campaignId": 10001}, ["101", "102", "103"]),
        ({"advertiserId": 1352}, ["101", "102", "103"]),
        ({"advertiserId": 2000}, []),
        ({"withSpend": True}, ["102"]),
        ({"withSpend": False}, ["101", "103"]),
        ({"type": "Daily", "sellerId": "1"}, []),
    ],
)
def test_filters_are_all_honoured(three, query, ids):
    assert shown(three.get("/budgets", **WIDE, **query)) == ids


def test_a_budget_without_balance_is_one_that_is_spent(market, hold):
    hold(market, "101", spent=Decimal(100))
    hold(market, "102", sellerId="2", budgetType="Uncapped", amount=None, spent=Decimal(100))
    assert shown(market.get("/budgets", withBalance=True)) == ["102"]
    assert shown(market.get("/budgets", withBalance=False)) == ["101"]


# --- the same list by other ways ---


def test_a_sellers_list_never_shows_a_finished_budget(three):
    assert shown(three.get("/sellers/1/budgets", **WIDE)) == ["102"]
    assert three.get("/sellers/7/budgets").status == 404
    assert three.get("/sellers/9/budgets").status == 403


def test_a_pairs_list_shows_what_pays_for_it(three, hold):
    hold(three, "104", campaignIds=["10002"])
    assert shown(three.get("/seller-campaigns/1.10001/budgets", **WIDE)) == ["101", "102"]


def test_an_advertisers_list_takes_a_budget_and_a_seller(three):
    assert shown(three.get("/advertisers/1352/budgets", **WIDE)) == ["101", "102", "103"]
    assert shown(three.get("/advertisers/1352/budgets", **WIDE, sellerId=2)) == ["103"]
    assert shown(three.get("/advertisers/1352/budgets", **WIDE, budgetId=101)) == ["101"]


# --- rule 6: a lost consent reads as nothing ---


def test_a_stranger_reads_as_an_advertiser_without_budgets(three):
    assert shown(three.get("/advertisers/2000/budgets", **WIDE)) == []
    assert shown(three.get("/advertisers/777/budgets", **WIDE)) == []
    assert three.get("/advertisers/x/budgets").codes == ["WithInvalidAdvertiserId"]


def test_a_stranger_can_be_refused(make_market):
    assert make_market(unknown_advertiser="refused").get("/advertisers/2000/budgets").status == 400


def test_a_revoked_consent_empties_every_list(three):
    three.world.edit("applications", "app", {"advertiserIds": []})
    for path in ("/budgets", "/seller-campaigns", "/sellers", "/advertisers", "/advertisers/1352/budgets"):
        assert three.get(path).body == []
    assert three.get("/budgets/101").status == 403


# --- rules 56 and 62 ---


def test_spend_comes_from_the_world(market, hold):
    hold(market, "101")
    market.world.edit("sellerBudgets", "101", {"spent": 12.34})
    assert market.get("/budgets/101").body["spend"] == Decimal("12.34")


def test_spend_may_be_untold(market, hold):
    hold(market, "101", spent=None)
    assert market.get("/budgets/101").body["spend"] is None


def test_a_patch_leaves_the_spend_alone(market, hold):
    hold(market, "101", spent=Decimal(7))
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "50"}]).body[0]["spend"] == 7


def test_naming_no_seller_may_be_too_much(make_market):
    market = make_market(sellers_before_timeout=2)
    assert market.get("/budgets").status == 504
    assert market.get("/budgets", sellerId="1").status == 200


def test_spend_that_moves_on_its_own_is_never_written_down(make_market, hold):
    market = make_market(spend_per_hour=Decimal(10))
    hold(market, "101")
    for hour in (1, 2):
        market.world.advance(3600)
        assert market.patch("/budgets", [{"budgetId": 101, "amount": "500"}]).body[0]["spend"] == 10 * hour
