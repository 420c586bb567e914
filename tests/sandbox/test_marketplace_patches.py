"""Patches of budgets, and what may share the same days (contract rules 51 to 53, 61)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import LEGACY, MPO

AHEAD = {"startDate": "2026-12-01", "endDate": "2026-12-31"}
PAST = {"startDate": "2026-09-01", "endDate": "2026-09-30"}


# --- rule 51: which budget, which keys ---


def test_only_the_given_keys_change(market, hold):
    before = market.get(f"/budgets/{hold(market, '101')}").body
    after = market.patch("/budgets", [{"budgetId": 101, "amount": "150.5"}]).body[0]
    assert after == before | {"amount": Decimal("150.5")}


def test_null_changes_nothing(market, hold):
    before = market.get(f"/budgets/{hold(market, '101')}").body
    item = {"budgetId": 101, "amount": None, "endDate": None, "campaignIds": None, "isSuspended": None}
    assert market.patch("/budgets", [item]).body == [before]


def test_keys_that_no_patch_knows_are_ignored(market, hold):
    hold(market, "101")
    item = {"budgetId": 101, "sellerId": "2", "budgetType": "Daily", "suspended": True, "x": 1}
    after = market.patch("/budgets", [item]).body[0]
    assert (after["sellerId"], after["budgetType"], after["isSuspended"]) == ("1", "Capped", False)


@pytest.mark.parametrize("named", [{"budgetId": 7}, {"budgetId": "101"}, {"id": "101"}, {}])
def test_a_budget_is_named_by_an_integer_that_exists(market, hold, named):
    hold(market, "101")
    assert market.patch("/budgets", [named | {"amount": "1"}]).codes == ["WithInvalidBudgetId"]


def test_an_archived_budget_cannot_be_changed(market, hold):
    hold(market, "101", **PAST)
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "5"}]).codes == ["WithInvalidBudgetId"]


def test_a_refused_patch_changes_nothing_at_all(market, hold):
    before = market.get(f"/budgets/{hold(market, '101')}").body
    market.patch("/budgets", [{"budgetId": 101, "amount": "5"}, {"budgetId": 999}])
    assert market.get("/budgets/101").body == before


def test_the_same_budget_twice_in_a_batch_takes_both_changes(market, hold):
    hold(market, "101")
    after = market.patch("/budgets", [{"budgetId": 101, "amount": "5"}, {"budgetId": 101, "isSuspended": True}]).body
    assert [(one["amount"], one["isSuspended"]) for one in after] == [(5, True), (5, True)]


def test_a_single_patch_names_its_budget_in_the_path(market, hold):
    hold(market, "101")
    assert market.patch("/budgets/101", {"amount": "5"}).body["amount"] == 5
    assert market.patch("/budgets/101", {"amount": "-5"}).codes == ["WithInvalidAmount"]
    assert market.patch("/budgets/7", {"amount": "5"}).status == 404


def test_a_budget_of_another_account_is_forbidden(market, hold):
    hold(market, "101", sellerId="9", campaignIds=["20001"])
    assert market.get("/budgets/101").status == 403
    assert market.patch("/budgets/101", {"amount": "5"}).status == 403
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "5"}]).status == 403


# --- amounts ---


@pytest.mark.parametrize("kind", ["Capped", "Daily"])
def test_an_amount_must_not_be_negative(market, hold, kind):
    hold(market, "101", budgetType=kind)
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "-1"}]).codes == ["WithInvalidAmount"]


def test_an_uncapped_budget_takes_no_amount(market, hold):
    hold(market, "101", budgetType="Uncapped", amount=None)
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "5"}]).codes == ["WithInvalidTypeForAmount"]


def test_a_capped_amount_stays_above_its_spend(market, hold):
    hold(market, "101", spent=Decimal(49))
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "48.99"}]).codes == ["WithInvalidAmount"]
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "49"}]).status == 200


def test_a_daily_amount_may_fall_below_its_last_day(market, hold):
    hold(market, "101", budgetType="Daily", spent=Decimal(49))
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "5"}]).status == 200


def test_the_legacy_path_lets_an_amount_fall_below_the_spend(market, hold):
    hold(market, "101", spent=Decimal(49))
    assert market.at(LEGACY).patch("/budgets", [{"id": "101", "amount": 48}]).status == 200


# --- campaigns ---


def test_campaigns_can_be_taken_away_but_not_added(market, hold):
    hold(market, "101", campaignIds=["10001", "10002"])
    assert market.patch("/budgets", [{"budgetId": 101, "campaignIds": [10002]}]).body[0]["campaignIds"] == [10002]
    answer = market.patch("/budgets", [{"budgetId": 101, "campaignIds": [10001, 10002]}])
    assert answer.codes == ["WithInvalidCampaignId"]


def test_a_budget_cannot_lose_its_last_campaign(market, hold):
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "campaignIds": []}]).codes == ["WithNoCampaign"]


def test_the_legacy_path_lets_campaigns_be_replaced_by_more(market, hold):
    hold(market, "101")
    answer = market.at(LEGACY).patch("/budgets", [{"id": "101", "campaignIds": ["10001", "10002"]}])
    assert answer.body[0]["campaignIds"] == ["10001", "10002"]


# --- dates, by profile ---


def test_the_end_of_a_running_budget_may_move(market, hold):
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "endDate": "2026-12-24"}]).body[0]["endDate"] == "2026-12-24"


def test_an_empty_end_opens_it(market, hold):
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "endDate": ""}]).body[0]["endDate"] == ""


@pytest.mark.parametrize("end", ["2026-11-21", "2026-11-20", "x"])
def test_an_end_must_be_in_the_future(market, hold, end):
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "endDate": end}]).codes == ["WithInvalidEndDate"]


def test_the_start_of_a_running_budget_is_fixed(market, hold):
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "startDate": "2026-11-25"}]).codes == ["WithInvalidDate"]


def test_a_budget_that_lies_ahead_may_start_another_day(market, hold):
    hold(market, "101", **AHEAD)
    after = market.patch("/budgets", [{"budgetId": 101, "startDate": "2026-12-02"}]).body[0]
    assert (after["startDate"], after["endDate"]) == ("2026-12-02", "2026-12-31")


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"startDate": "2026-11-21"}, "WithInvalidDate"),
        ({"startDate": "2026-12-31"}, "WithInvalidEndDate"),
        ({"endDate": "2026-12-01"}, "WithInvalidEndDate"),
    ],
)
def test_new_dates_lie_ahead_and_in_order(market, hold, dates, code):
    hold(market, "101", **AHEAD)
    assert market.patch("/budgets", [{"budgetId": 101} | dates]).codes == [code]


def test_by_the_guide_no_date_of_a_running_budget_may_move(market, hold):
    hold(market, "101")
    answer = market.at(LEGACY).patch("/budgets", [{"id": "101", "endDate": "2026-12-24"}])
    assert answer.codes == ["WithInvalidDate"]


def test_by_the_guide_a_budget_may_end_on_the_day_it_starts(market, hold):
    hold(market, "101", **AHEAD)
    assert market.at(LEGACY).patch("/budgets", [{"id": "101", "endDate": "2026-12-01"}]).status == 200


def test_the_date_rules_can_be_chosen_whatever_the_path(make_market, hold):
    market = make_market(budget_date_rules="seed")
    hold(market, "101")
    assert market.patch("/budgets", [{"budgetId": 101, "endDate": "2026-12-24"}]).codes == ["WithInvalidDate"]


# --- rule 52: one total and one daily budget at a time ---


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 400),
        ({"budgetType": "Uncapped", "amount": None}, 400),
        ({"startDate": "2026-12-31", "endDate": "2027-01-31"}, 400),
        ({"startDate": "2027-01-01", "endDate": "2027-01-31"}, 200),
        ({"budgetType": "Daily"}, 200),
        ({"sellerId": "2"}, 200),
        ({"campaignIds": [10002]}, 200),
        ({"campaignIds": [10002, 10001]}, 400),
    ],
)
def test_two_totals_of_a_sellers_campaign_never_share_a_day(market, hold, asked, changes, status):
    hold(market, "101", **AHEAD)
    assert market.post("/budgets", [asked(**changes)]).status == status


def test_an_open_end_reaches_every_later_budget(market, hold, asked):
    hold(market, "101", endDate=None)
    assert market.post("/budgets", [asked()]).codes == ["WithOverlappingBudget"]


def test_a_suspended_budget_leaves_its_days_free(market, hold, asked):
    hold(market, "101", **AHEAD, isSuspended=True)
    assert market.post("/budgets", [asked()]).status == 200


def test_two_items_of_one_batch_do_not_share_a_day_either(market, asked):
    answer = market.post("/budgets", [asked(), asked(startDate="2026-12-15")])
    assert (answer.instances, answer.codes) == (["@data/1"], ["WithOverlappingBudget"])


def test_resuming_a_budget_asks_again_for_its_days(market, hold, asked):
    hold(market, "101", **AHEAD, isSuspended=True)
    market.post("/budgets", [asked()])
    assert market.patch("/budgets", [{"budgetId": 101, "isSuspended": False}]).codes == ["WithOverlappingBudget"]


def test_extending_a_budget_asks_for_the_new_days(market, hold):
    hold(market, "101")
    hold(market, "102", **AHEAD)
    assert market.patch("/budgets", [{"budgetId": 101, "endDate": "2026-12-01"}]).codes == ["WithOverlappingBudget"]


def test_an_overlap_that_is_there_does_not_block_other_changes(market, hold):
    hold(market, "101")
    hold(market, "102")
    assert market.patch("/budgets", [{"budgetId": 101, "amount": "150"}]).status == 200


def test_a_finished_budget_holds_no_days_any_more(market, hold):
    hold(market, "101", endDate="2026-11-10")
    hold(market, "102", isSuspended=True)
    assert market.patch("/budgets", [{"budgetId": 102, "isSuspended": False}]).status == 200


def test_one_batch_may_hand_the_days_over(market, hold):
    hold(market, "101", **AHEAD)
    hold(market, "102", **AHEAD, isSuspended=True)
    items = [{"budgetId": 102, "isSuspended": False}, {"budgetId": 101, "isSuspended": True}]
    assert market.patch("/budgets", items).status == 200


def test_uniqueness_may_be_meant_per_seller(make_market, hold, asked):
    market = make_market(budget_uniqueness="seller")
    hold(market, "101", **AHEAD)
    assert market.post("/budgets", [asked(campaignIds=[10002])]).codes == ["WithOverlappingBudget"]


# --- rule 53: status follows the dates ---


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-11-22", None, "Scheduled"),
        ("2026-11-21", None, "Current"),
        ("2026-11-01", "2026-11-21", "Current"),
        ("2026-11-01", "2026-11-20", "Archived"),
    ],
)
def test_status_follows_the_dates(market, hold, start, end, status):
    hold(market, "101", startDate=start, endDate=end)
    assert market.get("/budgets/101").body["status"] == status


def test_status_moves_with_the_clock(market, hold):
    hold(market, "101", **AHEAD)
    seen = []
    for days in (0, 10, 31):
        market.world.advance(86400 * days)
        seen.append(market.get("/budgets/101").body["status"])
    assert seen == ["Scheduled", "Current", "Archived"]


def test_the_last_day_can_be_out(make_market, hold):
    market = make_market(budget_last_day="ends")
    hold(market, "101", startDate="2026-11-01", endDate="2026-11-21")
    assert market.get("/budgets/101").body["status"] == "Archived"


# --- rule 61: campaigns that serve one seller ---


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"amount": "50"}, []),
        ({"amount": "49.99"}, ["WithInvalidAmount"]),
        ({"amount": "50", "endDate": ""}, ["WithInvalidEndDate"]),
        ({"budgetType": "Uncapped", "amount": None}, ["WithInvalidOperationForTargetBudgetCampaign"]),
        ({"amount": "50", "campaignIds": [10003, 10002]}, ["WithInvalidOperationForTargetBudgetCampaign"]),
    ],
)
def test_a_single_seller_campaign_takes_capped_budgets_of_a_least_amount(market, asked, changes, codes):
    answer = market.post("/budgets", [asked(**{"campaignIds": [10003]} | changes)])
    assert (answer.codes if answer.status == 400 else []) == codes


def test_the_first_budget_of_a_single_seller_campaign_makes_the_seller_campaign(market, asked):
    assert market.get("/seller-campaigns/1.10003").status == 404
    market.post("/budgets", [asked(campaignIds=[10003], amount="50")])
    assert market.get("/seller-campaigns/1.10003").body["bid"] is None


# --- the legacy path speaks the guide's keys and types ---


def test_the_legacy_path_reads_and_writes_its_own_keys(market, hold):
    hold(market, "101")
    legacy = market.at(LEGACY)
    after = legacy.patch("/budgets", [{"id": "101", "suspended": True, "amount": 20.00}]).body[0]
    assert (after["suspended"], after["campaignIds"], after["amount"]) == (True, ["10001"], 20)
    assert "isSuspended" not in after


def test_the_legacy_path_does_not_know_the_keys_of_the_other(market, hold):
    hold(market, "101")
    legacy = market.at(LEGACY)
    assert legacy.patch("/budgets", [{"budgetId": 101, "amount": 5}]).codes == ["WithInvalidBudgetId"]
    assert legacy.patch("/budgets", [{"id": "101", "isSuspended": True}]).body[0]["suspended"] is False


@pytest.mark.parametrize("version", ["preview", "experimental"])
def test_the_marketplace_is_absent_from_previews(market, version):
    assert market.at(f"/{version}{MPO}").get("/budgets").status == 404
