"""Auction line items in the sandbox: drafts, intents, computed statuses, bids, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import ACCOUNT

LIST = "/campaigns/71/auction-line-items"
LEAST = {"name": "Tea", "startDate": "2026-11-01", "targetRetailerId": "44"}
PUT = {"name": "Tea", "startDate": "2026-11-01", "status": "active", "isAutoDailyPacing": False}


def body(attributes):
    return {"data": {"type": "SponsoredProducts", "attributes": attributes}}


@pytest.fixture
def funded(book, deposit):
    """The account with a funded balance behind campaign 71."""
    balance = deposit(book)
    book.post(f"/balances/{balance}/campaigns/append", {"data": {"attributes": {"ids": ["71"]}}})
    return book


@pytest.fixture
def made(funded):
    """The id of a new line item with a bid and caps."""
    more = {
        "bidStrategy": "automated",
        "optimizationStrategy": "revenue",
        "maxBid": 2,
        "keywordStrategy": "conquesting",
    }
    return funded.post(LIST, body({**LEAST, "budget": 100, "targetBid": 1, **more})).body["data"]["id"]


def read(book, key):
    return book.get(f"/auction-line-items/{key}").body["data"]["attributes"]


def put(book, key, **changes):
    return book.put(f"/auction-line-items/{key}", body({**PUT, **changes}))


def test_a_new_line_item_is_a_draft_with_the_defaults_of_the_api(book):
    told = book.post(LIST, body(LEAST)).body["data"]["attributes"]
    defaults = {"bidStrategy": "manual", "optimizationStrategy": "conversion", "isAutoDailyPacing": False}
    assert told == told | defaults | {"status": "draft", "campaignId": "71", "budgetRemaining": None}


def test_a_replacement_nulls_or_defaults_what_it_does_not_name(funded, made):
    assert put(funded, made).status == 200
    told = read(funded, made)
    assert [told[name] for name in ("budget", "targetBid", "maxBid")] == [None] * 3
    assert (told["bidStrategy"], told["optimizationStrategy"]) == ("manual", "conversion")
    assert (told["keywordStrategy"], told["targetRetailerId"]) == ("conquesting", "44")  # fixed when it was created


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "active"),
        ({"status": "paused"}, "paused"),
        ({"status": "draft"}, "draft"),
        ({"startDate": "2026-11-22"}, "scheduled"),
        ({"budget": 0}, "budgetHit"),
        ({"endDate": "2026-11-20"}, "ended"),
        ({"status": "paused", "endDate": "2026-11-20"}, "ended"),
    ],
)
def test_the_status_is_an_intent_until_dates_or_budgets_decide(funded, made, changes, status):
    assert put(funded, made, **changes).status == 200
    assert read(funded, made)["status"] == status


def test_without_funds_nothing_delivers_and_a_delivering_item_makes_its_campaign_active(funded, made):
    put(funded, made)
    assert funded.get("/campaigns/71").body["data"]["attributes"]["status"] == "active"
    for key in funded.world.state.all("balances"):
        funded.world.edit("balances", key, {"spent": 1000})
    assert read(funded, made)["status"] == "noFunds"
    assert funded.get("/campaigns/71").body["data"]["attributes"]["status"] == "inactive"


def test_spend_hits_the_budget_and_a_higher_one_frees_it(funded, made):
    put(funded, made, budget=100)
    funded.world.edit("lineItems", made, {"spent": Decimal("100.5")})
    told = read(funded, made)
    assert (told["status"], told["budgetSpent"], told["budgetRemaining"]) == ("budgetHit", 100.5, -0.5)
    put(funded, made, budget=200)
    assert read(funded, made)["status"] == "active"


def test_a_line_item_is_archived_ninety_days_after_its_end_and_cannot_be_changed(funded, made):
    put(funded, made, endDate="2026-11-21")
    day = 24 * 3600
    statuses = []
    for days in (1, 88, 1):
        funded.world.advance(days * day)
        funded.world.state.put("tokens", "token", {"clientId": "app", "expiresAt": "2999-01-01T00:00:00Z"})
        statuses.append(read(funded, made)["status"])
    assert statuses == ["ended", "ended", "archived"]
    assert put(funded, made, endDate="2027-12-31").status == 400
    assert funded.post(LIST, body(LEAST)).status == 201  # its name is free again


def test_an_ended_line_item_runs_again_when_its_end_moves(funded, made):
    put(funded, made, endDate="2026-11-20")
    put(funded, made, endDate="2026-11-30")
    assert read(funded, made)["status"] == "active"


def test_a_name_is_unique_in_its_campaign_alone(funded, made):
    assert funded.post(LIST, body(LEAST)).titles == ["Invalid name"]
    assert funded.post("/campaigns/72/auction-line-items", body(LEAST)).status == 201


REFUSED = {
    "no retailer": {"targetRetailerId": ...},
    "an unknown retailer": {"targetRetailerId": "45"},
    "a number for an id": {"targetRetailerId": 44},
    "no start": {"startDate": None},
    "one letter": {"name": "T"},
    "an unknown key": {"colour": "red"},
    "a status": {"status": "active"},
    "null for a strategy": {"bidStrategy": None},
    "the unknown word": {"optimizationStrategy": "unknown"},
    "an end before the start": {"endDate": "2026-10-31"},
    "a leg without its end": {"flightSchedule": {"legs": [{"dayOfWeek": "monday", "startTime": "08:00"}]}},
    "a time of no clock": {
        "flightSchedule": {"legs": [{"dayOfWeek": "monday", "startTime": "08:00", "endTime": "24:00"}]}
    },
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_a_creation_that_breaks_a_rule_makes_nothing(book, changes):
    attributes = {key: value for key, value in {**LEAST, **changes}.items() if value is not ...}
    answer = book.post(LIST, body(attributes))
    assert (answer.status, len(answer.body["errors"])) == (400, 1)
    assert book.get(LIST).body["data"] == []


@pytest.mark.parametrize("changes", [{"targetRetailerId": "44"}, {"campaignId": "71"}, {"keywordStrategy": None}])
def test_a_replacement_is_closed(funded, made, changes):
    assert put(funded, made, **changes).status == 400


def test_the_retailer_must_be_that_of_the_campaign(book):
    book.world.edit("retailMediaCampaigns", "71", {"retailerId": 45})
    assert book.post(LIST, body(LEAST)).status == 400


def test_a_preferred_campaign_takes_no_auction_line_items(book):
    book.world.edit("retailMediaCampaigns", "71", {"type": "preferred"})
    assert book.post(LIST, body(LEAST)).status == 400


def test_a_low_bid_is_refused_if_the_option_says_so(make_book):
    low = body({**LEAST, "targetBid": Decimal("0.29")})
    assert make_book().post(LIST, low).status == 201
    assert make_book(low_bids="refused").post(LIST, low).status == 400


def test_a_campaign_holds_so_many_line_items(make_book):
    book = make_book(line_items_limit=2)
    statuses = [book.post(LIST, body({**LEAST, "name": f"Tea {number}"})).status for number in range(3)]
    assert statuses == [201, 201, 400]


def test_the_lists_are_paged_by_offset_and_by_index(book):
    ids = [book.post(LIST, body({**LEAST, "name": f"Tea {number}"})).body["data"]["id"] for number in range(5)]
    other = book.post("/campaigns/72/auction-line-items", body(LEAST)).body["data"]["id"]
    page = book.get(LIST, offset=3, limit=3).body
    assert ([one["id"] for one in page["data"]], page["metadata"]["count"]) == (ids[3:], 5)
    assert book.get(LIST, limit=501).status == 400
    assert [one["id"] for one in book.get(LIST, limitToIds=[ids[1], other]).body["data"]] == [ids[1]]
    common = f"/accounts/{ACCOUNT}/line-items"
    rows = book.get(common, pageSize=4, pageIndex=1).body
    assert ([one["id"] for one in rows["data"]], rows["metadata"]["totalPages"]) == ([ids[4], other], 2)
    assert [one["id"] for one in book.get(common, limitToCampaignId="72").body["data"]] == [other]
    assert book.get(common, limitToType="Preferred").body["data"] == []
    assert book.get(common, limitToType="x").status == 400
    told = rows["data"][0]["attributes"]
    assert (told["startDate"], told["type"], "targetBid" in told) == ("2026-11-01", "auction", False)


def test_another_account_sees_nothing(book):
    assert book.get("/campaigns/99/auction-line-items").status == 403
    assert book.post("/campaigns/99/auction-line-items", body(LEAST)).status == 403
    assert book.get("/accounts/5/line-items").body["data"] == []
    assert book.get("/auction-line-items/1").status == 404


def test_a_creation_that_lands_late_has_the_id_of_its_answer(book):
    book.world.inject({"kind": "late", "seconds": 30, "method": "POST"})
    first = book.post(LIST, body(LEAST)).body["data"]["id"]
    second = book.post(LIST, body({**LEAST, "name": "Mugs"})).body["data"]["id"]
    assert [one["id"] for one in book.get(LIST).body["data"]] == [second]
    book.world.advance(31)
    assert [one["id"] for one in book.get(LIST).body["data"]] == [first, second]


def test_a_replacement_lags(funded, made):
    funded.world.inject({"kind": "lag", "reads": 2, "method": "PUT"})
    put(funded, made, budget=5)
    assert [read(funded, made)["budget"] for _ in range(3)] == [100, 100, 5]
