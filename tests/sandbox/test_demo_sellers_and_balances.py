"""The demo's marketplace and account: what tutorials count on, and room for the example project."""

from __future__ import annotations

import pytest

from reconciler.sandbox.world import World

from .small_worlds import ACCOUNT, MPO, Client


@pytest.fixture
def world():
    """The demo, its clock frozen."""
    world = World.demo(running=False)
    for client_id in ("sandbox-ms", "sandbox-rm"):
        world.state.put("tokens", client_id, {"clientId": client_id, "expiresAt": "2999-01-01T00:00:00Z"})
    return world


@pytest.fixture
def market(world):
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})
    return Client(world, "/2026-07" + MPO)


@pytest.fixture
def book(world):
    world.state.put("tokens", "token", {"clientId": "sandbox-rm", "expiresAt": "2999-01-01T00:00:00Z"})
    return Client(world, "/2026-07/retail-media")


def test_the_marketplace_has_a_budget_in_each_status_and_a_bid_of_each_sort(market):
    budgets = market.get("/budgets", startBeforeDate="2099-01-01", endAfterDate="2000-01-01").body
    assert {one["status"] for one in budgets} == {"Archived", "Current", "Scheduled"}
    assert {one["budgetType"] for one in budgets} == {"Capped", "Uncapped", "Daily"}
    bids = {one["id"]: one["bid"] for one in market.get("/seller-campaigns").body}
    assert (bids["3.10001"], bids["4.10001"]) == (None, 0)
    assert len(market.get("/sellers").body) == 10


def test_the_example_project_finds_room_in_the_marketplace(market):
    budget = {"sellerId": "1", "campaignIds": [10001], "budgetType": "Capped", "amount": "30"}
    dates = {"startDate": "2026-12-01", "endDate": "2026-12-31"}
    assert market.post("/budgets", [budget | dates]).status == 200
    assert market.get("/seller-campaigns/1.10001").status == 200


def test_the_account_has_a_balance_of_each_sort(book):
    rows = [one["attributes"] for one in book.get(f"/accounts/{ACCOUNT}/balances").body["data"]]
    assert {one["balanceType"] for one in rows} == {"capped", "uncapped"}
    assert {one["privateMarketBillingType"] for one in rows} == {"billByRetailer", "billByCriteo"}
    assert any(one["spent"] > 0 for one in rows)


def test_the_example_project_finds_room_in_the_account(book):
    attributes = {"name": "Q1", "startDate": "2027-01-01", "deposited": 5000, "spendType": "Onsite"}
    made = book.post(f"/accounts/{ACCOUNT}/balances", {"data": {"attributes": attributes}})
    assert made.status == 201
    body = {"data": {"attributes": {"ids": ["71", "72"]}}}
    path = f"/balances/{made.body['data']['id']}/campaigns/append"
    assert book.post(path, body).body["data"]["attributes"]["ids"] == ["71", "72"]


def test_a_balance_of_the_demo_was_made_by_a_person(book):
    first = book.get(f"/accounts/{ACCOUNT}/balances").body["data"][0]["id"]
    rows = book.get(f"/balances/{first}/history").body["data"]
    assert [(one["attributes"]["changeType"], one["attributes"]["modifiedByUser"]) for one in rows] == [
        ("balanceCreated", "Kip Heaney")
    ]
