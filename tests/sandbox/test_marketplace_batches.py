"""Batches of budgets: bare, atomic, each violation named (contract rules 45 to 50, 54)."""

from __future__ import annotations

import pytest

# --- rule 45: bare JSON, and a POST answers 200 ---


def test_a_created_budget_is_answered_bare_with_200(market, asked):
    answer = market.post("/budgets", [asked()])
    assert (answer.status, answer.body) == (
        200,
        [
            {
                "id": "1",
                "sellerId": "1",
                "campaignIds": [10001],
                "budgetType": "Capped",
                "amount": 30,
                "startDate": "2026-12-01",
                "endDate": "2026-12-31",
                "spend": 0,
                "status": "Scheduled",
                "isSuspended": False,
            }
        ],
    )


def test_a_created_budget_is_there_afterwards(market, asked):
    made = market.post("/budgets", [asked()]).body
    assert market.get("/budgets").body == made


def test_posting_twice_is_not_the_same_as_posting_once(market, asked):
    market.post("/budgets", [asked()])
    assert market.post("/budgets", [asked()]).codes == ["WithOverlappingBudget"]


# --- rule 46: all or nothing, all violations, each with its item ---


def test_one_bad_item_takes_the_whole_batch_down(market, asked):
    answer = market.post("/budgets", [asked(), asked(sellerId="2", amount="-1")])
    assert answer.status == 400
    assert market.get("/budgets", startBeforeDate="2099-01-01").body == []


def test_every_violation_is_told_with_the_place_of_its_item(market, asked):
    items = [asked(sellerId="7"), asked(), asked(sellerId="2", budgetType="Uncapped", endDate="2026-12-01")]
    answer = market.post("/budgets", items)
    assert list(zip(answer.instances, answer.codes, strict=True)) == [
        ("@data/0", "WithInvalidSellerId"),
        ("@data/2", "WithInvalidTypeForAmount"),
        ("@data/2", "WithInvalidEndDate"),
    ]


def test_only_the_first_violation_is_told_if_the_options_say_so(make_market, asked):
    market = make_market(marketplace_violations="first")
    assert len(market.post("/budgets", [asked(sellerId="7"), asked(sellerId="8")]).codes) == 1


@pytest.mark.parametrize(("shape", "kind"), [("list", list), ("object", dict)])
def test_a_refusal_can_be_bare(make_market, asked, shape, kind):
    body = make_market(marketplace_errors=shape).post("/budgets", [asked(sellerId="7")]).body
    problem = body[0] if shape == "list" else body
    assert isinstance(body, kind)
    assert (problem["code"], problem["instance"]) == ("WithInvalidSellerId", "@data/0")


@pytest.mark.parametrize("body", [[], {}, {"data": []}, "x"])
def test_a_body_that_is_no_array_with_items_is_refused(market, body):
    assert market.post("/budgets", body).status == 400
    assert market.patch("/budgets", body).status == 400
    assert market.patch("/seller-campaigns", body).status == 400


# --- rule 47: 2,000 items at most ---


def test_two_thousand_budgets_go_in_one_call(market, asked):
    items = [asked(startDate=f"{2027 + i}-01-01", endDate=f"{2027 + i}-12-31") for i in range(2000)]
    assert len(market.post("/budgets", items).body) == 2000


def test_one_more_than_two_thousand_is_too_large(market, asked):
    assert market.post("/budgets", [asked()] * 2001).status == 413
    assert market.patch("/budgets", [{"budgetId": 1}] * 2001).status == 413
    assert market.patch("/seller-campaigns", [{"id": "1.10001", "bid": 1}] * 2001).status == 413


# --- rules 48 to 50: what one item may hold ---


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sellerId": "7"}, "WithInvalidSellerId"),
        ({"sellerId": 1}, "WithInvalidSellerId"),
        ({"sellerId": ...}, "WithInvalidSellerId"),
        ({"campaignIds": []}, "WithNoCampaign"),
        ({"campaignIds": ...}, "WithNoCampaign"),
        ({"campaignIds": [7]}, "WithInvalidCampaignId"),
        ({"campaignIds": [20001]}, "WithInvalidCampaignId"),
        ({"campaignIds": ["10001"]}, "WithInvalidCampaignId"),
        ({"budgetType": "capped"}, "WithInvalidBudgetType"),
        ({"budgetType": "Uncapped"}, "WithInvalidTypeForAmount"),
        ({"amount": ...}, "WithInvalidAmount"),
        ({"amount": "-0.01"}, "WithInvalidAmount"),
        ({"amount": "ten"}, "WithInvalidAmount"),
        ({"amount": "1_000"}, "WithInvalidAmount"),
        ({"amount": "1e99"}, "WithInvalidAmount"),
        ({"amount": "NaN"}, "WithInvalidAmount"),
        ({"amount": True}, "WithInvalidAmount"),
        ({"budgetType": "Daily", "amount": None}, "WithInvalidAmount"),
        ({"startDate": ...}, "WithInvalidDate"),
        ({"startDate": "01/12/2026"}, "WithInvalidDate"),
        ({"startDate": "2026-11-21"}, "WithInvalidDate"),
        ({"startDate": "2026-11-20"}, "WithInvalidDate"),
        ({"endDate": "soon"}, "WithInvalidEndDate"),
        ({"endDate": "2026-11-30"}, "WithInvalidEndDate"),
        ({"endDate": "2026-12-01"}, "WithInvalidEndDate"),
        ({"isSuspended": True}, "WithInvalidProperty"),
        ({"id": "5"}, "WithInvalidProperty"),
    ],
)
def test_a_budget_is_refused_for_what_one_key_holds(market, asked, changes, code):
    assert market.post("/budgets", [asked(**changes)]).codes == [code]


@pytest.mark.parametrize("amount", ["30", "30.00", 30, "0"])
def test_an_amount_may_be_a_text_or_a_number(market, asked, amount):
    assert market.post("/budgets", [asked(amount=amount)]).status == 200


def test_an_amount_keeps_its_digits(market, asked):
    assert str(market.post("/budgets", [asked(amount="12345678901234.57")]).body[0]["amount"]) == "12345678901234.57"


@pytest.mark.parametrize("end", [..., "", None])
def test_a_budget_without_an_end_is_open(market, asked, end):
    assert market.post("/budgets", [asked(endDate=end)]).body[0]["endDate"] == ""


def test_the_time_of_a_start_is_ignored(market, asked):
    assert market.post("/budgets", [asked(startDate="2026-12-01T23:59:59Z")]).body[0]["startDate"] == "2026-12-01"


def test_a_start_today_is_accepted_if_the_options_say_so(make_market, asked):
    market = make_market(budget_start_today="accepted")
    assert market.post("/budgets", [asked(startDate="2026-11-21")]).status == 200
    assert market.post("/budgets", [asked(sellerId="2", startDate="2026-11-20")]).status == 400


def test_today_is_the_day_of_the_zone_that_the_options_name(make_market, asked):
    market = make_market(budget_time_zone="Pacific/Kiritimati")
    market.world.advance(3600 * 2)  # 11:00 in UTC is 01:00 of the next day there
    assert market.post("/budgets", [asked(startDate="2026-11-22")]).codes == ["WithInvalidDate"]


def test_foreign_keys_are_ignored_if_the_options_say_so(make_market, asked):
    market = make_market(budget_foreign_keys="ignored")
    assert market.post("/budgets", [asked(isSuspended=True)]).body[0]["isSuspended"] is False


def test_a_seller_of_another_account_is_forbidden(market, asked):
    answer = market.post("/budgets", [asked(sellerId="9")])
    assert (answer.status, answer.codes) == (403, ["insufficient-advertiser-permissions"])


# --- rule 54: ids ascend ---


def test_ids_ascend_in_the_order_of_the_request(market, asked):
    made = market.post("/budgets", [asked(sellerId=one) for one in ("3", "1", "2")]).body
    assert [(budget["id"], budget["sellerId"]) for budget in made] == [("1", "3"), ("2", "1"), ("3", "2")]


def test_the_answer_may_come_in_another_order(make_market, asked):
    market = make_market(budget_answer_order="reversed")
    made = market.post("/budgets", [asked(sellerId=one) for one in ("1", "2")]).body
    assert [budget["sellerId"] for budget in made] == ["2", "1"]


def test_a_refused_batch_uses_up_no_id(market, asked):
    market.post("/budgets", [asked(), asked(sellerId="7")])
    assert market.post("/budgets", [asked()]).body[0]["id"] == "1"
