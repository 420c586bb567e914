"""Campaigns of Retail Media in the sandbox: what is kept, computed, replaced and refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import ACCOUNT

LIST = f"/accounts/{ACCOUNT}/campaigns"
LEAST = {"name": "Summer", "isAutoDailyPacing": False}
PUT = {**LEAST, "clickAttributionWindow": "30D", "viewAttributionWindow": "none"}


def body(attributes, **more):
    return {"data": {"type": "Campaign", "attributes": attributes, **more}}


@pytest.fixture
def made(book):
    """The id of a new campaign."""
    full = {**LEAST, "budget": 1000, "dailyPacing": Decimal("50.5"), "endDate": "2026-12-31", "companyName": "Brio"}
    return book.post(LIST, body(full)).body["data"]["id"]


def read(book, key):
    return book.get(f"/campaigns/{key}").body["data"]["attributes"]


def test_a_new_campaign_has_the_defaults_of_the_api(book):
    answer = book.post(LIST, body(LEAST))
    told = answer.body["data"]["attributes"]
    assert answer.status == 201
    defaults = {"type": "auction", "clickAttributionWindow": "30D", "viewAttributionWindow": "none", "budget": None}
    computed = {"status": "inactive", "budgetSpent": 0, "budgetRemaining": None, "drawableBalanceIds": []}
    assert told == told | defaults | computed
    assert told["createdAt"] == told["updatedAt"] == "2026-11-21T09:00:00Z"
    assert read(book, answer.body["data"]["id"]) == told


def test_a_replacement_nulls_what_it_does_not_name(book, made):
    book.world.advance(60)
    assert book.put(f"/campaigns/{made}", body(PUT, id=made)).status == 200
    told = read(book, made)
    assert [told[name] for name in ("budget", "dailyPacing", "endDate", "companyName")] == [None] * 4
    assert (told["updatedAt"], told["createdAt"]) == ("2026-11-21T09:01:00Z", "2026-11-21T09:00:00Z")


def test_a_replacement_has_no_status_no_type_and_no_balances(book, made, deposit):
    balance = deposit(book)
    book.post(f"/balances/{balance}/campaigns/append", {"data": {"attributes": {"ids": [made]}}})
    changed = {**PUT, "status": "ended", "type": "preferred", "drawableBalanceIds": []}
    assert book.put(f"/campaigns/{made}", body(changed, id=made)).status == 200
    told = read(book, made)
    assert (told["type"], told["status"], told["drawableBalanceIds"]) == ("auction", "inactive", [balance])


REFUSED = {
    "no id": (PUT, {}),
    "the id of another": (PUT, {"id": "71"}),
    "no window": ({key: PUT[key] for key in PUT if key != "viewAttributionWindow"}, {"id": "own"}),
    "a taken name": ({**PUT, "name": "Campaign 71"}, {"id": "own"}),
    "no name": ({**PUT, "name": ""}, {"id": "own"}),
    "a text for a number": ({**PUT, "budget": "5"}, {"id": "own"}),
    "less than nothing": ({**PUT, "monthlyPacing": Decimal("-0.01")}, {"id": "own"}),
    "null for a flag": ({**PUT, "isAutoDailyPacing": None}, {"id": "own"}),
    "no day": ({**PUT, "endDate": "2026-02-30"}, {"id": "own"}),
}


@pytest.mark.parametrize(("attributes", "more"), REFUSED.values(), ids=REFUSED)
def test_a_replacement_that_breaks_a_rule_changes_nothing(book, made, attributes, more):
    before = read(book, made)
    answer = book.put(
        f"/campaigns/{made}",
        body(attributes, **{key: made if value == "own" else value for key, value in more.items()}),
    )
    assert (answer.status, len(answer.body["errors"])) == (400, 1)
    assert read(book, made) == before


def test_a_name_is_unique_in_its_account_alone(book):
    assert book.post(LIST, body({**LEAST, "name": "Elsewhere"})).status == 201  # account 5 has one of that name
    assert book.post(LIST, body({**LEAST, "name": "Elsewhere"})).titles == ["Invalid name"]


def test_a_preferred_campaign_must_be_uncapped(book):
    refused = book.post(LIST, body({**LEAST, "type": "preferred", "budget": 5}))
    assert (refused.status, refused.body["errors"][0]["source"]) == (400, {"budget": "data/attributes/budget"})
    assert book.post(LIST, body({**LEAST, "type": "preferred"})).status == 201


def test_a_new_campaign_draws_from_balances_of_its_account(book, deposit):
    balance = deposit(book)
    made = book.post(LIST, body({**LEAST, "drawableBalanceIds": [balance]})).body["data"]
    assert made["attributes"]["drawableBalanceIds"] == [balance]
    assert [one["id"] for one in book.get(f"/balances/{balance}/campaigns").body["data"]] == [made["id"]]
    assert book.post(LIST, body({**LEAST, "name": "N", "drawableBalanceIds": ["1"]})).status == 400


def test_a_campaign_outside_the_portfolio_is_forbidden_and_an_unknown_one_not_found(book):
    answers = [book.get(f"/campaigns/{key}").status for key in ("99", "1")]
    answers += [book.put(f"/campaigns/{key}", body(PUT, id=key)).status for key in ("99", "1")]
    assert answers == [403, 404, 403, 404]
    assert book.post("/accounts/5/campaigns", body(LEAST)).status == 403
    assert book.get("/accounts/5/campaigns").body["data"] == []


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        ({"startDate": "2026-11-22"}, "scheduled"),
        ({"startDate": "2026-11-21"}, "inactive"),
        ({"endDate": "2026-11-21"}, "inactive"),
        ({"endDate": "2026-11-20"}, "ended"),
        ({"endDate": "2026-11-20T23:00:00Z"}, "inactive"),  # the 21st in Paris
    ],
)
def test_the_status_follows_the_dates_of_the_account(book, dates, status):
    assert book.post(LIST, body({**LEAST, **dates})).body["data"]["attributes"]["status"] == status


@pytest.mark.parametrize(
    ("form", "shown"),
    [("offset", "2026-12-01T00:00:00+01:00"), ("utc", "2026-11-30T23:00:00Z"), ("day", "2026-12-01")],
)
def test_a_day_is_of_the_account_in_every_form(make_book, form, shown):
    book = make_book(retail_dates=form)
    for number, sent in enumerate(("2026-12-01", "2026-12-01T00:00:00", "2026-11-30T23:00:00Z", shown)):
        answer = book.post(LIST, body({**LEAST, "name": f"N{number}", "startDate": sent}))
        assert answer.body["data"]["attributes"]["startDate"] == shown


def test_the_server_computes_the_daily_cap_if_it_is_asked_to(book, make_book):
    auto = {**LEAST, "isAutoDailyPacing": True, "dailyPacing": 7}
    caps = [{"monthlyPacing": 900}, {"budget": 100, "startDate": "2026-12-01", "endDate": "2026-12-10"}, {}]
    answers = [book.post(LIST, body({**auto, "name": f"N{n}", **cap})) for n, cap in enumerate(caps)]
    assert [answer.body["data"]["attributes"]["dailyPacing"] for answer in answers] == [30, 10, None]
    stored = make_book(auto_daily_pacing="stored").post(LIST, body(auto))
    assert stored.body["data"]["attributes"]["dailyPacing"] == 7


def test_an_edit_by_a_user_says_when(book, made):
    book.world.advance(3600)
    book.world.edit("retailMediaCampaigns", made, {"budget": 2000}, by="ada")
    told = read(book, made)
    assert (told["budget"], told["updatedAt"]) == (2000, "2026-11-21T10:00:00Z")


@pytest.mark.parametrize("version", ["2025-10", "preview"])
def test_versions_without_the_operations_do_not_have_them(book, version):
    older = book.at(f"/{version}/retail-media")
    assert older.get("/campaigns/71").status == 404
    assert older.post(LIST, body(LEAST)).status == {"2025-10": 405, "preview": 404}[version]
    assert older.get("/line-items/1/bid-multipliers").status == 404


def test_an_older_saved_world_is_read(book):
    told = book.world.to_json()
    told["retailCampaigns"] = told.pop("retailMediaCampaigns")
    assert "71" in type(book.world).from_json(told).state.all("retailMediaCampaigns")
