"""Whatever is sent, the marketplace and the balances answer; and what they refuse has changed nothing."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox.retail.seed import line_item

from .small_worlds import ACCOUNT, MPO, accounts, marketplace

NUMBERS = [0, -1, Decimal(10) ** 30, Decimal("0.1")]
TEXTS = ["", "x", "🥝", "2026-12-01", "9999-12-31", "0001-01-01", "1" * 5000]
STRANGE = st.sampled_from([None, True, *NUMBERS, *TEXTS, [], {}, [None], {"value": {}}])
ID = "697385288434028544"
LIST = f"/2026-07/retail-media/accounts/{ACCOUNT}/balances"
BUDGET = {
    "sellerId": "1",
    "campaignIds": [10001],
    "budgetType": "Capped",
    "amount": "5",
    "startDate": "2026-12-01",
    "endDate": "2026-12-31",
}
BALANCE = {"name": "Q1", "startDate": "2027-01-01", "endDate": "2027-02-01", "deposited": 5, "spendType": "Onsite"}
SELLER_CALLS = [
    ("POST", f"/2026-07{MPO}/budgets", [BUDGET]),
    ("PATCH", f"/2026-07{MPO}/budgets", [{"budgetId": 101, "isSuspended": True, **BUDGET}]),
    ("PATCH", "/legacy/offsite-ads/budgets", [{"id": "101", "suspended": True, **BUDGET}]),
    ("PATCH", f"/2026-07{MPO}/budgets/101", BUDGET),
    ("PATCH", f"/2026-07{MPO}/seller-campaigns", [{"id": "1.10001", "bid": 1}]),
    ("POST", f"/2026-07{MPO}/sellers/1/seller-campaigns", {"campaignId": 10002, "bid": 1}),
]
ACCOUNT_CALLS = [
    ("POST", LIST, {"data": {"attributes": BALANCE}}),
    ("PATCH", f"{LIST}/{ID}", {"data": {"attributes": {"name": "N", "endDate": {"value": "2027-01-01"}}}}),
    ("POST", f"{LIST}/{ID}/add-funds", {"data": {"attributes": {"deltaAmount": 5, "memo": "m"}}}),
    ("POST", f"{LIST}/{ID}/change-dates", {"data": {"attributes": {"startDate": "2026-12-01"}}}),
    ("POST", f"/2026-07/retail-media/balances/{ID}/campaigns/append", {"data": {"attributes": {"ids": ["71"]}}}),
    ("POST", f"/2026-01/retail-media/balances/{ID}/campaigns/append", {"data": [{"id": "71"}]}),
]
RETAIL = "/2026-07/retail-media"
CAMPAIGN = {"name": "Summer", "isAutoDailyPacing": False, "budget": 5, "endDate": "2026-12-31", "companyName": "Brio"}
LEG = {"dayOfWeek": "monday", "startTime": "08:00", "endTime": "20:00"}
ITEM = {"name": "Mugs", "startDate": "2026-12-01", "budget": 5, "flightSchedule": {"legs": [LEG]}}
DAILY = [{"startDate": "2026-12-01", "duration": "1D", "maxDailySpend": 5, "status": None}]
MONTHLY = [{"startMonth": "2026-12", "duration": "2M", "maxMonthlySpend": 5}]
ITEM_LISTS = {"dailyLineItemBudgetOverrides": DAILY, "monthlyLineItemBudgetOverrides": MONTHLY}
WINDOWS = {"clickAttributionWindow": "7D", "viewAttributionWindow": "1D"}
RETAIL_CALLS = [
    ("POST", f"/accounts/{ACCOUNT}/campaigns", CAMPAIGN | {"drawableBalanceIds": [ID], "retailerId": 44}),
    ("PUT", "/campaigns/71", CAMPAIGN | WINDOWS),
    (
        "PUT",
        "/campaigns/71/campaign-budget-overrides",
        {"dailyBudgetOverrides": DAILY, "monthlyBudgetOverrides": MONTHLY},
    ),
    ("POST", "/campaigns/71/auction-line-items", ITEM | {"targetRetailerId": "44", "keywordStrategy": "conquesting"}),
    ("PUT", "/auction-line-items/9", ITEM | {"status": "paused", "isAutoDailyPacing": True, "targetBid": 1}),
    ("PUT", "/line-items/9/line-item-budget-overrides", ITEM_LISTS),
    ("PUT", "/line-items/9/bid-multipliers", {"search": 1}),
    ("POST", "/retailers/44/cpc-min-bids", {"skuIds": ["a"]}),
]


def places(value, path=()):
    """Every place in a body, its root included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def replaced(value, path, strange):
    """The body with one place replaced."""
    if not path:
        return strange
    body = deepcopy(value)
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = strange
    return body


def records(world):
    own = ("tokens", "windows", "counters")
    return {name: dict(rows) for name, rows in world.state.collections.items() if name not in own}


def tried(client, method, path, body):
    before = records(client.world)
    answer = client.call(method, path, body, {})
    assert answer.status in (200, 201, 400)
    if answer.status == 400:
        assert records(client.world) == before


FAST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(("method", "path", "body"), SELLER_CALLS)
@FAST
@given(data=st.data())
def test_a_strange_value_anywhere_is_answered_by_the_marketplace(hold, method, path, body, data):
    client = marketplace().at("")
    hold(client, "101", startDate="2026-12-05")
    place = data.draw(st.sampled_from(list(places(body))))
    tried(client, method, path, replaced(body, place, data.draw(STRANGE)))


@pytest.mark.parametrize(("method", "path", "body"), ACCOUNT_CALLS)
@FAST
@given(data=st.data())
def test_a_strange_value_anywhere_is_answered_by_the_account(deposit, method, path, body, data):
    client = accounts().at("")
    deposit(client, ID)
    place = data.draw(st.sampled_from(list(places(body))))
    tried(client, method, path, replaced(body, place, data.draw(STRANGE)))


@pytest.mark.parametrize(("method", "path", "attributes"), RETAIL_CALLS, ids=[call[1] for call in RETAIL_CALLS])
@FAST
@given(data=st.data())
def test_a_strange_value_anywhere_is_answered_about_campaigns_and_line_items(deposit, method, path, attributes, data):
    client = accounts().at(RETAIL)
    deposit(client, ID)
    client.world.state.put("lineItems", "9", line_item("71", "Tea", targetRetailerId="44"))
    body = {"data": {"type": "x", "attributes": attributes}}
    if path == "/campaigns/71":
        body["data"]["id"] = "71"
    place = data.draw(st.sampled_from(list(places(body))))
    tried(client, method, path, replaced(body, place, data.draw(STRANGE)))
    for read in (
        "/campaigns/71",
        "/auction-line-items/9",
        f"/accounts/{ACCOUNT}/line-items",
        f"/accounts/{ACCOUNT}/campaigns",
    ):
        assert client.get(read).status == 200


QUERIES = [
    "offset",
    "limit",
    "pageIndex",
    "pageSize",
    "limitToId",
    "limit-to-id",
    "limitToChangeTypes",
    "limitToType",
    "bid",
]
QUERIES += ["sellerId", "campaignId", "advertiserId", "budgetId", "status", "startBeforeDate", "endAfterDate"]
WORDS = ["", "x", "-1", "1" * 5000, "2026-13-01", "١", "1e999999999", "NaN", "true", ","]


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("text", WORDS, ids=range(len(WORDS)))
def test_a_strange_query_is_answered(hold, deposit, name, text):
    market, book = marketplace().at(f"/2026-07{MPO}"), accounts().at("/2026-07/retail-media")
    hold(market, "101")
    deposit(book, ID)
    paths = [(market, "/budgets"), (market, "/advertisers/1352/budgets"), (market, "/seller-campaigns")]
    paths += [(book, f"/accounts/{ACCOUNT}/{name}") for name in ("campaigns", "line-items")]
    paths += [
        (book, "/campaigns/71/auction-line-items"),
        (book, f"/accounts/{ACCOUNT}/balances"),
        (book, f"/balances/{ID}/history"),
        (book, "/accounts"),
    ]
    for client, path in paths:
        assert client.get(path, **{name: text}).status in (200, 400)
    assert market.patch("/seller-campaigns/1.10001", **{name: text}).status in (200, 400)
